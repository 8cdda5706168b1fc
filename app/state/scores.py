"""How good a result looks, in two numbers from 0 (good) to 1 (bad)."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from engines.core.engine import TextLine
from engines.core.types import Alpha, Box, Mask, Pixels
from engines.pipeline.verify import text_left

_REACH = 12
"""Pixels around the rim that say how lively the surroundings are."""

_VISIBLE = 24.0
"""A step at the rim, in 8-bit values beyond what is usual around it, that nobody overlooks."""


def seam(picture: Pixels, hole: Alpha) -> float:
    """How visible the rim of ``hole`` is in ``picture`` (``(h, w, 3)`` and ``(h, w)``, uint8).

    The mean step between neighbours that the rim parts, less the mean step between neighbours near it, as a
    share of a step that nobody overlooks.
    """
    inside = (hole > 0).astype(np.uint8)
    kernel = np.ones((2 * _REACH + 1, 2 * _REACH + 1), np.uint8)
    near = (cv2.dilate(inside, kernel) > 0) & (inside == 0)
    across: list[float] = []
    usual: list[float] = []
    for axis in (0, 1):
        step = np.abs(np.diff(picture.astype(np.int16), axis=axis)).mean(axis=2)
        rim = np.diff(inside.astype(np.int8), axis=axis) != 0
        both = np.minimum(near[1:], near[:-1]) if axis == 0 else np.minimum(near[:, 1:], near[:, :-1])
        across += step[rim].tolist()
        usual += step[both].tolist()
    if not across or not usual:
        return 0.0
    return float(np.clip((np.mean(across) - np.mean(usual)) / _VISIBLE, 0, 1))


def left_over(lines: Sequence[TextLine], hole: Mask) -> float:
    """The share of ``hole`` in which text was found again; both in the same coordinates."""
    area = np.count_nonzero(hole.alpha)
    found = np.zeros_like(hole.alpha)
    for line in text_left(lines, hole):
        shape = np.rint(line.polygon - (hole.box.x, hole.box.y)).astype(np.int32)
        cv2.fillPoly(found, [shape], (1,))
    return float(np.count_nonzero((found > 0) & (hole.alpha > 0)) / area) if area else 0.0


def around(hole: Mask, size: tuple[int, int]) -> Box:
    """The part of the picture that the scores look at."""
    return hole.box.grown(4 * _REACH).within(size)
