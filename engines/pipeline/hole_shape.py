"""What kind of hole an object leaves: how large, and in what kind of surface."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

import cv2
import numpy as np

from engines.core.mask_ops import grow
from engines.core.types import Box, Mask, Pixels
from engines.pipeline.composite import scale_of, to_unit
from engines.pipeline.mask_shape import SizeClass

_RING = 24
"""Pixels around the hole that say what kind of surface it is in."""

_SMALL, _LARGE = 64, 160
_ROUGH = 4.0
"""Mean steps between neighbours, in 8-bit grey levels, from which a surface is rough."""


class Surface(Enum):
    """What surrounds a hole: sky, walls, blur; or grass, gravel, leaves, and all that is full of detail."""

    SMOOTH = "smooth"
    ROUGH = "rough"


@dataclass(frozen=True, slots=True)
class HoleShape:
    """``side``: of a square as large as the hole's largest part, in pixels; ``step``: the mean one between
    neighbouring pixels around it, in 8-bit grey levels."""

    side: float
    step: float

    @property
    def size(self) -> SizeClass:
        if self.side <= _SMALL:
            return SizeClass.SMALL
        return SizeClass.MEDIUM if self.side <= _LARGE else SizeClass.LARGE

    @property
    def surface(self) -> Surface:
        return Surface.ROUGH if self.step >= _ROUGH else Surface.SMOOTH


def hole_shape(image: Pixels, mask: Mask) -> HoleShape:
    """The shape of a hole in a picture, ``(h, w, 3)`` of any depth; raises ``ValueError`` where it is empty."""
    side = hole_side(mask)
    view = ring_view(mask, (image.shape[0], image.shape[1]))
    hole = mask.dense(view)
    ring = (grow(hole, _RING) > 0) & (hole == 0)
    crop = image[view.slices]
    return HoleShape(side, 255 * _mean_step(to_unit(crop, scale_of(crop)), ring))


def hole_side(mask: Mask) -> float:
    """Of a square as large as the largest part, in pixels; raises ``ValueError`` where the mask is empty."""
    if mask.empty:
        msg = "an empty mask has no shape"
        raise ValueError(msg)
    _, _, parts, _ = cv2.connectedComponentsWithStats((mask.alpha > 0).astype(np.uint8))
    return math.sqrt(float(parts[1:, cv2.CC_STAT_AREA].max()))


def ring_view(mask: Mask, size: tuple[int, int]) -> Box:
    """The part of a picture of ``size`` = (height, width) that says what surface the hole is in."""
    return mask.box.grown(_RING).within(size)


def _mean_step(unit: Pixels, where: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> float:
    """0 where there are no two neighbours to compare."""
    down, right = where[1:] & where[:-1], where[:, 1:] & where[:, :-1]
    steps = [np.abs(np.diff(unit, axis=axis)).mean(axis=2)[both] for axis, both in ((0, down), (1, right))]
    every = np.concatenate(steps)
    return float(every.mean()) if every.size else 0.0
