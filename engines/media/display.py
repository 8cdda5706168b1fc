"""Colours for a screen: from a picture's own profile to sRGB. For showing only; files are never converted."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

Converter: TypeAlias = Callable[[NDArray[np.uint8]], NDArray[np.uint8]]
"""``(h, w, 3)`` uint8 in the profile's colours -> the same in sRGB."""


def to_srgb(icc: bytes) -> Converter | None:
    """What converts pixels of an RGB profile for display; None where there is nothing to convert.

    That is so without a profile, for sRGB itself, for profiles of other colour models (their pixels have been
    made RGB already), and for a profile that cannot be read.
    """
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc)) if icc else None
        if profile is None or profile.profile.xcolor_space.strip() != "RGB":
            return None
        transform = ImageCms.buildTransform(profile, ImageCms.createProfile("sRGB"), "RGB", "RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None

    def convert(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        page = Image.fromarray(np.ascontiguousarray(pixels))
        return np.asarray(ImageCms.applyTransform(page, transform), np.uint8)

    return None if _changes_nothing(convert) else convert


def _changes_nothing(convert: Converter) -> bool:
    """Whether a sample of colours comes out (nearly) as it went in, as with every flavour of sRGB."""
    steps = np.arange(0, 256, 15, dtype=np.uint8)
    sample = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(1, -1, 3)
    return bool(np.abs(convert(sample).astype(int) - sample).max() <= 2)
