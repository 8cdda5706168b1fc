"""How much lighter or darker each frame of a shot is: gains per channel, from one frame to the next."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.core.types import Pixels
from engines.pipeline.flow import Flow
from engines.pipeline.membrane import Flags
from engines.pipeline.sampling import warped

Gain = NDArray[np.float64]
"""``(3,)``: natural logarithms of gains."""

_DARK, _BRIGHT = 24, 235
"""Levels (of 255) between which a ratio says something."""

_SOFT = 3.0

_LEAST = 0.015
"""A shot whose gains stay within this of each other (as a share) has none worth mending."""


def gain_between(first: Pixels, second: Pixels, flow: Flow, trusted: Flags) -> Gain:
    """The log gain from ``first`` to ``second`` (uint8 RGB), along ``flow``; the median over trusted pixels."""
    # both soft: warping alone blurs, and limits to the levels would then favour one of them
    soft = [cv2.GaussianBlur(picture, (0, 0), _SOFT) for picture in (first, warped(second, flow))]
    part = trusted[::4, ::4]
    a, b = (picture[::4, ::4][part].astype(np.float64) for picture in soft)
    usable = (np.minimum(a, b) >= _DARK) & (np.maximum(a, b) <= _BRIGHT)
    gains = np.zeros(3)
    for channel in range(3):
        chosen = usable[:, channel]
        if chosen.sum() >= 100:
            x, y = a[chosen, channel], b[chosen, channel]
            gains[channel] = _ratio(x, y)
    return gains


def _ratio(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """The log of the mean ratio of what is near the median ratio: finer than the median of whole levels."""
    logs = np.log(y / x)
    middle = np.median(logs)
    near = np.abs(logs - middle) <= 0.1
    return float(np.log(y[near].sum() / x[near].sum())) if near.any() else float(middle)


def exposures(steps: list[Gain]) -> NDArray[np.float64]:
    """``(t, 3)`` log exposure of each frame against the first; all 0 where they hardly differ."""
    summed = np.concatenate([np.zeros((1, 3)), np.cumsum(np.asarray(steps).reshape(-1, 3), axis=0)])
    return summed if np.ptp(summed, axis=0).max() > _LEAST else np.zeros_like(summed)
