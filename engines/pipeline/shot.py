"""A window of film as the propagating eraser sees it: reduced frames, holes, motion between neighbours."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.core.mask_ops import disc
from engines.core.types import Alpha, FloatImage
from engines.pipeline.chains import Domain, Hops, hops_of
from engines.pipeline.exposure import Gain, exposures, gain_between
from engines.pipeline.flow import FlowMeter, Grey, Surroundings, completed
from engines.pipeline.membrane import Flags, membrane

_SHORT_SIDE = 480
"""Flow is measured on frames whose short side is at most this; colours are read at full size."""

_PREFILL = 2
"""Pixels that a hole is grown by before it is filled for the flow."""

Small = NDArray[np.uint8]
"""A reduced frame, ``(h, w, 3)`` uint8 RGB."""


@dataclass(eq=False)
class Shot:
    """``small``, ``holes``, ``domains``: one a frame, reduced by ``scale``. ``hops``, ``gains``: one a pair."""

    small: list[Small]
    holes: list[Flags]
    domains: list[Domain]
    scale: float
    hops: list[Hops] = field(default_factory=list)
    gains: list[Gain] = field(default_factory=list)
    rigid: bool = False

    @classmethod
    def of(cls, frames: Sequence[FloatImage], alphas: Sequence[Alpha], progress: Callable[[float], None]) -> Shot:
        h, w = alphas[0].shape
        scale = min(1.0, _SHORT_SIDE / min(h, w))
        size = (max(round(w * scale), 1), max(round(h * scale), 1))
        small, holes = [], []
        for number, alpha in enumerate(alphas):
            progress(number / len(alphas))
            small.append(_reduced(frames[number], size))
            holes.append(_touched(alpha, size))
        return cls(small, holes, [Domain.of(hole) for hole in holes], scale)

    def __len__(self) -> int:
        return len(self.small)

    @property
    def exposures(self) -> NDArray[np.float64]:
        return exposures(self.gains)

    def measure(self, meter: FlowMeter, guides: Sequence[Small], progress: Callable[[float], None]) -> None:
        """Measure the motion between all neighbours on ``guides``: the reduced frames with their holes filled."""
        self.hops, self.gains = [], []
        rigid = 0
        around = _surroundings(guides[0], self.holes[0])
        for number in range(len(self) - 1):
            progress(number / max(len(self) - 1, 1))
            after = _surroundings(guides[number + 1], self.holes[number + 1])
            raw = meter.pair(around.grey, after.grey)
            done = completed(raw, around, after)
            rigid += done.rigid
            self.hops.append(hops_of(done, self.domains[number], self.domains[number + 1]))
            trusted = (raw.miss_there <= 1) & ~around.near
            self.gains.append(gain_between(self.small[number], self.small[number + 1], raw.there, trusted))
            around = after
        self.rigid = rigid == len(self) - 1

    def compare_light(self) -> None:
        """Measure the gains alone, of frames that do not move."""
        rest = np.zeros((*self.holes[0].shape, 2), np.float32)
        near = [Surroundings.of(np.zeros(hole.shape, np.uint8), hole).near for hole in self.holes]
        pairs = zip(self.small, self.small[1:], near, near[1:], strict=False)
        self.gains = [gain_between(a, b, rest, ~(here | there)) for a, b, here, there in pairs]

    def guides(self) -> list[Small]:
        """The reduced frames with their holes filled smoothly: the objects' own texture must not lead the flow."""
        return [_smooth(frame, hole) for frame, hole in zip(self.small, self.holes, strict=True)]


def _surroundings(guide: Small, hole: Flags) -> Surroundings:
    return Surroundings.of(luma(guide), hole)


def luma(picture: Small) -> Grey:
    """``(h, w)`` uint8 of an RGB picture."""
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)


def _reduced(frame: FloatImage, size: tuple[int, int]) -> Small:
    if size != (frame.shape[1], frame.shape[0]):
        frame = np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_AREA), np.float32)
    return np.asarray(np.rint(np.clip(frame, 0, 1) * 255), np.uint8)


def _touched(alpha: Alpha, size: tuple[int, int]) -> Flags:
    """The reduced pixels (``size``: width, height) of which any part is covered."""
    if size == (alpha.shape[1], alpha.shape[0]):
        return alpha > 0
    share = cv2.resize((alpha > 0).astype(np.float32), size, interpolation=cv2.INTER_AREA)
    return np.asarray(share > 0, np.bool_)


def _smooth(frame: Small, hole: Flags) -> Small:
    if not hole.any():
        return frame
    grown = cv2.dilate(hole.astype(np.uint8), disc(_PREFILL)) > 0
    return np.asarray(np.clip(np.rint(membrane(frame.astype(np.float32), grown)), 0, 255), np.uint8)
