"""A crop at the size a network works at, and back; its mask; and the blend of the two pictures.

Everything here is NumPy and OpenCV; sizes are (height, width).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.core.mask_ops import grow
from engines.core.types import Alpha, FloatImage

_MOST_MAGNIFIED = 2.0
"""Small crops are magnified to what the network was trained on, but not further than this."""

_THRESHOLD = 0.1
_PASSES = 3
_BLEND = 15.0
"""Standard deviation in pixels of the soft rim around the hole."""


@dataclass(frozen=True, slots=True)
class Frame:
    """``size``: of the crop; ``work``: what the network is given, multiples of its unit."""

    size: tuple[int, int]
    work: tuple[int, int]

    def picture(self, image: FloatImage) -> FloatImage:
        """The crop, ``(h, w, 3)`` in 0..1, at the working size."""
        return _resized(image, self.work)

    def mask(self, alpha: Alpha, spread: float) -> Alpha:
        """What is made anew, at the working size: 255 where any covered pixel falls, and ``spread`` pixels more."""
        covered = (alpha > 0).astype(np.float32)
        h, w = self.work
        method = cv2.INTER_AREA if h * w < alpha.size else cv2.INTER_LINEAR
        touched = (cv2.resize(covered, (w, h), interpolation=method) > 0).astype(np.uint8)
        return spread_out(touched, kernel_for(spread)) * np.uint8(255)

    def back(self, result: FloatImage) -> FloatImage:
        """A picture of the working size at the crop's."""
        return np.clip(_resized(result, self.size), 0, 1)


def frame_for(size: tuple[int, int], side: int, unit: int) -> Frame:
    """The frame of a crop of ``size`` for a network trained on pictures of ``side`` pixels that takes multiples.

    The aspect is kept up to the rounding; the area comes to that of the training as far as it is not magnified
    more than twice.
    """
    scale = min(_MOST_MAGNIFIED, math.sqrt(side**2 / (size[0] * size[1])))
    h, w = (max(round(length * scale / unit), 1) * unit for length in size)
    while h * w > side**2 and max(h, w) > unit:  # a narrow crop is rounded up to a unit: then it is made shorter
        h, w = (h - unit, w) if h > w else (h, w - unit)
    return Frame(size, (h, w))


def kernel_for(spread: float) -> int:
    """The odd blur width with which ``spread_out`` moves a straight edge by about ``spread`` pixels."""
    sigma = spread / 1.28  # a tenth of a blurred edge lies 1.28 sigma outside it
    return 2 * max(round((sigma - 0.8) / 0.3), 0) + 3 if spread > 0 else 1


def spread_out(mask: Alpha, kernel: int) -> Alpha:
    """``mask`` (0 or 1) blurred over ``kernel`` pixels and cut at a tenth: 0 or 1, a little larger, rounder."""
    if kernel <= 1:
        return mask.copy()
    sigma = 0.3 * ((kernel - 1) * 0.5 - 1) + 0.8
    taps = np.exp(-0.5 * (np.arange(kernel) - kernel // 2) ** 2 / sigma**2)
    line = (taps / taps.sum()).astype(np.float32)
    # reflected at the border, so a kernel wider than the picture needs no special case
    soft = cv2.sepFilter2D(mask.astype(np.float32), cv2.CV_32F, line, line, borderType=cv2.BORDER_REFLECT_101)
    return np.asarray(soft >= _THRESHOLD, np.uint8)


def blended(generated: FloatImage, original: FloatImage, mask: Alpha) -> FloatImage:
    """``generated`` in the mask (0 or 255), fading into ``original`` around it: ``f = 1 - (1 - m)(1 - blurred m)``."""
    soft = soft_rim(mask, _BLEND).astype(np.float32) / 255
    share = 1 - (1 - (mask > 0)) * (1 - soft)
    return np.asarray(original + share[..., None] * (generated - original), np.float32)


def soft_rim(mask: Alpha, sigma: float) -> Alpha:
    """``mask`` blurred by three extended box filters, as imaging libraries do a wide Gaussian.

    Gwosdek and others, *Theoretical Foundations of Gaussian Convolution by Extended Box Filtering* (SSVM 2011).
    """
    variance = sigma**2 / _PASSES
    whole = math.floor((math.sqrt(12 * variance + 1) - 1) / 2)
    ends = (2 * whole + 1) * (whole * (whole + 1) - 3 * variance) / (6 * (variance - (whole + 1) ** 2))
    line = np.concatenate([[ends], np.ones(2 * whole + 1), [ends]]) / (2 * (whole + ends) + 1)
    out = mask
    for turned in (False, True):  # each axis in turn, to 8 bits after every pass
        column, row = (line, np.ones(1)) if turned else (np.ones(1), line)
        for _ in range(_PASSES):
            soft = cv2.sepFilter2D(out.astype(np.float32), cv2.CV_32F, row, column, borderType=cv2.BORDER_REPLICATE)
            out = np.asarray(np.rint(soft), np.uint8)
    return out


def settled(result: FloatImage, original: FloatImage, mask: Alpha, reach: int = 16) -> FloatImage:
    """``result`` with the mean colour error taken off that it shows in a ring of ``reach`` pixels around the mask.

    The autoencoder shifts colours a little; around the mask the original is known.
    """
    ring = (grow(mask, reach) > 0) & (mask == 0)
    if not ring.any():
        return result
    shift = np.asarray((result[ring] - original[ring]).mean(axis=0), np.float32)
    return np.asarray(np.clip(result - shift, 0, 1), np.float32)


def _resized(image: NDArray[np.float32], size: tuple[int, int]) -> FloatImage:
    if image.shape[:2] == size:
        return image.copy()
    smaller = size[0] * size[1] < image.shape[0] * image.shape[1]
    method = cv2.INTER_AREA if smaller else cv2.INTER_CUBIC
    return np.asarray(np.clip(cv2.resize(image, size[::-1], interpolation=method), 0, 1), np.float32)
