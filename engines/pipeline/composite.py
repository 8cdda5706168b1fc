"""Puts an engine's result into the source: outside the mask not a bit changes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engines.core.mask_ops import inward_ramp
from engines.core.types import Alpha, FloatImage, Pixels

FEATHER = 3
"""Pixels over which the seam fades in, from the mask's rim inwards."""

_ALIKE, _UNLIKE = 0.05, 0.12
"""Differences (of 1.0) between source and result below which the seam is feathered, above which it is not."""


def scale_of(pixels: Pixels) -> float:
    """The value that stands for 1.0: the full range of integers; for floats 1, or the brightest value above it."""
    if np.issubdtype(pixels.dtype, np.integer):
        return float(np.iinfo(pixels.dtype).max)
    finite = pixels[np.isfinite(pixels)]
    return max(1.0, float(finite.max(initial=1.0)))


def to_unit(pixels: Pixels, scale: float) -> FloatImage:
    """``pixels`` as float32 in 0..1, ready for an engine; values that are not finite become 0."""
    unit = np.divide(pixels, scale, dtype=np.float32)
    if not np.issubdtype(pixels.dtype, np.integer):
        unit = np.nan_to_num(unit, nan=0.0, posinf=1.0, neginf=0.0)
    return np.clip(unit, 0, 1, out=unit)


def composite(source: Pixels, result: FloatImage, alpha: Alpha, scale: float) -> Pixels:
    """``source`` with ``result`` painted in where ``alpha`` > 0, in the source's depth.

    ``source``: ``(h, w, 3)``; ``result``: the same size in 0..1; ``scale`` from ``scale_of``. Pixels with
    ``alpha`` 0 are the source's to the bit. The seam is feathered inwards, except where source and result
    differ much: there the old text reaches the mask's rim, and fading would let it show through.
    """
    out: Pixels = source.copy()
    inside = alpha > 0
    if not inside.any():
        return out
    old = to_unit(source, scale)
    weight = _weight(old, result, alpha)[inside][:, None]
    mixed = old[inside] + weight * (result[inside] - old[inside])
    out[inside] = _quantised(mixed, scale, source.dtype)
    return out


def _weight(old: FloatImage, result: FloatImage, alpha: Alpha) -> NDArray[np.float32]:
    ramp = inward_ramp(alpha, FEATHER)
    difference = np.abs(result - old).max(axis=2)
    unlike = np.clip((difference - _ALIKE) / (_UNLIKE - _ALIKE), 0, 1)
    coverage = alpha.astype(np.float32) / 255
    return np.asarray((ramp + (1 - ramp) * unlike) * coverage, np.float32)


def _quantised(unit: NDArray[np.float32], scale: float, dtype: np.dtype[np.generic]) -> NDArray[np.generic]:
    values = np.clip(unit, 0, 1).astype(np.float64) * scale
    if np.issubdtype(dtype, np.integer):
        values = np.rint(values)
    return values.astype(dtype)
