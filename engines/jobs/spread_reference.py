"""A frame that was cleaned by hand, or a clean plate, spread over the range of a track."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from engines.core.context import Context
from engines.core.faults import EngineError, Fault
from engines.core.tracks import NOTHING, MaskTrack, mask_at
from engines.core.types import Mask, Patch, Pixels
from engines.jobs.clean_film import Cleaning, FilmEngines
from engines.jobs.footage import Footage, backwards
from engines.pipeline import windows
from engines.requests import FilmEngine


def spread_reference(
    engines: FilmEngines, footage: Footage, track: MaskTrack, clean: Pixels, *, what: Cleaning, ctx: Context
) -> dict[int, tuple[Patch, ...]]:
    """The patches of all frames of ``track``'s range, painted from ``clean``: its frame ``reference``, cleaned.

    ``clean``: ``(h, w, 3)``, of the film's size and depth. It is carried forward and backward from there; every
    window hands it on to the next. Give the result to ``clean_film`` as ``Cleaning.ready``, and leave out the track.
    Raises ``EngineError`` where the track names no reference, or the picture does not fit.
    """
    if track.reference is None:
        raise EngineError(Fault.BAD_INPUT, f"The track {track.name!r} names no cleaned frame.")
    at = track.reference
    original = footage.frame(at).pixels
    if clean.shape != original.shape or clean.dtype != original.dtype:
        h, w = original.shape[:2]
        raise EngineError(
            Fault.BAD_INPUT,
            f"The clean picture for {track.name!r} does not fit the film.",
            f"It must be {w} x {h} pixels, {original.dtype} as the film's frames are.",
        )
    start, stop = max(track.reach.start, 0), min(track.reach.stop, len(footage))
    how = FilmEngine(track.engine, track.options, what.fill, what.fill_options, what.device, what.backend)
    job = engines.film_job(how, ctx)
    patches = {at: _own_patch(clean, mask_at(track, at))}
    muted = Context(cancelled=ctx.cancelled, notes=ctx.notes)

    def run(frames: Iterable[Pixels], step: int, cuts: frozenset[int]) -> None:
        def masks(number: int) -> Mask:
            return NOTHING if number == 0 else mask_at(track, max(at + step * number, -1))

        for number, made in enumerate(windows.erase(job, frames, masks, muted, cuts)):
            ctx.step(abs(number) / max(stop - start, 1), f"spreading the clean frame of {track.name}")
            if number:
                patches[at + step * number] = made

    cuts = what.cuts or frozenset()
    run(_from(clean, (frame.pixels for frame in footage.frames(at + 1, stop))), 1, frozenset(c - at for c in cuts))
    run(_from(clean, backwards(footage, start, at)), -1, frozenset(at - c + 1 for c in cuts))
    return {number: made for number, made in sorted(patches.items()) if made}


def without(what: Cleaning, track: MaskTrack, ready: dict[int, tuple[Patch, ...]]) -> Cleaning:
    """``what`` with the track's patches ready, and the track itself left out."""
    merged = {number: (*what.ready.get(number, ()), *ready.get(number, ())) for number in what.ready.keys() | ready}
    return replace(what, tracks=tuple(each for each in what.tracks if each is not track), ready=merged)


def _from(clean: Pixels, frames: Iterable[Pixels]) -> Iterator[Pixels]:
    yield clean
    yield from frames


def _own_patch(clean: Pixels, mask: Mask) -> tuple[Patch, ...]:
    if mask.empty:
        return ()
    return (Patch(mask.box, np.ascontiguousarray(clean[mask.box.slices]), mask.alpha),)
