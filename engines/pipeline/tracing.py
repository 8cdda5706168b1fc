"""Paints the holes of a shot: with what the traces lead to, and with painted key frames where they lead nowhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from engines.core.context import Context
from engines.core.engine import Fill
from engines.core.types import Alpha, FloatImage
from engines.pipeline.canvas import Canvas, Colours, Side, eased, fused, read
from engines.pipeline.chains import Known, Trace, trace_frame
from engines.pipeline.membrane import Flags, membrane
from engines.pipeline.shot import Shot

BLOCK = 16
"""Frames that are painted at once: each of their sources is opened once."""

KEYS = 8
"""Key frames that are painted by an image engine and carried through the shot."""

_CENTRAL = 0.9
"""The first key frame is the most central of those with at least this share of the largest leftover."""

_SPECKS = 24
"""Leftovers of so few pixels (reduced) are closed smoothly, without an engine."""


@dataclass(frozen=True, slots=True, eq=False)
class Ways:
    """Traces of every frame into the past and into the future."""

    past: list[Trace]
    future: list[Trace]

    def found(self, number: int) -> Flags:
        return np.asarray(self.past[number].found | self.future[number].found)


def trace(shot: Shot, known: Known | None = None) -> Ways:
    """Both ways of every frame. ``known``: painted key frames; given, only they are sources."""
    past, future = (
        [trace_frame(number, shot.domains, shot.hops, step=step, known=known) for number in range(len(shot))]
        for step in (-1, 1)
    )
    return Ways(past, future)


def coverage(shot: Shot, ways: Ways) -> float:
    """The share of all holes that leads to a frame that shows it."""
    inside = sum(int(domain.inside.sum()) for domain in shot.domains)
    found = sum(int((ways.found(i) & domain.inside).sum()) for i, domain in enumerate(shot.domains))
    return found / max(inside, 1)


@dataclass(frozen=True, slots=True, eq=False)
class Painted:
    """One frame's hole: ``colours`` of the ``canvas``'s pixels; ``real``: those traced to footage; ``done``: any."""

    canvas: Canvas
    colours: Colours
    real: Flags
    done: Flags

    def onto(self, frame: FloatImage) -> FloatImage:
        """A copy of ``frame`` with what is done painted in, inside the hole only."""
        out: FloatImage = frame.copy()
        chosen = self.canvas.inside & self.done
        out[self.canvas.rows[chosen], self.canvas.columns[chosen]] = np.clip(self.colours[chosen], 0, 1)
        return out

    def left(self, size: tuple[int, int]) -> Alpha:
        """The part of the hole that is not done, as an ``(h, w)`` mask."""
        out = np.zeros(size, np.uint8)
        chosen = self.canvas.inside & ~self.done
        out[self.canvas.rows[chosen], self.canvas.columns[chosen]] = 255
        return out


@dataclass(eq=False)
class Painter:
    """Paints frames of one size. ``keys``: painted key frames by source number, with the frame each stands for."""

    shot: Shot
    frames: Sequence[FloatImage]
    holes: Sequence[Flags]
    scale: float
    keys: dict[int, FloatImage] = field(default_factory=dict)
    key_frames: dict[int, int] = field(default_factory=dict)

    def paint(self, numbers: Sequence[int], ways: Ways, carried: Ways | None = None) -> list[Painted]:
        """The holes of the frames ``numbers``; ``carried``: ways to painted key frames, for what is left."""
        canvases = [Canvas.of(self.holes[i], self.shot.domains[i], self.scale) for i in numbers]
        colours, real = self._fused(canvases, numbers, ways, blend=True)
        if carried is None:
            each = zip(canvases, colours, real, strict=True)
            return [Painted(canvas, own, seen, seen) for canvas, own, seen in each]
        more, reached = self._fused(canvases, numbers, carried, blend=False)
        return [
            Painted(canvas, np.where(seen[:, None], own, other), seen, seen | also)
            for canvas, own, seen, other, also in zip(canvases, colours, real, more, reached, strict=True)
        ]

    def _fused(
        self, canvases: Sequence[Canvas], numbers: Sequence[int], ways: Ways, *, blend: bool
    ) -> tuple[list[Colours], list[Flags]]:
        past = self._sides(canvases, numbers, [ways.past[i] for i in numbers], blend)
        future = self._sides(canvases, numbers, [ways.future[i] for i in numbers], blend)
        mixed = [fused(before, after) for before, after in zip(past, future, strict=True)]
        return mixed, [before.valid | after.valid for before, after in zip(past, future, strict=True)]

    def _sides(
        self, canvases: Sequence[Canvas], numbers: Sequence[int], found: Sequence[Trace], blend: bool
    ) -> list[Side]:
        every = read(canvases, found, self.frames, self.keys)
        sides = []
        for number, canvas, trace_, colours in zip(numbers, canvases, found, every, strict=True):
            source = self._time_of(trace_.frame[canvas.entry])
            valid = trace_.found[canvas.entry]
            light = self.shot.exposures
            lit = colours * np.exp(light[number] - light[source]).astype(np.float32)
            if blend and valid.any():
                lit = eased(canvas, lit, valid, canvas.seen(self.frames[number]))
            cost = trace_.cost[canvas.entry]
            sides.append(Side(lit, valid, cost, np.abs(source - number).astype(np.float32)))
        return sides

    def _time_of(self, sources: NDArray[np.int32]) -> NDArray[np.int32]:
        """The frame that each source belongs to: itself, or the one that a painted key frame stands for."""
        table = np.arange(len(self.shot) + KEYS + 1, dtype=np.int32)
        for source, number in self.key_frames.items():
            table[source] = number
        return np.asarray(table[np.maximum(sources, 0)])


def carry_key_frames(painter: Painter, ways: Ways, fill: Fill, ctx: Context) -> Ways | None:
    """Paint key frames with ``fill`` until all leftovers lead to one, or there are enough; the ways to them.

    None where nothing is left worth an engine.
    """
    shot = painter.shot
    carried: Ways | None = None
    known: dict[int, int] = {}
    for turn in range(KEYS):
        left = [_left(shot, ways, carried, number) for number in range(len(shot))]
        if max(left) <= _SPECKS:
            break
        ctx.step(turn / KEYS, "painting what no frame shows")
        number = _key_frame(left, shot, first=turn == 0)
        source = len(shot) + turn
        frame = painter.frames[number]
        (painted,) = painter.paint([number], ways, carried)
        hole = painted.left((frame.shape[0], frame.shape[1]))
        painter.keys[source] = fill(painted.onto(frame), hole, ctx.part(turn / KEYS, 1 / KEYS))
        painter.key_frames[source] = number
        known[number] = source
        carried = trace(shot, known)
    return carried


def _left(shot: Shot, ways: Ways, carried: Ways | None, number: int) -> int:
    done = ways.found(number)
    if carried is not None:
        done = done | carried.found(number)
    return int((shot.domains[number].inside & ~done).sum())


def _key_frame(left: Sequence[int], shot: Shot, *, first: bool) -> int:
    """The frame to paint next: among those with much left one in which little passes by the hole, rather central."""
    large = [number for number, count in enumerate(left) if count >= (_CENTRAL if first else 1) * max(left)]
    middle, half = (len(left) - 1) / 2, max(len(left) / 2, 1)
    return min(large, key=lambda number: _unrest(shot, number) + abs(number - middle) / half)


def _unrest(shot: Shot, number: int) -> float:
    """How far, in mean pixels, what is around and in the hole moves otherwise than the picture."""
    if not shot.hops:
        return 0.0
    hop = shot.hops[number].there if number < len(shot.hops) else shot.hops[number - 1].back
    return float(np.abs(hop.motion[..., 3:]).mean())


def closed(painted: Painted, frame: FloatImage, fill: Fill, ctx: Context) -> FloatImage:
    """The finished frame: what is still left is filled by the engine, or smoothly where it is only specks."""
    out = painted.onto(frame)
    left = painted.left((frame.shape[0], frame.shape[1]))
    if not left.any():
        return out
    scale = painted.canvas.scale
    if np.count_nonzero(left) * scale**2 <= 4 * _SPECKS:
        return np.clip(membrane(out, left > 0), 0, 1)
    return fill(out, left, ctx)
