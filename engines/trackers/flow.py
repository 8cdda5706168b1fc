"""The tracker that needs no weights: carries a mask along dense optical flow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.core.context import Context
from engines.core.engine import Options, Setup, Tracked, Tracker
from engines.core.mask_ops import disc
from engines.core.types import Mask, Pixels, whole
from engines.pipeline.flow import Flow, FlowMeter, Grey
from engines.pipeline.look import Look
from engines.pipeline.membrane import Flags, membrane
from engines.pipeline.sampling import places, read_at, warped
from engines.pipeline.shot import luma

_SHORT_SIDE = 480
"""Flow is measured on frames reduced to this short side."""

_ALLOWED = 1.5
"""Pixels (reduced) by which a round trip may miss and a vector still counts."""

_GONE = 0.02
"""A mask that has shrunk to this share of its area has left the picture."""

_FEWEST = 4
"""Vectors without which there is nothing to follow."""

_REACH = 24
"""Pixels (reduced) around the object to which its motion is spread."""

_EASE = 4.0
"""Standard deviation in pixels by which the object's motion is smoothed."""

_LOOK_CHANGE = 48.0
"""Levels by which what is inside may differ from where it came from: half of the confidence is lost at that."""


class FlowTracker(Tracker):
    """Moves every pixel of the mask by its flow; where a round trip fails, by the flow of the mask around it."""

    def __init__(self, setup: Setup) -> None:
        """There is nothing to load."""

    def track(self, frames: Iterable[Pixels], start: Mask, options: Options, ctx: Context) -> Iterator[Tracked]:
        meter = FlowMeter()
        least = float(options["confidence"])
        before: Grey | None = None
        look: Look | None = None
        alpha: NDArray[np.float32] = np.zeros((1, 1), np.float32)
        area = 0.0
        for frame in frames:
            ctx.step(0.0, "following the mask")
            small = _reduced(frame)
            grey = luma(small)
            if before is None or look is None:
                alpha, before = _small(start, frame, grey), grey
                look = Look(small, alpha > 0.5)
                area = float(alpha.sum())
                continue
            if not alpha.any():
                return
            moved, sure = _moved(alpha, before, grey, meter)
            sure *= look.still(small, moved > 0.5)
            if sure < least or float(moved.sum()) < _GONE * area:
                return
            alpha, before = moved, grey
            yield Tracked(_full(moved, frame), sure)


def _reduced(frame: Pixels) -> Pixels:
    h, w = frame.shape[:2]
    scale = min(1.0, _SHORT_SIDE / min(h, w))
    if scale == 1:
        return frame
    size = (max(round(w * scale), 1), max(round(h * scale), 1))
    return np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_AREA), np.uint8)


def _small(mask: Mask, frame: Pixels, grey: Grey) -> NDArray[np.float32]:
    dense = mask.dense(whole(frame)).astype(np.float32) / 255
    return np.asarray(cv2.resize(dense, grey.shape[::-1], interpolation=cv2.INTER_AREA), np.float32)


def _full(alpha: NDArray[np.float32], frame: Pixels) -> Mask:
    h, w = frame.shape[:2]
    dense = cv2.resize(alpha, (w, h), interpolation=cv2.INTER_LINEAR)
    return Mask.of(np.where(dense > 0.5, np.uint8(255), np.uint8(0)))


def _moved(
    alpha: NDArray[np.float32], before: Grey, after: Grey, meter: FlowMeter
) -> tuple[NDArray[np.float32], float]:
    """The mask in the next frame, and how sure that is.

    Only vectors of the object's inside that make a sound round trip are kept. They are carried to where they lead,
    and spread from there over all that is near: so the background does not pull the rim along, and the rim keeps
    its shape where it cannot be measured.
    """
    box = Mask.of((alpha > 0.5).astype(np.uint8)).box
    if box.empty:
        return np.zeros_like(alpha), 0.0
    pair = meter.pair(before, after)
    inside = alpha > 0.5
    core = inside & (pair.miss_there <= _ALLOWED)
    trusted = float(core.sum()) / float(inside.sum())
    deep = core & (cv2.erode(inside.astype(np.uint8), disc(3)) > 0)
    core = deep if deep.sum() >= 0.25 * core.sum() else core
    if core.sum() < _FEWEST:
        return np.zeros_like(alpha), 0.0
    came = _came_from(pair.there, core, alpha.shape)
    new = np.asarray(read_at(alpha, places(came), beyond=cv2.BORDER_CONSTANT), np.float32)
    return new, trusted * _alike(before, after, came, new > 0.5)


def _came_from(there: Flow, core: Flags, size: tuple[int, ...]) -> Flow:
    """For each pixel of the next frame where it was, as the ``core`` of the mask moves; far from it as at its rim."""
    rows, columns = np.nonzero(core)
    vectors = _steadied(there, core)[rows, columns]
    h, w = size
    to = np.rint(np.stack([columns, rows], axis=1) + vectors).astype(np.int32)
    seen = (to >= 0).all(axis=1) & (to[:, 0] < w) & (to[:, 1] < h)
    came = np.zeros((h, w, 2), np.float32)
    if not seen.any():
        came[:] = -np.median(vectors, axis=0)
        return came
    to, vectors = to[seen], vectors[seen]
    known = np.zeros((h, w), bool)
    known[to[:, 1], to[:, 0]] = True
    came[to[:, 1], to[:, 0]] = -vectors
    around = Mask.of(known.astype(np.uint8)).box.grown(_REACH).within((h, w))
    spread = membrane(came[around.slices], ~known[around.slices])
    came[:] = -np.median(vectors, axis=0)
    came[around.slices] = spread
    return came


def _steadied(flow: Flow, core: Flags) -> Flow:
    """The flow of the core blurred within itself, vectors far from their neighbours left out."""
    usual = np.median(flow[core], axis=0)
    spread = np.median(np.abs(flow[core] - usual), axis=0)
    alike = core & (np.abs(flow - usual) <= 6 * spread + 1.5).all(axis=2)
    weight = cv2.GaussianBlur(alike.astype(np.float32), (0, 0), _EASE)
    total = cv2.GaussianBlur(np.where(alike[..., None], flow, np.float32(0)), (0, 0), _EASE)
    near = weight > 1e-3
    return np.where(near[..., None], total / np.maximum(weight, 1e-3)[..., None], usual).astype(np.float32)


def _alike(before: Grey, after: Grey, came: Flow, where: Flags) -> float:
    """1 where the object looks as it did a frame before, 0.5 where it differs by ``_LOOK_CHANGE`` levels."""
    if not where.any():
        return 1.0
    difference = cv2.absdiff(after, np.asarray(warped(before, came), np.uint8))[where]
    return float(1 / (1 + np.mean(difference) / _LOOK_CHANGE))
