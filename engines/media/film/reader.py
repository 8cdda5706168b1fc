"""Opens a film, whatever kind of file or folder it is, and gives any frame of it exactly.

``open_film(path) -> Film``; see ``engines.media.film`` for what can be done with it.
"""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av

from engines.core.faults import EngineError, Fault
from engines.media.film.cache import DEFAULT_BYTES, FrameCache
from engines.media.film.decoder import Decoder
from engines.media.film.deinterlace import deinterlaced
from engines.media.film.faults import COPY_ANEW
from engines.media.film.film import Film, Frame
from engines.media.film.filters import filtered
from engines.media.film.index import Index, index_of
from engines.media.film.info import FilmInfo
from engines.media.film.pictures import DEFAULT_RATE, AnimationFilm, FolderFilm, is_animation
from engines.media.film.probe import probe
from engines.media.film.samples import uniform
from engines.media.film.upright import loader


def open_film(
    path: Path, *, deinterlace: bool = False, cache_bytes: int = DEFAULT_BYTES, rate: Fraction | None = None
) -> Film:
    """The film in ``path``: a file, or a folder of numbered pictures shown at ``rate`` (None: 25 a second).

    ``deinterlace``: frames that are stored as two fields are made whole ones; their number stays.
    ``cache_bytes``: what decoded frames may take in memory. Raises ``EngineError``: ``UNREADABLE`` for what
    is no film, is damaged from the start, or has no pictures.
    """
    if path.is_dir():
        return FolderFilm(path, rate or DEFAULT_RATE)
    if is_animation(path):
        return AnimationFilm(path)
    return StreamFilm(path, deinterlace=deinterlace, cache_bytes=cache_bytes)


class _Times(Sequence[Fraction]):
    """When the frames are shown, made one by one: a Fraction takes ten times the memory of its ticks."""

    def __init__(self, index: Index, unit: Fraction) -> None:
        self._pts, self._unit = index.pts, unit

    def __len__(self) -> int:
        return int(self._pts.size)

    def __getitem__(self, at: int | slice) -> Fraction | list[Fraction]:  # type: ignore[override]
        if isinstance(at, slice):
            return [int(pts) * self._unit for pts in self._pts[at]]
        return int(self._pts[at]) * self._unit


class StreamFilm(Film):
    """A film file, by way of FFmpeg."""

    def __init__(self, path: Path, *, deinterlace: bool = False, cache_bytes: int = DEFAULT_BYTES) -> None:
        told = probe(path)
        self.index: Index = index_of(path)
        if not len(self.index):
            raise EngineError(Fault.UNREADABLE, f"No frame of {path.name} can be decoded.", COPY_ANEW)
        self.info = _completed(told, self.index)
        self.times = _Times(self.index, told.time_base)
        self._deinterlace = deinterlace
        self._cache = FrameCache(cache_bytes, _cost(told))
        self._lock = threading.Lock()
        self._decoder = Decoder(path, self.index)
        self._next: int | None = None
        self._pulled: tuple[int, av.VideoFrame] | None = None

    @property
    def end(self) -> Fraction:
        return int(self.index.ends[-1]) * self.info.time_base

    def keys(self) -> Sequence[int]:
        return [int(number) for number in self.index.key_numbers]

    def close(self) -> None:
        with self._lock:
            self._cache.clear()
            self._decoder.close()

    def frame(self, index: int) -> Frame:
        if not 0 <= index < len(self):
            message = f"frame {index} of {len(self)}"
            raise IndexError(message)
        with self._lock:
            if not self._deinterlace:
                return self._plain(index)
            around = [self._plain(number) for number in range(max(index - 1, 0), min(index + 2, len(self)))]
        return self._whole(around, index)

    def _whole(self, around: list[Frame], index: int) -> Frame:
        """The frame ``index`` made of its fields and those of its neighbours."""
        place = next(place for place, frame in enumerate(around) if frame.index == index)
        plain = around[place]
        native = deinterlaced([frame.native for frame in around], place)
        return plain if native is None else self._made(index, native, damaged=plain.damaged)

    def _plain(self, index: int) -> Frame:
        found = self._cache.get(index)
        if found is None:
            self._go_to(index)
            found = self._decode(index)
        return found

    def _go_to(self, index: int) -> None:
        """Send the decoder to where frame ``index`` lies ahead of it; on, where that is nearer than a key frame."""
        key = self.index.key_before(index)
        if self._next is not None and key <= self._next <= index:
            return
        while not (self._decoder.seek(key) and self._starts_by(key)):
            key = self.index.key_before(key - 1) if key else 0

    def _starts_by(self, key: int) -> bool:
        """Whether decoding really begins at ``key``: frames shown before it may lack what they refer to."""
        self._pulled = self._decoder.next()
        while self._pulled is not None and self._pulled[0] < key:
            self._pulled = self._decoder.next()
        self._next = key
        return key == 0 or (self._pulled is not None and self._pulled[0] == key)

    def _decode(self, index: int) -> Frame:
        """Decode up to ``index``, keeping what comes on the way: going back is as common as going on."""
        before: Frame | None = self._cache.get((self._next or 0) - 1)
        while True:
            number, native = self._pulled or (len(self), None)
            if number > index:
                return self._held(index, before, native)
            self._pulled = self._decoder.next()
            self._next = number + 1
            if native is None or number < index - self._cache.most:
                continue
            before = self._made(number, uniform(native, self.info), damaged=native.is_corrupt)
            self._cache.put(before)
            if number == index:
                return before

    def _held(self, index: int, before: Frame | None, after: av.VideoFrame | None) -> Frame:
        """What stands in for a frame that cannot be decoded: the one before it, or the first there is."""
        self._next = index + 1
        native = before.native if before is not None else after
        if native is not None:
            native = filtered([uniform(native, self.info)], "null")[0]  # its own, to be given another time
        else:
            raise EngineError(Fault.UNREADABLE, f"Frame {index} of {self.info.path.name} cannot be decoded.", COPY_ANEW)
        frame = self._made(index, native, damaged=True)
        self._cache.put(frame)
        return frame

    def _made(self, index: int, native: av.VideoFrame, *, damaged: bool) -> Frame:
        unit = self.info.time_base
        pts, end = int(self.index.pts[index]), int(self.index.ends[index])
        native.pts, native.time_base = pts, unit
        key = bool(self.index.keys[index])
        load = loader(native, self.info)
        return Frame(index, native, load, pts=pts, span=(pts * unit, end * unit), key=key, damaged=damaged)


def _completed(told: FilmInfo, index: Index) -> FilmInfo:
    """What was probed, with what only the index knows."""
    length = int(index.ends[-1] - index.pts[0]) * told.time_base
    rate = Fraction(len(index)) / length if length > 0 else told.rate
    nearest = told.rate if abs(rate / told.rate - 1) < Fraction(1, 50) else rate
    return dataclasses.replace(
        told, frames=len(index), variable=index.variable, rate=nearest, duration=told.duration or length
    )


def _cost(info: FilmInfo) -> int:
    """Bytes of one decoded frame and its RGB."""
    sample = 2 if info.layout.bits > 8 else 1
    pixels = info.coded[0] * info.coded[1]
    stored = 4 if info.layout.rgb else 1 + 2 / (1 << (info.layout.across + info.layout.down))
    return int(pixels * sample * (stored + 3 + (2 if info.layout.alpha else 0)))
