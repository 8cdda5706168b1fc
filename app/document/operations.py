"""Operations on a whole mask: each gives a function from mask to mask, for ``verbs.alter``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import cv2
import numpy as np

from engines.core import mask_ops
from engines.core.types import Alpha, Box, Mask

Operation: TypeAlias = Callable[[Mask], Mask]


def grow(px: int, size: tuple[int, int]) -> Operation:
    """Wider by ``px`` pixels (narrower, where negative)."""
    return lambda mask: _trimmed(mask_ops.grown(mask, px, size))


def feather(px: int, size: tuple[int, int]) -> Operation:
    """A soft rim: coverage blurred so that it fades over about ``px`` pixels on both sides."""

    def feathered(mask: Mask) -> Mask:
        if mask.box.empty or px <= 0:
            return mask
        box = mask.box.grown(2 * px).within(size)
        blurred = cv2.GaussianBlur(mask.dense(box), (0, 0), px / 2, borderType=cv2.BORDER_REPLICATE)
        return _trimmed(Mask(box, np.asarray(blurred, np.uint8)))

    return feathered


def fill_holes() -> Operation:
    """Gaps that are enclosed are covered."""
    return lambda mask: Mask(mask.box, mask_ops.fill_holes(mask.alpha)) if not mask.box.empty else mask


def smooth(px: int, size: tuple[int, int]) -> Operation:
    """Corners rounded and specks removed, with a median over ``2 * px + 1`` pixels."""

    def smoothed(mask: Mask) -> Mask:
        if mask.box.empty or px <= 0:
            return mask
        box = mask.box.grown(px).within(size)
        return _trimmed(Mask(box, np.asarray(cv2.medianBlur(mask.dense(box), 2 * min(px, 63) + 1), np.uint8)))

    return smoothed


def invert(size: tuple[int, int]) -> Operation:
    """What was covered is not, and the other way round."""
    return lambda mask: Mask.of(255 - mask.dense(Box(0, 0, size[1], size[0])))


def from_dense(alpha: Alpha) -> Operation:
    """``alpha``, an ``(h, w)`` map of the whole picture, in place of what is there."""
    return lambda mask: Mask.of(alpha)


def _trimmed(mask: Mask) -> Mask:
    inner = Mask.of(mask.alpha)
    return Mask(inner.box.moved(mask.box.x, mask.box.y), inner.alpha)
