"""A film's frames in, patches per frame out: every track with its engine, one after the other."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Protocol

import numpy as np

from engines.core.context import Context
from engines.core.engine import Backend, Options
from engines.core.tracks import NOTHING, MaskTrack, mask_at
from engines.core.types import Mask, Patch, Pixels
from engines.jobs.footage import Footage
from engines.pipeline import windows
from engines.pipeline.composite import composite, scale_of, to_unit
from engines.pipeline.marks import Mark, learn
from engines.pipeline.windows import FilmJob
from engines.requests import FilmEngine

_SAMPLES = 60
"""Frames that a mark is learnt from."""


class FilmEngines(Protocol):
    """Whoever has video engines: a ``Session``."""

    def film_job(self, how: FilmEngine, ctx: Context) -> FilmJob:
        """The loaded engine that ``how`` names."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Cleaning:
    """What to erase from a film, and with what.

    ``tracks``: each names its video engine; tracks of one engine are erased together. ``fill``: the image engine for
    what no frame shows. ``cuts``: the first frames of scenes, where they are known. ``marks``: learnt marks, by the
    names of their tracks. ``ready``: patches that are painted before anything else, by frame.
    """

    tracks: tuple[MaskTrack, ...]
    fill: str = "auto"
    fill_options: Options = field(default_factory=dict)
    device: str = "auto"
    backend: Backend | None = None
    cuts: frozenset[int] | None = None
    marks: Mapping[str, Mark] = field(default_factory=dict)
    ready: Mapping[int, tuple[Patch, ...]] = field(default_factory=dict)


def clean_film(
    engines: FilmEngines, frames: Iterable[Pixels], what: Cleaning, ctx: Context, *, first: int = 0
) -> Iterator[tuple[Patch, ...]]:
    """For each of ``frames``, in order, the patches to paint into it, one after the other; often none.

    ``frames``: ``(h, w, 3)`` of one size and depth; the first one is the film's frame ``first``. They are pulled as
    they are needed: patches lag behind by up to an engine's window, and whoever paints them has to keep the frames
    or read them again. Of frames that are far from any mask nothing is kept. Raises ``EngineError`` or ``Cancelled``.
    """
    staged: Staged = ((frame, what.ready.get(number, ())) for number, frame in enumerate(frames, first))
    for mark in what.marks.values():
        staged = _unblended(staged, mark, _active(what, mark), first)
    for group in _groups(what.tracks):
        staged = _erased(engines, staged, group, what, ctx, first=first)
    return (patches for _, patches in staged)


def learn_marks(footage: Footage, tracks: Sequence[MaskTrack], ctx: Context) -> dict[str, Mark]:
    """The marks of the tracks that are to be learnt, by name; the notes say which could not be."""
    found: dict[str, Mark] = {}
    for track in (track for track in tracks if track.learnt and track.keys):
        mark = _learnt(footage, track, ctx)
        if mark is None:
            ctx.tell(f"The picture behind {track.name!r} changes too little to learn the mark; it is filled instead.")
        else:
            found[track.name] = mark
    return found


def _learnt(footage: Footage, track: MaskTrack, ctx: Context) -> Mark | None:
    start, stop = max(track.reach.start, 0), min(track.reach.stop, len(footage))
    chosen = sorted({int(i) for i in np.linspace(start, max(stop - 1, start), _SAMPLES)})
    mask = mask_at(track, start)
    box = mask.box.grown(2 * 12).within(track.size)
    if mask.empty:
        return None
    crops = []
    for number, index in enumerate(chosen):
        ctx.step(number / len(chosen), f"learning {track.name}")
        pixels = footage.frame(index).pixels
        crops.append(to_unit(pixels[box.slices], scale_of(pixels)))
    return learn(crops, mask.dense(box), box)


def _active(what: Cleaning, mark: Mark) -> MaskTrack:
    return next(track for track in what.tracks if what.marks.get(track.name) is mark)


Staged = Iterator[tuple[Pixels, tuple[Patch, ...]]]


def _unblended(staged: Staged, mark: Mark, track: MaskTrack, first: int) -> Staged:
    """Every frame of the track's range with the mark taken off."""
    for number, (frame, patches) in enumerate(staged, first):
        if not track.active(number):
            yield frame, patches
            continue
        crop, scale = _painted(frame, patches)[mark.box.slices], scale_of(frame)
        clean = mark.unblended(to_unit(crop, scale))
        patch = Patch(mark.box, composite(crop, clean, mark.touched, scale), mark.touched)
        yield frame, (*patches, patch)


def _groups(tracks: Sequence[MaskTrack]) -> list[tuple[MaskTrack, ...]]:
    """Tracks that share an engine and its options, in the order in which the engines first occur."""
    groups: dict[str, list[MaskTrack]] = {}
    for track in tracks:
        groups.setdefault(f"{track.engine} {sorted(track.options.items())}", []).append(track)
    return [tuple(group) for group in groups.values()]


def _erased(
    engines: FilmEngines, staged: Staged, group: Sequence[MaskTrack], what: Cleaning, ctx: Context, *, first: int
) -> Staged:
    how = FilmEngine(group[0].engine, group[0].options, what.fill, what.fill_options, what.device, what.backend)
    job = engines.film_job(how, ctx)

    @lru_cache(maxsize=4 * job.card.window)
    def masks(number: int) -> Mask:
        return Mask.union(_to_fill(track, first + number, what.marks.get(track.name)) for track in group)

    cuts = None if what.cuts is None else frozenset(cut - first for cut in what.cuts)
    waiting: deque[tuple[Pixels, tuple[Patch, ...]]] = deque()

    def pulled() -> Iterator[Pixels]:
        for frame, patches in staged:
            waiting.append((frame, patches))
            yield _painted(frame, patches)

    quiet = Context(cancelled=ctx.cancelled, notes=ctx.notes)
    for made in windows.erase(job, pulled(), masks, quiet, cuts):
        frame, patches = waiting.popleft()
        yield frame, (*patches, *made)


def _to_fill(track: MaskTrack, frame: int, mark: Mark | None) -> Mask:
    """The track's mask; of a learnt mark only what nothing shines through."""
    mask = mask_at(track, frame)
    if mark is None or mask.empty:
        return mask
    dense = np.minimum(mask.dense(mark.box), mark.rest)
    inner = Mask.of(dense)
    return NOTHING if inner.empty else Mask(inner.box.moved(mark.box.x, mark.box.y), inner.alpha)


def _painted(frame: Pixels, patches: Sequence[Patch]) -> Pixels:
    if not patches:
        return frame
    result: Pixels = frame.copy()
    for patch in patches:
        patch.paint(result)
    return result
