"""Erases a view that is too large for one pass: overlapping tiles, whose seams fade into each other."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from engines.core.context import Context
from engines.core.types import Alpha, Box, FloatImage
from engines.pipeline.job import Job

_FADE = 32
"""Pixels over which neighbouring tiles fade into each other."""


def erase(job: Job, view: FloatImage, maps: tuple[Alpha, Alpha], side: int, ctx: Context) -> FloatImage:
    """``view`` with its hole filled tile by tile; tiles without a hole are skipped.

    ``maps``: the hole, and what must not be copied from.
    The outer ``card.context`` pixels of a tile, where it lacks surroundings, are thrown away.
    """
    alpha, avoid = maps
    margin = min(job.card.context, side // 4)
    fade = max(1, min(_FADE, side // 8))
    boxes = [box for box in tile_boxes(view.shape[:2], side, 2 * margin + fade) if alpha[box.slices].any()]
    total = np.zeros_like(view)
    weights = np.zeros(view.shape[:2], np.float32)
    for number, box in enumerate(boxes):
        part = ctx.part(number / len(boxes), 1 / len(boxes))
        tile = np.ascontiguousarray(view[box.slices])
        hole, foreign = (np.ascontiguousarray(plane[box.slices]) for plane in (alpha, avoid))
        result = job.erase(tile, hole, foreign, part)
        weight = _tile_weight(box, view.shape[:2], margin, fade)
        total[box.slices] += result * weight[..., None]
        weights[box.slices] += weight
    seen = weights > 0
    out = view.copy()
    out[seen] = total[seen] / weights[seen][:, None]
    return out


def tile_boxes(size: tuple[int, int], side: int, overlap: int) -> Iterator[Box]:
    """Tiles of at most ``side`` pixels, evenly spread, neighbours sharing at least ``overlap`` pixels."""
    for y, h in _axis(size[0], side, overlap):
        for x, w in _axis(size[1], side, overlap):
            yield Box(x, y, w, h)


def _axis(length: int, side: int, overlap: int) -> list[tuple[int, int]]:
    if length <= side:
        return [(0, length)]
    count = -(-(length - overlap) // (side - overlap))
    return [(round(i * (length - side) / (count - 1)), side) for i in range(count)]


def _tile_weight(box: Box, size: tuple[int, int], margin: int, fade: int) -> NDArray[np.float32]:
    rows = _axis_weight(box.y, box.h, size[0], margin, fade)
    columns = _axis_weight(box.x, box.w, size[1], margin, fade)
    return rows[:, None] * columns[None, :]


def _axis_weight(start: int, side: int, length: int, margin: int, fade: int) -> NDArray[np.float32]:
    """0 for ``margin`` pixels, then rising over ``fade``; 1 up to the view's own border."""
    position = np.arange(side, dtype=np.float32)
    rise = np.clip((position - margin + 1) / (fade + 1), 0, 1)
    weight = np.ones(side, np.float32)
    if start > 0:
        weight = np.minimum(weight, rise)
    if start + side < length:
        weight = np.minimum(weight, rise[::-1])
    return weight
