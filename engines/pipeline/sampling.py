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


def sample(image: NDArray[Any], at: Points, *, cubic: bool = False) -> NDArray[np.float32]:
    """``image`` (``(h, w)`` or ``(h, w, c)``) read at ``at``: ``(n,)`` or ``(n, c)`` float32.

    Linear, or bicubic (Keys 1981, a = -0.75); what lies beyond the border is the border's.
    """
    if len(at) == 0:
        return np.zeros((0, *image.shape[2:]), np.float32)
    rows = -(-len(at) // _ROW)
    grid = np.zeros((rows * _ROW, 2), np.float32)
    grid[: len(at)] = at
    grid = grid.reshape(rows, _ROW, 2)
    how = cv2.INTER_CUBIC if cubic else cv2.INTER_LINEAR
    source = image if image.dtype in (np.uint8, np.uint16, np.float32) else image.astype(np.float32)
    read = cv2.remap(source.astype(np.float32, copy=False), grid, None, how, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(read.reshape(rows * _ROW, *image.shape[2:])[: len(at)], np.float32)


def warped(image: NDArray[Any], flow: NDArray[np.float32]) -> NDArray[Any]:
    """``image`` read at every pixel moved by ``flow`` (``(h, w, 2)``), linearly."""
    read = cv2.remap(image, places(flow), None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(read)


def places(flow: NDArray[np.float32]) -> NDArray[np.float32]:
    """Where each pixel lands: its own place plus ``flow``."""
    h, w = flow.shape[:2]
    landed = flow.copy()
    landed[..., 0] += np.arange(w, dtype=np.float32)[None, :]
    landed[..., 1] += np.arange(h, dtype=np.float32)[:, None]
    return landed
