"""Where exactly a thing is that was seen before and whose place is roughly known: by correlation under its mask."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.core.types import Alpha, Box, Pixels

Floats = NDArray[np.float32]

_SIDE = 64
"""Pixels to which the longer side of what is compared is reduced."""

_REACH = 0.25
"""Share of the sides by which the true place may differ from the rough one."""

_FLAT = 2.0
"""Levels of spread under the mask below which there is nothing to correlate."""


@dataclass(frozen=True, slots=True)
class Place:
    """A box by its centre and sides, in pixels of the frame, with fractions; (0, 0) is the frame's corner."""

    x: float
    y: float
    w: float
    h: float

    @classmethod
    def of(cls, box: Box) -> Place:
        return cls(box.x + box.w / 2, box.y + box.h / 2, float(box.w), float(box.h))


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """How a thing looked: ``picture`` ``(h, w)`` float32 levels of its box, reduced."""

    picture: Floats

    @property
    def flat(self) -> bool:
        return float(self.picture.std()) < _FLAT


class Placer:
    """Compares what is under a mask, whose form scales with its box, between frames."""

    def __init__(self, alpha: Alpha) -> None:
        """``alpha``: the mask in its own box, ``(h, w)`` uint8."""
        h, w = alpha.shape
        zoom = min(1.0, _SIDE / max(h, w))
        self._size = max(round(w * zoom), 3), max(round(h * zoom), 3)
        small = cv2.resize(alpha, self._size, interpolation=cv2.INTER_AREA)
        self._mask = (small > 127).astype(np.float32)

    def sample(self, frame: Pixels, place: Place) -> Sample:
        """How the thing at ``place`` looks in an ``(h, w, 3)`` uint8 frame."""
        return Sample(_cut(frame, place, self._size, (0, 0)))

    def settle(self, frame: Pixels, places: Iterable[Place], samples: Iterable[Sample]) -> tuple[Place, float]:
        """The place near one of ``places`` that looks most like one of ``samples``, and how alike it is, -1..1.

        A thing without any pattern is left at the first of ``places``, where all is alike.
        """
        rough, known = list(places), [sample for sample in samples if not sample.flat]
        if not known or self._mask.sum() < 1:
            return rough[0], 1.0
        found = [self._nearby(frame, place, sample) for place in rough for sample in known]
        return max(found, key=lambda pair: pair[1])

    def _nearby(self, frame: Pixels, place: Place, sample: Sample) -> tuple[Place, float]:
        w, h = self._size
        reach = max(round(w * _REACH), 2), max(round(h * _REACH), 2)
        field = _cut(frame, place, self._size, reach)
        alike = cv2.matchTemplate(field, sample.picture, cv2.TM_CCOEFF_NORMED, mask=self._mask)
        alike = np.where(np.isfinite(alike), alike, np.float32(-1))  # a field without any pattern divides by nought
        _, best, _, (column, row) = cv2.minMaxLoc(alike)
        x = place.x + (column - reach[0]) * place.w / w
        y = place.y + (row - reach[1]) * place.h / h
        return replace(place, x=x, y=y), min(float(best), 1.0)


def _cut(frame: Pixels, place: Place, size: tuple[int, int], reach: tuple[int, int]) -> Floats:
    """The box of the place as ``size`` = (width, height) pixels, with ``reach`` more on each side, in grey."""
    across, down = place.w / size[0], place.h / size[1]
    left = place.x - place.w / 2 - reach[0] * across
    top = place.y - place.h / 2 - reach[1] * down
    # centres of pixels lie at .5, those of warpAffine at whole numbers
    motion = np.array([[across, 0, left + across / 2 - 0.5], [0, down, top + down / 2 - 0.5]], np.float64)
    whole = size[0] + 2 * reach[0], size[1] + 2 * reach[1]
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    crop = cv2.warpAffine(frame, motion, whole, flags=how, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY), np.float32)
