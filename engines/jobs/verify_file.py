"""Erase until unreadable: what was written is read back and looked at, and erased again where text is left."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from engines.core.context import Context
from engines.core.engine import TextLine
from engines.core.faults import EngineError
from engines.core.types import Box, Mask, Pixels
from engines.jobs.painting import painted, shown
from engines.media.images import Picture, read_picture, write_picture
from engines.pipeline.verify import CONFIDENCE, Verdict, Verification, in_picture, regrown, text_left, view_box
from engines.requests import Detected, DetectText, Erased, EraseImage, Runner

ROUNDS = 3
"""How often more is erased before it is told that text is left."""


@dataclass(frozen=True, slots=True, eq=False)
class Work:
    """One photo: its picture, the first request, and ``spared``: text that must stay, whatever grows."""

    picture: Picture
    request: EraseImage
    spared: Mask


def write_until_unreadable(
    runner: Runner, work: Work, erased: Erased, file: Path, ctx: Context
) -> tuple[Verification, list[str]]:
    """Write the picture with ``erased`` painted in to ``file``; erase more and write again while text is left.

    What is looked at are the pixels that ``file`` gives back, so that a lossy file is judged as others will see
    it. ``file`` is overwritten. Returns what was seen last, and the notes of the last writing. Raises
    ``EngineError`` where the file cannot be written or read back, and ``Cancelled``.
    """
    pixels, mask = painted(work.picture.pixels, erased), work.request.mask
    for rounds in range(ROUNDS + 1):
        part = ctx.part(rounds / (ROUNDS + 1), 1 / (ROUNDS + 1))
        notes = write_picture(work.picture, pixels, file, overwrite=True)
        seen = replace(_look(runner, work, file, mask, part), rounds=rounds)
        more = regrown(mask, seen.lines, rounds + 1, work.picture.size) - (work.spared - mask)
        if rounds == ROUNDS or seen.reason or more.empty:
            break
        try:
            again = runner.run(replace(work.request, image=pixels, mask=more), part)
        except EngineError as error:
            seen = replace(seen, reason=f"Erasing more has failed: {error}")
            break
        if not isinstance(again, Erased):
            raise TypeError(again)
        pixels, mask = painted(pixels, again), mask | more
    return seen, notes


def _look(runner: Runner, work: Work, file: Path, mask: Mask, ctx: Context) -> Verification:
    """What the detector says of the written file. With a reason, erasing more would not help."""
    ctx.step(0.0, "looking whether text is left")
    height, width = work.picture.size
    written = read_picture(file, height * width)
    view = view_box(mask, written.size)

    def left_in(pixels: Pixels) -> list[TextLine]:
        request = DetectText(pixels[view.slices], {"confidence": CONFIDENCE}, device=work.request.device)
        detected = runner.run(request, ctx)
        if not isinstance(detected, Detected):
            raise TypeError(detected)
        return text_left([in_picture(line, view) for line in detected.found.lines], mask)

    try:
        left = left_in(shown(written.pixels))
        ghosts = [line for plane in _planes(written, view) for line in left_in(plane)]
    except EngineError as error:
        return Verification(Verdict.NOT_CHECKED, reason=str(error))
    reason = "The picture's transparency draws it, which erasing leaves as it is." if ghosts else ""
    return Verification(Verdict.TEXT_LEFT if left or ghosts else Verdict.CLEAN, 0, (*left, *ghosts), reason)


def _planes(picture: Picture, view: Box) -> Iterator[Pixels]:
    """The transparency as a grey picture, where it could draw something."""
    if picture.alpha is not None and np.ptp(picture.alpha[view.slices]) > 0:
        yield shown(np.repeat(picture.alpha[..., None], 3, axis=2))
