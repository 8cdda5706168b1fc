"""NanoTrack: a small network that finds a thing's box again near where it was, however far it has jumped.

The scheme is that of siamese trackers without anchors (Chen et al., Siamese Box Adaptive Network for Visual Tracking,
CVPR 2020, section 3), with the penalties of Li et al., High Performance Visual Tracking with Siamese Region Proposal
Network, CVPR 2018, section 4.4. The third version of the network gives 15 x 15 places, which OpenCV's own class for
NanoTrack does not know, so OpenCV only runs the two networks here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.core.context import Context
from engines.core.engine import Options, Setup, Tracked, Tracker
from engines.core.faults import EngineError, Fault
from engines.core.types import Box, Mask, Pixels
from engines.pipeline.look import Look
from engines.pipeline.placing import Place, Placer

Floats = NDArray[np.float32]

_BACKBONE = "nanotrackv3_nanotrack_backbone.onnx"
_HEAD = "nanotrackv3_nanotrack_head.onnx"

_TEMPLATE, _SEARCH = 127, 255
"""Sides in pixels of what the network sees of the thing, and of the place where it is looked for."""

_PLACES, _STRIDE = 15, 16
"""The network gives its answer for 15 x 15 places, 16 pixels of the search picture apart."""

_CONTEXT = 0.5
"""Share of width and height together that a crop takes of the surroundings."""

_PENALTY = 0.15
"""How much an answer loses by another size or shape than that of the frame before."""

_MIDDLE = 0.3
"""Weight of nearness to where the thing was against what the network says."""

_EASE = 0.4
"""How fast the size follows what the network says, where that is sure."""

_AROUND = 28
"""Pixels around the mask that are looked at for the colours of the surroundings."""

_ALIKE = 0.6
"""Correlation with how it looked before from which on a thing counts as the same; less lowers the confidence."""

_GONE = 0.02
"""A mask of which this share of its area is left has left the picture."""


class NanoTracker(Tracker):
    """Follows the box of the mask; the mask is that of the first frame, moved and scaled with it."""

    def __init__(self, setup: Setup) -> None:
        self._backbone = _net(setup, _BACKBONE)
        self._head = _net(setup, _HEAD)

    @classmethod
    def check(cls, setup: Setup) -> None:
        for file in setup.weights:
            _net(setup, file)

    def track(self, frames: Iterable[Pixels], start: Mask, options: Options, ctx: Context) -> Iterator[Tracked]:
        least = float(options["confidence"])
        area = float((start.alpha > 127).sum())
        thing: _Thing | None = None
        for frame in frames:
            ctx.step(0.0, "following the mask")
            if thing is None:
                if area == 0:
                    return
                thing = _Thing(_Search(self._backbone, self._head, frame, Place.of(start.box)), frame, start)
                continue
            tracked = thing.next(frame)
            if tracked.confidence < least or float((tracked.mask.alpha > 0).sum()) < _GONE * area:
                return
            yield tracked


class _Thing:
    """What is followed: searched by the network, settled by how it looked at first and a frame before."""

    def __init__(self, search: _Search, frame: Pixels, start: Mask) -> None:
        self._search, self._start = search, start
        self._placer = Placer(start.alpha)
        self._look = Look(*_seen(frame, start))
        self._first = self._last = self._placer.sample(frame, search.place)

    def next(self, frame: Pixels) -> Tracked:
        before = self._search.place
        sure = self._search.find(frame)
        found = self._search.place
        places = found, replace(found, w=before.w, h=before.h)
        place, alike = self._placer.settle(frame, places, (self._first, self._last))
        self._search.place = place
        self._last = self._placer.sample(frame, place)
        mask = _moved(self._start, place, frame)
        if mask.empty:
            return Tracked(mask, 0.0)
        sure *= min(max(alike, 0.0) / _ALIKE, 1.0) * self._look.still(*_seen(frame, mask))
        return Tracked(mask, sure)


class _Search:
    """Where the thing is, and what the network remembers of how it looked in the first frame."""

    def __init__(self, backbone: cv2.dnn.Net, head: cv2.dnn.Net, frame: Pixels, place: Place) -> None:
        self._backbone, self._head = backbone, head
        self._paper = frame.mean(axis=(0, 1))
        self._template = self._features(frame, place, _span(place), _TEMPLATE)
        self.place = place

    def find(self, frame: Pixels) -> float:
        """Move ``place`` to where the thing is in ``frame``; how sure that is, 0..1."""
        scale = _TEMPLATE / _span(self.place)
        features = self._features(frame, self.place, _SEARCH / scale, _SEARCH)
        self._head.setInput(self._template, "input1")
        self._head.setInput(features, "input2")
        kinds, sides = self._head.forward(["output1", "output2"])
        scores = _scores(np.asarray(kinds, np.float32))
        x, y, w, h = _boxes(np.asarray(sides, np.float32)) / np.float32(scale)
        penalty = _steadiness(w, h, self.place)
        best = int(np.argmax(penalty * scores * (1 - _MIDDLE) + _WINDOW * _MIDDLE))
        sure = float(scores[best])
        ease = float(penalty[best]) * sure * _EASE
        self.place = _within(
            Place(
                self.place.x + float(x[best]),
                self.place.y + float(y[best]),
                self.place.w + ease * (float(w[best]) - self.place.w),
                self.place.h + ease * (float(h[best]) - self.place.h),
            ),
            frame,
        )
        return sure

    def _features(self, frame: Pixels, place: Place, span: float, side: int) -> Floats:
        """What the backbone makes of the square of ``span`` pixels around ``place``, drawn ``side`` pixels wide."""
        zoom = side / span
        motion = np.array([[zoom, 0, side / 2 - zoom * place.x], [0, zoom, side / 2 - zoom * place.y]], np.float64)
        paper = tuple(float(value) for value in self._paper)
        crop = cv2.warpAffine(
            frame, motion, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=paper
        )
        self._backbone.setInput(cv2.dnn.blobFromImage(crop, swapRB=True))  # it has learnt from BGR pictures
        return np.array(self._backbone.forward(), np.float32)


def _net(setup: Setup, file: str) -> cv2.dnn.Net:
    try:
        return cv2.dnn.readNetFromONNX(str(setup.weights[file]))
    except cv2.error as error:
        message = f"{setup.weights[file].name} is no network that OpenCV can read."
        raise EngineError(Fault.WEIGHTS_INVALID, message, "Get the file again.") from error


def _span(place: Place) -> float:
    """The side of the square that the template is cut from, in pixels."""
    margin = _CONTEXT * (place.w + place.h)
    return float(np.sqrt((place.w + margin) * (place.h + margin)))


def _window() -> Floats:
    once = np.hanning(_PLACES + 2)[1:-1]
    return np.outer(once, once).ravel().astype(np.float32)


_WINDOW = _window()


def _scores(kinds: Floats) -> Floats:
    """How surely the thing is at each place: the softmax of ``(1, 2, 15, 15)``, its second half, as ``(225,)``."""
    other, thing = kinds.reshape(2, -1)
    return np.asarray(1 / (1 + np.exp(np.clip(other - thing, -60, 60))), np.float32)


def _boxes(sides: Floats) -> Floats:
    """``(4, 225)``: centre from the middle, width and height, in pixels of the search picture.

    ``sides``: ``(1, 4, 15, 15)``, how far the box's left, top, right and bottom are from each place.
    """
    axis = (np.arange(_PLACES, dtype=np.float32) - _PLACES // 2) * _STRIDE
    x, y = (grid.ravel() for grid in np.meshgrid(axis, axis))
    left, top, right, bottom = sides.reshape(4, -1)
    return np.stack([x + (right - left) / 2, y + (bottom - top) / 2, left + right, top + bottom])


def _steadiness(w: Floats, h: Floats, place: Place) -> Floats:
    """1 for boxes of the size and shape of ``place``, less for others."""
    w, h = np.maximum(w, 1e-3), np.maximum(h, 1e-3)
    margin = _CONTEXT * (w + h)
    size = np.sqrt((w + margin) * (h + margin)) / _span(place)
    shape = (w / h) / (place.w / place.h)
    unlike = np.maximum(size, 1 / size) * np.maximum(shape, 1 / shape)
    return np.asarray(np.exp(-_PENALTY * (unlike - 1)), np.float32)


def _within(place: Place, frame: Pixels) -> Place:
    """``place`` with its centre in the frame, and no larger than that."""
    height, width = frame.shape[:2]
    return replace(
        place,
        x=float(np.clip(place.x, 0, width)),
        y=float(np.clip(place.y, 0, height)),
        w=float(np.clip(place.w, 4, width)),
        h=float(np.clip(place.h, 4, height)),
    )


def _moved(start: Mask, place: Place, frame: Pixels) -> Mask:
    """The first frame's mask, moved and scaled to ``place``."""
    across, down = place.w / start.box.w, place.h / start.box.h
    left, top = place.x - place.w / 2, place.y - place.h / 2
    x, y = int(np.floor(left)), int(np.floor(top))
    size = int(np.ceil(left + place.w)) - x, int(np.ceil(top + place.h)) - y
    # centres of pixels lie at .5, those of warpAffine at whole numbers
    motion = np.array(
        [[across, 0, left - x + across / 2 - 0.5], [0, down, top - y + down / 2 - 0.5]],
        np.float64,
    )
    drawn = cv2.warpAffine(start.alpha, motion, size, flags=cv2.INTER_LINEAR)
    seen = Box(x, y, *size).within((frame.shape[0], frame.shape[1]))
    inner = drawn[seen.moved(-x, -y).slices]
    found = Mask.of(np.where(inner > 127, np.uint8(255), np.uint8(0)))
    return Mask(found.box.moved(seen.x, seen.y), found.alpha)


def _seen(frame: Pixels, mask: Mask) -> tuple[Pixels, NDArray[np.bool_]]:
    """The part of the frame around the mask, and where in it the mask is."""
    box = mask.box.grown(_AROUND).within((frame.shape[0], frame.shape[1]))
    return frame[box.slices], mask.dense(box) > 127
