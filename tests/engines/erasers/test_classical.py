"""The classical engine beats plain inpainting of the whole box, and keeps the depth of a deep source."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from engines.catalog import load_catalog
from engines.core.context import Context
from engines.core.engine import Setup
from engines.core.types import Mask
from engines.erasers.classical import Classical
from engines.pipeline import region
from engines.pipeline.job import Job
from tests.conftest import background
from tests.engines.test_strokes import box, sign

CARD = load_catalog()["classical"]
METHODS = next(option.choices for option in CARD.options if option.name == "method")
ALPHA = box().astype(np.uint8) * 255


def psnr(result: np.ndarray, truth: np.ndarray, hole: np.ndarray) -> float:
    return float(-10 * np.log10(((result - truth)[hole] ** 2).mean()))


def erased(image: np.ndarray, **options: bool | int | str) -> np.ndarray:
    return Classical(Setup(CARD, {})).erase(image, ALPHA, CARD.resolve(options), Context())


@pytest.mark.parametrize("seed", [5, 6, 7])
def test_strokes_alone_beat_the_whole_box_by_far(seed: int) -> None:
    image, truth, _ = sign(seed=seed)
    eight_bit = np.rint(image * 255).astype(np.uint8)
    telea = cv2.inpaint(eight_bit, ALPHA, 3, cv2.INPAINT_TELEA).astype(np.float32) / 255
    ours = psnr(erased(image), truth, box())
    assert ours > psnr(telea, truth, box()) + 1
    assert ours > 30


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("strokes", [True, False])
def test_every_method_fills_the_hole(method: str, strokes: bool) -> None:
    image, truth, _ = sign()
    result = erased(image, method=method, strokes=strokes)
    assert psnr(result, truth, box()) > psnr(image, truth, box()) + 3


def test_a_deep_gradient_gets_no_bands() -> None:
    """Over a slow 16-bit ramp an 8-bit fill would leave steps of 257."""
    ramp = np.linspace(20_000, 21_000, 300)
    image = np.rint(np.repeat(np.repeat(ramp[None, :, None], 120, 0), 3, 2)).astype(np.uint16)
    alpha = np.zeros((120, 300), np.uint8)
    alpha[40:80, 100:200] = 255
    job = Job(Classical(Setup(CARD, {})), CARD, CARD.resolve({"strokes": False}))
    result = image.copy()
    for patch in region.erase(job, image, Mask.of(alpha), Context()):
        patch.paint(result)
    steps = np.abs(np.diff(result[60, 100:200, 0].astype(int)))
    assert steps.max() < 60
    assert len(np.unique(result[60, 100:200, 0])) > 50


def test_the_same_input_gives_the_same_result() -> None:
    image = background(130, 270).astype(np.float32) / 255
    assert np.array_equal(erased(image), erased(image))
