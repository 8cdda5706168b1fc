"""What a fake engine process answers to requests about films."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engines.core.context import Context
from engines.core.engine import Tracked
from engines.core.mask_ops import box_mask
from engines.core.tracks import MaskTrack, TrackKind, masks_at
from engines.core.types import Box, Mask, Patch
from engines.jobs.film_desk import (
    CleanSpan,
    ExportFilm,
    FilmDesk,
    FilmExported,
    FindTitles,
    FollowTrack,
    MasksWritten,
    ReadMasks,
    SpanCleaned,
    TrackMade,
    WriteMasks,
)
from engines.requests import FilmRequest, FilmResult
from engines.session import Session


def answer_about_film(request: FilmRequest) -> FilmResult:
    """A track moves on by a pixel a frame; patches are filled with 99; a subtitle is found; an export is a file."""
    match request:
        case FollowTrack():
            return TrackMade(_moved(request))
        case FindTitles():
            words = box_mask(Box(20, 90, 100, 12), (120, 160))
            made = {at: Tracked(words, 0.9) for at in range(request.start + 2, request.stop - 2)}
            return TrackMade(MaskTrack(request.name, TrackKind.TEXT, (120, 160), made=made))
        case CleanSpan():
            masks = [masks_at(request.what.tracks, frame) for frame in range(request.start, request.stop)]
            return SpanCleaned(request.start, tuple((_grey(mask),) if not mask.empty else () for mask in masks))
        case ExportFilm():
            request.settings.target.write_bytes(b"film")
            return FilmExported(request.settings.target, 50, 50, "libx264", size=4, notes=("It was a test.",))
        case ReadMasks() | WriteMasks():
            return _about_masks(request)
        case _:
            raise TypeError(request)


def _about_masks(request: ReadMasks | WriteMasks) -> FilmResult:
    """As the engine process does it: files are its business alone."""
    result = FilmDesk(no_session).run(request, Context())
    assert isinstance(result, TrackMade | MasksWritten)
    return result


def no_session() -> Session:
    """Masks in files need no engine."""
    raise AssertionError("a session was opened")


def _moved(request: FollowTrack) -> MaskTrack:
    frame, mask = next(iter(request.track.keys.items()))
    frames = range(frame + 1, request.stop)
    made = {at: Tracked(Mask(mask.box.moved(at - frame, 0), mask.alpha), 0.9) for at in frames}
    return replace(request.track, kind=TrackKind.TRACKED, made=made)


def _grey(mask: Mask) -> Patch:
    return Patch(mask.box, np.full((mask.box.h, mask.box.w, 3), 99, np.uint8), mask.alpha)
