"""Attentive Eraser as an engine, on tiny checkpoints: what it tells, how it keeps memory, what it leaves alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engines.catalog import load_catalog
from engines.core.context import Context
from engines.core.engine import Setup
from engines.core.faults import Cancelled, EngineError, Fault
from engines.core.types import Alpha, FloatImage, Mask
from engines.diffusion import memory_modes
from engines.diffusion.checkpoint import Facts, open_checkpoint
from engines.diffusion.compact import compact
from engines.diffusion.layers import self_attentions
from engines.diffusion.memory_modes import Mode, Placed, Way, choose, need, ways
from engines.diffusion.schedule import Noising
from engines.erasers.attentive import AttentiveEraser, Settings
from engines.pipeline import region
from engines.pipeline.job import Job
from tests.conftest import background
from tests.tiny_checkpoints import save_folder

CARD = load_catalog()["attentive-eraser"]
SDXL = Facts(True, Noising(), 1024, 8, 32, 2048, 2_567_463_684, 83_653_863)
SD15 = Facts(False, Noising(), 512, 8, 64, 768, 859_520_964, 83_653_863)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_folder(tmp_path_factory.mktemp("checkpoint") / "tiny")


@pytest.fixture(scope="module")
def engine(folder: Path) -> Iterator[AttentiveEraser]:
    engine = AttentiveEraser(Setup(CARD, {"sd1": folder}))
    yield engine
    engine.close()


def options(**given: Any) -> dict[str, Any]:
    return CARD.resolve({"preset": "fast", **given})


def view(h: int = 96, w: int = 128) -> FloatImage:
    return np.divide(background(h, w), 255, dtype=np.float32)


def hole(h: int = 96, w: int = 128) -> Alpha:
    alpha = np.zeros((h, w), np.uint8)
    alpha[30:60, 40:80] = 255
    return alpha


def test_the_seed_and_every_way_matter(engine: AttentiveEraser) -> None:
    ways_taken: list[dict[str, Any]] = [
        {},
        {"seed": 1},
        {"variant": "inversion"},
        {"variant": "few-step"},
        {"guidance": 3.0},
        {"suppression": 1.0},
        {"suppression_steps": 1},
        {"layers": "0-16"},
        {"layers": "7-10"},
        {"strength": 0.5},
        {"steps": 5},
        {"prediction": "v_prediction"},
        {"freeu": True},
        {"preset": "balanced"},
        {"spread": 16.0},
        {"grain": False},
    ]
    results = [engine.erase(view(), hole(), options(**given), Context()) for given in ways_taken]
    for number, result in enumerate(results):
        assert result.shape == view().shape
        assert all(not np.array_equal(result, other) for other in results[:number]), ways_taken[number]
    assert np.array_equal(engine.erase(view(), hole(), options(), Context()), results[0])


def test_inversion_knows_no_chance(engine: AttentiveEraser) -> None:
    results = [
        engine.erase(view(), hole(), options(variant="inversion", steps=4, seed=seed), Context()) for seed in (0, 9)
    ]
    assert np.array_equal(results[0], results[1])


def test_what_must_not_be_copied_from_is_not_looked_at(engine: AttentiveEraser) -> None:
    avoid = np.zeros_like(hole())
    avoid[:30, 90:] = 255
    plain = engine.erase(view(), hole(), options(), Context())
    avoiding = engine.erase_avoiding(view(), hole(), avoid, options(), Context())
    nothing = engine.erase_avoiding(view(), hole(), np.zeros_like(avoid), options(), Context())
    inside = hole() > 0
    assert np.array_equal(plain, nothing)
    assert not np.array_equal(plain[inside], avoiding[inside])


def test_previews_show_the_hole_filling_in_its_surroundings(engine: AttentiveEraser) -> None:
    shown: list[FloatImage] = []
    done: list[float] = []

    def report(share: float, note: str, preview: FloatImage | None) -> None:
        done.append(share)
        if preview is not None:
            shown.append(preview)

    engine.erase(view(), hole(), options(), Context(report=report, wants_preview=True))
    assert len(shown) == 16
    outside = hole() == 0
    assert all(np.array_equal(picture[outside], view()[outside]) for picture in shown)
    assert not np.array_equal(shown[0], shown[-1])
    assert done == sorted(done)
    engine.erase(view(), hole(), options(), Context(report=report))
    assert len(shown) == 16  # nobody asked


def test_cancel_is_heard_within_an_evaluation_and_leaves_the_network_as_it_was(engine: AttentiveEraser) -> None:
    before = engine.erase(view(), hole(), options(), Context())
    for calls_allowed in (1, 3, 30, 100):
        calls: list[int] = []

        def cancelled(calls: list[int] = calls, allowed: int = calls_allowed) -> bool:
            calls.append(1)
            return len(calls) > allowed

        with pytest.raises(Cancelled):
            engine.erase(view(), hole(), options(), Context(cancelled=cancelled))
        assert len(calls) == calls_allowed + 1
    assert np.array_equal(engine.erase(view(), hole(), options(), Context()), before)
    (room,) = engine._studio._rooms.values()
    unet = room.parts.parts()[0]
    assert {type(layer.processor).__name__ for layer in self_attentions(unet)} == {"AttnProcessor2_0"}
    assert not any(module._forward_pre_hooks for module in unet.modules())


def test_large_pictures_are_scaled_not_tiled(engine: AttentiveEraser) -> None:
    image = background(700, 900)
    alpha = np.zeros((700, 900), np.uint8)
    alpha[200:500, 300:650] = 255
    job = Job(engine, CARD, options(steps=4))
    (patch,) = region.erase(job, image, Mask.of(alpha), Context())
    assert patch.box.w >= 650  # half of the hole's side on every side of it, and more
    result = image.copy()
    patch.paint(result)
    assert np.array_equal(result[alpha == 0], image[alpha == 0])
    assert not np.array_equal(result[alpha > 0], image[alpha > 0])


def test_a_full_mask_is_told_to_be_too_much(engine: AttentiveEraser) -> None:
    ctx = Context()
    out = engine.erase(view(), np.full((96, 128), 255, np.uint8), options(steps=4), ctx)
    assert np.isfinite(out).all()
    assert any("covers nearly all" in note for note in ctx.notes)


def test_an_estimate_of_the_time_is_told_before_the_start(
    engine: AttentiveEraser, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    ctx = Context(report=lambda share, note, preview: said.append(note))
    monkeypatch.setattr("engines.diffusion.pace.speed", lambda device, dtype: 1e6)
    engine.erase(view(), hole(), options(steps=4), ctx)
    announced = next(n for n, note in enumerate(said) if "about" in note)
    assert said[announced].startswith("erasing: 3 steps, about ")
    assert all("step 1 of" not in note for note in said[:announced])
    assert any("were estimated to take" in note for note in ctx.notes)


class TestMemory:
    def test_modes_ascend_from_quick_to_frugal(self) -> None:
        for facts in (SD15, SDXL):
            for device in ("cuda:0", "cpu"):
                needs = [need(facts, way, device, facts.side**2) for way in ways(device)]
                assert needs == sorted(needs, reverse=True)
        assert need(SDXL, Way(Mode.SEQUENTIAL, tiled=True), "cuda:0", 1024**2) < 4e9

    def test_the_quickest_that_fits_is_taken(self) -> None:
        needs = {way: need(SDXL, way, "cuda:0", 1024**2) for way in ways("cuda:0")}
        assert choose(needs, 24_000_000_000) == Way(Mode.FULL)
        assert choose(needs, 10_000_000_000) == Way(Mode.FULL, tiled=True)
        assert choose(needs, 7_300_000_000) == Way(Mode.OFFLOAD, tiled=True)
        assert choose(needs, 4_000_000_000).mode is Mode.SEQUENTIAL
        assert choose(needs, 1).mode is Mode.SEQUENTIAL

    @pytest.mark.parametrize("way", [Way(Mode.OFFLOAD), Way(Mode.SEQUENTIAL, rows=16), Way(Mode.FULL, tiled=True)])
    def test_every_way_gives_the_same_picture(self, folder: Path, way: Way, monkeypatch: pytest.MonkeyPatch) -> None:
        """The ways of a graphics card, tried on the CPU."""
        usual = AttentiveEraser(Setup(CARD, {"sd1": folder})).erase(view(), hole(), options(), Context())
        monkeypatch.setattr("engines.diffusion.studio.ways", lambda device: (way,))
        monkeypatch.setattr("engines.diffusion.studio.weight_bytes", lambda device, mode: 4)
        engine = AttentiveEraser(Setup(CARD, {"sd1": folder}))
        for _ in range(2):
            np.testing.assert_allclose(engine.erase(view(), hole(), options(), Context()), usual, atol=2e-3)
        engine.close()

    def test_compact_weights_are_half_as_large_and_nearly_as_good(self, folder: Path) -> None:
        engine = AttentiveEraser(Setup(CARD, {"sd1": folder}))
        usual = engine.erase(view(), hole(), options(memory="full"), Context())
        frugal = engine.erase(view(), hole(), options(memory="compact"), Context())
        np.testing.assert_allclose(frugal, usual, atol=0.02)
        (room,) = engine._studio._rooms.values()
        unet = room.parts.parts()[0]
        held = sum(p.numel() * p.element_size() for p in unet.parameters())
        assert held < 0.52 * 4 * sum(p.numel() for p in unet.parameters())

    def test_compact_layers_give_their_memory_back_after_a_failure(self) -> None:
        layer = torch.nn.Linear(4, 4).half()
        compact(layer)
        with pytest.raises(RuntimeError):
            layer(torch.zeros(1, 3))
        assert layer.weight.dtype == torch.float16
        assert layer(torch.zeros(1, 4)).dtype == torch.float32

    def test_running_out_goes_on_more_frugally_and_says_so(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        real = Placed.unet

        def short(self: Placed) -> Any:
            if self._way.mode is Mode.FULL:
                raise torch.OutOfMemoryError("CUDA out of memory.")
            return real(self)

        monkeypatch.setattr(memory_modes.Placed, "unet", short)
        engine, ctx = AttentiveEraser(Setup(CARD, {"sd1": folder})), Context()
        assert engine.erase(view(), hole(), options(steps=4), ctx).shape == view().shape
        assert any("ran out in the mode full; it went on in the mode compact" in note for note in ctx.notes)
        with pytest.raises(EngineError) as error:
            engine.erase(view(), hole(), options(memory="full"), Context())
        assert error.value.fault is Fault.OUT_OF_MEMORY

    def test_little_memory_is_told_before_the_start(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        engine, ctx = AttentiveEraser(Setup(CARD, {"sd1": folder})), Context()
        monkeypatch.setattr("engines.diffusion.studio._free", lambda device: 1000)
        engine.erase(view(), hole(), options(steps=4), ctx)
        assert any("GB are free: it may run out" in note for note in ctx.notes)


def test_presets_are_steps_and_what_is_set_goes_before_them() -> None:
    assert [Settings.of(CARD.resolve({"preset": name})).evaluations for name in ("fast", "balanced", "best")] == [
        16,
        40,
        80,
    ]
    chosen = Settings.of(CARD.resolve({"preset": "best", "steps": 10, "strength": 1.0, "suppression_steps": 3}))
    assert (chosen.evaluations, chosen.suppressed) == (10, 3)
    quick = Settings.of(CARD.resolve({"variant": "few-step", "preset": "fast"}))
    assert (quick.evaluations, quick.guidance, quick.plan.strength) == (4, 3.0, 1.0)
    assert Settings.of(CARD.resolve({"variant": "inversion"})).evaluations == 40


def test_a_checkpoint_of_another_family_is_refused(folder: Path) -> None:
    assert AttentiveEraser.recognise(folder) == "sd1"
    with pytest.raises(EngineError, match="is a checkpoint of Stable Diffusion 1, not of SDXL"):
        AttentiveEraser(Setup(CARD, {"sdxl": folder}))


def test_construction_reads_no_weights(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(self: object, dtype: torch.dtype) -> None:
        raise AssertionError(dtype)

    monkeypatch.setattr(type(open_checkpoint(folder)), "unet", never)
    AttentiveEraser(Setup(CARD, {"sd1": folder}))
