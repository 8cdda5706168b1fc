"""From what a person asks for to the mask tracks of a film: boxes, mask files, painted keys that are followed, text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Protocol

from engines.core.context import Context
from engines.core.engine import Options
from engines.core.faults import EngineError, Fault
from engines.core.mask_ops import box_mask
from engines.core.tracks import MaskTrack, Span, TrackKind
from engines.core.types import Box, Mask
from engines.jobs.find_subtitles import Looking, find_subtitles
from engines.jobs.mask_files import read_masks
from engines.jobs.track_masks import Following, Trackers, track_masks
from engines.media.film.film import Film
from engines.media.images import read_mask
from engines.pipeline.cuts import find_cuts
from engines.requests import Runner


class Helper(Trackers, Runner, Protocol):
    """Whoever has trackers and answers requests: a ``Session``."""


@dataclass(frozen=True, slots=True, eq=False)
class FilmWhat:
    """What to erase from a film: everything named here together.

    ``mask``: a picture that holds for every frame, a film of masks, or a folder of them, one a frame. ``keys``: masks
    by frame, which ``following`` carries on from. ``text``: where to look for text. ``between``: the first moment and
    the last (None: the end) at which anything is erased. ``grow``, ``feather``: pixels. ``learn``: take the boxes and
    mask for a mark that the picture shines through. ``engine``: the video engine, with its ``options``.
    """

    mask: Path | None = None
    boxes: tuple[Box, ...] = ()
    keys: Mapping[int, Path] = field(default_factory=dict)
    text: Looking | None = None
    between: tuple[Fraction, Fraction | None] | None = None
    following: Following = field(default_factory=Following)
    grow: int = 0
    feather: int = 0
    learn: bool = False
    engine: str = "propagate"
    options: Options = field(default_factory=dict)


def film_tracks(helper: Helper, film: Film, what: FilmWhat, ctx: Context) -> tuple[MaskTrack, ...]:
    """The tracks that ``what`` stands for, in ``film``; none where nothing is found. Raises ``EngineError``."""
    tracks = (*_masks(film, what, ctx), *_keyed(helper, film, what, ctx), *_written(helper, film, what, ctx))
    return tuple(
        replace(
            track,
            ranges=_ranges(film, what),
            grow=what.grow,
            feather=what.feather,
            engine=what.engine,
            options=what.options,
        )
        for track in tracks
    )


def _ranges(film: Film, what: FilmWhat) -> tuple[Span, ...]:
    if what.between is None:
        return ()
    start, end = what.between
    stop = len(film) if end is None else film.index_at(end) + (film.times[film.index_at(end)] < end)
    span = Span(film.index_at(start), stop)
    if start >= film.end or span.stop <= span.start:
        raise EngineError(Fault.BAD_INPUT, "The film has no frame in that range.", f"It lasts {float(film.end):g} s.")
    return (span,)


def _masks(film: Film, what: FilmWhat, ctx: Context) -> list[MaskTrack]:
    """Boxes and a picture as one track that stands still; a film or a folder of masks as one that moves."""
    size = film.info.size
    boxes = Mask.union(box_mask(box, size) for box in what.boxes)
    tracks = [MaskTrack("Boxes", TrackKind.STATIC, size, keys={0: boxes}, learnt=what.learn)] if what.boxes else []
    if what.boxes and boxes.empty:
        raise EngineError(Fault.BAD_INPUT, "The box covers nothing of the picture.", "Give one inside of it.")
    if what.mask is not None:
        read = read_masks(what.mask, size, len(film), ctx)
        if all(mask.empty for mask in (*read.keys.values(), *(tracked.mask for tracked in read.made.values()))):
            raise EngineError(Fault.BAD_INPUT, f"The mask {what.mask.name} is empty.", "Paint white what is to go.")
        tracks.append(replace(read, learnt=what.learn and read.kind is TrackKind.STATIC))
    return tracks


def _keyed(helper: Helper, film: Film, what: FilmWhat, ctx: Context) -> list[MaskTrack]:
    if not what.keys:
        return []
    late = max(what.keys)
    if late >= len(film):
        raise EngineError(Fault.BAD_INPUT, f"There is no frame {late}.", f"The film has frames 0 to {len(film) - 1}.")
    size = film.info.size
    keys = {index: Mask.of(read_mask(path, size)) for index, path in what.keys.items()}
    empty = next((index for index, mask in keys.items() if mask.empty), None)
    if empty is not None:
        message = f"The mask {what.keys[empty].name} is empty."
        raise EngineError(Fault.BAD_INPUT, message, "Paint white what is to be followed.")
    track = MaskTrack("Followed", TrackKind.TRACKED, size, keys=keys, ranges=_ranges(film, what))
    cuts = frozenset(find_cuts(frame.pixels for frame in film.frames()))
    followed = track_masks(helper, film, track, replace(what.following, cuts=cuts), ctx)
    for stop in followed.stops:
        ctx.tell(f"What is painted on frame {min(keys)} is followed up to frame {stop.frame}. {stop.reason}")
    return [followed]


def _written(helper: Helper, film: Film, what: FilmWhat, ctx: Context) -> list[MaskTrack]:
    """The text that is found, as a track."""
    if what.text is None:
        return []
    track, titles = find_subtitles(helper, film, what.text, ctx)
    if not titles:
        ctx.tell("No text was found.")
        return []
    ctx.tell(f"{len(titles)} text{'' if len(titles) == 1 else 's'} found.")
    return [track]
