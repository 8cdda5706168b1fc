"""Masks as people draw them: boxes, polygons, a block, brush strokes, or grown glyphs."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.core import mask_ops
from engines.core.types import Alpha, Box, FloatImage
from engines.training.synthesis.layers import Layer
from engines.training.synthesis.style import MaskShares

SEEN = 2 / 255
"""A change that is not larger than this in any channel is not seen."""


class Kind(IntEnum):
    """The kinds, in the order of ``MaskShares``."""

    BOX = 0
    POLYGON = 1
    BLOCK = 2
    BRUSH = 3
    GLYPHS = 4


def draw_kind(shares: MaskShares, rng: np.random.Generator) -> Kind:
    """One kind of mask, as often as ``shares`` says."""
    steps = np.cumsum([shares.box, shares.polygon, shares.block, shares.brush, shares.glyphs])
    return Kind(int(np.searchsorted(steps, rng.random() * steps[-1], side="right")))


def support(layer: Layer, side: int) -> Alpha:
    """255 where a layer changes a picture by more than it takes to be seen."""
    out = np.zeros((side, side), np.uint8)
    out[layer.box.slices] = np.where(layer.alpha > SEEN, np.uint8(255), np.uint8(0))
    return out


def widest(first: FloatImage, second: FloatImage) -> NDArray[np.float32]:
    """The largest difference of two pictures in any channel, ``(h, w)``."""
    gap = cv2.absdiff(first, second)
    # channel by channel: a reduction over an axis of three is many times slower
    return np.maximum(np.maximum(gap[:, :, 0], gap[:, :, 1]), gap[:, :, 2])


def mask_for(kind: Kind, layers: Sequence[Layer], side: int, skirt: int, rng: np.random.Generator) -> Alpha:
    """The mask of ``kind`` over ``layers``, ``(side, side)`` uint8, 0 or 255.

    ``skirt``: pixels by which blur and JPEG spread a stroke; masks reach at least that far.
    """
    out = np.zeros((side, side), np.uint8)
    if kind is Kind.GLYPHS:
        for layer in layers:
            np.maximum(out, support(layer, side), out=out)
        return mask_ops.grow(out, int(rng.integers(1, 7)) + skirt)
    if kind is Kind.BLOCK:
        parts = [part for layer in layers for part in _parts(layer)]
        if not parts:  # text so faint that nobody sees it
            return out
        points = np.concatenate(parts)
        margin = _margin(layers[0], skirt, rng)
        if rng.random() < 0.5:
            _fill_box(out, points, margin)
        else:
            _fill_hull(out, cv2.convexHull(points), margin)
        return out
    for layer in layers:
        margin = _margin(layer, skirt, rng)
        for points in _parts(layer):
            _one(kind, out, points, margin, rng)
    return out


def _margin(layer: Layer, skirt: int, rng: np.random.Generator) -> int:
    return skirt + 1 + int(rng.uniform(0, 0.3) * layer.height)


def _parts(layer: Layer) -> list[NDArray[np.int32]]:
    """Points around each line of a layer: of its support where it is one line, of its outlines where many."""
    if len(layer.outlines) == 1:
        seen = np.where(layer.alpha > SEEN, np.uint8(1), np.uint8(0))
        found = cv2.findNonZero(seen)
        if found is None:
            return []
        hull = cv2.convexHull(found).reshape(-1, 2)
        return [np.asarray(hull + np.array([layer.box.x, layer.box.y]), np.int32)]
    return [np.round(outline).astype(np.int32) for outline in layer.outlines]


def _one(kind: Kind, out: Alpha, points: NDArray[np.int32], margin: int, rng: np.random.Generator) -> None:
    if kind is Kind.BOX:
        _fill_box(out, points, margin)
    elif kind is Kind.BRUSH:
        _brush(out, points, margin, rng)
    elif rng.random() < 0.6:
        _fill_hull(out, cv2.boxPoints(cv2.minAreaRect(points)), margin)
    else:
        _fill_hull(out, points, margin)


def _fill_box(out: Alpha, points: NDArray[np.int32], margin: int) -> None:
    x, y, w, h = cv2.boundingRect(points)
    out[Box(x, y, w, h).grown(margin).within(out.shape[:2]).slices] = 255


def _fill_hull(out: Alpha, points: NDArray[np.generic], margin: int) -> None:
    shape = np.round(np.asarray(points, np.float64)).astype(np.int32).reshape(-1, 1, 2)
    cv2.fillPoly(out, [shape], (255,))
    cv2.polylines(out, [shape], isClosed=True, color=(255,), thickness=2 * margin + 1)


def _brush(out: Alpha, points: NDArray[np.int32], margin: int, rng: np.random.Generator) -> None:
    """A wavering stroke, or several, along the longer axis, just about wide enough."""
    corners = cv2.boxPoints(cv2.minAreaRect(points))
    if np.linalg.norm(corners[1] - corners[0]) < np.linalg.norm(corners[2] - corners[1]):
        corners = np.roll(corners, -1, axis=0)
    start, stop = (corners[0] + corners[3]) / 2, (corners[1] + corners[2]) / 2
    across = (corners[3] - corners[0]) / 2
    breadth = float(np.linalg.norm(across))
    passes = 1 if breadth < 12 or rng.random() < 0.6 else 2
    width = (2 * breadth / passes) * float(rng.uniform(1.1, 1.45)) + 2 * margin
    steps = max(3, int(np.linalg.norm(stop - start) / max(breadth, 4)) + 2)
    along = np.linspace(0, 1, steps)[:, None]
    for number in range(passes):
        side = across * ((2 * number + 1) / passes - 1)
        waver = rng.normal(0, 0.05 * width, (steps, 2))
        path = np.round(start + side + (stop - start) * along + waver).astype(np.int32).reshape(-1, 1, 2)
        cv2.polylines(out, [path], isClosed=False, color=(255,), thickness=max(3, round(width)))


def stray(side: int, rng: np.random.Generator) -> Alpha:
    """A mask that has nothing to do with any text."""
    out = np.zeros((side, side), np.uint8)
    for _ in range(int(rng.integers(1, 4))):
        centre = rng.uniform(0, side, 2)
        reach = rng.uniform(0.03, 0.25, 2) * side
        points = np.array([centre - reach, centre + reach * (1, -1), centre + reach, centre - reach * (1, -1)])
        _one(Kind(int(rng.integers(4)) % 2 * 3), out, np.round(points).astype(np.int32), 2, rng)
    return out


def cut(mask: Alpha, rng: np.random.Generator) -> Alpha:
    """The mask without what lies on one side of a random line through it."""
    found = cv2.findNonZero(mask)
    if found is None:
        return mask
    points = found.reshape(-1, 2)
    through = points[int(rng.integers(len(points)))]
    angle = rng.uniform(0, 2 * np.pi)
    side = np.arange(mask.shape[0], dtype=np.float32)
    beyond = (side[None, :] - through[0]) * np.cos(angle) + (side[:, None] - through[1]) * np.sin(angle) > 0
    return np.where(beyond, np.uint8(0), mask)
