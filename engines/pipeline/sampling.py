"""Reads pictures between their pixels, at any list of places."""

from __future__ import annotations

from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

Points: TypeAlias = NDArray[np.float32]
"""``(n, 2)`` x and y, in pixels; whole numbers are the centres of pixels."""

_ROW = 1024
"""OpenCV takes no list of more than 32,767 places: they are folded into rows."""


def sample(image: NDArray[Any], at: Points, *, sharp: bool = False) -> NDArray[np.float32]:
    """``image`` (``(h, w)`` or ``(h, w, c)``) read at ``at``: ``(n,)`` or ``(n, c)`` float32.

    Linear, or ``sharp`` (Lanczos, 8 x 8 pixels); what lies beyond the border is the border's.
    """
    if len(at) == 0:
        return np.zeros((0, *image.shape[2:]), np.float32)
    rows = -(-len(at) // _ROW)
    places_ = np.zeros((rows * _ROW, 2), np.float32)
    places_[: len(at)] = at
    how = cv2.INTER_LANCZOS4 if sharp else cv2.INTER_LINEAR
    read = read_at(image.astype(np.float32, copy=False), places_.reshape(rows, _ROW, 2), how)
    return np.asarray(read.reshape(rows * _ROW, *image.shape[2:])[: len(at)], np.float32)


def warped(image: NDArray[Any], flow: NDArray[np.float32]) -> NDArray[Any]:
    """``image`` read at every pixel moved by ``flow`` (``(h, w, 2)``), linearly."""
    return read_at(image, places(flow))


def read_at(
    image: NDArray[Any],
    at: NDArray[np.float32],
    how: int = cv2.INTER_LINEAR,
    beyond: int = cv2.BORDER_REPLICATE,
) -> NDArray[Any]:
    """``image`` read at the places ``at`` (``(h, w, 2)``); ``how`` and ``beyond`` are OpenCV's constants."""
    return np.asarray(cv2.remap(image, at, None, how, borderMode=beyond))  # type: ignore[call-overload] # no second map


def places(flow: NDArray[np.float32]) -> NDArray[np.float32]:
    """Where each pixel lands: its own place plus ``flow``."""
    h, w = flow.shape[:2]
    landed = flow.copy()
    landed[..., 0] += np.arange(w, dtype=np.float32)[None, :]
    landed[..., 1] += np.arange(h, dtype=np.float32)[:, None]
    return landed
