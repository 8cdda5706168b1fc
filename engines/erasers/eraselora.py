"""EraseLoRA (arXiv 2512.21545): learns the background of one picture, then paints it where the object was.

Of the method only what is published could be followed; what it leaves open is decided in ``engines.diffusion``:
``partition`` (what is foreign), ``background`` (losses), ``tuning`` (the adapter). No parity is claimed.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

import engines.diffusion.packages  # noqa: F401 - before anything else imports diffusers
from engines.core.context import Context
from engines.core.engine import Options
from engines.diffusion import pace
from engines.diffusion.canvas import Canvas, Crop, Progress, Walk
from engines.diffusion.denoiser import Condition, Denoiser, Prompted
from engines.diffusion.describing import described
from engines.diffusion.eraser import StudioEraser
from engines.diffusion.layers import UNet, decoder_layers, levels, self_attentions
from engines.diffusion.listening import listening
from engines.diffusion.memory_modes import Mode
from engines.diffusion.partition import Partition, outlined, partition, read_labels
from engines.diffusion.redirection import Redirection, redirecting
from engines.diffusion.sampling import Plan, Sampler, Scene, TwoBranch, noise_like
from engines.diffusion.schedule import Schedule
from engines.diffusion.studio import Room, Studio
from engines.diffusion.text import joined, token_runs
from engines.diffusion.tuning import Lesson, Subject, adapter, tune

_ITERATIONS = {"fast": 100, "balanced": 250, "best": 500}
_STEPS = {"fast": 25, "balanced": 50, "best": 50}
_LEARNT = 0.7
"""The share of the time that learning takes."""

_BACKWARDS = 3.0
"""What an iteration costs in evaluations: forwards once, and backwards twice as much."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The options, with what was left to the preset filled in."""

    lesson: Lesson
    plan: Plan
    labels: tuple[str, ...]
    describer: str
    prompt_guidance: float
    redirect: float

    @classmethod
    def of(cls, options: Options) -> Settings:
        preset = str(options["preset"])
        return cls(
            lesson=Lesson(
                iterations=int(options["iterations"]) or _ITERATIONS[preset],
                rank=int(options["rank"]),
                rate=float(options["rate"]),
                seed=int(options["seed"]),
                early=bool(options["early"]),
            ),
            plan=Plan(int(options["steps"]) or _STEPS[preset], 1.0),
            labels=read_labels(str(options["background"])),
            describer=str(options["describer"]),
            prompt_guidance=float(options["prompt_guidance"]),
            redirect=float(options["redirect"]),
        )


class EraseLora(StudioEraser):
    """Each crop is learnt anew; nothing of it stays with the checkpoint."""

    modes = (Mode.FULL, Mode.OFFLOAD)  # learning goes through all layers at once

    def walk(self, crop: Crop, options: Options) -> Walk:
        return partial(self._walk, crop, Settings.of(options))

    def _walk(self, crop: Crop, settings: Settings, room: Room, canvas: Canvas, ctx: Context) -> Tensor:
        labels = settings.labels
        if settings.describer:
            labels = labels or described(settings.describer, outlined(canvas.picture, canvas.hole))
        size = (canvas.clean.shape[2], canvas.clean.shape[3])
        parts = partition(canvas.hole, canvas.foreign, size, labels)
        run = _Run(self._studio, room, settings, crop, canvas, parts)
        with adapter(run.unet, settings.lesson):
            run.learn(ctx.part(0.0, _LEARNT))
            with torch.inference_mode():
                return run.paint(ctx.part(_LEARNT, 1 - _LEARNT))


@dataclass(frozen=True, slots=True, eq=False)
class _Run:
    """One crop on its way: what is learnt about it, and with that painted."""

    studio: Studio
    room: Room
    settings: Settings
    crop: Crop
    canvas: Canvas
    parts: Partition

    @property
    def unet(self) -> UNet:
        return self.room.parts.parts()[0]

    @property
    def schedule(self) -> Schedule:
        return Schedule(self.studio.facts.noising, self.studio.facts.offset)

    @property
    def condition(self) -> Condition:
        """The names of the background, as the U-Net is told them."""
        return self.studio.condition(joined(self.parts.labels), self.canvas.frame.work, self.room)

    def learn(self, ctx: Context) -> None:
        """Tune the adapter that the U-Net has; how long that takes is told before it begins."""
        if not self.parts.background.any():
            ctx.tell("Nothing of the background is left to learn from: it was painted without.")
            return
        if self.parts.shrunk:
            ctx.tell("So much was marked as foreign that its farthest parts were taken for background.")
        labels, lesson = self.parts.labels, self.settings.lesson
        runs = token_runs(self.studio.checkpoint.encoders()[0], labels) if labels else ()
        subject = Subject(self.canvas.clean, self.parts, self.condition, runs)
        watch = _Lesson(ctx, lesson.iterations, self._expected())
        frugal = self.studio.facts.sdxl and self.room.device != "cpu"
        with _checkpointing(self.unet, frugal), listening(self.unet, watch.hear):
            tune(self.unet, subject, self.schedule, lesson, watch.watch)

    def paint(self, ctx: Context) -> Tensor:
        """From noise to the clean latent, with what has been learnt."""
        steps, depth = self.settings.plan.steps, levels(self.unet)
        progress = Progress(self.canvas, self.crop, ctx, steps)
        state = Redirection(
            rows=self.canvas.rows(depth),
            keys=self.canvas.keys(depth),
            last=steps,
            suppressed=round(steps / 4),
            chunk=self.room.way.rows,
        )
        branches, guidance = self._branches()
        first, end = decoder_layers(self.unet)
        with ExitStack() as stack:
            stack.enter_context(listening(self.unet, progress.hear))
            if self.settings.redirect:
                stack.enter_context(redirecting(self_attentions(self.unet)[first:end], state))
            scene = Scene(self.canvas.clean, self.canvas.latent_hole, guidance)
            sampler = Sampler(branches, self.schedule, scene, state, progress.watch)
            return sampler.stochastic(self.settings.plan, noise_like(self.canvas.clean, self.settings.lesson.seed))

    def _expected(self) -> float:
        """Seconds that learning will take, at most."""
        latent = (self.canvas.clean.shape[2], self.canvas.clean.shape[3])
        evaluations = _BACKWARDS * self.settings.lesson.iterations
        return pace.seconds(self.studio.facts, latent, evaluations, self.room.device)

    def _branches(self) -> tuple[TwoBranch, float]:
        """What predicts, and how much the difference of its branches counts: away from the object, or to the words."""
        if self.settings.redirect:
            return Denoiser(self.unet, self.condition, shared=True), self.settings.redirect
        empty = self.studio.condition("", self.canvas.frame.work, self.room)
        return Prompted(self.unet, empty, self.condition), self.settings.prompt_guidance


@contextmanager
def _checkpointing(unet: UNet, wanted: bool) -> Iterator[None]:
    """Let learning compute parts twice instead of keeping them, where it would need too much memory else."""
    if wanted:
        unet.enable_gradient_checkpointing()
    try:
        yield
    finally:
        if wanted:
            unet.disable_gradient_checkpointing()


class _Lesson:
    """Reports learning: how far it is, and how long the rest will take once that has been seen."""

    def __init__(self, ctx: Context, total: int, expected: float) -> None:
        self._ctx, self._total, self._done = ctx, total, 0
        self._begin = time.monotonic()
        words = f"up to {total} iterations, about {pace.in_words(expected)}"
        ctx.step(0.0, f"learning this picture's background: {words}")
        if expected > _LONG:
            ctx.tell(f"Learning this picture's background was estimated to take {words}.")

    def hear(self, share: float) -> None:
        self._ctx.step(min((self._done + share) / self._total, 1.0), self._note())

    def watch(self, done: int, loss: float) -> None:
        self._done = done
        self._ctx.step(done / self._total, f"{self._note()}, error {loss:.3f}")

    def _note(self) -> str:
        note = f"learning this picture's background, {self._done} of {self._total}"
        if self._done < 3:
            return note
        left = (time.monotonic() - self._begin) / self._done * (self._total - self._done)
        return f"{note}, at most {pace.in_words(left)} left"


_LONG = 60.0
"""Seconds from which the estimate is kept among the notes."""
