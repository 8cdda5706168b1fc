"""How good a result looks, in two numbers from 0 (good) to 1 (bad)."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from engines.core.engine import TextLine
from engines.core.types import Alpha, Box, Mask, Pixels
from engines.evaluation import seam as evaluation
from engines.pipeline.verify import text_left

_VISIBLE = 24.0
"""A step at the rim, in 8-bit values beyond what is usual around it, that nobody overlooks."""


def seam(picture: Pixels, hole: Alpha) -> float:
    """How visible the rim of ``hole`` is in ``picture`` (``(h, w, 3)`` and ``(h, w)``, uint8).

    The step of colour across it, beyond what is usual around it, as a share of one that nobody overlooks.
    """
    return float(np.clip(evaluation.seam(picture, hole).colour / _VISIBLE, 0, 1))


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
    return hole.box.grown(4 * evaluation.REACH).within(size)
