"""Morphology and drawing on coverage maps (``(h, w)`` uint8, 0 keep .. 255 erase)."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.core.types import Alpha, Box, Mask


def disc(radius: int) -> Alpha:
    """A round structuring element of ``2 * radius + 1`` pixels across."""
    reach = np.arange(-radius, radius + 1)
    # a quarter pixel more than the radius: round to the eye also when small
    return (reach[:, None] ** 2 + reach[None, :] ** 2 <= (radius + 0.25) ** 2).astype(np.uint8)


def grow(alpha: Alpha, px: int) -> Alpha:
    """Coverage dilated by ``px`` pixels (eroded, where negative), with a round element."""
    if px == 0 or alpha.size == 0:
        return alpha.copy()
    shape = disc(abs(px))
    if px > 0:
        return np.asarray(cv2.dilate(alpha, shape), np.uint8)
    # what lies beyond the border counts as covered, else a full mask would shrink from the picture's edge
    return np.asarray(cv2.erode(alpha, shape, borderType=cv2.BORDER_CONSTANT, borderValue=(255.0,)), np.uint8)


def grown(mask: Mask, px: int, size: tuple[int, int]) -> Mask:
    """``mask`` dilated by ``px`` inside a picture of ``size`` = (height, width)."""
    box = mask.box.grown(max(px, 0)).within(size)
    return Mask(box, grow(mask.dense(box), px))


def fill_holes(alpha: Alpha) -> Alpha:
    """Coverage with every enclosed gap covered fully."""
    framed = np.pad((alpha == 0).astype(np.uint8), 1, constant_values=1)
    _, labels = cv2.connectedComponents(framed, connectivity=4)
    enclosed = (labels != labels[0, 0]) & (framed == 1)
    return np.where(enclosed[1:-1, 1:-1], np.uint8(255), alpha)


def inward_ramp(alpha: Alpha, px: int) -> NDArray[np.float32]:
    """Weights in 0..1: 0 outside, rising over ``px`` pixels from the rim inwards, 1 beyond.

    The picture's own border is no rim: nothing lies behind it that a seam could show against.
    """
    inside = np.pad((alpha > 0).astype(np.uint8), 1, mode="edge")
    if px <= 0 or inside.all():
        return inside[1:-1, 1:-1].astype(np.float32)
    distance = cv2.distanceTransform(inside, cv2.DIST_L2, 5)[1:-1, 1:-1]
    return np.asarray(np.minimum(distance / np.float32(px + 1), 1), np.float32)


def polygon_mask(points: Sequence[tuple[float, float]], size: tuple[int, int]) -> Mask:
    """The filled polygon (even-odd rule) inside a picture of ``size`` = (height, width); pixel centres count."""
    corners = np.asarray(points, np.float64)
    low = np.floor(corners.min(axis=0)).astype(int)
    high = np.ceil(corners.max(axis=0)).astype(int) + 1
    box = Box(int(low[0]), int(low[1]), int(high[0] - low[0]), int(high[1] - low[1])).within(size)
    alpha = np.zeros((max(box.h, 0), max(box.w, 0)), np.uint8)
    if not box.empty:
        local = np.round((corners - (box.x, box.y)) * 16).astype(np.int32)
        cv2.fillPoly(alpha, [local], (255,), lineType=cv2.LINE_8, shift=4)
    return Mask(box, alpha)


def box_mask(box: Box, size: tuple[int, int]) -> Mask:
    """The filled ``box`` inside a picture of ``size`` = (height, width)."""
    inside = box.within(size)
    return Mask(inside, np.full((inside.h, inside.w), 255, np.uint8))
