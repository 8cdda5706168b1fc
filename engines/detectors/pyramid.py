"""A picture at several scales, each looked at in small tiles and stitched to one map.

Small tiles are not only for memory: the detector weighs what it sees against the whole of its input, and on a
plain 1280 px tile it misses a word of 20 px that it finds with certainty on a 512 px tile. Lines above some
100 px are found at the coarser scales.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from engines.core.types import Alpha, Box, Pixels

TILE = 512
_OVERLAP = 96
_STEP = 4.0
"""The most that one scale shrinks the one before."""
_MAGNIFIED = 320
"""Pictures smaller than this are also looked at in double size."""
_CELL = 32
_CONTRAST = 12
"""The least difference of levels within a cell that can be text, after smoothing away noise."""


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """The picture at ``scale`` (level pixels per picture pixel, the same both ways up to rounding)."""

    picture: Pixels
    scale: tuple[float, float]

    @property
    def mean_scale(self) -> float:
        return (self.scale[0] + self.scale[1]) / 2


def levels(image: Pixels) -> Iterator[Level]:
    """The scales at which to look, finest first; the last one fits a tile."""
    side = max(image.shape[:2])
    if side < _MAGNIFIED:
        yield _at(image, min(2.0, TILE / side))
    yield Level(image, (1.0, 1.0))
    if side > TILE:
        steps = math.ceil(math.log(side / TILE) / math.log(_STEP))
        for i in range(1, steps + 1):
            yield _at(image, (TILE / side) ** (i / steps))


def _at(image: Pixels, scale: float) -> Level:
    h, w = image.shape[:2]
    size = (max(1, round(w * scale)), max(1, round(h * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return Level(cv2.resize(image, size, interpolation=method), (size[0] / w, size[1] / h))


def spans(length: int) -> list[tuple[int, int, int, int]]:
    """Tiles along one side: (start, end, kept start, kept end); the kept parts meet in mid overlap."""
    if length <= TILE:
        return [(0, length, 0, length)]
    count = math.ceil((length - _OVERLAP) / (TILE - _OVERLAP))
    starts = [round(i * (length - TILE) / (count - 1)) for i in range(count)]
    seams = [(a + TILE + b) // 2 for a, b in itertools.pairwise(starts)]
    return [
        (start, start + TILE, first, last)
        for start, first, last in zip(starts, [0, *seams], [*seams, length], strict=True)
    ]


def tile_count(level: Level) -> int:
    h, w = level.picture.shape[:2]
    return len(spans(h)) * len(spans(w))


def probability_map(level: Level, look: Callable[[Pixels], Alpha], step: Callable[[], None]) -> Alpha:
    """What ``look`` says of every tile, stitched; tiles without contrast are 0 unseen. ``step`` before each tile."""
    h, w = level.picture.shape[:2]
    stitched = np.zeros((h, w), np.uint8)
    for top, bottom, first_row, last_row in spans(h):
        for left, right, first, last in spans(w):
            step()
            tile = level.picture[top:bottom, left:right]
            if has_contrast(tile):
                seen = look(tile)
                kept = Box(first - left, first_row - top, last - first, last_row - first_row)
                stitched[first_row:last_row, first:last] = seen[kept.slices]
    return stitched


def has_contrast(tile: Pixels) -> bool:
    """Whether any cell of the tile differs within itself, in any channel, by as much as faint text does."""
    smooth = cv2.blur(tile, (3, 3))
    cells = cv2.copyMakeBorder(smooth, 0, -tile.shape[0] % _CELL, 0, -tile.shape[1] % _CELL, cv2.BORDER_REPLICATE)
    h, w = cells.shape[0] // _CELL, cells.shape[1] // _CELL
    blocks = cells.reshape(h, _CELL, w, _CELL, 3)
    spread = blocks.max(axis=(1, 3)).astype(np.int16) - blocks.min(axis=(1, 3))
    return bool((spread >= _CONTRAST).any())
