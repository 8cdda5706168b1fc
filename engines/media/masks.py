"""Masks from picture files: what is painted there is erased."""

from __future__ import annotations

import cv2
import numpy as np

from engines.core.faults import EngineError, Fault
from engines.core.types import Alpha
from engines.media.picture import Picture, Samples

_NOISE = 24
"""Levels next to black and white that lossy compression may have made of them."""


def coverage(picture: Picture, size: tuple[int, int], *, resize: bool) -> Alpha:
    """The ``(h, w)`` coverage that a picture paints, 0 keep .. 255 erase, for a photo of ``size`` = (h, w).

    Where the picture is transparent in parts, its opacity is the coverage, whatever the colour of the paint.
    Else it is the brightest channel: white and pure colours erase, black keeps, greys are soft coverage and
    stay as they are. In a lossy file, what is almost black or almost white counts as black or white.
    A picture of another size raises ``MASK_SIZE``; with ``resize`` it is scaled to ``size``. A hard mask (only
    0 and 255) stays hard, and keeps its thinnest lines.
    """
    alpha = _painted(picture)
    if picture.size == size:
        return alpha
    if not resize:
        (height, width), (mask_height, mask_width) = size, picture.size
        raise EngineError(
            Fault.MASK_SIZE,
            f"The mask {picture.path.name} is {mask_width} x {mask_height} pixels, the photo {width} x {height}.",
            "Add --resize-mask to scale it.",
        )
    return _scaled(alpha, size)


def _painted(picture: Picture) -> Alpha:
    if picture.alpha is not None and picture.alpha.min() != picture.alpha.max():
        levels = _eight_bits(picture.alpha)
    else:
        levels = _eight_bits(picture.pixels.max(axis=2))
    if picture.stored.lossy:
        levels = np.where(levels <= _NOISE, 0, np.where(levels >= 255 - _NOISE, 255, levels)).astype(np.uint8)
    return np.ascontiguousarray(levels)


def _eight_bits(levels: Samples) -> Alpha:
    if levels.dtype == np.uint8:
        return levels
    top = float(np.iinfo(levels.dtype).max) if levels.dtype.kind == "u" else 1.0
    unit = np.nan_to_num(levels.astype(np.float64), nan=0.0, posinf=top, neginf=0.0) / top
    return np.asarray(np.rint(unit.clip(0, 1) * 255), np.uint8)


def _scaled(alpha: Alpha, size: tuple[int, int]) -> Alpha:
    shrinking = size[0] < alpha.shape[0] or size[1] < alpha.shape[1]
    hard = not ((alpha > 0) & (alpha < 255)).any()
    method = cv2.INTER_AREA if shrinking else cv2.INTER_LINEAR
    scaled = np.asarray(cv2.resize(alpha, (size[1], size[0]), interpolation=method), np.uint8)
    if not hard:
        return scaled
    return np.where(scaled >= (1 if shrinking else 128), np.uint8(255), np.uint8(0))
