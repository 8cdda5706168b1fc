"""Any image engine, frame by frame, steadied in time: for text over a moving background."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.core.context import Context
from engines.core.engine import Fill, Options, Setup, VideoEraser
from engines.core.types import Alpha, FloatImage
from engines.pipeline.flow import FlowMeter, Surroundings, completed
from engines.pipeline.membrane import Flags
from engines.pipeline.sampling import places, read_at
from engines.pipeline.shot import Small, luma

_RING = 24
"""Pixels around the hole that must not have changed for the last result to be used again."""

_LEVELS = 2.5
"""Mean levels of change, and eight times as many in any part of it, up to which the surroundings stand still."""

_PATCH = 8

_TOO_MUCH = 24.0
"""Levels of difference to the last frame at which half of the steadying is left out."""


class PerFrame(VideoEraser):
    """Fills each frame, then mixes in what the frame before had there, moved along the flow around the hole."""

    def __init__(self, setup: Setup) -> None:
        """There is nothing to load."""

    def erase(
        self, frames: Sequence[FloatImage], alphas: Sequence[Alpha], options: Options, fill: Fill, ctx: Context
    ) -> Sequence[FloatImage]:
        keep = float(options["steadiness"])
        meter = FlowMeter(quick=True)
        out: list[FloatImage] = []
        last: _Done | None = None
        for number, alpha in enumerate(alphas):
            ctx.step(number / len(alphas), "erasing")
            frame, hole = frames[number], alpha > 0
            if not hole.any():
                out.append(frame)
                last = None
                continue
            if last is not None and last.stands_for(frame, hole):
                out.append(_again(frame, last.result, hole))
                continue  # what it is compared with stays: a slow change must not creep through unseen
            result = np.clip(fill(frame, alpha, ctx.part(number / len(alphas), 1 / len(alphas))), 0, 1)
            if last is not None and keep > 0:
                result = _steadied(result, hole, last, meter, keep)
            last = _Done(frame, hole, result)
            out.append(result)
        return out


class _Done:
    """A frame that was filled."""

    def __init__(self, frame: FloatImage, hole: Flags, result: FloatImage) -> None:
        self.frame = frame
        self.hole = hole
        self.result = np.asarray(result, np.float32)
        self._ring = _around(hole)

    def stands_for(self, frame: FloatImage, hole: Flags) -> bool:
        """Whether another frame has the same hole, and nothing around it has moved or changed its light."""
        if not np.array_equal(hole, self.hole) or not self._ring.any():
            return False
        change = np.abs(frame - self.frame).max(axis=2) * 255
        soft = cv2.blur(np.where(self._ring, change, np.float32(0)), (_PATCH, _PATCH))
        return bool(change[self._ring].mean() < _LEVELS and soft.max() < 8 * _LEVELS)


def _around(hole: Flags) -> Flags:
    away = cv2.distanceTransform((~hole).astype(np.uint8), cv2.DIST_L2, 3)
    return np.asarray((away > 2) & (away <= _RING), np.bool_)


def _again(frame: FloatImage, result: FloatImage, hole: Flags) -> FloatImage:
    out: FloatImage = frame.copy()
    out[hole] = result[hole]
    return out


def _steadied(result: FloatImage, hole: Flags, last: _Done, meter: FlowMeter, keep: float) -> FloatImage:
    """``keep`` of what the last frame had at the same places of the scene, where the two agree about as well as noise.

    Where they contradict each other the new frame is believed: ghosts are worse than flicker.
    """
    here, there = _seen(result, hole), _seen(last.result, last.hole)
    motion = completed(meter.pair(here.grey, there.grey), here, there).pair.there
    moved = np.asarray(read_at(last.result, places(motion)), np.float32)
    difference = np.abs(moved - result).max(axis=2) * 255
    share = keep * np.clip(1.5 - cv2.blur(difference, (5, 5)) / _TOO_MUCH, 0, 1)
    share = np.where(hole & _within(motion), share, 0)[..., None].astype(np.float32)
    return np.asarray(result + share * (moved - result), np.float32)


def _seen(picture: FloatImage, hole: Flags) -> Surroundings:
    small: Small = np.asarray(np.rint(picture * 255), np.uint8)
    return Surroundings.of(luma(small), hole)


def _within(motion: NDArray[np.float32]) -> Flags:
    landed = places(motion)
    h, w = motion.shape[:2]
    x, y = landed[..., 0], landed[..., 1]
    return np.asarray((x >= 0) & (y >= 0) & (x <= w - 1) & (y <= h - 1), np.bool_)
