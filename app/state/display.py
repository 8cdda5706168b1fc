"""From the source's own pixels to what a screen is given: 8 bits, sRGB."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from engines.core.types import Pixels
from engines.pipeline.composite import to_unit

ToDisplay: TypeAlias = Callable[[Pixels], Pixels]
"""``(h, w, 3)`` in the source's depth and profile -> uint8 sRGB, the same size."""


def eight_bits(pixels: Pixels, scale: float) -> Pixels:
    """The pixels in 8 bits; ``scale`` is the value that stands for white."""
    if pixels.dtype == np.uint8:
        return pixels
    if pixels.dtype == np.uint16:
        return (pixels >> 8).astype(np.uint8)
    return np.rint(to_unit(pixels, scale) * 255).astype(np.uint8)
