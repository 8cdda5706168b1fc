"""Smart select: paint or box something roughly; GrabCut finds its rim. Needs no weights.

Rother, Kolmogorov and Blake, "GrabCut: interactive foreground extraction using iterated graph cuts" (2004).
"""

from __future__ import annotations

from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from app.document.coverage import Combine
from app.document.state import NOWHERE
from app.tools.pointer import Desk, Kind, Live, Look, Tool
from app.tools.stroke import Stroke
from engines.core.types import Alpha, Mask, Pixels

_SIDE = 480
"""Longest side in pixels at which the cut is computed: its time grows faster than its picture."""

_ROUNDS = 4


def smart(desk: Desk) -> Tool:
    """A rough stroke over the thing. Alt takes it from the mask."""
    dirty, stroke, how = NOWHERE, None, Combine.ADD
    while True:
        pointer = yield dirty
        dirty = NOWHERE
        if pointer.kind is Kind.PRESS:
            stroke = Stroke(desk.state.size, 1.0)
            how = Combine.SUBTRACT if pointer.alt else desk.settings.mode
            desk.live = Live(stroke, how)
            dirty = stroke.to(pointer.x, pointer.y, desk.settings.size / 2)
        elif stroke is not None and pointer.kind is Kind.MOVE:
            dirty = stroke.to(pointer.x, pointer.y, desk.settings.size / 2)
        elif stroke is not None and pointer.kind in (Kind.RELEASE, Kind.ABORT):
            if pointer.kind is Kind.RELEASE and not stroke.box.empty:
                desk.compute("Smart select", partial(_cut, stroke.mask(), desk.state.size), how)
            dirty, stroke, desk.live = stroke.box, None, None


def _cut(rough: Mask, size: tuple[int, int], look: Look) -> Mask:
    margin = max(24, max(rough.box.w, rough.box.h) // 3)
    box = rough.box.grown(margin).within(size)
    return Mask(box, refined(look(box), rough.dense(box)))


def refined(picture: Pixels, rough: Alpha) -> Alpha:
    """Coverage 0 or 255 of the thing that ``rough`` lies on; ``picture`` is ``(h, w, 3)`` uint8, larger than the thing.

    What ``rough`` covers well inside is surely the thing, the picture's rim surely not.
    """
    scale = min(1.0, _SIDE / max(rough.shape))
    side = max(1, round(rough.shape[1] * scale)), max(1, round(rough.shape[0] * scale))
    small = np.ascontiguousarray(cv2.resize(picture, side, interpolation=cv2.INTER_AREA))
    hint = np.asarray(cv2.resize(rough, side, interpolation=cv2.INTER_AREA), np.uint8)
    labels = _labels(hint)
    if not (labels == cv2.GC_FGD).any() or not (labels == cv2.GC_BGD).any():
        return rough
    cv2.setRNGSeed(1)  # the mixtures start from a random clustering: the same stroke must select the same
    background, foreground = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(small, labels, (0, 0, 0, 0), background, foreground, _ROUNDS, cv2.GC_INIT_WITH_MASK)
    found = _connected(np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD)), hint)
    large = cv2.resize(found, (rough.shape[1], rough.shape[0]), interpolation=cv2.INTER_CUBIC)
    return np.where(large > 0.5, np.uint8(255), np.uint8(0))


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


def _connected(found: NDArray[np.bool_], hint: Alpha) -> NDArray[np.float32]:
    """Only the parts that the stroke touches."""
    _, parts = cv2.connectedComponents(found.astype(np.uint8), connectivity=8)
    touched = np.unique(parts[(hint > 127) & (parts > 0)])
    return np.isin(parts, touched).astype(np.float32)
