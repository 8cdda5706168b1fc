"""Smart select: stroke over something, or draw around it; its rim is found.

By Segment Anything 2 in the engine process, where its weights are here; else by GrabCut, which needs none: Rother,
Kolmogorov and Blake, "GrabCut: interactive foreground extraction using iterated graph cuts" (2004).
"""

from __future__ import annotations

from collections.abc import Generator
from math import dist
from typing import TypeAlias

import cv2
import numpy as np

from app.document.coverage import Combine
from app.document.state import NOWHERE
from app.tools.pointer import Desk, Guide, Kind, Live, Look, Pointer, Tool, mode_of
from app.tools.rough import Rough, touched
from app.tools.stroke import Stroke
from engines.core.mask_ops import box_mask, polygon_mask
from engines.core.types import Alpha, Box, Mask, Pixels

Gesture: TypeAlias = Generator[Box, Pointer, Box]
"""From the press to the release; what it answers looks different then."""

_SIDE = 480
"""Longest side in pixels at which the cut is computed: its time grows faster than its picture."""

_ROUNDS = 4

_REACH = 100
"""Screen pixels by which a thing may be larger than the stroke on it, at least."""

_NEAR = 14.0
"""Screen pixels within which a stroke that comes back to its start has gone around something."""


def smart(desk: Desk) -> Tool:
    """A rough stroke over the thing or a loop around it; with the option ``boxed`` a box. Alt takes it away."""
    dirty = NOWHERE
    while True:
        pointer = yield dirty
        dirty = NOWHERE
        if pointer.kind is Kind.PRESS:
            how = mode_of(pointer, desk.settings)
            dirty = yield from (_boxed if desk.settings.boxed else _stroked)(desk, pointer, how)


def _stroked(desk: Desk, pointer: Pointer, how: Combine) -> Gesture:
    stroke, radius = Stroke(desk.state.size, 1.0), desk.settings.size / 2
    desk.live = Live(stroke, how)
    dirty = stroke.to(pointer.x, pointer.y, radius)
    while True:
        pointer = yield dirty
        dirty = stroke.to(pointer.x, pointer.y, radius) if pointer.kind is Kind.MOVE else NOWHERE
        if pointer.kind in (Kind.RELEASE, Kind.ABORT):
            desk.live = None
            if pointer.kind is Kind.RELEASE and not stroke.box.empty:
                desk.select(_rough(stroke, radius, pointer.scale), how)
            return stroke.box


def _rough(stroke: Stroke, radius: float, scale: float) -> Rough:
    """The stroke; where it comes back to its start, what is inside of it."""
    path = stroke.path
    loop = stroke.length > 8 * radius and dist(path[0], path[-1]) <= max(_NEAR * scale, radius)
    if loop:
        stroke.fill(polygon_mask(path, stroke.size))
    return Rough(stroke.mask(), path, loop, scale)


def _boxed(desk: Desk, start: Pointer, how: Combine) -> Gesture:
    while True:
        pointer = yield NOWHERE
        if pointer.kind is Kind.MOVE:
            (ax, ay), (bx, by) = start.at, pointer.at
            desk.guide = Guide(((ax, ay), (bx, ay), (bx, by), (ax, by)), closed=True)
        if pointer.kind in (Kind.RELEASE, Kind.ABORT):
            desk.guide = Guide()
            box = _box(start, pointer).within(desk.state.size)
            if pointer.kind is Kind.RELEASE and min(box.w, box.h) >= 2:
                desk.select(Rough(box_mask(box, desk.state.size), (start.at, pointer.at), True, pointer.scale), how)
            return NOWHERE


def _box(a: Pointer, b: Pointer) -> Box:
    left, top = round(min(a.x, b.x)), round(min(a.y, b.y))
    return Box(left, top, round(abs(a.x - b.x)), round(abs(a.y - b.y)))


def cut(rough: Rough, size: tuple[int, int], look: Look) -> Mask:
    """GrabCut of the thing that ``rough`` means, in a picture of ``size``."""
    long = max(rough.mask.box.w, rough.mask.box.h)
    margin = max(24, long // 3) if rough.around else round(max(long, _REACH * rough.scale))
    box = rough.mask.box.grown(margin).within(size)
    return Mask(box, refined(look(box), rough.mask.dense(box), around=rough.around))


def refined(picture: Pixels, rough: Alpha, *, around: bool = False) -> Alpha:
    """Coverage 0 or 255 of the thing that ``rough`` lies on; ``picture`` is ``(h, w, 3)`` uint8, larger than the thing.

    What ``rough`` covers well inside is surely the thing, the picture's rim surely not. ``around``: the thing is
    somewhere inside of ``rough``, and surely nowhere else.
    """
    scale = min(1.0, _SIDE / max(rough.shape))
    side = max(1, round(rough.shape[1] * scale)), max(1, round(rough.shape[0] * scale))
    small = np.ascontiguousarray(cv2.resize(picture, side, interpolation=cv2.INTER_AREA))
    hint = np.asarray(cv2.resize(rough, side, interpolation=cv2.INTER_AREA), np.uint8)
    labels = _inside(hint) if around else _labels(hint)
    if not np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD)).any() or not (labels == cv2.GC_BGD).any():
        return rough
    cv2.setRNGSeed(1)  # the mixtures start from a random clustering: the same stroke must select the same
    background, foreground = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(small, labels, (0, 0, 0, 0), background, foreground, _ROUNDS, cv2.GC_INIT_WITH_MASK)
    found = touched(np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD)), hint).astype(np.float32)
    large = cv2.resize(found, (rough.shape[1], rough.shape[0]), interpolation=cv2.INTER_CUBIC)
    return np.where(large > 0.5, np.uint8(255), np.uint8(0))


def _inside(hint: Alpha) -> Alpha:
    """Whatever a box or loop does not hold is background."""
    return np.where(hint > 127, np.uint8(cv2.GC_PR_FGD), np.uint8(cv2.GC_BGD))


def _labels(hint: Alpha) -> Alpha:
    """Sure background at the rim, sure foreground in the stroke's middle, a guess for the rest."""
    covered = (hint > 127).astype(np.uint8)
    labels = np.full(hint.shape, cv2.GC_PR_BGD, np.uint8)
    depth = cv2.distanceTransform(np.pad(covered, 1), cv2.DIST_L2, 3)[1:-1, 1:-1]
    near = cv2.distanceTransform(1 - covered, cv2.DIST_L2, 3) if covered.any() else np.full(hint.shape, np.inf)
    labels[near < max(4.0, float(depth.max()))] = cv2.GC_PR_FGD
    labels[depth > 0.4 * depth.max()] = cv2.GC_FGD
    rim = max(2, min(hint.shape) // 40)
    inner = np.zeros(hint.shape, bool)
    inner[rim:-rim, rim:-rim] = True
    labels[~inner & (covered == 0)] = cv2.GC_BGD
    return labels
