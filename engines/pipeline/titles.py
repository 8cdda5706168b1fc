"""A text through time: where it was seen, where it goes on from there, and what is to be erased of it in each frame."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from engines.core.types import Mask, Pixels
from engines.pipeline.glyphs import Glyphs

_SAME = 0.3
"""Boxes that overlap so much may be of one title."""

_DRIFT = 0.25
"""A title may move by so many heights of its line in a frame."""

_STILL = 0.3
"""One that stays within this share of its height does not move: then what any frame saw of it is erased in all."""


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """A line in a frame; ``words`` are known where it was read."""

    frame: int
    glyphs: Glyphs
    confidence: float
    words: str = ""


@dataclass(slots=True, eq=False)
class OpenTitle:
    """A title that is still on the screen, with all that was seen of it, in the order of time."""

    seen: list[Sight]
    words: str = ""

    @property
    def start(self) -> int:
        return self.seen[0].frame

    @property
    def last(self) -> Sight:
        return self.seen[-1]

    def ahead(self, frame: int) -> tuple[int, int]:
        """How far it has moved from its last sight, at ``frame``, if it goes on as it did."""
        if len(self.seen) < 2:
            return 0, 0
        a, b = self.seen[-2:]
        share = (frame - b.frame) / max(b.frame - a.frame, 1)
        before, now = a.glyphs.mask.box, b.glyphs.mask.box
        if abs(now.x - before.x) + abs(now.y - before.y) <= _STILL * b.glyphs.height:
            return 0, 0  # the detector's outlines tremble
        return round((now.x - before.x) * share), round((now.y - before.y) * share)

    def is_seen_in(self, sight: Sight, picture: Pixels) -> bool:
        """Whether a line of a new sample is this title: near where it was, and alike there."""
        before, now = self.last.glyphs.mask.box, sight.glyphs.mask.box
        dx, dy = self.ahead(sight.frame)
        moved = before.moved(dx, dy)
        if (moved & now).area < _SAME * max((moved | now).area, 1):
            return False
        if self.last.glyphs.found(picture, dx, dy) is not None:
            return True
        step = now.x - before.x, now.y - before.y
        reach = max(_DRIFT * sight.glyphs.height * (sight.frame - self.last.frame), 1)
        return max(map(abs, step)) <= reach and self.last.glyphs.found(picture, *step) is not None

    def follow(self, frames: Sequence[tuple[int, Pixels]], *, only_to_the_end: bool) -> bool:
        """Look for it in ``frames`` after its last sight; whether the last of them still shows it.

        ``only_to_the_end``: keep what was seen only if it does.
        """
        found = list(_followed(self.last, frames, self.ahead(frames[0][0]) if frames else (0, 0)))
        there = len(found) == len(frames)
        if there or not only_to_the_end:
            self.seen += found
        return there


def before(sight: Sight, frames: Sequence[tuple[int, Pixels]]) -> list[Sight]:
    """What ``frames``, which end just before the sight, show of it, without a gap."""
    return list(_followed(sight, frames[::-1], (0, 0)))[::-1]


def _followed(last: Sight, frames: Iterable[tuple[int, Pixels]], step: tuple[int, int]) -> Iterable[Sight]:
    for number, picture in frames:
        glyphs = last.glyphs.found(picture, *step)
        if glyphs is None:
            return
        last, step = Sight(number, glyphs, last.confidence), (0, 0)
        yield last


def masks_of(seen: Sequence[Sight], start: int, stop: int) -> dict[int, Mask]:
    """What to erase in each frame from ``start`` up to ``stop``."""
    first = seen[0].glyphs
    boxes = [sight.glyphs.mask.box for sight in seen]
    moves = max(abs(box.x - first.mask.box.x) + abs(box.y - first.mask.box.y) for box in boxes)
    if moves <= _STILL * first.height:
        whole = Mask.union(sight.glyphs.mask for sight in seen)
        return dict.fromkeys(range(start, stop), whole)
    return {frame: _placed(seen, frame) for frame in range(start, stop)}


def _placed(seen: Sequence[Sight], frame: int) -> Mask:
    """The nearest sight's mask, moved as the title moves between its sights."""
    mask = min(seen, key=lambda sight: abs(sight.frame - frame)).glyphs.mask
    frames = [sight.frame for sight in seen]
    x = _read(frame, frames, [sight.glyphs.mask.box.x for sight in seen])
    y = _read(frame, frames, [sight.glyphs.mask.box.y for sight in seen])
    return Mask(mask.box.moved(round(x) - mask.box.x, round(y) - mask.box.y), mask.alpha)


def _read(frame: int, frames: Sequence[int], values: Sequence[int]) -> float:
    """Linear between sights, and on with the nearest step beyond the first and the last."""
    if len(frames) > 1 and not frames[0] <= frame <= frames[-1]:
        a, b, edge = (0, 1, 0) if frame < frames[0] else (-2, -1, -1)
        slope = (values[b] - values[a]) / max(frames[b] - frames[a], 1)
        return values[edge] + slope * (frame - frames[edge])
    return float(np.interp(frame, frames, values))
