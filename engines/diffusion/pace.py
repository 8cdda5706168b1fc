"""How long it will take: an estimate before the start, from the device's speed and the network's size."""

from __future__ import annotations

import time

import torch

from engines.diffusion.checkpoint import Facts

_SIDE = 768
_WORK = 0.2
"""Floating-point operations per parameter and latent pixel: 0.23 of Stable Diffusion 1, 0.16 of SDXL, counted."""

_REACHED = 0.5
"""The share of the speed of multiplying matrices that a whole network reaches."""


def operations(facts: Facts, latent: tuple[int, int]) -> float:
    """Floating-point operations of one evaluation for one latent."""
    return _WORK * facts.unet_parameters * latent[0] * latent[1]


def speed(device: str, dtype: torch.dtype) -> float:
    """Floating-point operations per second when matrices are multiplied, measured in some hundredths of a second."""
    a = torch.rand(_SIDE, _SIDE, device=device, dtype=dtype)
    rounds = 3 if device == "cpu" else 100
    torch.mm(a, a)
    _wait(device)
    begin = time.perf_counter()
    for _ in range(rounds):
        torch.mm(a, a)
    _wait(device)
    return rounds * 2 * _SIDE**3 / max(time.perf_counter() - begin, 1e-9)


def seconds(facts: Facts, latent: tuple[int, int], evaluations: float, operations_per_second: float) -> float:
    """What so many evaluations of one latent take."""
    return operations(facts, latent) * evaluations / (operations_per_second * _REACHED)


def in_words(duration: float) -> str:
    """``duration`` in seconds, as one says it."""
    if duration < 90:
        return f"{max(round(duration), 1)} s"
    if duration < 5400:
        return f"{round(duration / 60)} min"
    return f"{duration / 3600:.1f} h"


def _wait(device: str) -> None:
    if device.startswith("cuda"):
        torch.cuda.synchronize(device)
    elif device.startswith("mps"):
        torch.mps.synchronize()
