"""From what a person asks for to the mask tracks of a film: boxes, mask files, painted keys that are followed, text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Protocol

import numpy as np

from engines.core.context import Context
from engines.core.engine import Options, Tracked
from engines.core.faults import EngineError, Fault
from engines.core.mask_ops import box_mask
from engines.core.tracks import MaskTrack, Span, TrackKind
from engines.core.types import Box, Mask, Pixels
from engines.jobs.find_subtitles import Looking, find_subtitles
from engines.jobs.footage import Footage
from engines.jobs.track_masks import Following, Trackers, track_masks
from engines.media.film.film import Film
from engines.media.film.reader import open_film
from engines.media.images import DEFAULT_MAX_PIXELS, read_mask
from engines.pipeline.cuts import find_cuts
from engines.requests import Runner

PICTURES = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp"})
"""Endings of mask files that hold one picture."""

_ON = 128
"""From this level on, a pixel of a mask film is part of the mask."""


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
    resize_mask: bool = False
    grow: int = 0
    feather: int = 0
    learn: bool = False
    engine: str = "propagate"
    options: Options = field(default_factory=dict)


def film_tracks(helper: Helper, film: Film, what: FilmWhat, ctx: Context) -> tuple[MaskTrack, ...]:
    """The tracks that ``what`` stands for, in ``film``; none where nothing is found. Raises ``EngineError``."""
    return tuple(
        replace(
            track,
            ranges=_ranges(film, what),
            grow=what.grow,
            feather=what.feather,
            engine=what.engine,
            options=what.options,
        )
        for track in (*_static(film, what), *_moving(film, what), *_keyed(helper, film, what, ctx))
    ) + _written(helper, film, what, ctx)


def _ranges(film: Film, what: FilmWhat) -> tuple[Span, ...]:
    if what.between is None:
        return ()
    start, end = what.between
    stop = len(film) if end is None else film.index_at(end) + (film.times[film.index_at(end)] < end)
    span = Span(film.index_at(start), stop)
    if start >= film.end or span.stop <= span.start:
        raise EngineError(Fault.BAD_INPUT, "The film has no frame in that range.", f"It lasts {float(film.end):g} s.")
    return (span,)


def _static(film: Film, what: FilmWhat) -> list[MaskTrack]:
    size = film.info.size
    masks = [box_mask(box, size) for box in what.boxes]
    if what.mask is not None and what.mask.suffix.lower() in PICTURES and not what.mask.is_dir():
        masks.append(_picture(what.mask, size, resize=what.resize_mask))
    mask = Mask.union(masks)
    if mask.empty:
        if masks:
            raise EngineError(Fault.BAD_INPUT, "The mask covers nothing of the picture.", "Paint it white, or move it.")
        return []
    return [MaskTrack("Mask", TrackKind.STATIC, size, keys={0: mask}, learnt=what.learn)]


def _picture(path: Path, size: tuple[int, int], *, resize: bool) -> Mask:
    return Mask.of(read_mask(path, size, resize=resize, max_pixels=DEFAULT_MAX_PIXELS))


def _moving(film: Film, what: FilmWhat) -> list[MaskTrack]:
    """The masks of a film or a folder, one a frame."""
    if what.mask is None or (what.mask.suffix.lower() in PICTURES and not what.mask.is_dir()):
        return []
    with open_film(what.mask) as masks:
        if masks.info.size != film.info.size:
            (h, w), (mask_h, mask_w) = film.info.size, masks.info.size
            message = f"The masks in {what.mask.name} are {mask_w} x {mask_h} pixels, the film {w} x {h}."
            raise EngineError(Fault.MASK_SIZE, message, "Give masks of the film's size.")
        if len(masks) != len(film):
            message = f"{what.mask.name} holds {len(masks)} masks, the film {len(film)} frames."
            raise EngineError(Fault.BAD_INPUT, message, "Give one mask for each frame.")
        made = _made(masks)
    if not made:
        raise EngineError(Fault.BAD_INPUT, f"The masks in {what.mask.name} are empty.", "Paint white what is to go.")
    return [MaskTrack("Mask", TrackKind.TRACKED, film.info.size, made=made)]


def _made(masks: Footage) -> dict[int, Tracked]:
    """Masks that are not empty, by frame; frames that look alike share one."""
    made: dict[int, Tracked] = {}
    last = Mask.of(np.zeros((1, 1), np.uint8))
    for index, frame in enumerate(masks.frames()):
        mask = Mask.of(_levels(frame.pixels))
        if mask.empty:
            continue
        same = mask.box == last.box and np.array_equal(mask.alpha, last.alpha)
        last = last if same else mask
        made[index] = Tracked(last, 1.0)
    return made


def _levels(pixels: Pixels) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Hard coverage: compressed masks have soft rims that nobody painted."""
    brightest = pixels.max(axis=2)
    on = _ON << 8 if brightest.dtype == np.uint16 else _ON
    return np.where(brightest >= on, np.uint8(255), np.uint8(0))


def _keyed(helper: Helper, film: Film, what: FilmWhat, ctx: Context) -> list[MaskTrack]:
    if not what.keys:
        return []
    late = max(what.keys)
    if late >= len(film):
        raise EngineError(Fault.BAD_INPUT, f"There is no frame {late}.", f"The film has frames 0 to {len(film) - 1}.")
    size = film.info.size
    keys = {index: _picture(path, size, resize=what.resize_mask) for index, path in what.keys.items()}
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


def _written(helper: Helper, film: Film, what: FilmWhat, ctx: Context) -> tuple[MaskTrack, ...]:
    """The text that is found, as a track; it is grown and feathered like the others."""
    if what.text is None:
        return ()
    track, titles = find_subtitles(helper, film, what.text, ctx)
    if not titles:
        ctx.tell("No text was found.")
        return ()
    ctx.tell(f"{len(titles)} text{'' if len(titles) == 1 else 's'} found.")
    return (
        replace(
            track,
            ranges=_ranges(film, what),
            grow=track.grow + what.grow,
            feather=what.feather,
            engine=what.engine,
            options=what.options,
        ),
    )
