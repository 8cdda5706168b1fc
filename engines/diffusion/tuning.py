"""Tunes a small adapter (LoRA) on one picture's background; the network itself is never changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engines.diffusion.background import LabelMaps, WatchedAttention, puzzle, reconstruction
from engines.diffusion.denoiser import Condition, Denoiser
from engines.diffusion.grids import grid_sizes
from engines.diffusion.layers import UNet, cross_attentions, levels
from engines.diffusion.packages import quiet
from engines.diffusion.partition import Partition
from engines.diffusion.redirection import processors
from engines.diffusion.schedule import Schedule

ADAPTER = "erase"
_TARGETS = ["to_q", "to_k", "to_v", "to_out.0"]
_PUZZLE = 0.2
_TIMES = (20, 800)
_WINDOW, _PATIENCE, _LEAST, _GAIN = 25, 50, 100, 0.01


@dataclass(frozen=True, slots=True)
class Lesson:
    """How much is learnt. ``early``: stop once nothing is gained any more."""

    iterations: int = 500
    rank: int = 32
    rate: float = 1e-4
    seed: int = 0
    early: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """What is learnt: a clean latent ``(1, 4, h, w)``, its partition, and where its labels stand in the prompt."""

    clean: Tensor
    parts: Partition
    condition: Condition
    runs: Sequence[Sequence[int]] = field(default=())

    @property
    def puzzles(self) -> bool:
        """Whether the labels' maps can be told apart: one label alone is everywhere the strongest."""
        return len(self.runs) > 1 and all(self.runs)


@contextmanager
def adapter(unet: UNet, lesson: Lesson) -> Iterator[list[Tensor]]:
    """While it lasts the network has an adapter, whose parameters (float32) are given; afterwards it is as before."""
    from peft import LoraConfig

    config = LoraConfig(
        r=lesson.rank, lora_alpha=lesson.rank, init_lora_weights="gaussian", target_modules=list(_TARGETS)
    )
    try:
        with quiet(), torch.random.fork_rng(devices=[]):
            torch.manual_seed(lesson.seed)
            unet.add_adapter(config, adapter_name=ADAPTER)
        parameters = [parameter for parameter in unet.parameters() if parameter.requires_grad]
        for parameter in parameters:
            parameter.data = parameter.data.float()
        yield parameters
    finally:
        unet.unload_lora()


def tune(
    unet: UNet,
    subject: Subject,
    schedule: Schedule,
    lesson: Lesson,
    watch: Callable[[int, float], None],
) -> list[float]:
    """Teach the adapter that ``unet`` has; returns the reconstruction loss of each iteration.

    ``watch`` is told the iterations that are done and the last loss; what it raises ends the lesson.
    """
    device = subject.clean.device
    parameters = [parameter for parameter in unet.parameters() if parameter.requires_grad]
    optimiser = torch.optim.AdamW(parameters, lr=lesson.rate, weight_decay=0.0)
    half = subject.condition.context.dtype == torch.float16
    scaler = torch.amp.GradScaler(device.type, enabled=half)
    draws = _Draws(subject, schedule, lesson.seed)
    losses: list[float] = []
    with ExitStack() as stack, torch.enable_grad():
        maps = _watching(unet, subject, stack)
        while len(losses) < lesson.iterations and not (lesson.early and _exhausted(losses)):
            with torch.autocast(device.type, torch.float16, enabled=half):
                rebuilt, whole = _loss(unet, subject, schedule, draws, maps)
            optimiser.zero_grad(set_to_none=True)
            torch.autograd.backward(scaler.scale(whole))
            scaler.unscale_(optimiser)
            torch.nn.utils.clip_grad_norm_(parameters, 1.0)
            scaler.step(optimiser)
            scaler.update()
            losses.append(float(rebuilt.detach()))
            watch(len(losses), losses[-1])
    return losses


def _loss(
    unet: UNet, subject: Subject, schedule: Schedule, draws: _Draws, maps: LabelMaps | None
) -> tuple[Tensor, Tensor]:
    """The reconstruction loss of one draw, and the whole loss."""
    x, t = draws.next()
    found, _ = schedule.split(x, Denoiser(unet, subject.condition, shared=False).plain(x, t), t)
    rebuilt = reconstruction(found, subject.clean, draws.background, schedule.level(t))
    if maps is None:
        return rebuilt, rebuilt
    return rebuilt, rebuilt + _PUZZLE * puzzle(maps.taken(), draws.allowed)


class _Draws:
    """Noisy latents in which the network sees the background alone: elsewhere there is noise of the same level."""

    def __init__(self, subject: Subject, schedule: Schedule, seed: int) -> None:
        self._subject, self._schedule = subject, schedule
        self._generator = torch.Generator("cpu").manual_seed(seed)
        parts = subject.parts
        self._seen = self._cells(parts.background)[None, None]
        self.background = self._cells(parts.certain)[None, None]
        self.allowed = self._cells(~parts.foreign)

    def next(self) -> tuple[Tensor, int]:
        t = int(torch.randint(*_TIMES, (1,), generator=self._generator))
        clean = self._subject.clean
        noise = torch.randn(clean.shape, generator=self._generator).to(clean.device)
        return self._schedule.noised(clean * self._seen, noise, t), t

    def _cells(self, cells: np.ndarray[Any, Any]) -> Tensor:
        return torch.from_numpy(cells.astype("float32")).to(self._subject.clean.device)


def _watching(unet: UNet, subject: Subject, stack: ExitStack) -> LabelMaps | None:
    """Have the cross-attention watched on all grids but the finest; None where there is nothing to tell apart."""
    if not subject.puzzles:
        return None
    latent = (subject.clean.shape[2], subject.clean.shape[3])
    sizes = {rows * columns: (rows, columns) for rows, columns in grid_sizes(latent, levels(unet))[1:]}
    maps = LabelMaps(subject.runs, sizes, latent)
    stack.enter_context(processors(cross_attentions(unet), lambda _: WatchedAttention(maps)))
    return maps


def _exhausted(losses: Sequence[float]) -> bool:
    """Whether the moving average has gained less than a hundredth in the last fifty iterations."""
    if len(losses) < _LEAST:
        return False
    now, before = (float(np.mean(part)) for part in (losses[-_WINDOW:], losses[-_PATIENCE - _WINDOW : -_PATIENCE]))
    return now > (1 - _GAIN) * before
