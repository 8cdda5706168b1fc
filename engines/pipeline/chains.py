"""Follows hole pixels along the flow to the first frame that shows them (Gao and others, FGVC, ECCV 2020).

What is passed on from frame to frame are places, not colours, so that every pixel is read only once, from the
frame it was really seen in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.pipeline.flow import Completed, Flow
from engines.pipeline.membrane import Flags
from engines.pipeline.sampling import Points, sample

Ints: TypeAlias = NDArray[np.int32]

NOWHERE = -1
"""In place of a source frame: this pixel leads to none."""

CLEAR = 4
"""A pixel is a source only so far from a hole: nearer ones hold some of the object's colour when interpolated."""

RING = 8
"""Pixels around the hole that are traced as well, to compare what is found with what is there."""

LONGEST = 60
"""Hops of a chain; longer ones have drifted too far."""

_DRAGGED = 1.0
"""Pixels by which the own motion of what is behind a hole may change while it is behind it."""

_RELATIVE, _ABSOLUTE = 0.01, 0.5
"""A round trip may miss by this share of the squared lengths of its two ways, and this, in square pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class Domain:
    """The pixels of a frame that are traced: the hole and a ring. ``rows`` and ``columns`` are ``(n,)``.

    ``lookup``: ``(h, w)``, the number of each pixel in the list, ``NOWHERE`` elsewhere. ``clear``: where a frame
    is a source.
    """

    rows: Ints
    columns: Ints
    lookup: Ints
    clear: Flags
    inside: Flags

    @classmethod
    def of(cls, hole: Flags) -> Domain:
        away = cv2.distanceTransform((~hole).astype(np.uint8), cv2.DIST_L2, 5) if hole.any() else None
        traced = hole if away is None else away <= RING
        rows, columns = (np.asarray(axis, np.int32) for axis in np.nonzero(traced))
        lookup = np.full(hole.shape, NOWHERE, np.int32)
        lookup[rows, columns] = np.arange(len(rows), dtype=np.int32)
        return cls(rows, columns, lookup, ~hole if away is None else away > CLEAR, hole[rows, columns])

    @property
    def places(self) -> Points:
        return np.stack([self.columns, self.rows], axis=1).astype(np.float32)

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True, slots=True, eq=False)
class Hop:
    """The motion of a frame's domain to its neighbour, over the part of the frame that begins at ``x``, ``y``.

    ``motion``: ``(h, w, 5)`` x, y, the round trip's error, and by how much x and y differ from the global motion.
    """

    x: int
    y: int
    motion: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Hops:
    """From one frame to the next, and from the next one back."""

    there: Hop
    back: Hop


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """For each pixel of a domain its source: frame (or ``NOWHERE``), place there, and what the way cost (pixels)."""

    frame: Ints
    at: Points
    cost: NDArray[np.float32]

    @property
    def found(self) -> Flags:
        return np.asarray(self.frame != NOWHERE)


def hops_of(done: Completed, first: Domain, second: Domain) -> Hops:
    """What of a pair's motion is needed later: it is kept around the domains alone."""
    pair = done.pair
    own_there, own_back = pair.there - done.ahead, pair.back - done.behind
    return Hops(_hop(pair.there, pair.miss_there, own_there, first), _hop(pair.back, pair.miss_back, own_back, second))


def _hop(flow: Flow, miss: NDArray[np.float32], own: Flow, domain: Domain) -> Hop:
    if len(domain) == 0:
        return Hop(0, 0, np.zeros((1, 1, 5), np.float32))
    h, w = miss.shape
    top, bottom = max(int(domain.rows.min()) - 2, 0), min(int(domain.rows.max()) + 3, h)
    left, right = max(int(domain.columns.min()) - 2, 0), min(int(domain.columns.max()) + 3, w)
    part = slice(top, bottom), slice(left, right)
    return Hop(left, top, np.dstack([flow[part], miss[part], own[part]]))


Known: TypeAlias = Mapping[int, int]
"""Frames whose hole has been painted: by number, the number under which the painted one is a source."""


def trace_frame(
    number: int, domains: Sequence[Domain], hops: Sequence[Hops], *, step: int, known: Known | None = None
) -> Trace:
    """Where the domain of frame ``number`` leads, ``step`` = 1 into the future, -1 into the past.

    Pixels are followed until a frame shows them. With ``known``, until a painted key frame instead, and then the
    round trips need not be sound: they lie in places that cannot be measured.
    """
    domain = domains[number]
    count = len(domain)
    frame, at = np.full(count, NOWHERE, np.int32), domain.places
    cost = np.zeros(count, np.float32)
    if known is not None and number in known:
        frame[domain.inside] = known[number]
        return Trace(frame, at, cost)
    alive = np.arange(count)
    own: Points | None = None
    for neighbour in _ahead(number, step, len(domains)):
        hop = hops[neighbour - 1].there if step > 0 else hops[neighbour].back
        read = sample(hop.motion, at[alive] - np.array([hop.x, hop.y], np.float32))
        if own is None:
            own = np.zeros((count, 2), np.float32)
            own[alive] = read[:, 3:]
        to, missed, sound, true = _moved(at[alive], read, own[alive])
        there = domains[neighbour]
        inside, shown = _landed(to, there)
        at[alive], cost[alive] = to, cost[alive] + missed
        if known is None:
            frame[alive[inside & sound & shown & true]] = neighbour
            alive = alive[inside & sound & ~shown]
        elif neighbour in known:
            alike = _moves_alike(to, own[alive], neighbour, hops)
            frame[alive[inside & alike]] = known[neighbour]
            alive = alive[inside & ~alike & ~shown]
        else:
            alive = alive[inside & ~shown]
        if len(alive) == 0:
            break
    return Trace(frame, at, cost)


def _ahead(number: int, step: int, count: int) -> Iterable[int]:
    end = min(count - 1, number + LONGEST) if step > 0 else max(0, number - LONGEST)
    return range(number + step, end + step, step)


def _moved(at: Points, read: NDArray[np.float32], own: Points) -> tuple[Points, NDArray[np.float32], Flags, Flags]:
    """The places after a hop, its round trips' errors, whether these are small, and whether pixels moved as ever.

    ``read``: the hop's motion at the places; ``own``: by how much each pixel's first hop differed from the global
    motion. Something that passes by the hole drags the completed flow along: then a pixel goes on as it began, and
    what shows itself there is not what it looks for.
    """
    way, missed, now = read[:, :2], read[:, 2], read[:, 3:]
    strange = np.abs(now - own).max(axis=1) > _DRAGGED + 0.15 * np.abs(own).max(axis=1)
    way = np.where(strange[:, None], way - now + own, way)
    allowed = 2 * _RELATIVE * np.square(way).sum(axis=1) + _ABSOLUTE
    return at + way, missed, np.asarray(strange | (np.square(missed) < allowed)), ~strange


def _moves_alike(at: Points, own: Points, number: int, hops: Sequence[Hops]) -> Flags:
    """Whether what is at the places in frame ``number`` moves as the pixels that are looked for: else it hides them."""
    hop = hops[number].there if number < len(hops) else hops[number - 1].back
    turned = 1 if number < len(hops) else -1
    now = turned * sample(hop.motion, at - np.array([hop.x, hop.y], np.float32))[:, 3:]
    apart = np.minimum(np.abs(now - own).max(axis=1), np.abs(now + own).max(axis=1))  # the way may have gone backwards
    return np.asarray(apart <= _DRAGGED + 0.15 * np.abs(own).max(axis=1))


def _landed(to: Points, there: Domain) -> tuple[Flags, Flags]:
    """Whether places are in the picture, and whether the frame shows what is there."""
    h, w = there.clear.shape
    inside = (to >= 0).all(axis=1) & (to[:, 0] <= w - 1) & (to[:, 1] <= h - 1)
    column = np.clip(np.rint(to[:, 0]), 0, w - 1).astype(np.int32)
    row = np.clip(np.rint(to[:, 1]), 0, h - 1).astype(np.int32)
    return np.asarray(inside), np.asarray(there.clear[row, column])


def by_source(frames: Ints) -> Iterable[tuple[int, NDArray[Any]]]:
    """The source frames that occur, each with the numbers of its pixels."""
    if len(frames) == 0:
        return
    order = np.argsort(frames, kind="stable")
    ordered = frames[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    for start, end in zip(starts, np.r_[starts[1:], len(ordered)], strict=True):
        if ordered[start] != NOWHERE:
            yield int(ordered[start]), order[start:end]
