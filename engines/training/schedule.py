"""How a run spends its time: learning rate, crop size and difficulty by the share of the budget that is over."""

from __future__ import annotations

import math
from collections.abc import Sequence

from engines.training.recipes import Stage

_WARM_UP = 0.01
_FLOOR = 0.02
_GROWN_UP = 0.35
"""The share of the budget after which samples are as hard as they get."""


def learning_rate(progress: float, peak: float) -> float:
    """A short linear rise, then a half cosine down to a fiftieth of ``peak``."""
    if progress < _WARM_UP:
        return peak * max(progress / _WARM_UP, 0.02)
    fallen = (min(progress, 1.0) - _WARM_UP) / (1 - _WARM_UP)
    return peak * (_FLOOR + (1 - _FLOOR) * 0.5 * (1 + math.cos(math.pi * fallen)))


def stage(progress: float, stages: Sequence[Stage]) -> Stage:
    """The last stage that has begun."""
    return [part for part in stages if part.start <= progress][-1]


def difficulty(progress: float) -> float:
    """From 0.2 (large, solid text on easy backgrounds) to 1 (everything)."""
    return min(1.0, 0.2 + 0.8 * progress / _GROWN_UP)


def average_decay(step: int, decay: float) -> float:
    """The weight of the average so far in the moving average: short at first, when weights still change fast."""
    return min(decay, (1 + step) / (10 + step))
