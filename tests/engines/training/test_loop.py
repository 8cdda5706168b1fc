"""A run learns, can be stopped at any moment, and goes on where it was."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from engines.core.context import Context
from engines.core.faults import Cancelled, EngineError, Fault
from engines.nets.strokefill import StrokeFill
from engines.runtime.torch_load import load_network, read_state
from engines.training.batch import collate
from engines.training.checkpoint import Checkpoint
from engines.training.loop import Settings, Trainer, hole_psnr
from engines.training.recipes import RECIPES, Stage, Switches, recipe_for
from tests.engines.training.fake_source import BarSource, bar_sample

QUICK = Settings(
    "strokefill",
    Path(),
    minutes=0.08,
    stages=(Stage(0.0, 64, 4),),
    learning_rate=2e-3,
    average=0.9,
    held_out=4,
    held_out_side=64,
)


def test_a_run_learns_and_leaves_weights_log_plot_and_sheet(tmp_path: Path) -> None:
    torch.manual_seed(3)
    source = BarSource()
    outcome = Trainer(replace(QUICK, folder=tmp_path)).run(source, Context())
    before = collate(source.held_out(4, 64))
    assert outcome.hole_psnr > hole_psnr(before.image, before) + 1
    assert outcome.samples == 4 * outcome.steps == len(source.heard)
    network = load_network(StrokeFill, outcome.weights, "cpu")
    with torch.inference_mode():
        again = network(before.image, before.mask).image.clamp(0, 1)
    assert hole_psnr(again, before) == pytest.approx(outcome.hole_psnr, abs=0.01)
    with (tmp_path / "log.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert float(rows[-1]["hole_psnr"]) == pytest.approx(outcome.hole_psnr)
    with Image.open(tmp_path / "sheet.png") as sheet, Image.open(tmp_path / "log.png") as plot:
        assert sheet.size == (4 * 68, 4 * 68)
        assert plot.size[0] > 100


class StopAfter:
    def __init__(self, steps: int) -> None:
        self.left = steps

    def __call__(self) -> bool:
        self.left -= 1
        return self.left < 0


def test_a_stopped_run_goes_on_where_it_was(tmp_path: Path) -> None:
    settings = replace(QUICK, folder=tmp_path, minutes=60)
    with pytest.raises(Cancelled):
        Trainer(settings).run(BarSource(), Context(cancelled=StopAfter(3)))
    stopped = Checkpoint.load(tmp_path / "strokefill.checkpoint")
    assert (stopped.step, stopped.samples) == (3, 12)
    resumed = Trainer(replace(settings, resume=True))
    with pytest.raises(Cancelled):
        resumed.run(BarSource(), Context(cancelled=StopAfter(0)))
    again = Checkpoint.load(tmp_path / "strokefill.checkpoint")
    assert again.step == 3
    assert again.trained >= stopped.trained
    assert all(torch.equal(again.network[name], tensor) for name, tensor in stopped.network.items())
    assert all(torch.equal(again.average[name], tensor) for name, tensor in stopped.average.items())


def test_a_spent_budget_gives_a_resumed_run_a_schedule_of_its_own(tmp_path: Path) -> None:
    settings = replace(QUICK, folder=tmp_path, minutes=0.01)
    first = Trainer(settings).run(BarSource(), Context())
    source = BarSource()
    second = Trainer(replace(settings, resume=True)).run(source, Context())
    assert second.steps > first.steps
    assert source.difficulties[0] < 0.5


def test_resuming_without_a_checkpoint_is_told(tmp_path: Path) -> None:
    with pytest.raises(EngineError) as told:
        Trainer(replace(QUICK, folder=tmp_path, resume=True))
    assert told.value.fault is Fault.WEIGHTS_INVALID


def test_a_checkpoint_that_would_run_code_is_refused(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return print, ("executed",)

    path = tmp_path / "strokefill.checkpoint"
    torch.save({"network": Trap()}, path)
    with pytest.raises(EngineError) as told:
        Checkpoint.load(path)
    assert told.value.fault is Fault.WEIGHTS_INVALID


def test_fine_tuning_starts_from_the_given_weights(tmp_path: Path) -> None:
    first = Trainer(replace(QUICK, folder=tmp_path / "a", minutes=0.01)).run(BarSource(), Context())
    tuned = Trainer(replace(QUICK, folder=tmp_path / "b", start=first.weights))
    state = read_state(first.weights)
    assert all(torch.equal(tensor, state[name]) for name, tensor in tuned._network.state_dict().items())
    outcome = tuned.run(BarSource(), Context())
    assert outcome.start_psnr == pytest.approx(first.hole_psnr, abs=0.01)


@pytest.mark.parametrize("engine", sorted(RECIPES))
@pytest.mark.parametrize("switches", [Switches(), Switches(triplet=0.05)], ids=["plain", "triplet"])
def test_every_recipe_lowers_its_loss_on_one_batch(engine: str, switches: Switches) -> None:
    torch.manual_seed(5)
    recipe = recipe_for(engine, switches)
    if engine == "deeperaser":
        recipe.iterations = 2  # type: ignore[attr-defined]
    rng = np.random.default_rng(1)
    batch = collate([bar_sample(rng, 64) for _ in range(2)])
    optimiser = torch.optim.Adam((p for p in recipe.network.parameters() if p.requires_grad), lr=3e-4)
    seen = []
    for _ in range(6):
        terms, restored = recipe.terms(batch, progress=0.5)
        loss = torch.stack(list(terms.values())).sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        seen.append(loss.item())
    assert restored.shape == batch.image.shape
    assert ("triplet" in terms) == bool(switches.triplet)
    assert min(seen[1:]) < 0.99 * seen[0]


def test_the_adversary_joins_late_and_trains_with_the_eraser(tmp_path: Path) -> None:
    settings = replace(QUICK, folder=tmp_path, minutes=0.05, switches=Switches(adversarial=0.01))
    trainer = Trainer(settings)
    before = [p.clone() for p in trainer._adversary.critic.parameters()]
    trainer.run(BarSource(), Context())
    after = list(trainer._adversary.critic.parameters())
    assert any(not torch.equal(a, b) for a, b in zip(before, after, strict=True))


def test_an_unknown_engine_is_told() -> None:
    with pytest.raises(EngineError) as told:
        recipe_for("classical", Switches())
    assert "strokefill" in told.value.hint
