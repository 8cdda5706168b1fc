"""Trains an eraser for as long as it is given, and can be stopped at any moment."""

from __future__ import annotations

import copy
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor, nn

from engines.core.context import Context
from engines.core.faults import EngineError, Fault
from engines.runtime.torch_load import load_strictly, read_state
from engines.training import report, schedule
from engines.training.adversary import Adversary
from engines.training.batch import Batch, collate
from engines.training.checkpoint import Checkpoint, save_weights
from engines.training.policy import StylePolicy
from engines.training.recipes import LATE, Recipe, Stage, Switches, recipe_for
from engines.training.synthesis import Sample

CHECKPOINT_SECONDS = 90.0
VALIDATION_SECONDS = 300.0
_LOG_STEPS = 50
_CLIP = 1.0
_SHEET_ROWS = 8
_PASS = 8


class Source(Protocol):
    """Where samples come from."""

    def take(self, count: int, side: int, difficulty: float) -> Sequence[Sample]:
        """The next ``count`` samples of ``side`` x ``side`` pixels."""
        ...

    def learn(self, losses: Sequence[float]) -> None:
        """Hear how hard each of the last samples was, to choose the next ones by."""
        ...

    def held_out(self, count: int, side: int) -> Sequence[Sample]:
        """Always the same samples, of fonts and backgrounds that ``take`` never gives."""
        ...


@dataclass(frozen=True, slots=True)
class Settings:
    """``folder``: where checkpoints, weights, log and sheets go. ``start``: weights to begin with (fine-tuning).

    ``average``: the decay of the moving average whose weights are kept. ``stages``: other than the recipe's own.
    """

    engine: str
    folder: Path
    minutes: float
    device: str = "cpu"
    resume: bool = False
    start: Path | None = None
    switches: Switches = field(default_factory=Switches)
    learning_rate: float | None = None
    average: float = 0.999
    stages: tuple[Stage, ...] = ()
    held_out: int = 48
    held_out_side: int = 256


@dataclass(frozen=True, slots=True)
class Outcome:
    """``weights``: the averaged weights; ``hole_psnr``: dB inside the hole on the held-out samples.

    ``start_psnr``: the same for the weights that the run began with, where it was given any.
    """

    weights: Path
    steps: int
    samples: int
    hole_psnr: float
    start_psnr: float | None = None


class Trainer:
    """One run. ``run`` returns when the time is over; ``Cancelled`` leaves a checkpoint behind.

    ``policy``: the style policy of the source, whose state belongs into the checkpoint.
    """

    def __init__(self, settings: Settings, policy: StylePolicy | None = None) -> None:
        self._settings = settings
        self._policy = policy
        self._recipe: Recipe = recipe_for(settings.engine, settings.switches)
        network = self._recipe.network.to(settings.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._network: nn.Module = network.train()
        if settings.start is not None:
            load_strictly(self._network, read_state(settings.start), settings.start)
        trained = [p for p in self._network.parameters() if p.requires_grad]
        self._optimiser = torch.optim.AdamW(trained, lr=1e-4, betas=(0.9, 0.99), weight_decay=1e-5)
        self._peak = settings.learning_rate or self._recipe.learning_rate
        self._adversary = Adversary(settings.switches.adversarial, settings.device)
        self._step, self._samples = 0, 0
        self._budget, self._trained = settings.minutes * 60, 0.0
        settings.folder.mkdir(parents=True, exist_ok=True)
        if settings.resume:
            self._restore_checkpoint()
        else:
            self._average = copy.deepcopy(self._network).eval().requires_grad_(False)
        self._log = report.Log(settings.folder / "log.csv")

    @property
    def _checkpoint_path(self) -> Path:
        return self._settings.folder / f"{self._settings.engine}.checkpoint"

    @property
    def weights_path(self) -> Path:
        return self._settings.folder / f"{self._settings.engine}.safetensors"

    @property
    def position(self) -> int:
        """The number of the batch to go on with."""
        return self._step

    def run(self, source: Source, ctx: Context) -> Outcome:
        """Train until the budget is spent; ``ctx.step`` at every step."""
        held_out = collate(source.held_out(self._settings.held_out, self._settings.held_out_side))
        tunes = self._settings.start is not None and not self._settings.resume
        start = hole_psnr(self._restored(held_out), held_out) if tunes else None
        clock = _Clock(self._trained)
        saved = validated = clock.seconds
        score = float("nan")
        try:
            while clock.seconds < self._budget:
                self._trained = clock.seconds
                progress = self._trained / self._budget
                ctx.step(progress, f"{self._samples} samples, {score:.2f} dB held out")
                loss = self._train_step(source, progress)
                if self._step % _LOG_STEPS == 0:
                    self._write_row(clock.seconds, loss, {})
                if clock.seconds - saved > CHECKPOINT_SECONDS:
                    self._save()
                    saved = clock.seconds
                if clock.seconds - validated > VALIDATION_SECONDS:
                    score = self._validate(held_out, clock.seconds)
                    validated = clock.seconds
        finally:
            self._trained = clock.seconds
            self._save()
        score = self._validate(held_out, clock.seconds)
        return Outcome(self.weights_path, self._step, self._samples, score, start)

    def _train_step(self, source: Source, progress: float) -> dict[str, float]:
        stage = schedule.stage(progress, self._settings.stages or self._recipe.stages(self._settings.device))
        samples = source.take(stage.batch, stage.side, schedule.difficulty(progress))
        batch = collate(samples).to(self._settings.device)
        for group in self._optimiser.param_groups:
            group["lr"] = schedule.learning_rate(progress, self._peak)
        with self._precision():
            terms, restored = self._recipe.terms(batch, progress)
        if self._adversary.weight and progress >= LATE:
            self._adversary.learn(restored.float(), batch)
            terms["adversarial"] = self._adversary.term(restored.float(), batch)
        loss = torch.stack(list(terms.values())).sum()
        if not torch.isfinite(loss):
            raise EngineError(Fault.INTERNAL, "Training has diverged.", "Resume with a lower --learning-rate.")
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self._network.parameters(), _CLIP)
        self._optimiser.step()
        self._step += 1
        self._samples += len(samples)
        self._average_weights()
        source.learn(_hardness(restored.detach(), batch))
        return {"loss": loss.item(), **{name: term.item() for name, term in terms.items()}}

    def _precision(self) -> torch.autocast:
        """bfloat16 where it is quick (CUDA); on CPUs without matrix units float32 is quicker."""
        kind = self._settings.device.partition(":")[0]
        return torch.autocast(kind, torch.bfloat16, enabled=kind == "cuda")

    def _average_weights(self) -> None:
        share = 1 - schedule.average_decay(self._step, self._settings.average)
        with torch.no_grad():
            averaged, current = self._average.state_dict(), self._network.state_dict()
            torch._foreach_lerp_(list(averaged.values()), list(current.values()), share)

    @torch.inference_mode()
    def _validate(self, held_out: Batch, seconds: float) -> float:
        """The averaged network's PSNR inside the hole, in the log, the plot and a sheet."""
        restored = self._restored(held_out)
        score = hole_psnr(restored, held_out)
        before = hole_psnr(held_out.image, held_out)
        self._write_row(seconds, {}, {"hole_psnr": score, "input_psnr": before})
        first = slice(0, _SHEET_ROWS)
        shown = held_out.image + held_out.mask * (restored - held_out.image)
        red = torch.tensor([1.0, 0.2, 0.2]).view(1, 3, 1, 1)
        masked = torch.lerp(held_out.image, red.expand_as(held_out.image), 0.4 * held_out.mask)
        columns = [held_out.image[first], masked[first], shown[first], held_out.truth[first]]
        report.write_sheet(self._settings.folder / "sheet.png", columns)
        if report.can_plot():
            report.plot(self._log, self._settings.folder / "log.png")
        return score

    @torch.inference_mode()
    def _restored(self, held_out: Batch) -> Tensor:
        """What the averaged network makes of the pictures, a few at a time."""
        device = self._settings.device
        parts = [
            self._recipe.restore(self._average, image.to(device), mask.to(device)).clamp(0, 1).float().cpu()
            for image, mask in zip(torch.split(held_out.image, _PASS), torch.split(held_out.mask, _PASS), strict=True)
        ]
        return torch.cat(parts)

    def _write_row(self, seconds: float, loss: Mapping[str, float], scores: Mapping[str, float]) -> None:
        columns = ("loss", "l1", "gradient", "pyramid", "stroke", "ghost", "coverage", "triplet", "adversarial")
        rate = self._optimiser.param_groups[0]["lr"]
        row: dict[str, float | str] = {"step": self._step, "samples": self._samples, "seconds": round(seconds, 1)}
        row["learning_rate"] = rate
        row |= {name: loss.get(name, "") for name in columns}
        row |= {name: scores.get(name, "") for name in ("hole_psnr", "input_psnr")}
        self._log.add(row)

    def _save(self) -> None:
        """The checkpoint, and the averaged weights as inference takes them."""
        settings = self._settings
        state = self._network.state_dict()
        Checkpoint(
            engine=settings.engine,
            network=state,
            average=self._average.state_dict(),
            optimiser=self._optimiser.state_dict(),
            step=self._step,
            samples=self._samples,
            budget=self._budget,
            trained=self._trained,
            policy=_as_tensors(self._policy),
        ).save(self._checkpoint_path)
        save_weights(self.weights_path, self._average.state_dict())

    def _restore_checkpoint(self) -> None:
        """Go on where a run stopped: within its budget, or, where that is spent, with a new schedule."""
        checkpoint = Checkpoint.load(self._checkpoint_path)
        if checkpoint.engine != self._settings.engine:
            raise EngineError(Fault.BAD_INPUT, f"The checkpoint is of {checkpoint.engine}.", "Name another --out.")
        load_strictly(self._network, checkpoint.network, self._checkpoint_path)
        self._average = copy.deepcopy(self._network).eval().requires_grad_(False)
        load_strictly(self._average, checkpoint.average, self._checkpoint_path)
        self._optimiser.load_state_dict(dict(checkpoint.optimiser))
        self._step, self._samples = checkpoint.step, checkpoint.samples
        if self._policy is not None and checkpoint.policy:
            self._policy.restore({name: tensor.numpy() for name, tensor in checkpoint.policy.items()})
        if checkpoint.trained < checkpoint.budget:
            self._budget, self._trained = checkpoint.budget, checkpoint.trained


class _Clock:
    """Seconds of training, those of earlier runs included."""

    def __init__(self, before: float) -> None:
        self._start = time.monotonic() - before

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._start


def _as_tensors(policy: StylePolicy | None) -> dict[str, Tensor]:
    return {} if policy is None else {name: torch.from_numpy(value) for name, value in policy.state().items()}


def hole_psnr(restored: Tensor, batch: Batch) -> float:
    """Mean over the pictures of PSNR inside the hole, dB; pictures with nothing to erase are left out."""
    squares = ((restored - batch.truth) ** 2 * batch.mask).sum((1, 2, 3))
    area = batch.mask.sum((1, 2, 3)) * 3
    there = batch.stroke.sum((1, 2, 3)) > 0
    mse = (squares[there] / area[there]).clamp(min=1e-8)
    return float((-10 * torch.log10(mse)).mean())


def _hardness(restored: Tensor, batch: Batch) -> list[float]:
    """The mean error inside each picture's hole."""
    error = ((restored - batch.truth).abs() * batch.mask).sum((1, 2, 3))
    return [float(value) for value in error / (batch.mask.sum((1, 2, 3)) * 3 + 1)]
