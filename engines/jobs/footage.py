"""What jobs need of a film: how many frames it has, and any run of them. A ``Film`` is such, and so are arrays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from engines.core.types import Pixels

_CHUNK = 24
"""Frames that are held at once to be given out in reverse."""


class Shown(Protocol):
    """One frame."""

    @property
    def pixels(self) -> Pixels:
        """``(h, w, 3)`` RGB."""
        ...


class Footage(Protocol):
    """A film, a folder of frames, or a list of arrays."""

    def __len__(self) -> int: ...

    def frame(self, index: int, /) -> Shown:
        """Any frame."""
        ...

    def frames(self, start: int = 0, stop: int | None = None, /) -> Iterator[Shown]:
        """A run of frames, in order."""
        ...


class _Plain:
    def __init__(self, pixels: Pixels) -> None:
        self._pixels = pixels

    @property
    def pixels(self) -> Pixels:
        return self._pixels


class Arrays:
    """Frames that are in memory."""

    def __init__(self, frames: Sequence[Pixels]) -> None:
        self._frames = frames

    def __len__(self) -> int:
        return len(self._frames)

    def frame(self, index: int, /) -> Shown:
        return _Plain(self._frames[index])

    def frames(self, start: int = 0, stop: int | None = None, /) -> Iterator[Shown]:
        return (_Plain(frame) for frame in self._frames[start : len(self) if stop is None else stop])


def backwards(footage: Footage, start: int, stop: int) -> Iterator[Pixels]:
    """The pixels of the frames ``stop - 1`` down to ``start``, a few of them held at a time."""
    while stop > start:
        begin = max(stop - _CHUNK, start)
        yield from reversed([frame.pixels for frame in footage.frames(begin, stop)])
        stop = begin


class Part:
    """The frames ``start`` to ``stop`` of a footage, as if there were no others."""

    def __init__(self, footage: Footage, start: int, stop: int) -> None:
        self._footage = footage
        self._start, self._stop = max(start, 0), min(stop, len(footage))

    def __len__(self) -> int:
        return self._stop - self._start

    def frame(self, index: int, /) -> Shown:
        return self._footage.frame(self._start + index)

    def frames(self, start: int = 0, stop: int | None = None, /) -> Iterator[Shown]:
        last = len(self) if stop is None else min(stop, len(self))
        return self._footage.frames(self._start + start, self._start + last)
