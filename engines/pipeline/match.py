"""Makes a fill look like what is around it: its colours meet the rim's, its grain is as strong as the picture's."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.core.mask_ops import grow
from engines.core.types import Alpha, FloatImage
from engines.pipeline.membrane import membrane

_RIM = 3
"""Pixels outside the hole whose colours the fill has to meet."""

_RING = 32
"""Pixels around the hole whose grain the fill is given."""

_CALM = 0.5
"""Share of the pixels that count for grain: those with the least structure around them."""

_FEWEST = 64
_MEDIAN = 0.6745
"""The median of absolute values of normally distributed ones is this share of their standard deviation."""

Bits = NDArray[np.bool_]
Floats = NDArray[np.float32]


def match_colour(image: FloatImage, filled: FloatImage, alpha: Alpha) -> FloatImage:
    """``filled`` shifted such that its colours meet those of ``image`` at the rim of the hole (``alpha`` > 0).

    For engines that paint the surroundings, too, and not as they were: what differs just outside is spread inwards
    as smoothly as can be and taken off (Perez, Gangnet and Blake, *Poisson Image Editing*, SIGGRAPH 2003, equation 7).
    All are ``(h, w, 3)`` in 0..1. Outside the hole it is ``image``. What fills the whole picture stays as it is.
    """
    hole = alpha > 0
    rim = (grow(_levels(hole), _RIM) > 0) & ~hole
    if not rim.any():
        return np.where(hole[..., None], filled, image)
    apart = np.where(rim[..., None], image - filled, np.float32(0))
    shift = membrane(np.asarray(apart, np.float32), ~rim)
    return np.clip(np.where(hole[..., None], filled + shift, image), 0, 1)


def match_grain(image: FloatImage, filled: FloatImage, alpha: Alpha, seed: int = 0) -> FloatImage:
    """``filled`` with as much grain added in the hole (``alpha`` > 0) as it has less than what is around it.

    Grain is measured in two bands, of single pixels and of blocks of two by two, where there is little else; each band
    of each channel is brought up to that of the ring around the hole, and never taken down. All are ``(h, w, 3)`` in
    0..1; the same ``seed`` gives the same grain. Outside the hole it is ``filled``.
    """
    hole = alpha > 0
    ring = (grow(_levels(hole), _RING) > 0) & ~hole
    fine, coarse = (_lacking(image, filled, hole, ring, size) for size in (1, 2))
    coarse = np.maximum(coarse - fine / 4, 0)  # single pixels' noise has a quarter of its variance in blocks of four
    if not (fine.any() or coarse.any()):
        return filled
    rng = np.random.default_rng(seed)
    grain = np.sqrt(fine) * _noise(rng, hole.shape, 1) + np.sqrt(coarse) * _noise(rng, hole.shape, 2)
    return np.asarray(np.clip(filled + hole[..., None] * grain, 0, 1), np.float32)


def _lacking(image: FloatImage, filled: FloatImage, hole: Bits, ring: Bits, size: int) -> Floats:
    """``(3,)`` variances of the noise that the hole lacks in a band of blocks of ``size`` pixels."""
    around, inside = _grain(image, ring, size), _grain(filled, hole, size)
    if around is None or inside is None:
        return np.zeros(3, np.float32)
    return np.asarray(np.maximum(around**2 - inside**2, 0), np.float32)


def _grain(image: FloatImage, where: Bits, size: int) -> Floats | None:
    """``(3,)`` standard deviations of the diagonal differences of blocks (Donoho and Johnstone 1994); None: too few."""
    h, w = (side // (2 * size) * 2 * size for side in where.shape)
    if not h or not w:
        return None
    blocks = _blocks(image[:h, :w], size)
    whole = _blocks(where[:h, :w, None].astype(np.float32), 2 * size)[..., 0] == 1
    a, b, c, d = blocks[::2, ::2], blocks[::2, 1::2], blocks[1::2, ::2], blocks[1::2, 1::2]
    structure = (np.abs(a + b - c - d) + np.abs(a - b + c - d)).mean(axis=2)[whole]
    diagonal = ((a - b - c + d) / 2)[whole]
    if len(diagonal) < _FEWEST:
        return None
    calm = diagonal[structure <= np.quantile(structure, _CALM)]
    return np.asarray(np.median(np.abs(calm), axis=0) / _MEDIAN, np.float32)


def _blocks(image: Floats, size: int) -> Floats:
    """The means of blocks of ``size`` by ``size`` pixels."""
    h, w, channels = image.shape
    return np.asarray(image.reshape(h // size, size, w // size, size, channels).mean(axis=(1, 3)), np.float32)


def _noise(rng: np.random.Generator, shape: tuple[int, ...], size: int) -> Floats:
    """``(h, w, 1)``: the same for all channels, as most of a photo's grain is; alike within blocks, but soft."""
    h, w = shape[0], shape[1]
    coarse = rng.standard_normal((-(-h // size), -(-w // size))).astype(np.float32)
    if size == 1:
        return coarse[..., None]
    fine = cv2.resize(coarse, (coarse.shape[1] * size, coarse.shape[0] * size), interpolation=cv2.INTER_CUBIC)
    return np.asarray(fine[:h, :w, None], np.float32)


def _levels(bits: Bits) -> Alpha:
    return bits.astype(np.uint8) * np.uint8(255)
