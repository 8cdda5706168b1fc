"""Finds scene cuts: frames whose parts are nowhere to be found in the frame before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.core.types import Pixels

_WIDTH, _HEIGHT = 96, 64
_BLOCK, _REACH = 16, 12
"""Frames are compared at this size: each block is looked for within so many pixels of its place in the frame before."""

_ALIKE = 0.75
"""A block is found where it correlates so well, its own lightness and contrast apart."""

_FLAT = 3.0
"""Blocks that vary by less (standard deviation in levels) say something by their colour alone."""

_COLOUR = 40.0
"""Levels by which a flat block may change its mean and still be the same: lamps and exposure."""

_LOST = 0.4
"""A cut loses this share of the blocks, both ways. Measured: within scenes up to 0.12, at cuts 0.58 and more."""

_USUAL = 2.0
"""And it loses so many times as many as the frames before it did: fast motion and flicker lose some all the time."""

_MEMORY = 8


class CutFinder:
    """Told one frame after the other, says which is the first of a new scene.

    Blocks are matched by their structure, so that neither a pan nor a flash of light passes for a cut.
    """

    def __init__(self) -> None:
        self._before: NDArray[np.float32] | None = None
        self._lost: list[float] = []

    def is_cut(self, frame: Pixels) -> bool:
        """Whether ``frame`` (``(h, w, 3)``, integers or floats) begins a scene; the first one does not."""
        small = _reduced(frame)
        before, self._before = self._before, small
        if before is None:
            return False
        lost = min(_lost(before, small), _lost(small, before))
        usual = float(np.median(self._lost)) if self._lost else 0.0
        cut = lost >= _LOST and lost >= _USUAL * usual
        self._lost = [] if cut else [*self._lost, lost][-_MEMORY:]
        return cut


def find_cuts(frames: Iterable[Pixels]) -> Iterator[int]:
    """The numbers of the frames that begin a new scene."""
    finder = CutFinder()
    return (number for number, frame in enumerate(frames) if finder.is_cut(frame))


def _reduced(frame: Pixels) -> NDArray[np.float32]:
    top = float(np.iinfo(frame.dtype).max) if frame.dtype.kind == "u" else 1.0
    small = cv2.resize(frame, (_WIDTH, _HEIGHT), interpolation=cv2.INTER_AREA).astype(np.float32)
    return np.asarray(small * np.float32(255 / top), np.float32)


def _lost(first: NDArray[np.float32], second: NDArray[np.float32]) -> float:
    """The share of the blocks of ``second`` that are not found in ``first``."""
    grey, there = first.mean(axis=2), second.mean(axis=2)
    wide = cv2.copyMakeBorder(grey, _REACH, _REACH, _REACH, _REACH, cv2.BORDER_REFLECT_101)
    judged = missing = 0
    for y in range(0, _HEIGHT, _BLOCK):
        for x in range(0, _WIDTH, _BLOCK):
            block = there[y : y + _BLOCK, x : x + _BLOCK]
            judged += 1
            if float(block.std()) < _FLAT:
                home = first[y : y + _BLOCK, x : x + _BLOCK].mean(axis=(0, 1))
                apart = np.abs(home - second[y : y + _BLOCK, x : x + _BLOCK].mean(axis=(0, 1)))
                missing += bool(apart.max() > _COLOUR or grey[y : y + _BLOCK, x : x + _BLOCK].std() > 4 * _FLAT)
                continue
            around = wide[y : y + _BLOCK + 2 * _REACH, x : x + _BLOCK + 2 * _REACH]
            match = cv2.matchTemplate(around, block, cv2.TM_CCOEFF_NORMED)
            missing += bool(match.max() < _ALIKE)
    return missing / judged
