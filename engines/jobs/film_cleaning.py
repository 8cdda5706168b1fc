"""The edit that cleans a film: tracks, engines and all, as its export wants it, whatever segments that asks for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace

from engines.core.context import Context
from engines.core.tracks import mask_at, masks_at
from engines.core.types import Patch
from engines.jobs.clean_film import Cleaning, FilmEngines, clean_film, learn_marks
from engines.media.film.film import Film, Frame
from engines.pipeline.windows import faded

STRETCH = 480
"""Frames that are cleaned in one go. What a frame looks like depends on its stretch, never on where an export began."""

LEAD = 16
"""Frames that a stretch sees of its neighbours on either side; over half of them the two fade into each other."""

Patches = tuple[Patch, ...]


class FilmCleaning:
    """A ``FilmEdit`` over tracks. Asked for one part after the other, it goes on where it stopped.

    ``engines``: a session, which is used by one thread at a time.
    """

    def __init__(self, engines: FilmEngines, what: Cleaning) -> None:
        self._engines = engines
        self._what = what
        self._going: tuple[int, Iterator[tuple[Frame, Sequence[Patch]]]] | None = None
        self._learnt = False
        self._marks: dict[int, bytes] = {}
        """What decides each frame that has been asked for: neighbouring segments ask for the same ones."""

    def key(self, start: int, stop: int) -> str:
        """The checksum of all masks and settings that decide the frames' patches; empty where nothing is erased."""
        wanted = range(start, stop)
        if all(masks_at(self._what.tracks, i).empty and not self._what.ready.get(i) for i in wanted):
            return ""
        first, last = start // STRETCH, (stop - 1) // STRETCH
        digest = hashlib.sha256(self._settings().encode())
        before = b""
        for number in range(max(first * STRETCH - 2 * LEAD, 0), (last + 1) * STRETCH + 2 * LEAD):
            if number not in self._marks:
                self._marks[number] = self._mark_of(number)
            own = self._marks[number]
            digest.update(b"=" if own == before else own)
            before = own
        return digest.hexdigest()

    def edited(self, film: Film, start: int, stop: int, ctx: Context) -> Iterator[tuple[Frame, Sequence[Patch]]]:
        """The frames with their patches."""
        self._learn(film, ctx)
        if self._going is None or self._going[0] != start:
            self._going = start, self._from(film, start, ctx)
        _, stream = self._going
        self._going = None  # whoever gives up on the way leaves a stream behind that nobody may go on with
        for number in range(start, stop):
            frame, patches = next(stream)
            if number == stop - 1:
                self._going = stop, stream
            yield frame, patches

    def _learn(self, film: Film, ctx: Context) -> None:
        """Marks are learnt from the whole film, once, before the first frame is cleaned."""
        if not self._learnt:
            self._what, self._learnt = with_marks(film, self._what, ctx), True

    def _from(self, film: Film, start: int, ctx: Context) -> Iterator[tuple[Frame, Sequence[Patch]]]:
        """Every frame from ``start`` on to the end of the film."""
        stretch = max(start - LEAD // 2, 0) // STRETCH
        ending: dict[int, Patches] = {}
        while stretch * STRETCH < len(film):
            begin, end = stretch * STRETCH, min((stretch + 1) * STRETCH, len(film))
            beyond: dict[int, Patches] = {}
            for number, patches in self._stretch(film, begin, end, ctx):
                if number >= end:
                    beyond[number] = patches
                elif number >= begin:
                    mixed = _mixed(ending.get(number, ()), patches, number - begin)
                    if number >= start:
                        yield film.frame(number), mixed
            ending, stretch = beyond, stretch + 1

    def _stretch(self, film: Film, begin: int, end: int, ctx: Context) -> Iterator[tuple[int, Patches]]:
        """The patches of a stretch and of the frames around it that it sees."""
        first, last = max(begin - LEAD, 0), min(end + LEAD, len(film))
        frames = (frame.pixels for frame in film.frames(first, last))
        return enumerate(clean_film(self._engines, frames, self._what, ctx, first=first), first)

    def _settings(self) -> str:
        plain = [
            (t.name, t.kind, t.engine, sorted(t.options.items()), t.reference, t.learnt) for t in self._what.tracks
        ]
        bare = replace(self._what, tracks=(), marks={}, ready={})
        return f"{plain} {bare}"

    def _mark_of(self, number: int) -> bytes:
        """What decides a frame: masks by engine, and patches that are ready."""
        digest = hashlib.sha256()
        for track in self._what.tracks:
            mask = mask_at(track, number)
            digest.update(f"{track.engine} {mask.box}".encode())
            digest.update(mask.alpha.tobytes())
        for patch in self._what.ready.get(number, ()):
            digest.update(f"{patch.box}".encode())
            digest.update(patch.pixels.tobytes())
        return digest.digest()


def clean_span(
    engines: FilmEngines, film: Film, span: range, what: Cleaning, ctx: Context, *, lead: int
) -> Iterator[Patches]:
    """The patches of the frames in ``span`` alone, for a quick look: ``lead`` frames on either side are all it sees."""
    first, last = max(span.start - lead, 0), min(span.stop + lead, len(film))
    frames = (frame.pixels for frame in film.frames(first, last))
    marked = with_marks(film, what, ctx)
    for number, patches in enumerate(clean_film(engines, frames, marked, ctx, first=first), first):
        if number >= span.stop:
            return
        if number >= span.start:
            yield patches


def with_marks(film: Film, what: Cleaning, ctx: Context) -> Cleaning:
    """``what`` with the marks of its tracks learnt from ``film``."""
    return replace(what, marks={**what.marks, **learn_marks(film, what.tracks, ctx)})


def _mixed(ending: Patches, patches: Patches, place: int) -> Patches:
    """The first frames of a stretch still have something of the one before."""
    share = (place + 1) / (LEAD // 2 + 1)
    if not ending or share >= 1:
        return patches
    return tuple(faded(ending, patch, share) for patch in patches)
