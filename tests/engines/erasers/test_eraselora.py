"""EraseLoRA: partition, losses and tuning by themselves, and the engine on tiny checkpoints."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from torch import Tensor

from engines.catalog import load_catalog
from engines.core.context import Context
from engines.core.engine import Setup
from engines.core.faults import Cancelled, EngineError, Fault
from engines.core.types import Alpha, FloatImage
from engines.diffusion.background import LabelMaps, dominant, puzzle, reconstruction
from engines.diffusion.checkpoint import open_checkpoint
from engines.diffusion.denoiser import Condition, Denoiser
from engines.diffusion.layers import cross_attentions
from engines.diffusion.partition import partition, read_labels
from engines.diffusion.schedule import Noising, Schedule
from engines.diffusion.text import embedded, token_runs
from engines.diffusion.tuning import Lesson, Subject, adapter, tune
from engines.erasers.eraselora import EraseLora, Settings
from tests.conftest import background
from tests.tiny_checkpoints import save_folder

CARD = load_catalog()["erase-lora"]
LATENT = (8, 8)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_folder(tmp_path_factory.mktemp("checkpoint") / "tiny")


@pytest.fixture(scope="module")
def engine(folder: Path) -> Iterator[EraseLora]:
    engine = EraseLora(Setup(CARD, {"sd1": folder}))
    yield engine
    engine.close()


def options(**given: Any) -> dict[str, Any]:
    return CARD.resolve({"iterations": 3, "steps": 4, **given})


def view(h: int = 128, w: int = 128) -> FloatImage:
    return np.divide(background(h, w), 255, dtype=np.float32)


def hole(h: int = 128, w: int = 128) -> Alpha:
    alpha = np.zeros((h, w), np.uint8)
    alpha[50:80, 50:80] = 255
    return alpha


MASKS = hnp.arrays(np.uint8, (64, 64), elements=st.sampled_from([0, 0, 0, 255]), fill=st.just(0))


class TestPartition:
    @settings(deadline=None, max_examples=60)
    @given(target=MASKS, foreign=MASKS | st.just(np.full((64, 64), 255, np.uint8)))
    def test_the_parts_are_disjoint_and_together_everything(self, target: Alpha, foreign: Alpha) -> None:
        parts = partition(target, foreign, LATENT)
        total = sum(part.astype(int) for part in (parts.target, parts.foreign, parts.background))
        assert np.all(total == 1)
        left = parts.background.mean()
        possible = 1 - parts.target.mean()
        assert left >= min(0.1, possible)
        assert not (parts.certain & ~parts.background).any()
        assert parts.certain.any() == parts.background.any()

    def test_what_is_nearest_to_the_target_stays_foreign_longest(self) -> None:
        target = np.zeros((64, 64), np.uint8)
        target[:, :8] = 255
        parts = partition(target, np.full((64, 64), 255, np.uint8), LATENT)
        assert parts.shrunk
        assert parts.foreign[:, 1:7].all()
        assert parts.background[:, 7].sum() == 7

    def test_names_are_read_once_each(self) -> None:
        assert read_labels(" Grass, road,,grass , Blue Sky ") == ("grass", "road", "blue sky")
        assert read_labels("") == ()


class TestLosses:
    def test_reconstruction_counts_certain_background_alone(self) -> None:
        clean, found = torch.zeros(1, 4, 2, 2), torch.zeros(1, 4, 2, 2)
        found[..., 0, 0], found[..., 1, 1] = 1.0, 100.0
        seen = torch.tensor([[[[1.0, 1.0], [1.0, 0.0]]]])
        even = torch.tensor(0.5)  # as much signal as noise: weight 1
        assert float(reconstruction(found, clean, seen, even)) == pytest.approx(4 / 3)
        assert float(reconstruction(found, clean, seen, torch.tensor(0.99))) == pytest.approx(5 * 4 / 3)

    def test_the_strongest_label_by_hand(self) -> None:
        maps = torch.zeros(2, 4, 4)
        maps[0, :, :2], maps[1, :, 2:] = 0.02, 0.02
        expected = float(np.exp(2) / (np.exp(2) + 1))  # differences are multiplied by a hundred, not divided
        torch.testing.assert_close(dominant(maps), torch.full((4, 4), expected))
        allowed = torch.ones(4, 4)
        allowed[0] = 0
        a, y = expected * 16, 12.0
        assert float(puzzle(maps, allowed)) == pytest.approx(1 - 2 * expected * 12 / (a + y), abs=1e-5)

    def test_one_label_alone_teaches_nothing(self) -> None:
        maps = torch.rand(1, 4, 4, requires_grad=True)
        torch.autograd.backward(puzzle(maps, torch.ones(4, 4)))
        assert maps.grad is not None
        assert float(maps.grad.abs().max()) == 0
        clean = torch.zeros(1, 4, *LATENT)
        parts = partition(hole(64, 64), np.zeros((64, 64), np.uint8), LATENT)
        condition = Condition(torch.zeros(1, 4, 64))
        assert not Subject(clean, parts, condition, [[1]]).puzzles
        assert not Subject(clean, parts, condition, [[1], []]).puzzles
        assert Subject(clean, parts, condition, [[1], [3]]).puzzles

    def test_label_maps_are_means_over_layers_heads_and_words(self) -> None:
        maps = LabelMaps([[1, 2], [3]], {4: (2, 2)}, (4, 4))
        first, second = torch.rand(1, 3, 4, 5), torch.rand(1, 3, 4, 5)
        for layer in (first, second, torch.rand(1, 3, 16, 5)):  # the last one is of a grid that is not taken
            maps.add(layer)
        taken = maps.taken()
        assert taken.shape == (2, 4, 4)
        words = torch.stack([first, second]).mean((0, 1, 2))
        torch.testing.assert_close(taken[0].mean(), words[:, 1:3].mean())
        torch.testing.assert_close(taken[1].mean(), words[:, 3].mean())


def subject_of(folder: Path, labels: tuple[str, ...] = ()) -> Subject:
    checkpoint = open_checkpoint(folder)
    foreign = np.zeros((64, 64), np.uint8)
    foreign[:16, 40:] = 255
    parts = partition(hole(64, 64), foreign, LATENT, labels)
    generator = torch.Generator().manual_seed(5)
    clean = torch.randn(1, 4, 1, 1, generator=generator).expand(1, 4, *LATENT).contiguous()
    runs = token_runs(checkpoint.encoders()[0], labels) if labels else ()
    return Subject(clean, parts, Condition(embedded(checkpoint, ", ".join(labels))[0]), runs)


def weights_of(unet: Any) -> dict[str, Tensor]:
    return {name: tensor.clone() for name, tensor in unet.state_dict().items()}


def same(a: dict[str, Tensor], b: dict[str, Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def learnt(folder: Path, lesson: Lesson, labels: tuple[str, ...] = ()) -> list[float]:
    unet = open_checkpoint(folder).unet(torch.float32)
    with adapter(unet, lesson):
        return tune(unet, subject_of(folder, labels), Schedule(Noising()), lesson, lambda done, loss: None)


@pytest.mark.parametrize("labels", [(), ("grass", "sky", "road")])
def test_the_loss_falls_and_the_network_is_as_it_was_to_the_bit(folder: Path, labels: tuple[str, ...]) -> None:
    unet = open_checkpoint(folder).unet(torch.float32)
    before = weights_of(unet)
    processors = [layer.processor for layer in cross_attentions(unet)]
    x, condition = torch.randn(1, 4, *LATENT), Condition(torch.zeros(1, 20, 64))
    with torch.no_grad():
        answer = Denoiser(unet, condition, shared=False).plain(x, 300)
    lesson = Lesson(iterations=150, rank=8, rate=2e-3, early=False)
    with adapter(unet, lesson) as parameters:
        assert parameters
        assert all(parameter.dtype == torch.float32 for parameter in parameters)
        losses = tune(unet, subject_of(folder, labels), Schedule(Noising()), lesson, lambda done, loss: None)
        learnt = weights_of(unet)
        base = {name.replace(".base_layer", ""): t for name, t in learnt.items() if "lora_" not in name}
        assert same(base, before)  # while it is learnt, too
    assert len(losses) == 150
    assert np.mean(losses[-40:]) < 0.8 * np.mean(losses[:40])
    assert same(weights_of(unet), before)
    assert not any(parameter.requires_grad for parameter in unet.parameters())
    assert [layer.processor for layer in cross_attentions(unet)] == processors
    with torch.no_grad():
        assert torch.equal(Denoiser(unet, condition, shared=False).plain(x, 300), answer)


def test_learning_is_repeatable_and_the_labels_count(folder: Path) -> None:
    short = Lesson(iterations=4, early=False)
    runs = [learnt(folder, short), learnt(folder, short), learnt(folder, short, ("grass", "sky"))]
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]
    assert runs[0] != learnt(folder, Lesson(iterations=4, early=False, seed=1))


def test_learning_stops_where_nothing_is_gained(folder: Path) -> None:
    assert len(learnt(folder, Lesson(iterations=300, rate=1e-8, rank=4))) < 300


@pytest.mark.parametrize("failure", [Cancelled(), KeyboardInterrupt(), EngineError(Fault.OUT_OF_MEMORY, "none left")])
def test_whatever_ends_it_the_adapter_goes(folder: Path, failure: BaseException) -> None:
    unet = open_checkpoint(folder).unet(torch.float32)
    before = weights_of(unet)

    def ending(done: int, loss: float) -> None:
        if done == 2:
            raise failure

    lesson = Lesson(iterations=5)
    with pytest.raises(type(failure)), adapter(unet, lesson):
        tune(unet, subject_of(folder, ("grass", "sky")), Schedule(Noising()), lesson, ending)
    assert same(weights_of(unet), before)


def test_the_engine_learns_reports_and_paints(engine: EraseLora) -> None:
    said: list[tuple[float, str]] = []
    ctx = Context(report=lambda done, note, preview: said.append((done, note)))
    out = engine.erase(view(), hole(), options(), ctx)
    assert out.shape == view().shape
    shares = [done for done, _ in said]
    assert shares == sorted(shares)
    notes = [note for _, note in said]
    announced = next(n for n, note in enumerate(notes) if "up to 3 iterations, about" in note)
    assert announced < next(n for n, note in enumerate(notes) if "error" in note)
    assert any("3 of 3" in note and "error" in note for note in notes)
    assert any("erasing, step 4 of 4" in note for note in notes)


def test_every_option_counts_and_the_seed_repeats(engine: EraseLora) -> None:
    given: list[dict[str, Any]] = [
        {},
        {"seed": 3},
        {"background": "grass, sky"},
        {"background": "grass, sky", "prompt_guidance": 1.0},
        {"redirect": 5.0},
        {"iterations": 5},
        {"rank": 4},
        {"rate": 0.005},
        {"steps": 5},
    ]
    results = [engine.erase(view(), hole(), options(**each), Context()) for each in given]
    for number, result in enumerate(results):
        assert all(not np.array_equal(result, other) for other in results[:number]), given[number]
    assert np.array_equal(engine.erase(view(), hole(), options(), Context()), results[0])


def test_what_is_foreign_is_learnt_otherwise(engine: EraseLora) -> None:
    foreign = np.zeros_like(hole())
    foreign[:40, 90:] = 255
    results = [
        engine.erase_avoiding(view(), hole(), avoid, options(), Context())
        for avoid in (np.zeros_like(foreign), foreign)
    ]
    assert not np.array_equal(results[0], results[1])
    ctx = Context()
    engine.erase_avoiding(view(), hole(), np.full_like(foreign, 255), options(), ctx)
    assert any("farthest parts were taken for background" in note for note in ctx.notes)


def test_a_full_mask_leaves_nothing_to_learn(engine: EraseLora) -> None:
    ctx = Context()
    out = engine.erase(view(), np.full((128, 128), 255, np.uint8), options(), ctx)
    assert np.isfinite(out).all()
    assert any("Nothing of the background is left" in note for note in ctx.notes)


def test_cancel_is_heard_while_learning_and_nothing_stays(engine: EraseLora) -> None:
    before = engine.erase(view(), hole(), options(), Context())
    for allowed in (2, 40, 100, 150):
        calls: list[int] = []

        def cancelled(calls: list[int] = calls, allowed: int = allowed) -> bool:
            calls.append(1)
            return len(calls) > allowed

        with pytest.raises(Cancelled):
            engine.erase(view(), hole(), options(), Context(cancelled=cancelled))
        assert len(calls) == allowed + 1
    assert np.array_equal(engine.erase(view(), hole(), options(), Context()), before)


ANSWERS: list[object] = []
SHOWN: list[FloatImage] = []


def describe(picture: FloatImage) -> object:
    """What an installed plug-in offers: gives the next of ``ANSWERS``."""
    SHOWN.append(picture)
    answer = ANSWERS.pop(0)
    if isinstance(answer, Exception):
        raise answer
    return answer


def test_a_describer_names_the_background_where_nobody_has(engine: EraseLora, monkeypatch: pytest.MonkeyPatch) -> None:
    point = importlib.metadata.EntryPoint("mine", f"{__name__}:describe", "cleanplate.describers")
    points = importlib.metadata.EntryPoints([point])
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: points)
    ANSWERS.extend([["grass", "sky"], 3, ValueError("no model")])
    told = engine.erase(view(), hole(), options(describer="mine"), Context())
    assert np.array_equal(told, engine.erase(view(), hole(), options(background="grass, sky"), Context()))
    assert SHOWN[0].shape == (64, 64, 3)
    assert (np.abs(SHOWN[0] - (1, 0, 0)).sum(2) < 1e-6).any()  # the hole is outlined in red
    for name, words in (
        ("other", "There is no describer 'other' here. Installed are: mine"),
        ("mine", "gave no list of names"),
        ("mine", "The describer mine failed: no model"),
    ):
        with pytest.raises(EngineError) as error:
            engine.erase(view(), hole(), options(describer=name), Context())
        assert words in str(error.value)


def test_presets_are_iterations() -> None:
    chosen = [Settings.of(CARD.resolve({"preset": name})).lesson.iterations for name in ("fast", "balanced", "best")]
    assert chosen == [100, 250, 500]
    lesson = Settings.of(CARD.resolve({})).lesson
    assert (lesson.rank, lesson.rate) == (32, 1e-4)
