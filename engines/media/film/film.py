"""A film as everything else sees it: numbered frames with their times."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Any, Self

import av
from numpy.typing import NDArray

from engines.core.types import Box, Pixels
from engines.media.film import timecode
from engines.media.film.info import FilmInfo

Loaded = tuple[Pixels, "NDArray[Any] | None"]
"""Read-only RGB and alpha."""

Loader = Callable[["Box | None"], Loaded]
"""Makes the RGB and alpha of a box of the shown picture, or of all of it."""


class Frame:
    """One frame. Its pixels are made when they are first asked for: whoever only passes it on does not pay.

    ``index``: its number in the film; ``time``, ``duration``: seconds, exact. ``key``: whether decoding can
    begin here. ``damaged``: the file's data for it is broken, so that this is what is left of it, or the frame
    before in its stead. ``native``: the decoder's own frame, as stored; not to be written to.
    """

    __slots__ = ("_load", "_loaded", "_lock", "damaged", "duration", "index", "key", "native", "pts", "time")

    def __init__(
        self,
        index: int,
        native: av.VideoFrame,
        load: Loader,
        *,
        pts: int,
        span: tuple[Fraction, Fraction],
        key: bool = False,
        damaged: bool = False,
    ) -> None:
        self.index, self.native, self.pts = index, native, pts
        self.time, self.duration = span[0], span[1] - span[0]
        self.key, self.damaged = key, damaged
        self._load = load
        self._loaded: Loaded | None = None
        self._lock = threading.Lock()

    @property
    def pixels(self) -> Pixels:
        """``(h, w, 3)`` RGB as shown, uint8 or uint16 by the film's depth, full range; read-only."""
        return self._both()[0]

    @property
    def alpha(self) -> NDArray[Any] | None:
        """``(h, w)`` opacity in the same depth; None where the film has none."""
        return self._both()[1]

    def _both(self) -> Loaded:
        with self._lock:
            if self._loaded is None:
                self._loaded = self._load(None)
            return self._loaded

    def region(self, box: Box) -> Pixels:
        """``pixels`` inside ``box``, which lies in the picture: cheap, where the rest is not wanted."""
        with self._lock:
            if self._loaded is not None:
                return self._loaded[0][box.slices]
            return self._load(box)[0]


class Film(ABC):
    """Frames by number, from a film file, an animation or a folder of pictures. Safe to share between threads."""

    info: FilmInfo
    times: Sequence[Fraction]
    """When each frame is shown, in seconds."""

    def __len__(self) -> int:
        return len(self.times)

    @abstractmethod
    def frame(self, index: int) -> Frame:
        """Frame ``index``, 0 to ``len - 1``; ``IndexError`` for others."""

    @abstractmethod
    def close(self) -> None:
        """Free files and memory."""

    @property
    @abstractmethod
    def end(self) -> Fraction:
        """When the last frame ends."""

    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[Frame]:
        """The frames ``start`` to ``stop`` (excluded; None: to the end), in order."""
        for index in range(start, len(self) if stop is None else stop):
            yield self.frame(index)

    def index_at(self, time: Fraction) -> int:
        """The frame on the screen at ``time`` in seconds."""
        return timecode.index_at(self.times, time)

    def at(self, time: Fraction) -> Frame:
        """The frame on the screen at ``time``."""
        return self.frame(self.index_at(time))

    def remade(self, frame: Frame, native: av.VideoFrame) -> Frame:
        """``frame`` with other samples, such as painted ones."""
        from engines.media.film.upright import loader

        span = frame.time, frame.time + frame.duration
        return Frame(frame.index, native, loader(native, self.info), pts=frame.pts, span=span, key=frame.key)

    def keys(self) -> Sequence[int]:
        """The frames from which decoding can begin."""
        return range(len(self))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
