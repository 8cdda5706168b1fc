"""RGB and Y'CbCr code values, by the matrices and ranges of ITU-T H.273 (section 8.3)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.media.film.info import Colour

_WEIGHTS = {
    1: (0.2126, 0.0722),  # BT.709
    4: (0.30, 0.11),  # FCC
    5: (0.299, 0.114),  # BT.601, 625 lines
    6: (0.299, 0.114),  # BT.601, 525 lines
    7: (0.212, 0.087),  # SMPTE 240M
    9: (0.2627, 0.0593),  # BT.2020, non-constant luminance
    10: (0.2627, 0.0593),
}
"""Weights of red and blue in luma, by the code point of the matrix."""


def matrix_of(colour: Colour, height: int) -> int:
    """The matrix to use; where it is not tagged, what players take: BT.709 for high definition, else BT.601."""
    if colour.matrix in _WEIGHTS:
        return colour.matrix
    return 1 if height > 576 else 6


def to_ycc(rgb: NDArray[Any], matrix: int, *, full: bool, bits: int) -> NDArray[np.float32]:
    """``(..., 3)`` integer RGB of 8 or 16 bits as Y', Cb, Cr code values of ``bits`` bits, not rounded."""
    red, blue = _WEIGHTS[matrix]
    unit = rgb.astype(np.float32) / np.float32(np.iinfo(rgb.dtype).max)
    luma = red * unit[..., 0] + (1 - red - blue) * unit[..., 1] + blue * unit[..., 2]
    cb = (unit[..., 2] - luma) / (2 * (1 - blue))
    cr = (unit[..., 0] - luma) / (2 * (1 - red))
    scale_y, scale_c, black = _scales(full=full, bits=bits)
    middle = 1 << (bits - 1)
    ycc = [luma * scale_y + black, cb * scale_c + middle, cr * scale_c + middle]
    return np.stack(ycc, axis=-1).astype(np.float32)


def _scales(*, full: bool, bits: int) -> tuple[float, float, float]:
    """Code values from black to white, from least to most chroma, and of black."""
    if full:
        top = float((1 << bits) - 1)
        return top, top, 0.0
    step = float(1 << (bits - 8))
    return 219 * step, 224 * step, 16 * step
