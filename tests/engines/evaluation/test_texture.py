"""The patch distance likes the right texture in the wrong place better than a blur in the right one."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.core.types import Alpha, Pixels
from engines.evaluation.texture import patch_distance
from tests.conftest import background

HOLE = np.zeros((160, 200), np.uint8)
HOLE[40:120, 50:150] = 255


def stripes(shift: int = 0, contrast: float = 50, across: bool = False) -> Pixels:
    """A grainy texture of stripes 11 pixels apart."""
    rows, columns = np.indices(HOLE.shape)
    wave = np.sin(2 * np.pi * ((rows if across else columns) + shift) / 11)
    grain = np.random.default_rng(shift).normal(0, 8, HOLE.shape)
    return np.repeat(np.clip(120 + contrast * wave + grain, 0, 255)[..., None], 3, axis=2).astype(np.uint8)


def filled(truth: Pixels, other: Pixels) -> Pixels:
    return np.where(HOLE[..., None] > 0, other, truth)


def psnr(result: Pixels, truth: Pixels) -> float:
    return float(-10 * np.log10(np.square((result / 255 - truth / 255)[HOLE > 0]).mean()))


def test_a_shifted_texture_is_near_though_its_psnr_is_poor() -> None:
    truth = stripes()
    shifted, blurred = filled(truth, stripes(5)), filled(truth, cv2.GaussianBlur(truth, (0, 0), 6))
    assert psnr(shifted, truth) < psnr(blurred, truth)
    assert patch_distance(shifted, truth, HOLE) < 0.5 * patch_distance(blurred, truth, HOLE)


def test_the_same_picture_is_at_distance_zero() -> None:
    truth = background(160, 200)
    assert patch_distance(truth, truth.copy(), HOLE) == 0.0


@pytest.mark.parametrize(
    "other",
    [stripes(across=True), stripes(contrast=15), stripes() // 2, np.full((160, 200, 3), 120, np.uint8)],
    ids=["other direction", "faint", "darker", "flat"],
)
def test_another_texture_is_far(other: Pixels) -> None:
    truth = stripes()
    same = patch_distance(filled(truth, stripes(5)), truth, HOLE)
    assert patch_distance(filled(truth, other), truth, HOLE) > 1.5 * same


def test_it_grows_with_the_blur() -> None:
    truth = stripes()
    far = [patch_distance(filled(truth, cv2.GaussianBlur(truth, (0, 0), s)), truth, HOLE) for s in (0.7, 1.5, 3, 6)]
    assert far == sorted(far)
    assert far[0] > 0


def test_what_lies_far_from_the_hole_does_not_count() -> None:
    truth, result = stripes(), stripes(5)
    altered = [picture.copy() for picture in (truth, result)]
    for picture in altered:
        picture[:4, :4] = 0
    assert patch_distance(altered[1], altered[0], HOLE) == patch_distance(result, truth, HOLE)


def test_faint_noise_on_a_flat_wall_is_no_great_difference() -> None:
    wall = np.full((160, 200, 3), 128, np.uint8)
    noisy = wall + (np.random.default_rng(1).random(wall.shape) < 0.1).astype(np.uint8)
    assert patch_distance(filled(wall, noisy), wall, HOLE) < 0.2


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32 - 1), st.data())
def test_any_size_gives_a_figure_that_is_zero_only_for_equals(h: int, w: int, seed: int, data: st.DataObject) -> None:
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 256, (h, w, 3), dtype=np.uint8)
    hole: Alpha = np.zeros((h, w), np.uint8)
    y, x = data.draw(st.integers(0, h - 1)), data.draw(st.integers(0, w - 1))
    hole[y:, x:] = 1
    other = truth.copy()
    other[y, x] ^= 128
    assert patch_distance(truth, truth, hole) == 0
    far = patch_distance(other, truth, hole)
    assert np.isfinite(far)
    assert far > 0
    assert patch_distance(other, truth, hole) == far


@pytest.mark.parametrize(
    ("result", "hole", "words"),
    [
        (np.zeros((160, 199, 3), np.uint8), HOLE, "cannot compare"),
        (np.zeros((160, 200, 3), np.uint8), HOLE[:, 1:], "cannot compare"),
        (np.zeros((160, 200, 3), np.float32), HOLE, "uint8"),
        (np.zeros((160, 200, 3), np.uint8), HOLE * 0, "no pixel"),
    ],
    ids=["size", "hole", "depth", "empty"],
)
def test_what_does_not_fit_is_refused(result: np.ndarray, hole: Alpha, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        patch_distance(result, stripes(), hole)
