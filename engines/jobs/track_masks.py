"""Carries the painted keys of a track through a film: forward, backward, and between two keys from both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from itertools import pairwise
from typing import Protocol

from engines.core.context import Context
from engines.core.engine import Card, Options, Tracked, Tracker
from engines.core.faults import EngineError, Fault
from engines.core.tracks import MaskTrack, Span, Stop, between, overlap
from engines.core.types import Mask, Pixels
from engines.jobs.footage import Footage, backwards
from engines.jobs.painting import shown

UNSURE = "The tracker was no longer sure: paint the mask again from here on."
CUT = "The scene ends here."
GONE = "What was followed has left the picture."

_AGREE = 0.4
"""Overlap with which two trackers are taken to follow the same thing."""

_GONE = 0.05
"""A mask that has shrunk to less than this share of its key has left the picture."""


class Direction(Enum):
    """Where keys are carried to."""

    FORWARD = "forward"
    BACKWARD = "backward"
    BOTH = "both"


class Trackers(Protocol):
    """Whoever has trackers: a ``Session``."""

    def tracker(self, engine: str, device: str, ctx: Context) -> tuple[Tracker, Card]:
        """The loaded tracker of that name, and its card."""
        ...


@dataclass(frozen=True, slots=True)
class Following:
    """Which tracker, where it runs, which way, and the first frames of the film's scenes.

    ``fallback``: a tracker that goes on, and is named to the person, where the first one is no longer sure; empty:
    none. It has its own defaults for options.
    """

    tracker: str = "flow"
    fallback: str = ""
    direction: Direction = Direction.BOTH
    cuts: frozenset[int] = frozenset()
    options: Options | None = None
    device: str = "auto"


@dataclass(frozen=True, slots=True, eq=False)
class _Run:
    """One way of the tracker: the masks it made by frame, and where it gave up before the end."""

    made: Mapping[int, Tracked]
    stop: Stop | None


def track_masks(trackers: Trackers, footage: Footage, track: MaskTrack, how: Following, ctx: Context) -> MaskTrack:
    """``track`` with the masks between, before and behind its keys made anew, within its ranges and scenes.

    Between two keys of one scene the tracker comes from both, and the masks change over from the one to the other.
    How well it meets each key it comes to is kept in ``drift``. Raises ``EngineError`` where there is no key.
    """
    keys = sorted(frame for frame in track.keys if 0 <= frame < len(footage))
    if not keys:
        raise EngineError(Fault.BAD_INPUT, f"The track {track.name!r} has no key.", "Paint its mask on one frame.")
    work = _Work(trackers, footage, track, how, ctx)
    return work.run(keys)


@dataclass(slots=True, eq=False)
class _Work:
    trackers: Trackers
    footage: Footage
    track: MaskTrack
    how: Following
    ctx: Context

    def run(self, keys: Sequence[int]) -> MaskTrack:
        reach = self._reach()
        made: dict[int, Tracked] = {}
        stops: list[Stop] = []
        drift: dict[int, float] = {}
        forward = self.how.direction is not Direction.BACKWARD
        backward = self.how.direction is not Direction.FORWARD
        if backward:
            self._alone(keys[0], max(reach.start, 0), made, stops)
        for first, second in pairwise(keys):
            self._pair(first, second, made, stops, drift)
        if forward:
            self._alone(keys[-1], min(reach.stop, len(self.footage)) - 1, made, stops)
        return replace(self.track, made=made, stops=tuple(sorted(stops, key=lambda stop: stop.frame)), drift=drift)

    def _reach(self) -> Span:
        return self.track.reach if self.track.ranges else Span(0, len(self.footage))

    def _alone(self, key: int, end: int, made: dict[int, Tracked], stops: list[Stop]) -> None:
        """From ``key`` to the frame ``end`` or the scene's border, whichever comes first."""
        run = self._follow(key, end)
        made.update(run.made)
        stops += [run.stop] if run.stop else []

    def _pair(
        self, first: int, second: int, made: dict[int, Tracked], stops: list[Stop], drift: dict[int, float]
    ) -> None:
        forward = self._follow(first, second) if self.how.direction is not Direction.BACKWARD else _Run({}, None)
        backward = self._follow(second, first) if self.how.direction is not Direction.FORWARD else _Run({}, None)
        for key, run in ((second, forward), (first, backward)):
            if key in run.made:
                drift[key] = overlap(run.made[key].mask, self.track.keys[key])
        missing = []
        for frame in range(first + 1, second):
            ways = forward.made.get(frame), backward.made.get(frame)
            tracked = _blended(ways[0], ways[1], (frame - first) / (second - first))
            if tracked is None:
                missing.append(frame)
            else:
                made[frame] = tracked
        reasons = [run.stop.reason for run in (forward, backward) if run.stop]
        if missing and reasons:
            stops.append(Stop(missing[0], reasons[0]))

    def _follow(self, key: int, end: int) -> _Run:
        """Track from the key to the frame ``end`` (included), not beyond a cut."""
        step = 1 if end >= key else -1
        border = self._border(key, end, step)
        start = self.track.keys[key]
        made = self._made(self.how.tracker, self.how.options or {}, key, border)
        reached = key + step * len(made)
        if reached != border and self.how.fallback and self._why(start, made.get(reached)) is UNSURE:
            self._go_on(made, key, border)
            reached = key + step * len(made)
        if reached != border:
            return _Run(made, Stop(reached + step, self._why(start, made.get(reached))))
        return _Run(made, Stop(border + step, CUT) if border != end else None)

    def _made(self, tracker: str, given: Options, key: int, border: int) -> dict[int, Tracked]:
        """What one tracker makes of the frames behind ``key`` up to ``border``, as far as it is sure."""
        step = 1 if border >= key else -1
        engine, card = self.trackers.tracker(tracker, self.how.device, self.ctx)
        frames = self._frames(key, border, step)
        found = engine.track(frames, self.track.keys[key], card.resolve(given), self._muted())
        made: dict[int, Tracked] = {}
        for number, tracked in enumerate(found, 1):
            self.ctx.step(number / max(abs(border - key), 1), f"following {self.track.name}")
            made[key + step * number] = tracked
        return made

    def _go_on(self, made: dict[int, Tracked], key: int, border: int) -> None:
        """Add what the fallback makes of the frames behind those in ``made``.

        It begins at the key, too: its mask is a person's own, and where both have been they have to agree.
        """
        step = 1 if border >= key else -1
        reached = key + step * len(made)
        more = self._made(self.how.fallback, {}, key, border)
        if len(more) <= len(made) or (made and overlap(made[reached].mask, more[reached].mask) < _AGREE):
            return
        made.update({frame: tracked for frame, tracked in more.items() if frame not in made})
        last = key + step * len(made)
        frames = f"frames {min(reached + step, last)} to {max(reached + step, last)}"
        self.ctx.tell(f"{self.track.name}: {self.how.fallback} went on where {self.how.tracker} was unsure, {frames}.")

    def _border(self, key: int, end: int, step: int) -> int:
        """The last frame before a cut, from the key on towards ``end``."""
        if step > 0:
            return min([end, *(cut - 1 for cut in self.how.cuts if key < cut <= end)])
        return max([end, *(cut for cut in self.how.cuts if end < cut <= key)])

    def _frames(self, key: int, border: int, step: int) -> Iterator[Pixels]:
        if step > 0:
            return (shown(frame.pixels) for frame in self.footage.frames(key, border + 1))
        return (shown(pixels) for pixels in backwards(self.footage, border, key + 1))

    def _muted(self) -> Context:
        return Context(cancelled=self.ctx.cancelled, notes=self.ctx.notes)

    @staticmethod
    def _why(start: Mask, last: Tracked | None) -> str:
        area = int((start.alpha > 0).sum())
        if last is not None and int((last.mask.alpha > 0).sum()) < _GONE * area:
            return GONE
        return UNSURE


def _blended(ahead: Tracked | None, behind: Tracked | None, share: float) -> Tracked | None:
    """What two ways say of one frame; where they differ, both are less sure."""
    if ahead is None or behind is None:
        return ahead or behind
    agreement = overlap(ahead.mask, behind.mask)
    mask = between(ahead.mask, behind.mask, share)
    return Tracked(mask, agreement * ((1 - share) * ahead.confidence + share * behind.confidence))
