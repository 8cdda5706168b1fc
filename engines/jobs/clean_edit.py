"""What ``clean_film`` does to a film, as the edit that ``export_film`` writes."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from engines.core.context import Context
from engines.core.tracks import MaskTrack, mask_at
from engines.core.types import Mask, Patch, Pixels
from engines.jobs.clean_film import Cleaning, FilmEngines, clean_film, learn_marks
from engines.media.film.film import Film, Frame

LEAD = 48
"""Frames before and after a run of masks that the engine is shown: what is behind a mask is seen there."""


@dataclass(slots=True, eq=False)
class CleanEdit:
    """A ``FilmEdit``: the tracks of ``what`` are erased from the film. ``engines``: a ``Session``; ``lead``: frames."""

    engines: FilmEngines
    what: Cleaning
    lead: int = LEAD
    _learnt: bool = field(default=False, init=False)
    _bare: tuple[MaskTrack, ...] = field(init=False)
    """The tracks as they were painted, without growth: quick to ask."""
    _tags: dict[int, tuple[Mask, str]] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self._bare = tuple(replace(track, grow=0, feather=0, smooth=0) for track in self.what.tracks)

    def key(self, start: int, stop: int) -> str:
        """All that decides the patches of the frames, as a checksum; empty where no track has a mask."""
        if not any(self._touched(frame) for frame in range(start, stop)):
            return ""
        digest = hashlib.sha256(repr(list(self._settings())).encode())
        for frame in range(max(start - self.lead, 0), stop + self.lead):
            tags = [self._tag(mask_at(track, frame)) for track in self._bare]
            digest.update(f"{frame} {tags}".encode())
            for patch in self.what.ready.get(frame, ()):
                digest.update(f"{patch.box}".encode() + patch.pixels.tobytes() + patch.alpha.tobytes())
        return digest.hexdigest()

    def edited(self, film: Film, start: int, stop: int, ctx: Context) -> Iterator[tuple[Frame, Sequence[Patch]]]:
        """Each frame with its patches; those far from any mask are passed on without a look at their pixels."""
        self._learn(film, ctx)
        at = start
        for begin, end in self._runs(start, stop):
            yield from ((frame, ()) for frame in film.frames(at, begin))
            yield from self._cleaned(film, begin, end, ctx)
            at = end
        yield from ((frame, ()) for frame in film.frames(at, stop))

    def _cleaned(self, film: Film, start: int, stop: int, ctx: Context) -> Iterator[tuple[Frame, Sequence[Patch]]]:
        first, last = max(start - self.lead, 0), min(stop + self.lead, len(film))
        waiting: deque[Frame] = deque()

        def pixels() -> Iterator[Pixels]:
            for frame in film.frames(first, last):
                waiting.append(frame)
                yield frame.pixels

        for patches in clean_film(self.engines, pixels(), self.what, ctx, first=first):
            frame = waiting.popleft()
            if frame.index >= stop:
                return
            if frame.index >= start:
                yield frame, patches

    def _runs(self, start: int, stop: int) -> Iterator[tuple[int, int]]:
        """The parts of the range that have masks; those that are near to each other are one."""
        begin, end = start, start
        for frame in range(start, stop):
            if not self._touched(frame):
                continue
            if end > begin and frame - end > 2 * self.lead:
                yield begin, end
                begin = frame
            elif end == begin:
                begin = frame
            end = frame + 1
        if end > begin:
            yield begin, end

    def _touched(self, frame: int) -> bool:
        """Whether anything is done to a frame; smoothing reaches into the frames beside a mask."""
        if self.what.ready.get(frame):
            return True
        return any(
            (track.learnt and track.active(frame))
            or any(not mask_at(track, i).empty for i in range(max(frame - whole.smooth, 0), frame + whole.smooth + 1))
            for track, whole in zip(self._bare, self.what.tracks, strict=True)
        )

    def _tag(self, mask: Mask) -> str:
        """A checksum of a mask; frames share masks, so that each is looked at once."""
        known = self._tags.get(id(mask))
        if known is None or known[0] is not mask:
            box = f"{mask.box}".encode()
            known = self._tags[id(mask)] = mask, hashlib.sha256(box + mask.alpha.tobytes()).hexdigest()
        return known[1]

    def _learn(self, film: Film, ctx: Context) -> None:
        """Marks are learnt from the whole film, once, before the first frame."""
        if not self._learnt:
            self._learnt = True
            marks = learn_marks(film, self.what.tracks, ctx)
            self.what = replace(self.what, marks={**self.what.marks, **marks})

    def _settings(self) -> Iterable[object]:
        what = self.what
        yield from (what.fill, sorted(what.fill_options.items()), what.backend.value, sorted(what.cuts or ()))
        yield [_settings_of(track) for track in what.tracks]


def _settings_of(track: MaskTrack) -> object:
    shape = track.grow, track.feather, track.smooth
    return track.engine, sorted(track.options.items()), shape, track.learnt, track.reference
