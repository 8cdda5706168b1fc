"""Turned and mirrored copies of a picture, below it: more to copy from, and nothing else has to know of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.patches.level import Level, Planes
from engines.patches.pyramid import slot_rows

T = TypeVar("T", bound=np.generic)

_ANGLES = (-30.0, -15.0, 15.0, 30.0)


def with_turned(level: Level) -> Level:
    """``level`` with a mirrored copy of its picture and copies that are turned by 15 and 30 degrees each way."""
    h, w = level.hole.shape
    pictures, usable = [level.pixels[:h]], [level.usable[:h]]
    for matrix in _motions(h, w):
        moved = cv2.warpAffine(pictures[0], matrix, (w, h), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
        # between a usable pixel and another one everything is usable, and nothing else
        share = cv2.warpAffine(usable[0].astype(np.float32), matrix, (w, h), flags=cv2.INTER_LINEAR)
        pictures.append(np.clip(moved, 0, 1))
        usable.append(cv2.erode((share > 0.999).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0)
    return Level(_stacked(pictures), level.hole, _stacked(usable), level.side, level.device)


def _motions(h: int, w: int) -> list[Planes]:
    mirrored = np.array([[-1, 0, w - 1], [0, 1, 0]], np.float32)
    middle = ((w - 1) / 2, (h - 1) / 2)
    return [mirrored, *(np.asarray(cv2.getRotationMatrix2D(middle, angle, 1.0), np.float32) for angle in _ANGLES)]


def _stacked(planes: Sequence[NDArray[T]]) -> NDArray[T]:
    """One below the other, with rows of zeros between such that they are halved together."""
    more = slot_rows(planes[0].shape[0]) - planes[0].shape[0]
    return np.concatenate([np.pad(plane, ((0, more), *((0, 0),) * (plane.ndim - 1))) for plane in planes])
