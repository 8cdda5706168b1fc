"""What is shown, at every scale: levels of half the size each, kept only where they differ from a base.

The canvas reads any part of any level at once; what has changed is brought up to date in small portions, so
that no event waits for a large picture.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.core.types import Box

BLOCK = 256
"""Side of the blocks in which differences from the base are kept, at every level."""

SMALLEST = 384
"""No level is needed below this many pixels on the longer side."""

Plane = NDArray[np.uint8]
Render = Callable[[Box], "Plane | None"]
"""Draws a box of the full-size level; None where it looks like the base."""


def build_levels(image: NDArray[Any]) -> tuple[Plane, ...]:
    """``image`` (uint8, ``(h, w)`` or ``(h, w, 3)``) and its halves, down to ``SMALLEST``."""
    levels = [np.asarray(image, np.uint8)]
    while max(levels[-1].shape[:2]) > SMALLEST:
        levels.append(_halved(levels[-1]))
    return tuple(levels)


def level_count(size: tuple[int, int]) -> int:
    """How many levels ``build_levels`` makes of a picture of that size."""
    count, side = 1, max(size)
    while side > SMALLEST:
        count, side = count + 1, -(-side // 2)
    return count


def _halved(image: Plane) -> Plane:
    """Means of 2 x 2 pixels; an odd last row or column is repeated, so that pixels stay aligned."""
    rows, columns = image.shape[0] % 2, image.shape[1] % 2
    if rows or columns:
        image = np.asarray(cv2.copyMakeBorder(image, 0, rows, 0, columns, cv2.BORDER_REPLICATE), np.uint8)
    half = cv2.resize(image, (image.shape[1] // 2, image.shape[0] // 2), interpolation=cv2.INTER_AREA)
    return np.asarray(half, np.uint8)


class SparsePyramid:
    """Levels over ``size`` = (height, width). Without a ``base`` it is 0 where nothing was drawn."""

    def __init__(self, size: tuple[int, int], render: Render, base: tuple[Plane, ...] | None = None) -> None:
        self.size = size
        self.levels = len(base) if base is not None else level_count(size)
        self._render = render
        self._base = base
        self._channels = base[0].shape[2:] if base is not None else ()
        self._blocks: dict[tuple[int, int, int], Plane] = {}
        self._stale: deque[Box] = deque()

    @property
    def pending(self) -> bool:
        """Whether something has changed and was not drawn yet."""
        return bool(self._stale)

    @property
    def blank(self) -> bool:
        """Whether it is the base everywhere (as far as it was drawn)."""
        return not self._blocks

    def level_size(self, level: int) -> tuple[int, int]:
        """Height and width of a level."""
        return _up(self.size[0], level), _up(self.size[1], level)

    def invalidate(self, box: Box) -> None:
        """``box`` of the full size looks different now."""
        inside = box.within(self.size)
        for place in _blocks_of(inside):
            self._stale.append(_block_box(place, self.size) & inside)

    def settle(self, seconds: float = 1e9) -> Box:
        """Draw what has changed, for about that long; the box in which it really looks different."""
        end, done = time.perf_counter() + seconds, Box(0, 0, 0, 0)
        while self._stale:
            part = self._stale.popleft()
            if self._redraw(part):
                done = done | part
            if time.perf_counter() > end:
                break
        return done

    def read(self, level: int, box: Box) -> Plane:
        """``box`` (in pixels of that level, inside it) as an array; not to be written to."""
        places = [place for place in _blocks_of(box) if (level, *place) in self._blocks]
        if self._base is not None and not places:
            return self._base[level][box.slices]
        if self._base is not None:
            out = self._base[level][box.slices].copy()
        else:
            out = np.zeros((box.h, box.w, *self._channels), np.uint8)
        for place in places:
            area = _block_box(place, self.level_size(level))
            part = area & box
            block = self._blocks[level, *place]
            out[part.moved(-box.x, -box.y).slices] = block[part.moved(-area.x, -area.y).slices]
        return out

    def original(self, level: int, box: Box) -> Plane:
        """The base over ``box`` of a level."""
        if self._base is None:
            return np.zeros((box.h, box.w, *self._channels), np.uint8)
        return self._base[level][box.slices]

    def any(self, level: int, box: Box) -> bool:
        """Whether a block that differs from the base meets ``box`` of that level."""
        return any((level, *place) in self._blocks for place in _blocks_of(box))

    def _redraw(self, part: Box) -> bool:
        """Whether it looks different from before."""
        drawn = self._render(part)
        new = self.original(0, part) if drawn is None else drawn
        if np.array_equal(new, self.read(0, part)):
            return False
        self._write(0, part, new)
        for level in range(1, self.levels):
            # whole pixels of this level, from whole pairs of the one above
            part = _outer_half(part).within(self.level_size(level))
            finer = Box(part.x * 2, part.y * 2, part.w * 2, part.h * 2).within(self.level_size(level - 1))
            self._write(level, part, _halved(self.read(level - 1, finer)))
        return True

    def _write(self, level: int, part: Box, pixels: Plane) -> None:
        for place in _blocks_of(part):
            area = _block_box(place, self.level_size(level))
            here = area & part
            new = pixels[here.moved(-part.x, -part.y).slices]
            self._write_block((level, *place), area, here, new)

    def _write_block(self, key: tuple[int, int, int], area: Box, here: Box, new: Plane) -> None:
        block = self._blocks.get(key)
        base = self.original(key[0], area)
        inside = here.moved(-area.x, -area.y).slices
        if block is None:
            if np.array_equal(new, base[inside]):
                return
            block = self._blocks[key] = base.copy()
        block[inside] = new
        if np.array_equal(new, base[inside]) and np.array_equal(block, base):
            del self._blocks[key]


def _up(length: int, level: int) -> int:
    for _ in range(level):
        length = -(-length // 2)
    return length


def _outer_half(box: Box) -> Box:
    x, y = box.x // 2, box.y // 2
    return Box(x, y, -(-box.right // 2) - x, -(-box.bottom // 2) - y)


def _block_box(place: tuple[int, int], size: tuple[int, int]) -> Box:
    return Box(place[1] * BLOCK, place[0] * BLOCK, BLOCK, BLOCK).within(size)


def _blocks_of(box: Box) -> list[tuple[int, int]]:
    if box.empty:
        return []
    rows, columns = range(box.y // BLOCK, -(-box.bottom // BLOCK)), range(box.x // BLOCK, -(-box.right // BLOCK))
    return [(row, column) for row in rows for column in columns]
