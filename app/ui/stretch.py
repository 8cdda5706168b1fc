"""Which part of a film the timeline shows: from frames to pixels and back. Arithmetic only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

CLOSEST = 40.0
"""Pixels that a frame takes at most."""

_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600)
"""Seconds between two marks of the ruler."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """``frames``: of the film; ``width``: pixels; ``scale``: pixels for a frame; ``left``: the frame at x = 0."""

    frames: int
    width: int
    scale: float
    left: float = 0.0

    @classmethod
    def whole(cls, frames: int, width: int) -> Stretch:
        """All of the film."""
        return cls(max(frames, 1), max(width, 1), max(width, 1) / max(frames, 1))

    @property
    def smallest(self) -> float:
        """The scale at which all of the film is seen."""
        return self.width / self.frames

    def x_of(self, frame: float) -> float:
        """Where a frame begins."""
        return (frame - self.left) * self.scale

    def frame_at(self, x: float) -> int:
        """The frame under ``x``; the nearest one outside of the film."""
        return min(max(int((x / self.scale + self.left) // 1), 0), self.frames - 1)

    def edge_at(self, x: float) -> int:
        """The border between two frames that is nearest to ``x``: 0 to ``frames``."""
        return min(max(round(x / self.scale + self.left), 0), self.frames)

    def zoomed(self, factor: float, x: float) -> Stretch:
        """Closer or wider; what is under ``x`` stays there."""
        scale = min(max(self.scale * factor, self.smallest), max(CLOSEST, self.smallest))
        at = x / self.scale + self.left
        return replace(self, scale=scale, left=at - x / scale)._kept()

    def moved(self, frames: float) -> Stretch:
        """On by so many frames."""
        return replace(self, left=self.left + frames)._kept()

    def resized(self, width: int) -> Stretch:
        """In another width; a film that was seen whole stays so."""
        width = max(width, 1)
        if self.scale <= self.smallest * 1.0001:
            return Stretch.whole(self.frames, width)
        return replace(self, width=width, scale=max(self.scale, width / self.frames))._kept()

    def showing(self, frame: int) -> Stretch:
        """Moved as far as is needed for ``frame`` to be seen; a page on, where it has run out of sight."""
        x, margin = self.x_of(frame), self.scale
        if 0 <= x <= self.width - margin:
            return self
        return replace(self, left=frame - (self.width * 0.1 if x > 0 else self.width * 0.5) / self.scale)._kept()

    def marks(self, rate: Fraction, room: int) -> tuple[int, int]:
        """Frames between the ruler's labels, ``room`` pixels apart at least, and between its small marks."""
        second = max(round(rate), 1)
        fine = [step for step in (1, 2, 5, 10) if step < second]
        steps = [*fine, *(second * step for step in _STEPS)]
        large = next((step for step in steps if step * self.scale >= room), steps[-1])
        small = next(
            (large // part for part in (10, 5, 2) if large % part == 0 and large // part * self.scale >= 5), large
        )
        return large, small

    def seen(self, step: int) -> Iterator[int]:
        """Every ``step``-th frame that is seen."""
        first = int(self.left) // step * step
        last = min(int(self.left + self.width / self.scale) + 1, self.frames)
        return iter(range(first, last, step))

    def _kept(self) -> Stretch:
        most = max(self.frames - self.width / self.scale, 0.0)
        return replace(self, left=min(max(self.left, 0.0), most))
