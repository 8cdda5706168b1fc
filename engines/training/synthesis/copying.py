"""Lifts real text off a photo, to lay it elsewhere in the same photo: the best match of style there is.

The copy mechanism of *Self-Supervised Text Erasing* (2022), with a soft coverage instead of cut-out pixels, so
that no halo of the old background comes along.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.core.types import Alpha, Pixels
from engines.training.synthesis.layers import Colour3

_CONTRAST = 25 / 255
_RIM_SHARE = 0.8
_STROKE_SHARE = (0.05, 0.5)
_NOISE = 0.12
_ROUNDS = 8


@dataclass(frozen=True, slots=True, eq=False)
class Lifted:
    """Coverage of a line ``(h, w)`` uint8 at its own size, lying along its rows, and its colour ``(3,)``, 0..1."""

    coverage: Alpha
    colour: Colour3
    vertical: bool


def rectified(pixels: Pixels, polygon: NDArray[np.float32]) -> NDArray[np.float32] | None:
    """The smallest rectangle around a line, turned upright: ``(h, w, 3)`` float32 0..1, or None below 8 px."""
    corners = cv2.boxPoints(cv2.minAreaRect(np.asarray(polygon, np.float32)))
    # start at the corner nearest to the line's own first point, and run the same way round
    first = int(np.argmin(np.linalg.norm(corners - polygon[0], axis=1)))
    corners = np.roll(corners, -first, axis=0)
    along, down = corners[1] - corners[0], corners[2] - corners[1]
    if along[0] * down[1] - along[1] * down[0] < 0:
        corners = np.roll(corners[::-1], 1, axis=0)
    width = float(np.linalg.norm(corners[1] - corners[0]))
    height = float(np.linalg.norm(corners[2] - corners[1]))
    if min(width, height) < 8:
        return None
    size = (round(width) + 4, round(height) + 4)  # two pixels more all around: the rim tells the background
    target = np.array([[2, 2], [size[0] - 2, 2], [size[0] - 2, size[1] - 2], [2, size[1] - 2]], np.float32)
    matrix = cv2.getPerspectiveTransform(np.asarray(corners, np.float32), target)
    flat = cv2.warpPerspective(pixels, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(flat, np.float32) * np.float32(1 / 255)


def lift(pixels: Pixels, polygon: NDArray[np.float32]) -> Lifted | None:
    """The line inside ``polygon`` ``(n, 2)`` of an ``(h, w, 3)`` uint8 photo, or None where it does not come off.

    Coverage is ``((I - back) . (front - back)) / |front - back|^2``, kept if the two colours differ by more
    than 25 levels, the rim is mostly background, and strokes take 5 to 50 % of the area.
    """
    flat = rectified(pixels, polygon)
    if flat is None:
        return None
    front, back = _two_colours(flat)
    span = front - back
    if float(np.linalg.norm(span)) < _CONTRAST:
        return None
    alpha = np.clip((flat - back) @ span / float(span @ span), 0, 1)
    stroke = alpha > 0.5
    rim = np.concatenate([stroke[:2].ravel(), stroke[-2:].ravel(), stroke[:, :2].ravel(), stroke[:, -2:].ravel()])
    clean = float((~rim).mean()) >= _RIM_SHARE
    if not clean or not _STROKE_SHARE[0] <= float(stroke.mean()) <= _STROKE_SHARE[1]:
        return None
    solid = np.clip((alpha - _NOISE) / (1 - 2 * _NOISE), 0, 1)
    coverage = np.round(solid * 255).astype(np.uint8)
    return Lifted(coverage, np.asarray(front, np.float32), coverage.shape[0] > 1.5 * coverage.shape[1])


def _two_colours(flat: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Front and back colour of a line: two means in Lab, the one that rules the rim being the back."""
    lab = np.asarray(cv2.cvtColor(flat, cv2.COLOR_RGB2LAB), np.float32).reshape(-1, 3)
    order = np.argsort(lab[:, 0], kind="stable")
    tenth = max(1, len(order) // 10)
    centres = np.stack([lab[order[:tenth]].mean(axis=0), lab[order[-tenth:]].mean(axis=0)])
    label = np.zeros(len(lab), bool)
    for _ in range(_ROUNDS):
        label = ((lab - centres[0]) ** 2).sum(axis=1) > ((lab - centres[1]) ** 2).sum(axis=1)
        if label.all() or not label.any():
            break
        centres = np.stack([lab[~label].mean(axis=0), lab[label].mean(axis=0)])
    shape = label.reshape(flat.shape[:2])
    rim = np.concatenate([shape[:2].ravel(), shape[-2:].ravel(), shape[:, :2].ravel(), shape[:, -2:].ravel()])
    back = shape == bool(rim.mean() > 0.5)
    if back.all() or not back.any():
        grey = flat.reshape(-1, 3).mean(axis=0)
        return grey, grey
    return _core(flat, ~back), _core(flat, back)


def _core(flat: NDArray[np.float32], where: NDArray[np.bool_]) -> NDArray[np.float32]:
    """The colour well inside a region: its edge pixels are mixtures, which would dull the letters."""
    inner = cv2.erode(where.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    return np.asarray(np.median(flat[inner if inner.sum() >= 8 else where], axis=0), np.float32)
