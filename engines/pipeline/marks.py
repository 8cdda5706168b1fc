"""A mark that never moves and lets the picture shine through: its colour and opacity, learnt from many frames.

Where a picture B lies under a mark of colour W and opacity a, one sees I = (1 - a) B + a W. Over many frames a and W
stay and B changes: the mark lowers the spread of what is seen to (1 - a) times that of the picture, which is known
from around the mark (after Dekel and others, On the Effectiveness of Visible Watermarks, CVPR 2017).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.core.types import Alpha, Box, FloatImage
from engines.pipeline.membrane import Planes, membrane

FEWEST = 12
"""Frames that a mark can be learnt from."""

SOLID = 0.85
"""Opacity from which nothing is to be read through a mark any more."""

_CHANGE = 4 / 255
"""The picture around a mark must change by at least this (standard deviation), or nothing can be told."""

_FAINT = 0.03
"""Less opacity than this is noise."""

_REACH = 12
"""Pixels around the mark from which the picture under it is guessed."""


@dataclass(frozen=True, slots=True, eq=False)
class Mark:
    """Over ``box``: ``opacity`` ``(h, w)`` in 0..1 and ``colour`` ``(h, w, 3)`` in 0..1; ``rest``: what to fill."""

    box: Box
    opacity: Planes
    colour: FloatImage
    rest: Alpha

    def unblended(self, crop: FloatImage) -> FloatImage:
        """``crop`` (of the mark's box) with the mark taken off; where it is solid, as it was."""
        a = np.where(self.rest > 0, 0, self.opacity)[..., None].astype(np.float32)
        return np.asarray(np.clip((crop - a * self.colour) / (1 - a), 0, 1), np.float32)

    @property
    def touched(self) -> Alpha:
        """Where taking it off changes anything."""
        return np.where((self.opacity > 0) & (self.rest == 0), np.uint8(255), np.uint8(0))


def learn(crops: Sequence[FloatImage], alpha: Alpha, box: Box) -> Mark | None:
    """The mark under ``alpha`` (``(h, w)``, of ``box``), from crops of many different frames.

    None where too few frames, or too little change in them, tell nothing.
    """
    if len(crops) < FEWEST or not alpha.any():
        return None
    stack = np.stack(crops)
    mean, spread = stack.mean(axis=0), stack.std(axis=0)
    hole = alpha > 0
    near = cv2.dilate(alpha, np.ones((2 * _REACH + 1, 2 * _REACH + 1), np.uint8)) > 0
    ring = near & ~hole
    if not ring.any() or float(np.median(spread[ring])) < _CHANGE:
        return None
    grown = cv2.dilate(hole.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    guessed = membrane(np.dstack([mean, spread]).astype(np.float32), grown)
    behind_mean, behind_spread = guessed[..., :3], guessed[..., 3:]
    opacity = _opacity(spread, behind_spread, hole)
    solid = hole & (opacity >= SOLID)
    colour = _colour(mean, behind_mean, opacity)
    wider = cv2.dilate(solid.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    rest = np.where(wider & hole, np.uint8(255), np.uint8(0))
    return Mark(box, np.where(hole, opacity, 0).astype(np.float32), colour, rest)


def _opacity(spread: NDArray[np.float32], behind: NDArray[np.float32], hole: NDArray[np.bool_]) -> Planes:
    """1 - the ratio of spreads, over all channels, steadied within the mark."""
    ratio = spread.sum(axis=2) / np.maximum(behind.sum(axis=2), 1e-4)
    raw = np.clip(1 - ratio, 0, 1).astype(np.float32)
    raw[raw < _FAINT] = 0
    steady = cv2.medianBlur(raw, 3)
    return np.asarray(np.where(hole, steady, 0), np.float32)


def _colour(mean: NDArray[np.float32], behind: NDArray[np.float32], opacity: Planes) -> FloatImage:
    a = opacity[..., None]
    raw = (mean - (1 - a) * behind) / np.maximum(a, 0.05)
    return np.asarray(np.clip(raw, 0, 1), np.float32)
