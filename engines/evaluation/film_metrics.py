"""How well the holes of a film were filled: against the truth, and against themselves from frame to frame.

Frames are ``(h, w, 3)`` uint8 RGB and come one after the other; only the last one is kept.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from engines.core.types import Alpha, Pixels
from engines.evaluation.metrics import psnr, ssim
from engines.pipeline.flow import FlowMeter, Pair
from engines.pipeline.sampling import warped
from engines.pipeline.shot import luma

_SOUND = 1.0
"""Pixels by which a round trip of the truth's flow may miss for the pixel to count."""

FILM_PROTOCOL = {
    "psnr": "dB over all hole pixels of all frames.",
    "ssim": "Of luma, over hole pixels; mean over frames.",
    "warping": "Mean levels by which a hole pixel differs from where the truth's own motion takes it in the next "
    "frame; its ratio to the truth's own is the last column.",
    "flicker": "Mean levels by which the error changes from one frame to the next, inside both holes.",
}
"""What the figures mean."""


@dataclass(frozen=True, slots=True)
class FilmScores:
    """``psnr`` in dB, infinite where nothing differs; ``ssim`` 0..1; ``warping`` and ``flicker`` in levels of 255.

    ``ratio``: warping error against the truth's own; None where that is 0 or nothing could be judged.
    """

    psnr: float
    ssim: float
    warping: float
    ratio: float | None
    flicker: float
    frames: int


@dataclass(slots=True, eq=False)
class _Mean:
    total: float = 0.0
    count: int = 0

    def add(self, values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> None:
        self.total += float(values.sum())
        self.count += values.size

    @property
    def value(self) -> float:
        return self.total / self.count if self.count else 0.0


@dataclass(slots=True, eq=False)
class FilmJudge:
    """Judges one candidate on one clip; the motion of the truth is handed in, for it is the same for all."""

    _squares: _Mean = field(default_factory=_Mean)
    _warping: _Mean = field(default_factory=_Mean)
    _true_warping: _Mean = field(default_factory=_Mean)
    _flicker: _Mean = field(default_factory=_Mean)
    _similar: list[float] = field(default_factory=list)
    _last: tuple[Pixels, Pixels, Alpha] | None = None

    def add(self, result: Pixels, truth: Pixels, mask: Alpha, motion: Pair | None) -> None:
        """The next frame. ``motion``: the truth's, from the frame before to this one; None at first and after cuts."""
        hole = mask > 0
        error = (result.astype(np.float64) - truth) / 255
        if hole.any():
            self._squares.add(np.square(error[hole]))
            self._similar.append(ssim(result, truth, mask))
        if self._last is not None and motion is not None:
            self._compare(result, truth, hole, motion)
        self._last = result, truth, mask

    def _compare(
        self, result: Pixels, truth: Pixels, hole: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], motion: Pair
    ) -> None:
        assert self._last is not None
        before, true_before, mask_before = self._last
        was_hole = mask_before > 0
        judged = was_hole & (motion.miss_there <= _SOUND)
        for mean, first, second in ((self._warping, before, result), (self._true_warping, true_before, truth)):
            moved = warped(second.astype(np.float32), motion.there)
            mean.add(np.abs(moved - first)[judged].astype(np.float64))
        both = hole & was_hole
        error = result.astype(np.float64) - truth
        error_before = before.astype(np.float64) - true_before
        self._flicker.add(np.abs(error - error_before)[both])

    @property
    def scores(self) -> FilmScores:
        true = self._true_warping.value
        ratio = self._warping.value / true if true > 0 else None
        similar = math.fsum(self._similar) / len(self._similar) if self._similar else 1.0
        return FilmScores(
            psnr(self._squares.value), similar, self._warping.value, ratio, self._flicker.value, len(self._similar)
        )


class TrueMotion:
    """The motion of a truth from frame to frame."""

    def __init__(self) -> None:
        self._meter = FlowMeter()
        self._before: Alpha | None = None

    def to(self, truth: Pixels, *, cut: bool) -> Pair | None:
        """From the frame before; None for the first one and where a scene begins."""
        grey = luma(truth)
        before, self._before = self._before, grey
        return None if before is None or cut else self._meter.pair(before, grey)
