"""Colours that meet at the rim, grain as strong as around: laws that hold for any fill."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.core.types import Alpha, FloatImage
from engines.pipeline.match import match_colour, match_grain
from tests.conftest import background


def photo(height: int = 128, width: int = 160) -> FloatImage:
    return np.asarray(background(height, width) / 255, np.float32)


def hole(height: int = 128, width: int = 160) -> Alpha:
    alpha = np.zeros((height, width), np.uint8)
    alpha[40:90, 50:110] = 255
    return alpha


def noisy(sigma: float, size: tuple[int, int] = (200, 240), seed: int = 0) -> FloatImage:
    noise = np.random.default_rng(seed).normal(0, sigma, (*size, 1))
    return np.asarray(np.clip(0.5 + noise, 0, 1).repeat(3, axis=2), np.float32)


@settings(deadline=None, max_examples=20)
@given(st.lists(st.floats(-0.2, 0.2), min_size=3, max_size=3))
def test_a_fill_that_is_off_by_one_colour_everywhere_is_put_right(shift: list[float]) -> None:
    image, alpha = photo() * 0.5 + 0.25, hole()
    filled = np.asarray(image + np.array(shift, np.float32), np.float32)
    assert np.abs(match_colour(image, filled, alpha) - image).max() < 0.01


def test_a_shift_that_grows_across_the_hole_is_put_right_too() -> None:
    image, alpha = photo() * 0.5 + 0.25, hole()
    ramp = np.linspace(-0.1, 0.1, image.shape[1], dtype=np.float32)[None, :, None]
    assert np.abs(match_colour(image, np.asarray(image + ramp, np.float32), alpha) - image).max() < 0.02


def test_a_fill_that_meets_its_surroundings_stays_as_it_is() -> None:
    image, alpha = photo(), hole()
    filled = image.copy()
    filled[alpha > 0] = 0.3
    assert np.array_equal(match_colour(image, filled, alpha), filled)


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (20, 3)])
def test_a_fill_of_the_whole_picture_is_left(size: tuple[int, int]) -> None:
    image, full = photo(*size), np.full(size, 255, np.uint8)
    filled = np.full_like(image, 0.3)
    assert np.array_equal(match_colour(image, filled, full), filled)
    assert np.array_equal(match_grain(image, filled, full), filled)


@settings(deadline=None, max_examples=15)
@given(st.floats(0.01, 0.08), st.integers(0, 5))
def test_a_smooth_fill_gets_the_noise_around_it(sigma: float, seed: int) -> None:
    image, alpha = noisy(sigma), hole(200, 240)
    filled = np.where(alpha[..., None] > 0, np.float32(0.5), image)
    result = match_grain(image, filled, alpha, seed)
    inside = alpha > 0
    assert result[inside].std() == pytest.approx(sigma, rel=0.2)
    assert result[inside].mean() == pytest.approx(0.5, abs=0.01)
    assert np.array_equal(result[~inside], filled[~inside])
    assert np.array_equal(result, match_grain(image, filled, alpha, seed))


def test_soft_grain_stays_soft() -> None:
    """Noise of two by two pixels: neighbours are alike, in the hole as around it."""
    coarse = np.random.default_rng(1).normal(0, 0.05, (100, 120, 1)).repeat(2, axis=0).repeat(2, axis=1)
    image = np.asarray(np.clip(0.5 + coarse, 0, 1).repeat(3, axis=2), np.float32)
    alpha = hole(200, 240)
    filled = np.where(alpha[..., None] > 0, np.float32(0.5), image)
    inside = match_grain(image, filled, alpha)[40:90, 50:110, 0]
    neighbours = np.corrcoef(inside[:, :-1].ravel(), inside[:, 1:].ravel())[0, 1]
    assert inside.std() > 0.02
    assert neighbours > 0.35


def test_a_fill_with_grain_enough_stays_as_it_is() -> None:
    image, alpha = noisy(0.02), hole(200, 240)
    filled = np.where(alpha[..., None] > 0, noisy(0.05, seed=9), image)
    assert np.array_equal(match_grain(image, filled, alpha), filled)


def test_structure_is_not_taken_for_grain() -> None:
    rows = np.indices((200, 240))[0]
    stripes = np.asarray((0.3 + 0.4 * (rows // 10 % 2))[..., None].repeat(3, axis=2), np.float32)
    alpha = hole(200, 240)
    filled = np.where(alpha[..., None] > 0, np.float32(0.5), stripes)
    assert np.array_equal(match_grain(stripes, filled, alpha), filled)
