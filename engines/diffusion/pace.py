"""How long it will take: an estimate before the start, from the device's speed and the network's size."""

from __future__ import annotations

import time

import torch

from engines.diffusion.checkpoint import Facts

_SIDE, _ROUNDS = 768, 5
_WORK = 0.2
"""Floating-point operations per parameter and latent pixel: 0.23 of Stable Diffusion 1, 0.16 of SDXL, counted."""

_REACHED = {"cpu": 0.9}
_REACHED_ELSEWHERE = 0.3
"""The share of the speed of multiplying matrices that a whole network reaches: measured on a CPU with a network of
Stable Diffusion 1's size; on graphics cards, whose small layers wait for memory, a guess."""


def operations(facts: Facts, latent: tuple[int, int]) -> float:
    """Floating-point operations of one evaluation for one latent."""
    return _WORK * facts.unet_parameters * latent[0] * latent[1]


def speed(device: str, dtype: torch.dtype) -> float:
    """Floating-point operations per second when matrices are multiplied: the best of some short rounds."""
    a = torch.rand(_SIDE, _SIDE, device=device, dtype=dtype)
    calls = 1 if device == "cpu" else 100
    durations = []
    for _ in range(_ROUNDS):  # the first one warms up; others may be disturbed
        begin = time.perf_counter()
        for _ in range(calls):
            torch.mm(a, a)
        _wait(device)
        durations.append(time.perf_counter() - begin)
    return calls * 2 * _SIDE**3 / max(min(durations), 1e-9)


def seconds(facts: Facts, latent: tuple[int, int], evaluations: float, device: str) -> float:
    """What so many evaluations of one latent take on ``device``, whose speed is measured."""
    dtype = torch.float32 if device == "cpu" else torch.float16
    reached = speed(device, dtype) * _REACHED.get(device, _REACHED_ELSEWHERE)
    return operations(facts, latent) * evaluations / reached


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
