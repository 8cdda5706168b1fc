"""Motion between two frames by DIS optical flow: measured, doubted near a hole, and completed inside of it.

A hole's own flow is never believed: what is in it is to vanish. Doubtful vectors are replaced by the smoothest
field through the trusted ones around them, on top of the global motion of the shot.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.core.mask_ops import disc
from engines.pipeline.global_motion import fit_motion, motion_field, refined
from engines.pipeline.membrane import Flags, membrane
from engines.pipeline.sampling import places, read_at, warped

Grey: TypeAlias = NDArray[np.uint8]
"""``(h, w)`` uint8 luma: what flow is measured on."""

Flow: TypeAlias = NDArray[np.float32]
"""``(h, w, 2)`` float32: how far each pixel moves to the other frame, x and y in pixels."""

_NEAR = 8
"""Pixels around a hole in which no vector is believed: DIS compares patches of 8 pixels."""

_HALO = 40
"""Pixels around a hole in which vectors are doubted: coarse patches smear an object's motion that far."""

_APART = 0.75
"""Pixels from the global motion beyond which a vector in the halo must be the better explanation."""

_LEVELS = 2.0
"""By so many levels the global motion may explain a pixel worse and is still preferred in the halo."""


_LAYER, _LAYER_SHARE = 1.0, 0.08
"""Pixels from the global motion beyond which something moves otherwise, and the share of the surroundings it takes."""


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """Motion from one frame to the next, there and back, and how far a round trip misses (``(h, w)``, pixels)."""

    there: Flow
    back: Flow
    miss_there: NDArray[np.float32]
    miss_back: NDArray[np.float32]


class FlowMeter:
    """DIS optical flow (Kroeger and others, ECCV 2016) as OpenCV has it."""

    def __init__(self, quick: bool = False) -> None:
        preset = cv2.DISOPTICAL_FLOW_PRESET_FAST if quick else cv2.DISOPTICAL_FLOW_PRESET_MEDIUM
        self._dis = cv2.DISOpticalFlow.create(preset)

    def pair(self, first: Grey, second: Grey) -> Pair:
        """The motion between two pictures of one size."""
        return with_misses(self._between(first, second), self._between(second, first))

    def _between(self, first: Grey, second: Grey) -> Flow:
        if min(first.shape) < 16:  # too small for its coarsest patches
            return np.zeros((*first.shape, 2), np.float32)
        return np.asarray(self._dis.calc(first, second, None), np.float32)  # type: ignore[call-overload] # none is allowed


def with_misses(there: Flow, back: Flow) -> Pair:
    """The pair of two flows, with the lengths of both round trips' errors."""
    return Pair(there, back, _miss(there, back), _miss(back, there))


def _miss(there: Flow, back: Flow) -> NDArray[np.float32]:
    error = there + warped(back, there)
    return np.asarray(cv2.magnitude(error[..., 0], error[..., 1]))


@dataclass(frozen=True, slots=True, eq=False)
class Surroundings:
    """A frame as the flow sees it: luma with the hole filled somehow, the hole, and the hole grown twice."""

    grey: Grey
    hole: Flags
    near: Flags
    halo: Flags

    @classmethod
    def of(cls, grey: Grey, hole: Flags) -> Surroundings:
        if not hole.any():
            return cls(grey, hole, hole, hole)
        away = cv2.distanceTransform((~hole).astype(np.uint8), cv2.DIST_L2, 5)
        return cls(grey, hole, away <= _NEAR, away <= _HALO)


@dataclass(frozen=True, slots=True, eq=False)
class Completed:
    """A pair that holds inside the holes, the global motion there and back, and whether it explains everything."""

    pair: Pair
    ahead: Flow
    behind: Flow
    rigid: bool


def completed(raw: Pair, first: Surroundings, second: Surroundings) -> Completed:
    """``raw`` with what cannot be believed around both holes replaced."""
    trusted = (raw.miss_there <= 1) & ~_grown(first.near, 12) & ~_lands_in(raw.there, second.near)
    motion = _global(raw, trusted, first, second)
    ahead, behind = _field(motion, raw.there), _field(np.asarray(np.linalg.inv(motion), np.float64), raw.there)
    rigid = _explains(raw, ahead, first, second)
    if not (first.hole.any() or second.hole.any()):
        return Completed(raw, ahead, behind, rigid)
    if rigid:
        return Completed(with_misses(ahead, behind), ahead, behind, True)
    near_there, near_back = ahead, behind
    other = _second_motion(raw, ahead, trusted, first, second)
    if other is not None:
        away = np.asarray(np.linalg.inv(other), np.float64)
        near_there = _layered(raw.there, raw.miss_there, (ahead, _field(other, ahead)), first, second)
        near_back = _layered(raw.back, raw.miss_back, (behind, _field(away, ahead)), second, first)
    there = _repaired(raw.there, raw.miss_there, near_there, first, second)
    back = _repaired(raw.back, raw.miss_back, near_back, second, first)
    return Completed(with_misses(there, back), ahead, behind, False)


def _global(raw: Pair, trusted: Flags, first: Surroundings, second: Surroundings) -> NDArray[np.float64]:
    """The motion of the shot; where no homography fits, the trusted vectors' median, or rest."""
    motion = fit_motion(raw.there, trusted)
    if motion is not None:
        return refined(motion, first.grey, second.grey, trusted)
    motion = np.eye(3)
    if trusted.any():
        motion[:2, 2] = np.median(raw.there[trusted], axis=0)
    return motion


def _second_motion(
    raw: Pair, ahead: Flow, trusted: Flags, first: Surroundings, second: Surroundings
) -> NDArray[np.float64] | None:
    """The motion of what moves otherwise around the hole: something near before something far; None if nothing does."""
    around = _grown(first.halo, _HALO)
    apart = np.abs(raw.there - ahead).max(axis=2) > _LAYER
    others = trusted & around & apart
    if others.sum() < _LAYER_SHARE * max(int((trusted & around).sum()), 1):
        return None
    found = fit_motion(raw.there, others)
    return None if found is None else refined(found, first.grey, second.grey, others)


def _layered(
    flow: Flow, miss: NDArray[np.float32], fields: tuple[Flow, Flow], here: Surroundings, there: Surroundings
) -> Flow:
    """Two motions parted by a sharp line: inside a hole it runs where the harmonic mean of both sides is one half.

    So an edge that goes into a hole on one side and comes out on the other is joined, and nothing in between moves by
    a mixture of both.
    """
    errors = [np.abs(flow - field).max(axis=2) for field in fields]
    doubted = here.near | (here.halo & (miss > 1)) | _lands_in(flow, there.near) | (np.minimum(*errors) > _LAYER)
    nearer = (errors[1] < errors[0]).astype(np.float32)[..., None]
    share = membrane(np.ascontiguousarray(nearer), doubted)
    return np.where(share > 0.5, fields[1], fields[0]).astype(np.float32)


def _field(motion: NDArray[np.float64], like: Flow) -> Flow:
    return motion_field(motion, (like.shape[0], like.shape[1]))


def _repaired(flow: Flow, miss: NDArray[np.float32], ahead: Flow, here: Surroundings, there: Surroundings) -> Flow:
    doubted = here.near | (here.halo & (miss > 1)) | _lands_in(flow, there.near) | _worse(flow, ahead, here, there)
    rest = membrane(flow - ahead, doubted)
    return np.asarray(ahead + rest, np.float32)


def _lands_in(flow: Flow, where: Flags) -> Flags:
    if not where.any():
        return where
    landed = read_at(where.astype(np.uint8), places(flow), cv2.INTER_NEAREST)
    return np.asarray(landed > 0, np.bool_)


def _worse(flow: Flow, ahead: Flow, here: Surroundings, there: Surroundings) -> Flags:
    """Where in the halo the global motion explains what is seen about as well as a vector that is far from it."""
    apart = np.abs(flow - ahead).max(axis=2) > _APART
    doubt = here.halo & apart
    if not doubt.any():
        return np.asarray(doubt)
    own, shared = (_residual(here.grey, there.grey, each) for each in (flow, ahead))
    return np.asarray(doubt & (shared <= own + _LEVELS), np.bool_)


def _residual(first: Grey, second: Grey, flow: Flow) -> NDArray[np.float32]:
    """Levels by which the second picture, moved back, differs, over 5 x 5 pixels."""
    difference = cv2.absdiff(first, np.asarray(warped(second, flow), np.uint8))
    return np.asarray(cv2.blur(difference.astype(np.float32), (5, 5)))


_CELL = 16
_RIGID_SHARE = 0.97
_RIGID_LEVELS = 1.5


def _explains(raw: Pair, field: Flow, first: Surroundings, second: Surroundings) -> bool:
    """Whether the global motion alone explains nearly every part of the picture as well as free flow does."""
    seen = ~(first.near | _lands_in(field, second.near)) & _inside(field)
    worse = _residual(first.grey, second.grey, field) - _residual(first.grey, second.grey, raw.there)
    cells = _cell_means(worse, seen)
    return bool(cells.size and (cells <= _RIGID_LEVELS).mean() >= _RIGID_SHARE)


def _inside(flow: Flow) -> Flags:
    landed = places(flow)
    h, w = flow.shape[:2]
    x, y = landed[..., 0], landed[..., 1]
    return np.asarray((x >= 0) & (y >= 0) & (x <= w - 1) & (y <= h - 1), np.bool_)


def _cell_means(values: NDArray[np.float32], seen: Flags) -> NDArray[np.float32]:
    """Means over cells of which at least half is ``seen``."""
    size = (max(seen.shape[1] // _CELL, 1), max(seen.shape[0] // _CELL, 1))
    share = cv2.resize(seen.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    total = cv2.resize(np.where(seen, values, np.float32(0)), size, interpolation=cv2.INTER_AREA)
    enough = share >= 0.5
    return np.asarray(total[enough] / share[enough])


def _grown(flags: Flags, px: int) -> Flags:
    return np.asarray(cv2.dilate(flags.astype(np.uint8), disc(px)) > 0, np.bool_)
