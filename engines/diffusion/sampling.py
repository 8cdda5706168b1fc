"""The loops of Attentive Eraser (arXiv 2412.12974): from a latent with an object to one without.

Self-attention redirection guidance (its section of that name): ``e = e_plain + w (e_redirected - e_plain)``, linear in
the prediction, so that it holds for noise, velocity and clean predictions alike.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from engines.diffusion.redirection import Redirection
from engines.diffusion.schedule import Schedule, few_timesteps

Watch = Callable[[int, int, Tensor], None]
"""Called with the evaluations that are done, how many there will be, and the present guess of the clean latent."""

Draw = Callable[[], Tensor]
"""Fresh noise, like the latent."""


class TwoBranch(Protocol):
    """What predicts: a ``Denoiser``."""

    def plain(self, x: Tensor, t: int) -> Tensor:
        """The ordinary prediction."""
        ...

    def branches(self, x: Tensor, t: int) -> tuple[Tensor, Tensor]:
        """The ordinary and the redirected prediction."""
        ...


@dataclass(frozen=True, slots=True)
class Scene:
    """``clean``: the picture's latent ``(1, 4, h, w)``, float32; ``hole``: 1 where it is made anew, ``(1, 1, h, w)``.

    ``guidance``: how much the difference between the branches is amplified; 1 takes the redirected branch alone.
    """

    clean: Tensor
    hole: Tensor
    guidance: float = 9.0

    def guided(self, plain: Tensor, redirected: Tensor) -> Tensor:
        return plain + self.guidance * (redirected - plain)

    def blended(self, x: Tensor, known: Tensor) -> Tensor:
        """``x`` in the hole, ``known`` around it."""
        return (1 - self.hole) * known + self.hole * x


@dataclass(frozen=True, slots=True)
class Plan:
    """``steps`` of the whole schedule, of which the last ``strength`` (0..1] are walked."""

    steps: int
    strength: float

    def timesteps(self, schedule: Schedule) -> list[int]:
        return schedule.timesteps(self.steps, self.strength)


@dataclass(frozen=True, slots=True)
class Sampler:
    """One picture's way back from noise. The caller has the layers redirected by ``state``; the loops set its step."""

    denoiser: TwoBranch
    schedule: Schedule
    scene: Scene
    state: Redirection
    watch: Watch

    def stochastic(self, plan: Plan, draw: Draw) -> Tensor:
        """The stochastic variant (SIP): noise added at once, removed step by step; around the hole the original.

        Noise is drawn once: the surroundings are the original at the next level with the same noise.
        Returns the clean latent.
        """
        schedule, clean = self.schedule, self.scene.clean
        times, noise = plan.timesteps(schedule), draw()
        x = noise if plan.strength >= 1 else schedule.noised(clean, noise, times[0])
        for number, t in enumerate(times):
            x, guess = self._step(number, x, t, schedule.stride(plan.steps))
            last = number + 1 == len(times)
            known = clean if last else schedule.noised(clean, noise, times[number + 1])
            x = self.scene.blended(x, known)
            self.watch(number + 1, len(times), guess)
        return x

    def inverting(self, steps: int) -> Tensor:
        """The deterministic variant (DIP): noise found by inverting DDIM, then removed; around the hole that path."""
        times = self.schedule.timesteps(steps)
        path = self._inversion(times)
        x = path[-1]
        for number, t in enumerate(times):
            x = self.scene.blended(x, path[steps - number])
            x, guess = self._step(number, x, t, self.schedule.stride(steps))
            self.watch(steps + number + 1, 2 * steps, guess)
        return self.scene.blended(x, self.scene.clean)

    def few_steps(self, plan: Plan, draw: Draw) -> Tensor:
        """For distilled checkpoints (LCM, Turbo, Lightning): a clean latent is guessed, noised anew, guessed again.

        Multistep consistency sampling (Luo and others, *Latent Consistency Models*, arXiv 2310.04378, algorithm 1),
        with both branches as above; the surroundings share the fresh noise.
        """
        schedule, clean = self.schedule, self.scene.clean
        times, noise = few_timesteps(plan.steps, plan.strength), draw()
        x = noise if plan.strength >= 1 else schedule.noised(clean, noise, times[0])
        guess = clean
        for number, t in enumerate(times):
            _, guess = self._step(number, x, t, 0)
            guess = self.scene.blended(guess, clean)
            if number + 1 < len(times):
                x = schedule.noised(guess, draw(), times[number + 1])
            self.watch(number + 1, len(times), guess)
        return guess

    def _step(self, number: int, x: Tensor, t: int, stride: int) -> tuple[Tensor, Tensor]:
        """The latent one stride further, and the guess of the clean one."""
        self.state.step = number
        guess, noise = self.schedule.split(x, self.scene.guided(*self.denoiser.branches(x, t)), t)
        return self.schedule.moved(guess, noise, t - stride), guess

    def _inversion(self, times: list[int]) -> list[Tensor]:
        """The latents from the clean one to noise, one more than ``times``; nothing is redirected."""
        self.state.step = -1
        steps, stride = len(times), self.schedule.stride(len(times))
        path = [self.scene.clean]
        for number, t in enumerate(reversed(times)):
            predicted = self.denoiser.plain(path[-1], t)
            path.append(self.schedule.inverted(path[-1], predicted, t - stride, t))
            self.watch(number + 1, 2 * steps, self.scene.clean)
        return path


def noise_like(latent: Tensor, seed: int) -> Draw:
    """Noise of ``latent``'s shape, the same on every device for the same ``seed``."""
    generator = torch.Generator("cpu").manual_seed(seed)
    return lambda: torch.randn(latent.shape, generator=generator).to(latent.device)
