"""Boxes, masks and patches: the values that every other module passes around.

Conventions (one each, everywhere): boxes are in pixels, origin top left, half open; masks are uint8
coverage, 0 = keep, 255 = erase; pictures are ``(h, w, 3)`` RGB in the source's own depth; engines are
given float32 in 0..1.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Pixels: TypeAlias = NDArray[Any]
"""``(h, w, 3)`` RGB, uint8, uint16 or float32, full range, in the source's own transfer."""

FloatImage: TypeAlias = NDArray[np.float32]
"""``(h, w, 3)`` RGB float32 in 0..1: the only shape that engines see."""

Alpha: TypeAlias = NDArray[np.uint8]
"""``(h, w)`` uint8 coverage, 0 = keep, 255 = erase."""


@dataclass(frozen=True, slots=True)
class Box:
    """A half-open rectangle in pixels; ``w`` or ``h`` of zero or less means empty."""

    x: int
    y: int
    w: int
    h: int

    @property
    def right(self) -> int:
        return self.x + self.w

    @property
    def bottom(self) -> int:
        return self.y + self.h

    @property
    def area(self) -> int:
        return max(self.w, 0) * max(self.h, 0)

    @property
    def empty(self) -> bool:
        return self.w <= 0 or self.h <= 0

    @property
    def slices(self) -> tuple[slice, slice]:
        """Rows and columns, to index an array that starts at the origin."""
        return slice(self.y, self.bottom), slice(self.x, self.right)

    def __or__(self, other: Box) -> Box:
        """The smallest box that holds both; an empty box adds nothing."""
        if self.empty:
            return other
        if other.empty:
            return self
        x, y = min(self.x, other.x), min(self.y, other.y)
        return Box(x, y, max(self.right, other.right) - x, max(self.bottom, other.bottom) - y)

    def __and__(self, other: Box) -> Box:
        """The part in both; empty where they do not meet."""
        x, y = max(self.x, other.x), max(self.y, other.y)
        w, h = min(self.right, other.right) - x, min(self.bottom, other.bottom) - y
        return Box(x, y, max(w, 0), max(h, 0))

    def grown(self, px: int) -> Box:
        """The box with ``px`` more on every side (less, where ``px`` is negative)."""
        return Box(self.x - px, self.y - px, self.w + 2 * px, self.h + 2 * px)

    def within(self, size: tuple[int, int]) -> Box:
        """The part inside a picture of ``size`` = (height, width)."""
        return self & Box(0, 0, size[1], size[0])

    def moved(self, dx: int, dy: int) -> Box:
        return Box(self.x + dx, self.y + dy, self.w, self.h)

    def holds(self, other: Box) -> bool:
        """Whether ``other`` lies wholly inside."""
        return self & other == other


def whole(image: NDArray[Any]) -> Box:
    """The box of a whole ``(h, w, ...)`` array."""
    return Box(0, 0, int(image.shape[1]), int(image.shape[0]))


def readonly(array: NDArray[Any]) -> NDArray[Any]:
    """The same array, locked: values are shared between threads and history entries, so nobody may write."""
    array.flags.writeable = False
    return array


@dataclass(frozen=True, slots=True, eq=False)
class Mask:
    """Coverage inside ``box``; outside the box it is 0. ``alpha`` has the box's size."""

    box: Box
    alpha: Alpha

    def __post_init__(self) -> None:
        if self.alpha.dtype != np.uint8 or self.alpha.shape != (max(self.box.h, 0), max(self.box.w, 0)):
            msg = f"mask alpha {self.alpha.dtype}{self.alpha.shape} does not fit box {self.box}"
            raise ValueError(msg)

    @classmethod
    def of(cls, dense: Alpha) -> Mask:
        """The mask of a dense ``(h, w)`` coverage map, trimmed to what is not zero."""
        rows, columns = np.flatnonzero(dense.any(axis=1)), np.flatnonzero(dense.any(axis=0))
        if rows.size == 0:
            return cls(Box(0, 0, 0, 0), np.zeros((0, 0), np.uint8))
        y, x = int(rows[0]), int(columns[0])
        box = Box(x, y, int(columns[-1]) + 1 - x, int(rows[-1]) + 1 - y)
        return cls(box, np.ascontiguousarray(dense[box.slices]))

    @classmethod
    def union(cls, masks: Iterable[Mask]) -> Mask:
        """All masks together; coverage is the maximum."""
        result = cls(Box(0, 0, 0, 0), np.zeros((0, 0), np.uint8))
        for mask in masks:
            result = result | mask
        return result

    @property
    def empty(self) -> bool:
        return not self.alpha.any()

    def dense(self, box: Box) -> Alpha:
        """The coverage over ``box`` as an array of its size (a copy)."""
        out = np.zeros((box.h, box.w), np.uint8)
        part = self.box & box
        if not part.empty:
            out[part.moved(-box.x, -box.y).slices] = self.alpha[part.moved(-self.box.x, -self.box.y).slices]
        return out

    def __or__(self, other: Mask) -> Mask:
        box = self.box | other.box
        return Mask(box, np.maximum(self.dense(box), other.dense(box)))

    def __sub__(self, other: Mask) -> Mask:
        """What is left where ``other`` covers: the smaller of this and (255 - other)."""
        return Mask(self.box, np.minimum(self.alpha, 255 - other.dense(self.box)))


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """What an engine painted: ``pixels`` in the source's depth, already composited, over ``box``.

    ``alpha`` is the mask the patch was made for; where it is 0, ``pixels`` equal the source to the bit.
    """

    box: Box
    pixels: Pixels
    alpha: Alpha

    def paint(self, image: Pixels) -> None:
        """Write the patch into ``image`` (which must be writeable and hold the box), inside its mask only."""
        view = image[self.box.slices]
        inside = self.alpha > 0
        view[inside] = self.pixels[inside]
