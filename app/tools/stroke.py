"""Round dabs along a path, in a scratch coverage map of the picture."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from engines.core.types import Alpha, Box, Mask, readonly

_SPACING = 0.12
"""Distance of dabs, as a share of the radius: closer than the eye can tell from a swept disc."""

_EXACT = 24
"""Radius in pixels below which dabs are placed to the quarter pixel."""

Point = tuple[float, float]


@lru_cache(maxsize=64)
def dab(radius: float, hardness: float, dx: float, dy: float) -> Alpha:
    """A disc of ``2 * reach + 1`` pixels across whose centre lies (dx, dy) off the middle pixel's centre.

    ``hardness`` 1: a rim that is one pixel wide; 0: a slope from the centre outwards.
    """
    reach = math.ceil(radius) + 1
    grid = np.arange(-reach, reach + 1, dtype=np.float32)
    distance = np.hypot(grid[None, :] - dx, grid[:, None] - dy)
    slope = max(radius * (1 - hardness), 1.0)
    share = np.clip((radius + 0.5 - distance) / slope, 0, 1)
    soft = share * share * (3 - 2 * share) if slope > 1 else share
    return np.asarray(readonly(np.rint(soft * 255).astype(np.uint8)), np.uint8)


class Stroke:
    """Grows by ``to``; each call answers the box it touched. Coverage is the maximum of all dabs."""

    def __init__(self, size: tuple[int, int], hardness: float = 1.0) -> None:
        self.size = size
        self.box = Box(0, 0, 0, 0)
        self._alpha = np.zeros(size, np.uint8)  # pages that are not touched cost nothing
        self._hardness = hardness
        self._path: list[Point] = []
        self._left = 0.0
        """How far along the next segment the next dab lies."""

    @property
    def path(self) -> tuple[Point, ...]:
        return tuple(self._path)

    @property
    def length(self) -> float:
        """Of the path, in pixels."""
        return sum(math.dist(a, b) for a, b in zip(self._path, self._path[1:], strict=False))

    def to(self, x: float, y: float, radius: float) -> Box:
        """Sweep a brush of ``radius`` to (x, y); the first call only sets it down."""
        radius = max(radius, 0.5)
        if not self._path:
            self._path.append((x, y))
            self._left = self._step(radius)
            return self._grown(self._stamp(x, y, radius))
        start, end = self._path[-1], (x, y)
        self._path.append(end)
        way, touched = math.dist(start, end), Box(0, 0, 0, 0)
        while self._left <= way and way > 0:
            share = self._left / way
            at = (start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share)
            touched = touched | self._stamp(*at, radius)
            self._left += self._step(radius)
        self._left -= way
        return self._grown(touched)

    def fill(self, mask: Mask) -> Box:
        """Cover ``mask`` as well."""
        part = mask.box.within(self.size)
        view = self._alpha[part.slices]
        np.maximum(view, mask.dense(part), out=view)
        return self._grown(part)

    def dense(self, box: Box) -> Alpha:
        """The coverage over a ``box`` inside the picture (a view)."""
        return np.asarray(self._alpha[box.slices], np.uint8)

    def mask(self) -> Mask:
        """What has been covered: a view, so the stroke must be finished."""
        return Mask(self.box, self._alpha[self.box.slices])

    def _step(self, radius: float) -> float:
        return max(_SPACING * radius, 0.5)

    def _stamp(self, x: float, y: float, radius: float) -> Box:
        column, row = math.floor(x), math.floor(y)
        dx, dy = (_quarter(x - column - 0.5), _quarter(y - row - 0.5)) if radius < _EXACT else (0.0, 0.0)
        shape = dab(round(radius * 4) / 4, self._hardness, dx, dy)
        reach = shape.shape[0] // 2
        box = Box(column - reach, row - reach, shape.shape[0], shape.shape[0])
        part = box.within(self.size)
        if not part.empty:
            view = self._alpha[part.slices]
            np.maximum(view, shape[part.moved(-box.x, -box.y).slices], out=view)
        return part

    def _grown(self, touched: Box) -> Box:
        self.box = self.box | touched
        return touched


def _quarter(offset: float) -> float:
    return round(offset * 4) / 4
