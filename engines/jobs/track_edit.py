"""The edit of a film by its mask tracks, a run of frames at a time, so that an export can stop and go on anywhere.

Frames are cleaned in runs that begin at whole multiples of one length. A run depends on nothing that an earlier one
has made, so any of them can be made anew by itself; where something is erased across the border of two, the first
goes on for a few frames and fades into the second, so that the border is not seen.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from engines.core.context import Context
from engines.core.tracks import masks_at
from engines.core.types import Box, Mask, Patch, Pixels
from engines.jobs.clean_film import Cleaning, FilmEngines, clean_film
from engines.media.film.film import Film, Frame
from engines.pipeline.cuts import CutFinder

FADE = 8
"""Frames over which one run gives way to the next."""

_HISTORY = 8
"""Frames before a border that a cut there is judged by."""

Edited = Iterator[tuple[Frame, tuple[Patch, ...]]]


@dataclass(slots=True, eq=False)
class _Kept:
    """A run that goes on beyond the frames that were asked for: it began with ``begin``; its next frame is ``at``."""

    begin: int
    at: int
    run: Edited


class TrackEdit:
    """What ``engines.jobs.export_film`` does to the frames of a film of ``count`` frames.

    ``length``: of a run, in frames; give it to the export as ``segment_frames``, so that runs and segments agree.
    """

    def __init__(self, engines: FilmEngines, what: Cleaning, count: int, length: int) -> None:
        self._engines = engines
        self._what = what
        self._count = count
        self._length = length
        self._kept: _Kept | None = None
        self._masks = lru_cache(maxsize=2 * length)(lambda index: masks_at(what.tracks, index))

    def key(self, start: int, stop: int) -> str:
        """A checksum of all that decides the patches of frames ``start`` to ``stop``; empty where there are none."""
        if not any(self._touched(index) for index in range(start, stop)):
            return ""
        begin = self._earlier(start) if self._goes_on(start) else start
        end = min(stop + FADE, self._count)
        digest = hashlib.sha256(self._settings().encode())
        for index in range(begin, end):
            _digest_mask(digest, self._masks(index))
            for patch in self._what.ready.get(index, ()):
                digest.update(f"{patch.box}".encode() + patch.pixels.tobytes() + patch.alpha.tobytes())
        return digest.hexdigest()

    def edited(self, film: Film, start: int, stop: int, ctx: Context) -> Edited:
        """Each of the frames ``start`` to ``stop``, in order, with its patches."""
        before = self._before(film, start, ctx)
        run = self._run(film, start, min(stop + FADE, self._count), ctx)
        for index in range(start, stop):
            frame, patches = next(run)
            share = (index - start + 1) / (FADE + 1)
            if before is not None and share < 1:
                yield frame, _faded(frame, next(before)[1], patches, share)
            else:
                yield frame, patches
        self._kept = _Kept(start, stop, run)

    def _before(self, film: Film, start: int, ctx: Context) -> Edited | None:
        """The run before this one, its next frame being ``start``; None where it has nothing to say here."""
        kept, self._kept = self._kept, None
        if not self._goes_on(start) or _is_cut(film, start):
            return None
        begin = self._earlier(start)
        if kept is not None and (kept.begin, kept.at) == (begin, start):
            return kept.run
        run = self._run(film, begin, min(start + FADE, self._count), ctx)
        for _ in range(begin, start):
            next(run)
        return run

    def _goes_on(self, start: int) -> bool:
        """Whether something is erased on both sides of the border before frame ``start``."""
        return start > 0 and self._touched(start - 1) and self._touched(start)

    def _earlier(self, start: int) -> int:
        """Where the run before the one from ``start`` begins, whichever of them is made first."""
        return (start - 1) // self._length * self._length

    def _touched(self, index: int) -> bool:
        return not self._masks(index).empty or bool(self._what.ready.get(index))

    def _run(self, film: Film, start: int, stop: int, ctx: Context) -> Edited:
        """The frames with what the engines make of them, nothing outside of ``start`` to ``stop`` being looked at."""
        waiting: deque[Frame] = deque()

        def pulled() -> Iterator[Pixels]:
            for frame in film.frames(start, stop):
                waiting.append(frame)
                # a frame would keep its ``pixels``, and a window of whole ones fills the memory
                yield frame.region(Box(0, 0, film.info.size[1], film.info.size[0]))

        for patches in clean_film(self._engines, pulled(), self._what, ctx, first=start):
            yield waiting.popleft(), patches

    def _settings(self) -> str:
        what = self._what
        tracks = [(track.engine, sorted(track.options.items()), track.learnt) for track in what.tracks]
        marks = [(name, _checksum(mark.rest), _checksum(mark.touched)) for name, mark in sorted(what.marks.items())]
        return repr((tracks, what.fill, sorted(what.fill_options.items()), what.backend, marks, self._length))


def _digest_mask(digest: hashlib._Hash, mask: Mask) -> None:
    digest.update(f"{mask.box} ".encode())
    digest.update(np.ascontiguousarray(mask.alpha).tobytes())


def _checksum(array: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> str:
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def _is_cut(film: Film, start: int) -> bool:
    finder = CutFinder()
    return [finder.is_cut(frame.pixels) for frame in film.frames(max(start - _HISTORY, 0), start + 1)][-1]


def _faded(frame: Frame, old: Sequence[Patch], new: Sequence[Patch], share: float) -> tuple[Patch, ...]:
    """One patch that is ``1 - share`` of the old ones and ``share`` of the new."""
    if not old or not new:
        return (*old, *new)
    mask = Mask.union(Mask(patch.box, patch.alpha) for patch in (*old, *new))
    source = frame.region(mask.box)
    ways = []
    for patches in (old, new):
        way: Pixels = source.copy()
        for patch in patches:
            inside = patch.box.moved(-mask.box.x, -mask.box.y)
            Patch(inside, patch.pixels, patch.alpha).paint(way)
        ways.append(way.astype(np.float64))
    mixed = ways[0] + (ways[1] - ways[0]) * share
    if np.issubdtype(source.dtype, np.integer):
        mixed = np.rint(mixed)
    return (Patch(mask.box, mixed.astype(source.dtype), mask.alpha),)
