"""Noise levels, timesteps and the deterministic step of DDIM (Song and others, ICLR 2021, equation 12)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import torch
from torch import Tensor

TRAINED_STEPS = 1000


class Prediction(Enum):
    """What the network predicts."""

    EPSILON = "epsilon"
    VELOCITY = "v_prediction"
    SAMPLE = "sample"


@dataclass(frozen=True, slots=True)
class Noising:
    """How a checkpoint was trained: its betas, and what it predicts."""

    beta_start: float = 0.00085
    beta_end: float = 0.012
    scaled: bool = True
    prediction: Prediction = Prediction.EPSILON
    zero_end: bool = False
    """The last level is pure noise (Lin and others, WACV 2024)."""


class Schedule:
    """The noise levels of a checkpoint; ``level(t)`` is the share of the signal's power that is left, 0..1."""

    def __init__(self, noising: Noising, offset: int = 1) -> None:
        """``offset`` is added to every timestep: 1 for Stable Diffusion 1 and 2, 0 for SDXL."""
        self.prediction = noising.prediction
        self.offset = offset
        self._levels = _levels(noising)

    def level(self, t: int) -> Tensor:
        """The level at ``t``; below 0 the first one, which is where the last step ends."""
        return self._levels[max(t, 0)]

    def timesteps(self, steps: int, strength: float = 1.0) -> list[int]:
        """Descending, evenly spaced from the least on ("leading"); of ``steps`` the last ``strength`` (0..1]."""
        stride = self.stride(steps)
        spaced = [n * stride + self.offset for n in range(steps)]
        return spaced[: max(min(int(steps * strength), steps), 1)][::-1]

    def stride(self, steps: int) -> int:
        return TRAINED_STEPS // steps

    def noised(self, clean: Tensor, noise: Tensor, t: int) -> Tensor:
        """``clean`` at the noise level of ``t``."""
        return _mixed(clean, noise, self.level(t))

    def split(self, x: Tensor, predicted: Tensor, t: int) -> tuple[Tensor, Tensor]:
        """The clean latent and the noise that a prediction stands for, for ``x`` at ``t``."""
        level = self.level(t)
        signal, rest = level.sqrt(), (1 - level).sqrt()
        match self.prediction:
            case Prediction.EPSILON:
                return (x - rest * predicted) / signal, predicted
            case Prediction.VELOCITY:
                return signal * x - rest * predicted, signal * predicted + rest * x
            case Prediction.SAMPLE:
                return predicted, (x - signal * predicted) / rest

    def moved(self, clean: Tensor, noise: Tensor, t: int) -> Tensor:
        """The latent at ``t`` (below 0: the first level) with the same clean part and the same noise."""
        return _mixed(clean, noise, self.level(t))

    def inverted(self, x: Tensor, predicted: Tensor, t: int, target: int) -> Tensor:
        """DDIM backwards: from the level of ``t`` to ``target``, with what the network predicts at ``target``."""
        clean, noise = self.split(x, predicted, t)
        return self.moved(clean, noise, target)


def _mixed(clean: Tensor, noise: Tensor, level: Tensor) -> Tensor:
    return level.sqrt() * clean + (1 - level).sqrt() * noise


def _levels(noising: Noising) -> Tensor:
    if noising.scaled:
        roots = torch.linspace(math.sqrt(noising.beta_start), math.sqrt(noising.beta_end), TRAINED_STEPS)
        betas = roots**2
    else:
        betas = torch.linspace(noising.beta_start, noising.beta_end, TRAINED_STEPS)
    levels = torch.cumprod(1 - betas, 0)
    return _ending_in_noise(levels) if noising.zero_end else levels


def _ending_in_noise(levels: Tensor) -> Tensor:
    """Signal amplitudes stretched so that the last is 0 and the first stays (algorithm 1 of the paper)."""
    roots = levels.sqrt()
    stretched = (roots - roots[-1]) * roots[0] / (roots[0] - roots[-1])
    return stretched.clamp_min(1e-4) ** 2  # not quite 0: a step divides by it


def few_timesteps(steps: int, strength: float) -> Sequence[int]:
    """For few-step models: descending, evenly spaced from the greatest on ("trailing"), as they were distilled."""
    top = TRAINED_STEPS * max(min(strength, 1.0), 1 / TRAINED_STEPS)
    return [max(round(top * (steps - n) / steps) - 1, 0) for n in range(steps)]
