"""DeepEraser as an engine: near the hole only, on tiles without a seam, soft masks, previews, both backends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from engines.core.context import Context
from engines.core.engine import Backend, Setup
from engines.core.faults import Cancelled, EngineError, Fault
from engines.core.types import Alpha, FloatImage, Mask
from engines.erasers import deeperaser as module
from engines.erasers.deeperaser import MARGIN, DeepEraserEngine
from engines.nets.deeperaser import DeepEraser
from engines.pipeline import region
from engines.pipeline.job import Job
from tests.engines.erasers.conftest import CATALOG, hole, setup_of, view
from tests.parity.golden import assert_close, golden

CARD = CATALOG["deeperaser"]
LEVEL = 1 / 255
PASSES = {"iterations": 3}


@pytest.fixture(scope="module")
def network(deeperaser_weights: Path) -> DeepEraser:
    made = DeepEraser()
    made.load_state_dict(load_file(deeperaser_weights))
    return made.eval()


def plain(network: DeepEraser, image: FloatImage, alpha: Alpha, iterations: int) -> FloatImage:
    """The network's own forward pass over all that is shown."""
    with torch.inference_mode():
        shown = torch.from_numpy(image.transpose(2, 0, 1)[None].copy())
        restored = network(shown, torch.from_numpy(alpha[None, None] / np.float32(255)), iterations)[-1]
    return np.asarray(restored[0].permute(1, 2, 0).clamp(0, 1))


def largest(ours: FloatImage, theirs: FloatImage, alpha: Alpha) -> float:
    return float(np.abs(ours - theirs)[alpha > 0].max())


def spy(monkeypatch: pytest.MonkeyPatch, engine: DeepEraserEngine, stage: str) -> list[tuple[int, int]]:
    """The (height, width) of what ``stage`` is given from now on."""
    seen: list[tuple[int, int]] = []
    original: Callable[..., tuple[Tensor, ...]] = getattr(engine._stages, stage)

    def watched(value: Tensor, *rest: object) -> tuple[Tensor, ...]:
        seen.append((value.shape[-2], value.shape[-1]))
        return original(value, *rest)

    monkeypatch.setattr(engine._stages, stage, watched)
    return seen


def test_a_recorded_result_comes_out_of_the_engine(deeperaser: DeepEraserEngine) -> None:
    recorded = golden("deeperaser_64x64")
    alpha = recorded["mask_u8"] * np.uint8(255)
    image = (recorded["image_u8"] / 255).astype(np.float32)
    out = deeperaser.erase(image, alpha, {"iterations": 8}, Context())
    wanted = recorded["rec_iter8"].transpose(1, 2, 0).clip(0, 1)
    assert_close("inside the hole", out[alpha > 0], wanted[alpha > 0], 3e-5)
    assert np.array_equal(out[alpha == 0], image[alpha == 0])


def test_iterations_near_the_hole_equal_those_on_all(
    deeperaser: DeepEraserEngine, network: DeepEraser, monkeypatch: pytest.MonkeyPatch
) -> None:
    image, alpha = view(96, 128), hole(96, 128, slice(40, 56), slice(50, 80))
    areas = spy(monkeypatch, deeperaser, "iterate")
    ours = deeperaser.erase(image, alpha, {"iterations": 8}, Context())
    assert areas == [(16 + 2 * MARGIN, 30 + 2 * MARGIN)] * 8
    assert largest(ours, plain(network, image, alpha, 8), alpha) < 1e-4


def test_far_holes_do_not_pay_for_what_lies_between(
    deeperaser: DeepEraserEngine, network: DeepEraser, monkeypatch: pytest.MonkeyPatch
) -> None:
    image, alpha = view(72, 192), hole(72, 192, slice(30, 46), slice(8, 24))
    alpha[30:46, 170:186] = 255
    areas = spy(monkeypatch, deeperaser, "iterate")
    ours = deeperaser.erase(image, alpha, PASSES, Context())
    assert len(areas) == 2 * 3
    assert max(width for _, width in areas) <= 16 + 2 * MARGIN
    assert largest(ours, plain(network, image, alpha, 3), alpha) < 1e-4


@pytest.mark.parametrize("iterations", [1, 5])
def test_the_number_of_iterations_is_the_networks(
    deeperaser: DeepEraserEngine, network: DeepEraser, iterations: int
) -> None:
    image, alpha = view(40, 48), hole(40, 48, slice(12, 24), slice(10, 30))
    ours = deeperaser.erase(image, alpha, {"iterations": iterations}, Context())
    assert largest(ours, plain(network, image, alpha, iterations), alpha) < 1e-4


def test_a_soft_mask_stays_soft(deeperaser: DeepEraserEngine, network: DeepEraser) -> None:
    image, alpha = view(40, 48), hole(40, 48, slice(12, 24), slice(10, 30), coverage=100)
    soft = deeperaser.erase(image, alpha, PASSES, Context())
    assert largest(soft, plain(network, image, alpha, 3), alpha) < 1e-4
    assert largest(soft, plain(network, image, np.where(alpha > 0, np.uint8(255), alpha), 3), alpha) > LEVEL


def test_every_iteration_is_shown_to_who_wants_to_see(deeperaser: DeepEraserEngine) -> None:
    image, alpha = view(40, 48), hole(40, 48, slice(12, 24), slice(10, 30))
    shown: list[FloatImage] = []
    notes: list[str] = []

    def report(done: float, note: str, preview: FloatImage | None) -> None:
        notes.append(note)
        if preview is not None:
            shown.append(preview)

    result = deeperaser.erase(image, alpha, PASSES, Context(report, wants_preview=True))
    assert notes[-3:] == ["pass 1 of 3", "pass 2 of 3", "pass 3 of 3"]
    assert len(shown) == 3
    assert np.array_equal(shown[-1], result)
    for before, after in zip([image, *shown[:-1]], shown, strict=True):
        assert largest(before, after, alpha) > 1e-3
        assert np.array_equal(after[alpha == 0], image[alpha == 0])
    shown.clear()
    deeperaser.erase(image, alpha, PASSES, Context(report))
    assert shown == []


@pytest.mark.parametrize("stop_at", ["reading the region", "pass 2 of 3"])
def test_cancel_is_heard_at_the_next_step(
    deeperaser: DeepEraserEngine, monkeypatch: pytest.MonkeyPatch, stop_at: str
) -> None:
    image, alpha = view(40, 48), hole(40, 48, slice(12, 24), slice(10, 30))
    iterated = spy(monkeypatch, deeperaser, "iterate")
    notes: list[str] = []
    ctx = Context(report=lambda done, note, _: notes.append(note), cancelled=lambda: stop_at in notes)
    with pytest.raises(Cancelled):
        deeperaser.erase(image, alpha, PASSES, ctx)
    assert notes.count(stop_at) == 1
    assert len(iterated) == (0 if stop_at.startswith("reading") else 3)


def test_progress_only_grows(deeperaser: DeepEraserEngine) -> None:
    alpha = hole(72, 192, slice(30, 46), slice(8, 24))
    alpha[30:46, 170:186] = 255
    done: list[float] = []
    deeperaser.erase(view(72, 192), alpha, PASSES, Context(report=lambda share, *_: done.append(share)))
    assert done == sorted(done)
    assert done[-1] == pytest.approx(1)


def test_replayed_moments_equal_the_whole_and_the_encoder_stays_near_the_hole(
    deeperaser: DeepEraserEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    image, alpha = view(128, 160), hole(128, 160, slice(56, 66), slice(60, 80))
    whole = deeperaser.erase(image, alpha, PASSES, Context())
    tiles = deeperaser.for_tiles(image, alpha, PASSES, Context())
    encoded = spy(monkeypatch, deeperaser, "encode_tile")
    assert largest(tiles.erase(image, alpha, PASSES, Context()), whole, alpha) < 5e-4
    assert encoded == [(10 + 2 * (MARGIN + 27), 20 + 2 * (MARGIN + 27))]


def test_tiles_show_no_seam(deeperaser: DeepEraserEngine) -> None:
    """A hole over several tiles comes out as if erased at once; with moments of their own, tiles do not."""
    image, alpha = view(72, 320), hole(72, 320, slice(26, 42), slice(20, 300))
    whole = _by_region(deeperaser, image, alpha, max_side=320)
    assert largest(_by_region(deeperaser, image, alpha, max_side=160), whole, alpha) < LEVEL
    assert largest(_by_region(_Naive(deeperaser), image, alpha, max_side=160), whole, alpha) > 10 * LEVEL


class _Naive(DeepEraserEngine):
    """Lets every tile use its own moments."""

    def __init__(self, engine: DeepEraserEngine) -> None:
        self._stages, self._notes = engine._stages, []

    def for_tiles(self, *_: object) -> DeepEraserEngine:
        return self


def _by_region(engine: DeepEraserEngine, image: FloatImage, alpha: Alpha, max_side: int) -> FloatImage:
    card = replace(CARD, min_side=64, max_side=max_side, context=40)
    result = image.copy()
    for patch in region.erase(Job(engine, card, PASSES), image, Mask.of(alpha), Context()):
        patch.paint(result)
    return result


def test_a_large_view_is_measured_on_windows_of_it(
    deeperaser: DeepEraserEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WINDOW", 32)
    monkeypatch.setattr(module, "WINDOWS", 4)
    image, alpha = view(128, 192), hole(128, 192, slice(50, 60), slice(60, 80))
    measured = spy(monkeypatch, deeperaser, "encode")
    tiles = deeperaser.for_tiles(image, alpha, PASSES, Context())
    assert measured == [(32, 32)]
    assert np.isfinite(tiles.erase(image, alpha, PASSES, Context())).all()


def test_nothing_is_done_for_an_empty_mask(deeperaser: DeepEraserEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    encoded = spy(monkeypatch, deeperaser, "encode")
    image = view(40, 48)
    assert np.array_equal(deeperaser.erase(image, np.zeros((40, 48), np.uint8), PASSES, Context()), image)
    assert encoded == []


@pytest.mark.parametrize("prefix", ["", "module."])
def test_the_published_layout_loads(deeperaser_weights: Path, tmp_path: Path, prefix: str) -> None:
    state = {prefix + name: tensor for name, tensor in load_file(deeperaser_weights).items()}
    torch.save(state, tmp_path / "deeperaser.pth")
    image, alpha = view(24, 24), hole(24, 24, slice(8, 16), slice(8, 16))
    engine = DeepEraserEngine(setup_of(CARD, tmp_path / "deeperaser.pth"))
    ours = DeepEraserEngine(setup_of(CARD, deeperaser_weights))
    assert np.array_equal(engine.erase(image, alpha, PASSES, Context()), ours.erase(image, alpha, PASSES, Context()))


def test_onnx_equals_torch_for_other_sizes_and_iterations(
    deeperaser: DeepEraserEngine, deeperaser_weights: Path, deeperaser_onnx: Path
) -> None:
    assert deeperaser.compare_onnx(deeperaser_onnx) < 1e-4
    engine = DeepEraserEngine(setup_of(CARD, deeperaser_weights, deeperaser_onnx))
    image, alpha = view(56, 88), hole(56, 88, slice(20, 30), slice(30, 60))
    for iterations in (1, 6):
        ours, theirs = (
            made.erase(image, alpha, {"iterations": iterations}, Context()) for made in (engine, deeperaser)
        )
        assert largest(ours, theirs, alpha) < 1e-4
    tiled = engine.for_tiles(image, alpha, PASSES, Context()).erase(image, alpha, PASSES, Context())
    assert largest(tiled, deeperaser.erase(image, alpha, PASSES, Context()), alpha) < 5e-4
    engine.close()


def test_onnx_without_a_model_is_told_and_torch_does_not_take_over(deeperaser_weights: Path) -> None:
    with pytest.raises(EngineError, match="export-onnx deeperaser") as error:
        DeepEraserEngine(Setup(CARD, {"w": deeperaser_weights}, backend=Backend.ONNX))
    assert error.value.fault is Fault.NO_BACKEND
