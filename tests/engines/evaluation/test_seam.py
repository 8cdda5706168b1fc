"""A rim that shows is told from one that does not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.core.types import Alpha, Pixels
from engines.evaluation.seam import Seam, seam
from tests.conftest import background


def hole() -> Alpha:
    alpha = np.zeros((80, 100), np.uint8)
    alpha[30:50, 40:70] = 255
    return alpha


def slope(steepness: int = 1) -> Pixels:
    return np.repeat(np.repeat(np.arange(100)[None, :, None] * steepness, 80, axis=0), 3, axis=2).astype(np.uint8)


@pytest.mark.parametrize("picture", [np.full((80, 100, 3), 120, np.uint8), slope(), slope(2)], ids=["flat", "1", "2"])
def test_a_picture_as_it_is_has_no_seam(picture: Pixels) -> None:
    assert seam(picture, hole()) == Seam(0.0, 0.0)


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 60))
def test_another_level_inside_is_a_step_of_just_that(step: int) -> None:
    picture = np.full((80, 100, 3), 120, np.uint8)
    picture[hole() > 0] += np.uint8(step)
    assert seam(picture, hole()).colour == pytest.approx(step)
    assert seam(picture, hole()).gradient == 0.0


def test_a_flat_fill_in_a_slope_breaks_the_gradient() -> None:
    """The left and right rims part slopes of 2 and 0; along the upper and lower ones nothing changes downwards."""
    picture = slope(2)
    picture[hole() > 0] = 110
    across, along = 2 * 20, 2 * 30
    assert seam(picture, hole()).gradient == pytest.approx(2 * across / (across + along))


def test_what_is_lively_around_the_hole_hides_a_step() -> None:
    calm, lively = background(80, 100), background(80, 100)
    lively = np.clip(lively + np.random.default_rng(1).normal(0, 25, lively.shape), 0, 255).astype(np.uint8)
    for picture in (calm, lively):
        picture[hole() > 0] = np.minimum(picture[hole() > 0].astype(int) + 12, 255)
    assert seam(lively, hole()).colour < seam(calm, hole()).colour


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 5), st.integers(1, 5), st.integers(0, 255))
def test_any_size_and_any_mask_has_a_figure(height: int, width: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    picture = rng.integers(0, 256, (height, width, 3)).astype(np.uint8)
    alpha = (rng.integers(0, 2, (height, width)) * 255).astype(np.uint8)
    found = seam(picture, alpha)
    assert found.colour >= 0
    assert found.gradient >= 0
    assert np.isfinite([found.colour, found.gradient]).all()


def test_the_whole_picture_has_no_rim() -> None:
    assert seam(background(80, 100), np.full((80, 100), 255, np.uint8)) == Seam(0.0, 0.0)
