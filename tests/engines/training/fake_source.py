"""Samples without fonts or photos: bars on ramps, quick to draw."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engines.training.synthesis import Sample


def bar_sample(rng: np.random.Generator, side: int) -> Sample:
    """A dark bar on a ramp, inside a looser box."""
    ramp = np.linspace(0.3, 0.9, side, dtype=np.float32)
    truth = np.repeat(np.repeat(ramp[None, :, None], side, 0), 3, 2)
    y, x = (int(v) for v in rng.integers(8, side - 24, 2))
    stroke, mask = np.zeros((side, side), np.uint8), np.zeros((side, side), np.uint8)
    stroke[y : y + 4, x : x + 16] = 255
    mask[y - 4 : y + 8, x - 4 : x + 20] = 255
    image = np.where(stroke[..., None] > 0, np.float32(0.05), truth)
    return Sample(image, truth, mask, stroke, np.zeros(16, np.int64))


class BarSource:
    """Counts what is asked of it."""

    def __init__(self) -> None:
        self.rng = np.random.default_rng(2)
        self.sides: list[int] = []
        self.difficulties: list[float] = []
        self.heard: list[float] = []

    def take(self, count: int, side: int, difficulty: float) -> Sequence[Sample]:
        self.sides.append(side)
        self.difficulties.append(difficulty)
        return [bar_sample(self.rng, side) for _ in range(count)]

    def learn(self, losses: Sequence[float]) -> None:
        self.heard += losses

    def held_out(self, count: int, side: int) -> Sequence[Sample]:
        return [bar_sample(np.random.default_rng(100 + i), side) for i in range(count)]

    def close(self) -> None:
        self.sides.clear()
