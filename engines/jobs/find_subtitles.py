"""Finds all text of a film: on sampled frames, joined to titles, each followed to where it begins and ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from engines.core.context import Context
from engines.core.engine import FoundText, TextLine, Tracked
from engines.core.tracks import MaskTrack, Span, TrackKind
from engines.core.types import Box, Mask, Pixels
from engines.jobs.erase_file import TextSearch
from engines.jobs.footage import Footage
from engines.jobs.painting import shown
from engines.pipeline.cuts import CutFinder
from engines.pipeline.glyphs import Glyphs
from engines.pipeline.text_mask import choose, line_height, text_mask
from engines.pipeline.titles import OpenTitle, Sight, before, masks_of
from engines.requests import Detected, DetectText, Runner

STEP = 8
"""Frames between two that the detector looks at; a title of fewer frames may be missed."""


BOTTOM = 0.35
"""The share of the picture's height, from below, in which subtitles are."""


@dataclass(frozen=True, slots=True)
class Looking:
    """Where and how to look for text. ``region``: the part of the picture; None: all of it.

    ``tight``: erase what the detector sees of the letters, not the outlines of lines. ``step``: frames between two
    looks. ``name``: the track's.
    """

    region: Box | None = None
    search: TextSearch = field(default_factory=TextSearch)
    step: int = STEP
    tight: bool = True
    device: str = "auto"
    name: str = "Text"


@dataclass(frozen=True, slots=True, eq=False)
class Title:
    """One text: the frames that it is in (``stop`` is the first without it), its mask by frame, words, certainty."""

    span: Span
    masks: Mapping[int, Mask]
    words: str
    confidence: float


def bottom_of(size: tuple[int, int]) -> Box:
    """The part of a picture of ``size`` = (height, width) where subtitles are."""
    height, width = size
    top = round(height * (1 - BOTTOM))
    return Box(0, top, width, height - top)


def find_subtitles(runner: Runner, footage: Footage, how: Looking, ctx: Context) -> tuple[MaskTrack, list[Title]]:
    """The track of all text in ``footage`` that ``how.search`` chooses, and the titles that it is made of."""
    finder = _Finder(runner, footage, how, ctx)
    titles = sorted(finder.run(), key=lambda title: title.span)
    return MaskTrack(how.name, TrackKind.TEXT, finder.size, made=_united(titles)), titles


def _united(titles: Sequence[Title]) -> dict[int, Tracked]:
    """The titles of each frame together; where a frame has those of the one before, it shares their mask."""
    frames: dict[int, list[Title]] = {}
    for title in titles:
        for frame in title.masks:
            frames.setdefault(frame, []).append(title)
    made: dict[int, Tracked] = {}
    last: tuple[tuple[int, ...], Tracked] | None = None
    for frame in sorted(frames):
        masks = [title.masks[frame] for title in frames[frame]]
        key = tuple(id(mask) for mask in masks)
        if last is None or last[0] != key:
            last = key, Tracked(Mask.union(masks), min(title.confidence for title in frames[frame]))
        made[frame] = last[1]
    return made


class _Finder:
    """Reads the film once; between two samples it keeps the frames, to look for beginnings and ends in them."""

    def __init__(self, runner: Runner, footage: Footage, how: Looking, ctx: Context) -> None:
        self._runner = runner
        self._footage = footage
        self._how = how
        self._ctx = ctx
        self._muted = Context(cancelled=ctx.cancelled, notes=ctx.notes)
        self._recent: list[tuple[int, Pixels]] = []
        """The last sample, and the frames since."""
        self._sampled = -1
        self._open: list[OpenTitle] = []
        self._done: list[Title] = []
        self.size = (0, 0)

    def run(self) -> list[Title]:
        count = len(self._footage)
        cuts = CutFinder()
        for number, frame in enumerate(self._footage.frames()):
            picture = shown(frame.pixels)
            self.size = (picture.shape[0], picture.shape[1])
            if cuts.is_cut(picture):
                self._scene_ends(number)
            self._recent.append((number, picture))
            if self._sampled < 0 or number - self._sampled >= self._how.step:
                self._ctx.step(number / count, "looking for text")
                self._look()
        self._scene_ends(count)
        return self._done

    def _look(self) -> None:
        """Sample the newest frame: titles go on, begin, or have ended."""
        number, picture = self._recent[-1]
        fresh = self._sights(number, picture)
        since = [(i, frame) for i, frame in self._recent if i > self._sampled]
        going = []
        for title in self._open:
            match = next((sight for sight in fresh if title.is_seen_in(sight, picture)), None)
            if match is not None:
                fresh.remove(match)
                title.seen.append(match)
                going.append(title)
            elif title.follow(since, only_to_the_end=True):
                going.append(title)  # the detector has missed it this time
            else:
                title.follow(since, only_to_the_end=False)
                self._close(title)
        begun = [OpenTitle([*before(sight, since[:-1]), sight], self._words(sight, picture)) for sight in fresh]
        self._open = [*going, *begun]
        self._recent, self._sampled = self._recent[-1:], number

    def _scene_ends(self, number: int) -> None:
        """The scene ends before frame ``number``: what is there shows until then; then all is looked for anew."""
        if self._recent and self._recent[-1][0] > self._sampled:
            self._look()
        for title in self._open:
            self._close(title, number)
        self._open, self._recent, self._sampled = [], [], -1

    def _close(self, title: OpenTitle, end: int | None = None) -> None:
        """The title has ended: at ``end``, or after the last frame in which it was seen."""
        span = Span(title.start, title.last.frame + 1 if end is None else end)
        confidence = max(sight.confidence for sight in title.seen)
        self._done.append(Title(span, masks_of(title.seen, span.start, span.stop), title.words, confidence))

    def _sights(self, number: int, picture: Pixels) -> list[Sight]:
        region = (self._how.region or Box(0, 0, self.size[1], self.size[0])).within(self.size)
        search = self._how.search
        found = self._detected(picture, region, read=search.only is not None or search.keep is not None)
        sights = []
        for line in choose(found.lines, search.only, search.keep, search.min_size):
            mask = _line_mask(found, line, (region.h, region.w), tight=self._how.tight)
            if not mask.empty:
                moved = Mask(mask.box.moved(region.x, region.y), mask.alpha)
                glyphs = Glyphs.of(picture, moved, line_height(line))
                sights.append(Sight(number, glyphs, line.confidence, line.text))
        return sights

    def _words(self, sight: Sight, picture: Pixels) -> str:
        """What a new title says: it is read once."""
        if sight.words:
            return sight.words
        own = sight.glyphs.mask.box
        around = own.grown(round(1.5 * sight.glyphs.height)).within(self.size)
        lines = self._detected(picture, around, read=True).lines
        nearest = max(lines, key=lambda line: _shared(own.moved(-around.x, -around.y), line), default=None)
        return "" if nearest is None else nearest.text

    def _detected(self, picture: Pixels, part: Box, *, read: bool) -> FoundText:
        crop = np.ascontiguousarray(picture[part.slices])
        detected = self._runner.run(DetectText(crop, {"recognise": read}, device=self._how.device), self._muted)
        if not isinstance(detected, Detected):
            raise TypeError(detected)
        return detected.found


def _line_mask(found: FoundText, line: TextLine, size: tuple[int, int], *, tight: bool) -> Mask:
    mask = text_mask(found, [line], size)
    if not tight or mask.empty:
        return mask
    close = np.minimum(mask.alpha, found.coverage[mask.box.slices])
    inner = Mask.of(close)
    return mask if inner.empty else Mask(inner.box.moved(mask.box.x, mask.box.y), inner.alpha)


def _shared(box: Box, line: TextLine) -> float:
    """The share of what a box and a line's own box cover that both do."""
    low, high = line.polygon.min(axis=0), line.polygon.max(axis=0)
    other = Box(int(low[0]), int(low[1]), int(high[0] - low[0]), int(high[1] - low[1]))
    return (box & other).area / max((box | other).area, 1)


def joined(first: MaskTrack, second: MaskTrack) -> MaskTrack:
    """Two text tracks of one film as one, under the first one's name."""
    made = dict(first.made)
    for frame, tracked in second.made.items():
        own = made.get(frame)
        made[frame] = tracked if own is None else _both(own, tracked)
    return replace(first, made=made)


def _both(first: Tracked, second: Tracked) -> Tracked:
    return Tracked(first.mask | second.mask, min(first.confidence, second.confidence))
