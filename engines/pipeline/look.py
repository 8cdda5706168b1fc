"""Whether what is under a mask still looks like what was there at first, told by colours against those around it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.core.types import Pixels
from engines.pipeline.membrane import Flags

_BINS = 12
"""Bins per channel."""

_SOFT = 0.7
"""Standard deviation in bins by which the counts are blurred."""

_FEWEST = 30
_RING = (4, 24)
"""Pixels from the mask between which its surroundings are looked at."""

_ALIKE = 0.4
"""The mean odds of pixels to be the object's that something else than the object has: a bit under one in two."""

_TELLING = 0.58
"""Where the object's own odds were lower than this at first, colours say nothing later."""


class Look:
    """The colours of an object and of what is around it, as they were in the first frame."""

    def __init__(self, picture: Pixels, inside: Flags) -> None:
        """``picture``: ``(h, w, 3)`` uint8 RGB; ``inside``: ``(h, w)``."""
        self._own = _colours(picture[inside])
        self._first = self._telling(picture, inside)

    def still(self, picture: Pixels, inside: Flags) -> float:
        """0..1: how much the pixels inside are the object's rather than the surroundings', against the first frame."""
        if self._first < _TELLING:
            return 1.0
        return min(max(self._telling(picture, inside) - _ALIKE, 0.0) / (self._first - _ALIKE), 1.0)

    def _telling(self, picture: Pixels, inside: Flags) -> float:
        away = cv2.distanceTransform((~inside).astype(np.uint8), cv2.DIST_L2, 3)
        ring = (away > _RING[0]) & (away <= _RING[1])
        if min(inside.sum(), ring.sum()) < _FEWEST:
            return 0.0
        around = _colours(picture[ring])
        bins = _bins(picture[inside])
        own = self._own[bins]
        return float((own / (own + around[bins])).mean())


def _bins(pixels: Pixels) -> NDArray[np.int64]:
    parts = pixels.astype(np.int64) * _BINS // 256
    return np.asarray((parts[:, 0] * _BINS + parts[:, 1]) * _BINS + parts[:, 2])


def _colours(pixels: Pixels) -> NDArray[np.float64]:
    """How often each bin occurs, softly."""
    counts = np.bincount(_bins(pixels), minlength=_BINS**3).astype(np.float64).reshape(_BINS, _BINS, _BINS)
    for axis in range(3):
        moved = np.moveaxis(counts, axis, 0).reshape(_BINS, -1)
        soft = cv2.GaussianBlur(moved, (1, 5), sigmaX=1, sigmaY=_SOFT, borderType=cv2.BORDER_REPLICATE)
        counts = np.moveaxis(np.asarray(soft, np.float64).reshape(_BINS, _BINS, _BINS), 0, axis)
    return np.asarray(counts.ravel() / max(counts.sum(), 1e-9) + 1e-7)
