"""Pixels between a session and a file: patches painted in, pictures as detectors see them."""

from __future__ import annotations

import numpy as np

from engines.core.types import Pixels
from engines.pipeline.composite import scale_of, to_unit
from engines.requests import Erased


def painted(pixels: Pixels, erased: Erased) -> Pixels:
    """A copy of the picture with all patches painted in."""
    result: Pixels = pixels.copy()
    for patch in erased.patches:
        patch.paint(result)
    return result


def shown(pixels: Pixels) -> Pixels:
    """The picture in 8 bits, as detectors and previews see it."""
    if pixels.dtype == np.uint8:
        return pixels
    return np.rint(to_unit(pixels, scale_of(pixels)) * 255).astype(np.uint8)
