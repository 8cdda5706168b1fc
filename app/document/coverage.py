"""A coverage map of a whole picture, kept in small tiles that versions share.

A stroke costs what it touches, however large the picture is: the tiles under it are new, all others are the
same arrays as before. That is what makes undo cheap, and what a repaint is told by.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias

import numpy as np

from engines.core.types import Alpha, Box, Mask, readonly

TILE = 256
"""Side of a tile in pixels; those at the right and lower border are cut by the picture."""

Place: TypeAlias = tuple[int, int]
"""Row and column of a tile."""


class Combine(Enum):
    """How new coverage meets what is there."""

    ADD = "add"
    SUBTRACT = "subtract"
    INTERSECT = "intersect"
    REPLACE = "replace"


@dataclass(frozen=True, slots=True, eq=False)
class Coverage:
    """Coverage 0..255 over a picture of ``size`` = (height, width). Tiles that are missing are 0 everywhere."""

    size: tuple[int, int]
    tiles: Mapping[Place, Alpha] = field(default_factory=dict)

    @classmethod
    def of(cls, mask: Mask, size: tuple[int, int]) -> Coverage:
        """The part of ``mask`` inside the picture."""
        return cls(size).combined(mask, Combine.ADD)

    @property
    def empty(self) -> bool:
        return not self.tiles

    @property
    def reach(self) -> Box:
        """A box that holds everything covered; up to a tile larger than needed."""
        box = Box(0, 0, 0, 0)
        for place in self.tiles:
            box = box | tile_box(place, self.size)
        return box

    def dense(self, box: Box) -> Alpha:
        """The coverage over ``box`` as an array of its size (a copy)."""
        out = np.zeros((max(box.h, 0), max(box.w, 0)), np.uint8)
        for place in _places(box & self.reach if len(self.tiles) < 64 else box, self.size):
            tile = self.tiles.get(place)
            if tile is not None:
                area = tile_box(place, self.size)
                part = area & box
                out[part.moved(-box.x, -box.y).slices] = tile[part.moved(-area.x, -area.y).slices]
        return out

    def mask(self) -> Mask:
        """All of it as one mask, trimmed to what is covered."""
        reach = self.reach
        mask = Mask.of(self.dense(reach))
        return Mask(mask.box.moved(reach.x, reach.y), mask.alpha)

    def combined(self, mask: Mask, how: Combine) -> Coverage:
        """This coverage with ``mask`` added, taken away, intersected, or in its place."""
        if how is Combine.REPLACE:
            return Coverage(self.size).combined(mask, Combine.ADD)
        touched = self.reach if how is Combine.INTERSECT else mask.box.within(self.size)
        tiles = dict(self.tiles)
        for place in _places(touched, self.size):
            _put(tiles, place, self._met(place, mask, how))
        return Coverage(self.size, tiles)

    def _met(self, place: Place, mask: Mask, how: Combine) -> Alpha:
        area = tile_box(place, self.size)
        here = self.tiles.get(place)
        new = mask.dense(area)
        if here is None:
            return new if how is Combine.ADD else np.zeros_like(new)
        if how is Combine.ADD:
            met = np.maximum(here, new)
        else:
            met = np.minimum(here, new if how is Combine.INTERSECT else 255 - new)
        return here if np.array_equal(met, here) else met

    def united(self, masks: Iterable[Mask]) -> Coverage:
        """This coverage with all of ``masks`` added."""
        result = self
        for mask in masks:
            result = result.combined(mask, Combine.ADD)
        return result

    def difference(self, other: Coverage) -> Box:
        """A box that holds every pixel in which the two differ; tiles that are the same array are not looked at."""
        box = Box(0, 0, 0, 0)
        for place in self.tiles.keys() | other.tiles.keys():
            if self.tiles.get(place) is not other.tiles.get(place):
                box = box | tile_box(place, self.size)
        return box

    def same(self, other: Coverage) -> bool:
        """Whether every pixel is equal."""
        if self.size != other.size or self.tiles.keys() != other.tiles.keys():
            return False
        return all(tile is other.tiles[place] or np.array_equal(tile, other.tiles[place]) for place, tile in self)

    def __iter__(self) -> Iterator[tuple[Place, Alpha]]:
        return iter(self.tiles.items())


def tile_box(place: Place, size: tuple[int, int]) -> Box:
    """Where a tile lies, in pixels of the picture."""
    return Box(place[1] * TILE, place[0] * TILE, TILE, TILE).within(size)


def _places(box: Box, size: tuple[int, int]) -> Iterator[Place]:
    inside = box.within(size)
    if inside.empty:
        return
    for row in range(inside.y // TILE, -(-inside.bottom // TILE)):
        for column in range(inside.x // TILE, -(-inside.right // TILE)):
            yield row, column


def _put(tiles: dict[Place, Alpha], place: Place, alpha: Alpha) -> None:
    if alpha.any():
        tiles[place] = readonly(alpha)
    else:
        tiles.pop(place, None)
