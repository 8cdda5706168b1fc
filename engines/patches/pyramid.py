"""The same picture in halves, quarters and so on, down to where the hole is no thicker than a few patches."""

from __future__ import annotations

import cv2
import numpy as np

from engines.patches.level import Flags, Level, Planes, can_copy

_DEPTH = 1.6
"""On the coarsest level the hole is about this many patches' sides deep."""

_FEWEST = 40
"""Patches that a coarse level must have to copy from."""


def pyramid(finest: Level) -> list[Level]:
    """``finest`` and as many coarser levels as help, finest first."""
    levels = [finest]
    while _depth(levels[-1].hole) > _DEPTH * finest.side:
        coarser = _halved(levels[-1])
        if can_copy(coarser.usable, coarser.side) < _FEWEST or not coarser.hole.any() or not len(coarser.targets):
            break
        levels.append(coarser)
    return levels


def slot_rows(height: int) -> int:
    """Rows that a copy of a picture of ``height`` rows takes in ``Level.pixels``: they halve without a rest."""
    return -(-height // 64) * 64


def _depth(hole: Flags) -> float:
    framed = np.pad(hole.astype(np.uint8), 1, mode="edge")
    if framed.all():
        return float(max(hole.shape))
    return float(cv2.distanceTransform(framed, cv2.DIST_L2, 5).max())


def _halved(level: Level) -> Level:
    """A pixel is the mean of what is known in its cell, and part of the hole where that is less than half of it."""
    known = np.ones(level.usable.shape, np.bool_)
    known[: level.hole.shape[0]] = ~level.hole
    forbidden = known & ~level.usable
    count = _cell_sums(known[..., None])
    means = _cell_sums(level.pixels * known[..., None]) / np.maximum(count, 1)
    share = count[..., 0] / np.maximum(_cell_sums(np.ones_like(known)[..., None])[..., 0], 1)
    rows = -(-level.hole.shape[0] // 2)
    usable = (share >= 0.5) & (_cell_sums(forbidden[..., None])[..., 0] == 0)
    return Level(np.asarray(means, np.float32), share[:rows] < 0.5, usable, level.side, level.device)


def _cell_sums(planes: Planes | Flags) -> Planes:
    h, w, channels = planes.shape
    padded = np.pad(planes, ((0, h % 2), (0, w % 2), (0, 0)))
    cells = padded.reshape((h + 1) // 2, 2, (w + 1) // 2, 2, channels)
    return np.asarray(cells.sum(axis=(1, 3), dtype=np.float32), np.float32)
