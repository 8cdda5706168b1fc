"""Which colours are typical of one set of pixels and not of another, judged place by place."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engines.pipeline.membrane import Flags, Planes

_CELL = 8
"""Histograms are kept per cell of this many pixels a side, or of twice as many in pictures of ``_LARGE`` a side."""

_LARGE = 700
_REACH = 20.0
"""Standard deviation, in pixels, of the weight that a place gives to the colours of other places."""

_BIN, _MOST_BINS = 4.0, 500
"""Side of a bin, in CIELAB units; longer where there would be more than ``_MOST_BINS`` bins."""

_ALIKE = 3.5
"""Standard deviation, in CIELAB units, by which a colour also speaks for those like it."""

_FLOOR = 2e-3
"""A density that means nothing: what is rarer in both sets is typical of neither."""

_LEAST = 2.0
"""Pixels (weighted by nearness) without which a set has no say in a place."""

LIMIT = 4.0
"""No log ratio is larger than this, or less than its negative."""


class ColourOdds:
    """The colours of ``lab`` (``(h, w, 3)`` CIELAB, L in 0..100) inside ``area`` (``(h, w)``), in bins."""

    def __init__(self, lab: Planes, area: Flags) -> None:
        centres, indices, side = _binned(lab[area])
        self._area = area
        self._bins = np.zeros(area.shape, np.int64)
        self._bins[area] = indices
        self._count = len(centres)
        spread = max(_ALIKE, 0.8 * side)
        self._alike = np.exp(-_squared_distances(centres) / (2 * spread * spread)).astype(np.float32)
        h, w = area.shape
        cell = _CELL if max(h, w) < _LARGE else 2 * _CELL
        self._grid = -(-h // cell), -(-w // cell)
        rows, columns = np.ogrid[:h, :w]
        self._cells = rows // cell * self._grid[1] + columns // cell
        self._near = [_nearness(length, cell) for length in self._grid]

    def log_ratio(self, these: Flags, those: Flags) -> NDArray[np.float32]:
        """The log of how much likelier each pixel's colour is among ``these`` pixels near it than among ``those``.

        ``(h, w)``, within ``LIMIT`` of 0; 0 where ``those`` are too few to tell, the negative limit where ``these``
        are. Outside ``area`` it means nothing.
        """
        here, enough = self._densities(these)
        there, enough_there = self._densities(those)
        ratio = np.log((here + _FLOOR) / (there + _FLOOR))
        ratio = np.where(enough, np.where(enough_there, ratio, 0), -LIMIT)
        looked_up = np.clip(ratio, -LIMIT, LIMIT).reshape(-1, self._count)[self._cells, self._bins]
        return np.asarray(looked_up, np.float32)

    def _densities(self, chosen: Flags) -> tuple[NDArray[np.float32], Flags]:
        """Per cell and bin: how common colours like it are among ``chosen``; per cell: whether there are enough."""
        chosen = chosen & self._area
        h, w = self._grid
        flat = self._cells[chosen] * self._count + self._bins[chosen]
        counts = np.bincount(flat, minlength=h * w * self._count).astype(np.float32)
        rows = self._near[0] @ counts.reshape(h, w * self._count)
        near = np.matmul(self._near[1], rows.reshape(h, w, self._count))
        total = near.sum(axis=2, keepdims=True)
        return (near @ self._alike) / np.maximum(total, _LEAST), total > _LEAST


def _binned(colours: Planes) -> tuple[Planes, NDArray[np.intp], float]:
    """The centres of the bins that ``(n, 3)`` colours fall into, each colour's bin, and the side of the bins."""
    side = _BIN
    while True:
        steps = np.rint(colours / side).astype(np.int64) + 512
        codes, indices = np.unique((steps[:, 0] << 20) + (steps[:, 1] << 10) + steps[:, 2], return_inverse=True)
        if len(codes) <= _MOST_BINS:
            break
        side *= 1.4
    centres = np.stack([codes >> 20, codes >> 10 & 1023, codes & 1023], axis=1) - 512
    return (centres * side).astype(np.float32), indices, side


def _squared_distances(points: Planes) -> NDArray[np.float32]:
    return np.asarray(((points[:, None] - points[None]) ** 2).sum(axis=2), np.float32)


def _nearness(length: int, cell: int) -> NDArray[np.float32]:
    """The weight that each of ``length`` cells in a row gives to each."""
    position = np.arange(length) * cell
    return np.exp(-0.5 * ((position[:, None] - position) / _REACH) ** 2).astype(np.float32)
