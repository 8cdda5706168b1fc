"""Masks through time: what is erased from each frame of a film, as values that document, jobs and CLI share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.core.engine import Options, Tracked
from engines.core.mask_ops import grown
from engines.core.types import Box, Mask


class TrackKind(Enum):
    """How a mask goes through time: it stays, it follows a thing, or it appears and goes with a text."""

    STATIC = "static"
    TRACKED = "tracked"
    TEXT = "text"


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Frames from ``start`` up to, not including, ``stop``."""

    start: int
    stop: int

    def __contains__(self, frame: int) -> bool:
        return self.start <= frame < self.stop


@dataclass(frozen=True, slots=True)
class Stop:
    """Where a tracker gave up: the first frame that it has no mask for, and why, as one sentence."""

    frame: int
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class MaskTrack:
    """One named mask through a film whose frames are ``size`` = (height, width).

    ``keys``: masks that a person painted, by frame. ``made``: what a tracker or detector made between, with its
    confidence. ``ranges``: where the track is active; empty: wherever it has a mask (static: everywhere). ``grow``
    and ``feather``: pixels; ``smooth``: frames on either side that steady the mask. ``engine``: the video engine's
    id. ``stops`` and ``drift``: where trackers gave up, and how well (0..1, overlap) they met the keys they came to.
    ``reference``: a frame that has been cleaned by hand, to be spread over the range; ``learnt``: a mark that is to
    be un-blended where the picture shines through. ``hidden``: for now nothing of it is erased, nor shown.
    """

    name: str
    kind: TrackKind
    size: tuple[int, int]
    keys: Mapping[int, Mask] = field(default_factory=dict)
    ranges: tuple[Span, ...] = ()
    made: Mapping[int, Tracked] = field(default_factory=dict)
    grow: int = 0
    feather: int = 0
    smooth: int = 0
    engine: str = "propagate"
    options: Options = field(default_factory=dict)
    stops: tuple[Stop, ...] = ()
    drift: Mapping[int, float] = field(default_factory=dict)
    reference: int | None = None
    learnt: bool = False
    hidden: bool = False

    def active(self, frame: int) -> bool:
        """Whether ``frame`` lies in a range of the track."""
        return not self.ranges or any(frame in span for span in self.ranges)

    @property
    def reach(self) -> Span:
        """From the first to the last frame that may have a mask; ``stop`` is far where there is no end."""
        if self.ranges:
            return Span(min(span.start for span in self.ranges), max(span.stop for span in self.ranges))
        if self.kind is TrackKind.STATIC:
            return Span(0, FOREVER) if self.keys else Span(0, 0)
        frames = [*self.keys, *self.made]
        return Span(min(frames), max(frames) + 1) if frames else Span(0, 0)


FOREVER = 1 << 40
"""A frame that no film has."""

NOTHING = Mask(Box(0, 0, 0, 0), np.zeros((0, 0), np.uint8))


def mask_at(track: MaskTrack, frame: int) -> Mask:
    """What ``track`` erases from ``frame``: smoothed, grown and feathered; empty where it is not active."""
    if not track.active(frame):
        return NOTHING
    mask = _steadied(track, frame) if track.smooth else _own(track, frame)
    if mask.empty:
        return NOTHING
    if track.grow:
        mask = grown(mask, track.grow, track.size)
    return _feathered(mask, track.feather, track.size) if track.feather > 0 else mask


def masks_at(tracks: Iterable[MaskTrack], frame: int) -> Mask:
    """What all ``tracks`` that are not hidden erase from ``frame`` together."""
    return Mask.union(mask_at(track, frame) for track in visible(tracks))


def visible(tracks: Iterable[MaskTrack]) -> tuple[MaskTrack, ...]:
    """Those that are not hidden: what is to be erased."""
    return tuple(track for track in tracks if not track.hidden)


def erase_anything(tracks: Iterable[MaskTrack]) -> bool:
    """Whether any of ``tracks`` is shown and has a mask on some frame."""
    return any(track.keys or track.made for track in visible(tracks))


def _own(track: MaskTrack, frame: int) -> Mask:
    if frame in track.keys:
        return track.keys[frame]
    if track.kind is not TrackKind.STATIC:
        made = track.made.get(frame)
        return NOTHING if made is None else made.mask
    before = [key for key in track.keys if key <= frame]
    if before:
        return track.keys[max(before)]
    return track.keys[min(track.keys)] if track.keys else NOTHING


def _steadied(track: MaskTrack, frame: int) -> Mask:
    """The frame's own mask with what most of the frames around it cover: nothing is uncovered by smoothing."""
    near = range(frame - track.smooth, frame + track.smooth + 1)
    masks = [_own(track, i) for i in near if i >= 0 and track.active(i)]
    box = Mask.union(masks).box
    if box.empty:
        return NOTHING
    usual = np.median(np.stack([mask.dense(box) for mask in masks]), axis=0).astype(np.uint8)
    return _own(track, frame) | Mask(box, usual)


def _feathered(mask: Mask, px: int, size: tuple[int, int]) -> Mask:
    """The mask with a rim of ``px`` pixels outside of it, over which the coverage falls to 0."""
    box = mask.box.grown(px).within(size)
    dense = mask.dense(box)
    away = cv2.distanceTransform((dense == 0).astype(np.uint8), cv2.DIST_L2, 5)
    ramp = np.clip(1 - away / (px + 1), 0, 1) * 255
    return Mask(box, np.maximum(dense, np.rint(ramp).astype(np.uint8)))


def between(first: Mask, second: Mask, share: float) -> Mask:
    """A mask on the way from ``first`` (share 0) to ``second`` (share 1): their signed distances, mixed."""
    box = (first.box | second.box).grown(1)
    if box.area == 4:
        return NOTHING
    mixed = (1 - share) * _depth(first, box) + share * _depth(second, box)
    dense = np.where(mixed > 0, np.uint8(255), np.uint8(0))
    inner = Mask.of(dense)
    return Mask(inner.box.moved(box.x, box.y), inner.alpha)


def _depth(mask: Mask, box: Box) -> NDArray[np.float32]:
    inside = (mask.dense(box) > 127).astype(np.uint8)
    if not inside.any():
        return np.full(inside.shape, -1e3, np.float32)
    within = cv2.distanceTransform(inside, cv2.DIST_L2, 5)
    beyond = cv2.distanceTransform(1 - inside, cv2.DIST_L2, 5)
    return np.asarray(within - beyond, np.float32)


def overlap(first: Mask, second: Mask) -> float:
    """The share of what either covers that both cover, 0..1; 1 where both are empty."""
    box = first.box | second.box
    if box.empty:
        return 1.0
    a, b = first.dense(box) > 127, second.dense(box) > 127
    either = int((a | b).sum())
    return float((a & b).sum() / either) if either else 1.0


def split_at_cuts(track: MaskTrack, cuts: Sequence[int]) -> tuple[MaskTrack, ...]:
    """``track`` parted where scenes begin: each part is active in one scene and has the keys and masks of it."""
    reach = track.reach
    inner = sorted({cut for cut in cuts if reach.start < cut < reach.stop})
    if not inner:
        return (track,)
    edges = [reach.start, *inner, reach.stop]
    parts = [_part(track, Span(a, b), i) for i, (a, b) in enumerate(pairwise(edges), 1)]
    return tuple(part for part in parts if part.keys or part.made)


def _part(track: MaskTrack, scene: Span, number: int) -> MaskTrack:
    spans = [Span(max(span.start, scene.start), min(span.stop, scene.stop)) for span in track.ranges or (scene,)]
    keys = {frame: mask for frame, mask in track.keys.items() if frame in scene}
    if track.kind is TrackKind.STATIC and not keys and track.keys:
        keys = {scene.start: _own(track, scene.start)}
    return replace(
        track,
        name=f"{track.name} {number}",
        ranges=tuple(span for span in spans if span.start < span.stop),
        keys=keys,
        made={frame: made for frame, made in track.made.items() if frame in scene},
        stops=tuple(stop for stop in track.stops if stop.frame in scene),
        reference=track.reference if track.reference is not None and track.reference in scene else None,
    )
