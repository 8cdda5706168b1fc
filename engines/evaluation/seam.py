"""How visible the rim of a filled hole is: jumps of colour and of slope across it, beyond what is usual around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.core.types import Alpha, Pixels

REACH = 12
"""Pixels around the rim that say how lively the surroundings are."""

Bits = NDArray[np.bool_]
Floats = NDArray[np.float32]
_Both = tuple[Floats, Floats]


@dataclass(frozen=True, slots=True)
class Seam:
    """Mean steps across the rim, less those between neighbours near it outside; in 8-bit grey levels, 0 at least.

    ``colour``: between the two pixels that the rim parts. ``gradient``: between the slopes on its two sides.
    """

    colour: float
    gradient: float


def seam(picture: Pixels, hole: Alpha) -> Seam:
    """The steps across the rim of ``hole`` (> 0, ``(h, w)``) in ``picture`` (``(h, w, 3)`` uint8).

    Both are 0 where the hole has no rim or nothing around it to compare with.
    """
    inside = hole > 0
    kernel = np.ones((2 * REACH + 1, 2 * REACH + 1), np.uint8)
    near = (cv2.dilate(inside.astype(np.uint8), kernel) > 0) & ~inside
    views = ((picture, inside, near), (picture.swapaxes(0, 1), inside.T, near.T))
    colour, gradient = zip(*(_steps(*view) for view in views), strict=True)
    return Seam(_excess(colour), _excess(gradient))


def _steps(picture: Pixels, inside: Bits, near: Bits) -> tuple[_Both, _Both]:
    """Down the columns: steps of colour, and of slope, each across the rim and near it."""
    slope = np.diff(picture.astype(np.float32), axis=0)
    rim = inside[1:] != inside[:-1]
    still = near[1:] & near[:-1]
    change = slope[2:] - slope[:-2]
    calm = still[2:] & still[:-2]  # all four pixels that make the two slopes
    return (_means(slope, rim), _means(slope, still)), (_means(change, rim[1:-1]), _means(change, calm))


def _means(steps: Floats, where: Bits) -> Floats:
    return np.asarray(np.abs(steps[where]).mean(axis=1), np.float32)


def _excess(both_ways: Sequence[_Both]) -> float:
    across, usual = (np.concatenate([view[k] for view in both_ways]) for k in (0, 1))
    return max(float(across.mean() - usual.mean()), 0.0) if across.size and usual.size else 0.0
