"""Attentive Eraser (AAAI 2025, arXiv 2412.12974): any text-to-image checkpoint of Stable Diffusion, untuned.

It removes objects because, while it paints, its attention cannot look at them (``engines.diffusion.redirection``).
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch
from torch import Tensor

import engines.diffusion.packages  # noqa: F401 - before anything else imports diffusers
from engines.core.context import Context
from engines.core.engine import Options
from engines.core.faults import EngineError, Fault
from engines.diffusion import pace
from engines.diffusion.canvas import Canvas, Crop, Progress, Walk
from engines.diffusion.denoiser import Denoiser
from engines.diffusion.eraser import StudioEraser
from engines.diffusion.freeu import freeu
from engines.diffusion.layers import decoder_layers, levels, self_attentions
from engines.diffusion.listening import listening
from engines.diffusion.redirection import Redirection, redirecting
from engines.diffusion.sampling import Plan, Sampler, Scene, noise_like
from engines.diffusion.schedule import Noising, Prediction, Schedule
from engines.diffusion.studio import Room

STOCHASTIC, INVERSION, FEW_STEPS = "stochastic", "inversion", "few-step"

_PRESETS = {
    STOCHASTIC: {"fast": 20, "balanced": 50, "best": 100},
    INVERSION: {"fast": 20, "balanced": 40, "best": 60},
    FEW_STEPS: {"fast": 4, "balanced": 6, "best": 8},
}
"""Steps of the whole schedule. *balanced* is what is published."""

_STRENGTH = {STOCHASTIC: 0.8, INVERSION: 1.0, FEW_STEPS: 1.0}
_GUIDANCE = {STOCHASTIC: 9.0, INVERSION: 9.0, FEW_STEPS: 3.0}

_SUPPRESSED = 0.25
"""The share of the evaluations with suppression: 10 of 40."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The options, with what was left to the preset filled in."""

    variant: str
    plan: Plan
    guidance: float
    suppression: float
    suppressed: int
    layers: str
    seed: int
    prediction: str
    freeu: bool

    @classmethod
    def of(cls, options: Options) -> Settings:
        """``steps``, ``strength`` and ``guidance`` of 0 and ``suppression_steps`` of -1 follow the preset."""
        variant = str(options["variant"])
        steps = int(options["steps"]) or _PRESETS[variant][str(options["preset"])]
        strength = float(options["strength"]) or _STRENGTH[variant]
        plan = Plan(steps, 1.0 if variant == INVERSION else strength)
        chosen = int(options["suppression_steps"])
        evaluations = steps if variant == FEW_STEPS else len(plan.timesteps(Schedule(Noising())))
        return cls(
            variant=variant,
            plan=plan,
            guidance=float(options["guidance"]) or _GUIDANCE[variant],
            suppression=float(options["suppression"]),
            suppressed=round(_SUPPRESSED * evaluations) if chosen < 0 else chosen,
            layers=str(options["layers"]),
            seed=int(options["seed"]),
            prediction=str(options["prediction"]),
            freeu=bool(options["freeu"]),
        )

    @property
    def evaluations(self) -> int:
        """How often both branches are evaluated."""
        return self.plan.steps if self.variant == FEW_STEPS else len(self.plan.timesteps(Schedule(Noising())))

    def layer_range(self, unet: Any) -> tuple[int, int]:
        """The layers that are redirected, half-open: the decoder's, or those that the person has named."""
        there = len(self_attentions(unet))
        if self.layers == "decoder":
            return decoder_layers(unet)
        first, dash, last = self.layers.partition("-")
        if not (dash and first.isdecimal() and last.isdecimal() and int(first) < int(last) <= there):
            raise EngineError(
                Fault.BAD_INPUT,
                f"Option layers cannot be {self.layers!r}.",
                f"It must be decoder, or first-last with a last of at most {there}, such as 7-16.",
            )
        return int(first), int(last)

    def noising(self, checkpoint: Noising) -> Noising:
        if self.prediction == "auto":
            return checkpoint
        return replace(checkpoint, prediction=Prediction(self.prediction))


class AttentiveEraser(StudioEraser):
    """Erases a crop with the checkpoint that it was set up with."""

    def walk(self, crop: Crop, options: Options) -> Walk:
        return partial(self._walk, crop, Settings.of(options))

    def _walk(self, crop: Crop, settings: Settings, room: Room, canvas: Canvas, ctx: Context) -> Tensor:
        unet = room.parts.parts()[0]
        first, last = settings.layer_range(unet)
        depth = levels(unet)
        state = Redirection(
            rows=canvas.rows(depth),
            keys=canvas.keys(depth),
            last=settings.evaluations,
            suppressed=settings.suppressed,
            scale=settings.suppression,
            chunk=room.way.rows,
        )
        condition = self._studio.condition("", canvas.frame.work, room)
        shared = first >= decoder_layers(unet)[0]
        progress = Progress(canvas, crop, ctx, settings.evaluations * (2 if settings.variant == INVERSION else 1))
        self._announce(settings, canvas, room, ctx)
        with ExitStack() as stack:
            stack.enter_context(torch.inference_mode())
            stack.enter_context(redirecting(self_attentions(unet)[first:last], state))
            stack.enter_context(listening(unet, progress.hear))
            if settings.freeu:
                stack.enter_context(freeu(unet, self._studio.facts))
            sampler = Sampler(
                Denoiser(unet, condition, shared=shared),
                Schedule(settings.noising(self._studio.facts.noising), self._studio.facts.offset),
                Scene(canvas.clean, canvas.latent_hole, settings.guidance),
                state,
                progress.watch,
            )
            return _sampled(sampler, settings)

    def _announce(self, settings: Settings, canvas: Canvas, room: Room, ctx: Context) -> None:
        """Say how long it will take, before it starts, where that is long."""
        latent = (canvas.clean.shape[2], canvas.clean.shape[3])
        per_step = 3 if settings.variant == INVERSION else 2
        duration = pace.seconds(self._studio.facts, latent, per_step * settings.evaluations, room.device)
        words = f"about {pace.in_words(duration)} on {room.device}"
        ctx.step(0.0, f"erasing: {settings.evaluations} steps, {words}")
        if duration > _LONG:
            ctx.tell(f"{settings.evaluations} steps of this checkpoint were estimated to take {words}.")


_LONG = 60.0
"""Seconds from which the estimate is kept among the notes."""


def _sampled(sampler: Sampler, settings: Settings) -> Tensor:
    draw = noise_like(sampler.scene.clean, settings.seed)
    match settings.variant:
        case "inversion":
            return sampler.inverting(settings.plan.steps)
        case "few-step":
            return sampler.few_steps(settings.plan, draw)
        case _:
            return sampler.stochastic(settings.plan, draw)
