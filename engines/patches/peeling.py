"""A first guess for the hole of a coarse level: patch by patch from the rim inwards, along strong edges first.

Criminisi, Perez and Toyama, *Region Filling and Object Removal by Exemplar-Based Image Inpainting* (TIP 2004),
section III, except that all local maxima of the priority are filled at once. A guess by a smooth surface instead
would draw every later match towards what is smooth.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from engines.core.context import Context
from engines.patches.level import Flags, Level, Planes

_MOST = 8000
"""Sources that are compared; of more an even choice."""

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
_FLAT = 1e-3
"""Added to the strength of an edge, so that a flat rim has a priority, too."""

_FAR = 0.02
"""What a source costs that is as far away as the picture is long, in squared differences per pixel."""

Positions = NDArray[np.int64]


def peeled(level: Level, ctx: Context) -> Planes:
    """``(h, w, 3)``: the picture of ``level`` with its hole filled."""
    peel = _Peel(level)
    total = int(np.count_nonzero(peel.unknown))
    while peel.unknown.any():
        ctx.step(1 - int(np.count_nonzero(peel.unknown)) / total, "looking around")
        peel.advance()
    return peel.picture


class _Peel:
    """What is filled so far. ``trust``: ``(h, w)``, 1 for the picture's own pixels, 0 for unknown ones."""

    def __init__(self, level: Level) -> None:
        self._level = level
        h = level.hole.shape[0]
        self.picture, self.unknown = level.pixels[:h].copy(), level.hole.copy()
        self._trust = (~self.unknown).astype(np.float32)
        every: Positions = level.sources.cpu().numpy()
        self._places = every[:: -(-len(every) // _MOST)]
        self._sources = _patches(level.pixels, self._places, level)
        self._squares = np.square(self._sources)
        self._interior = np.zeros_like(self.unknown)
        self._interior[level.reach : h - level.reach, level.reach : level.width - level.reach] = True

    def advance(self) -> None:
        """Fill a patch at each place of the rim whose priority is higher than its neighbours'."""
        centres = self._foremost()
        known = _patches((~self.unknown).astype(np.float32)[..., None], centres, self._level)
        weights = np.repeat(known, 3, axis=1)
        looks = _patches(self.picture, centres, self._level) * weights
        far = weights @ self._squares.T - 2 * looks @ self._sources.T
        far += _FAR * weights.sum(axis=1, keepdims=True) * self._distances(centres)
        trust = known.mean(axis=1)
        for centre, best, sure in zip(centres, far.argmin(axis=1), trust, strict=True):
            self._paste(int(centre), self._sources[best], float(sure))

    def _paste(self, centre: int, patch: Planes, sure: float) -> None:
        level = self._level
        y, x = divmod(centre, level.width)
        window = np.s_[y - level.reach : y + level.reach + 1, x - level.reach : x + level.reach + 1]
        new = self.unknown[window]
        self.picture[window][new] = patch.reshape(level.side, level.side, 3)[new]
        self._trust[window][new] = sure
        self.unknown[window] = False

    def _foremost(self) -> Positions:
        """Flat positions of the local maxima of priority, strongest last."""
        near = cv2.dilate((~self.unknown).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
        rim = self.unknown & near & self._interior
        if not rim.any():  # what is left lies along the picture's border, or nothing is known at all
            touching = cv2.dilate(self.unknown.astype(np.uint8), np.ones((self._level.side,) * 2, np.uint8)) > 0
            rim = touching & self._interior
        priority = np.where(rim, self._priority(), 0)
        highest = cv2.dilate(priority, np.ones((self._level.side,) * 2, np.uint8))
        at: Positions = np.flatnonzero((priority >= highest) & rim)
        return at[np.argsort(priority.reshape(-1)[at], kind="stable")]

    def _priority(self) -> Planes:
        """``(h, w)``: trust in the patch times the strength of the edge that runs into the hole there."""
        side = self._level.side
        trust = cv2.blur(self._trust, (side, side), borderType=cv2.BORDER_CONSTANT)
        luma = self.picture @ _LUMA
        solid = cv2.erode((~self.unknown).astype(np.uint8), np.ones((3, 3), np.uint8)).astype(np.float32)
        across, down = (cv2.Sobel(luma, cv2.CV_32F, *axis) / 8 * solid for axis in ((1, 0), (0, 1)))
        out_x, out_y = (cv2.Sobel(_soft(self.unknown), cv2.CV_32F, *axis) for axis in ((1, 0), (0, 1)))
        length = np.maximum(np.hypot(out_x, out_y), 1e-6)
        strength = np.asarray(np.hypot(across, down), np.float32)
        strongest = [_strongest(np.asarray(part, np.float32), strength, side) for part in (across, down)]
        edge = np.abs(strongest[1] * out_x - strongest[0] * out_y) / length
        return np.asarray(trust * (edge + _FLAT), np.float32)

    def _distances(self, centres: Positions) -> Planes:
        """``(n, m)``: from each centre to each source, as a share of the picture's longer side; copies are near."""
        width, h = self._level.width, self._level.hole.shape[0]
        down = (centres // width)[:, None] - self._places // width
        across = (centres % width)[:, None] - self._places % width
        away = np.hypot(down, across) / max(h, width)
        return np.where(self._places // width < h, away, 0).astype(np.float32)


def _soft(flags: Flags) -> Planes:
    return np.asarray(cv2.GaussianBlur(flags.astype(np.float32), (5, 5), 1), np.float32)


def _strongest(part: Planes, strength: Planes, side: int) -> Planes:
    """``part`` of the pixel with the greatest ``strength`` in the patch around each pixel."""
    reach = side // 2
    windows = [sliding_window_view(np.pad(plane, reach), (side, side)) for plane in (strength, part)]
    best = windows[0].reshape(*part.shape, -1).argmax(axis=2)
    return np.take_along_axis(windows[1].reshape(*part.shape, -1), best[..., None], axis=2)[..., 0]


def _patches(planes: Planes, centres: Positions, level: Level) -> Planes:
    """``(n, values)``, pixel by pixel, of the patches centred at flat positions."""
    windows = sliding_window_view(planes, (level.side, level.side), axis=(0, 1))
    some = windows[centres // level.width - level.reach, centres % level.width - level.reach]
    return np.ascontiguousarray(some.transpose(0, 2, 3, 1).reshape(len(centres), -1))
