"""StrokeFill with the weights it ships with: it erases, large letters from coarse to fine, on both runtimes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engines.catalog import load_catalog
from engines.core.context import Context
from engines.core.engine import Backend, Setup
from engines.core.paths import models_dir
from engines.core.types import Alpha, FloatImage, Mask
from engines.erasers.strokefill import StrokeFillEngine
from engines.pipeline import region
from engines.pipeline.job import Job
from tests.conftest import background, with_text
from tests.engines.test_strokes import box, sign

CARD = load_catalog()["strokefill"]
WEIGHTS = {CARD.weights[0].file: models_dir() / "bundled" / CARD.weights[0].file}


@pytest.fixture(scope="module")
def engine() -> StrokeFillEngine:
    return StrokeFillEngine(Setup(CARD, WEIGHTS))


def erased(engine: StrokeFillEngine, image: FloatImage, hole: Alpha) -> FloatImage:
    job = Job(engine, CARD, CARD.resolve({}))
    result = image.copy()
    for patch in region.erase(job, image, Mask.of(hole), Context()):
        patch.paint(result)
    return result


def psnr(result: FloatImage, truth: FloatImage, hole: Alpha) -> float:
    inside = hole > 0
    return float(-10 * np.log10(((result - truth)[inside] ** 2).mean()))


@pytest.mark.parametrize("dark", [False, True])
def test_the_bundled_weights_erase_a_sign_in_a_loose_box(engine: StrokeFillEngine, dark: bool) -> None:
    image, truth, _ = sign()
    hole = box().astype(np.uint8) * 255
    if dark:
        image, truth = np.ascontiguousarray(1 - image), 1 - truth
    assert psnr(erased(engine, image, hole), truth, hole) > psnr(image, truth, hole) + 12


def large_letters() -> tuple[FloatImage, FloatImage, Alpha]:
    truth = background(420, 700)
    image = with_text(truth, "BIG", (80, 60), 300)
    hole = np.zeros((420, 700), np.uint8)
    hole[60:380, 60:640] = 255
    return np.asarray(image / 255, np.float32), np.asarray(truth / 255, np.float32), hole


def test_letters_larger_than_any_it_has_learnt_are_erased(engine: StrokeFillEngine) -> None:
    image, truth, hole = large_letters()
    assert psnr(erased(engine, image, hole), truth, hole) > psnr(image, truth, hole) + 8


def test_coarse_looks_come_first_and_are_shown(engine: StrokeFillEngine) -> None:
    image, _, hole = large_letters()
    shown: list[FloatImage] = []

    def report(done: float, note: str, preview: FloatImage | None) -> None:
        if preview is not None:
            shown.append(preview)

    part = (slice(0, 384), slice(0, 640))
    engine.erase(image[part].copy(), hole[part].copy(), {}, Context(report=report, wants_preview=True))
    assert len(shown) == 2
    changed = [np.abs(preview - image[part]).mean() for preview in shown]
    assert min(changed) > 0.01


def test_onnx_equals_torch_for_other_sizes(engine: StrokeFillEngine, tmp_path: Path) -> None:
    path = tmp_path / "strokefill.onnx"
    engine.export_onnx(path)
    assert engine.compare_onnx(path) < 1e-4
    other = StrokeFillEngine(replace(Setup(CARD, WEIGHTS), backend=Backend.ONNX, onnx=path))
    image, _, hole = large_letters()
    part = (slice(0, 384), slice(0, 640))
    ours = engine.erase(image[part].copy(), hole[part].copy(), {}, Context())
    theirs = other.erase(image[part].copy(), hole[part].copy(), {}, Context())
    assert np.abs(ours - theirs).max() < 1e-3
