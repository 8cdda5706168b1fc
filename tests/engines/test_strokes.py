"""The stroke finder on drawn text: it finds the letters, leaves the surface, and fills all where it cannot tell."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.pipeline.membrane import membrane
from engines.pipeline.strokes import find_strokes
from tests.conftest import background, with_text

AT, BOX = (40, 40), (slice(36, 92), slice(30, 240))


def sign(words: str = "OPEN 24 h", seed: int = 5) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A drawn sign, its truth, and where its letters are."""
    truth = background(130, 270, seed)
    image = with_text(truth, words, AT, 40)
    letters = np.abs(image.astype(int) - truth).max(axis=2) > 12
    return image.astype(np.float32) / 255, truth.astype(np.float32) / 255, letters


def box() -> np.ndarray:
    hole = np.zeros((130, 270), bool)
    hole[BOX] = True
    return hole


def test_the_letters_in_a_loose_box_are_found_and_the_surface_is_left() -> None:
    image, _, letters = sign()
    found = find_strokes(image, box())
    assert (found.fill & letters).sum() > 0.99 * (letters & box()).sum()
    assert found.fill.sum() < 0.75 * box().sum()
    assert not (found.fill & ~box()).any()


def test_dark_letters_on_a_bright_gradient() -> None:
    image, _, letters = sign()
    inverted = 1 - image
    found = find_strokes(np.ascontiguousarray(inverted), box())
    assert (found.fill & letters).sum() > 0.99 * (letters & box()).sum()


def test_what_reaches_out_of_the_box_is_not_copied_from() -> None:
    image, _, letters = sign()
    hole = box()
    hole[70:] = False  # a loose stroke of the brush, which misses the feet of the letters
    found = find_strokes(image, hole)
    beyond = np.zeros_like(letters)
    beyond[70:73] = letters[70:73]
    assert (found.foul & beyond).sum() > 0.6 * beyond.sum() > 0
    assert not (found.foul & hole).any()


def test_a_hole_without_text_and_one_that_is_tight_are_filled_whole() -> None:
    plain = np.asarray(background(130, 270) / 255, np.float32)
    assert np.array_equal(find_strokes(plain, box()).fill, box())
    image, _, letters = sign()
    assert (find_strokes(image, letters).fill & letters).sum() > 0.97 * letters.sum()


@pytest.mark.parametrize("full", [True, False])
def test_nothing_known_or_nothing_asked(full: bool) -> None:
    image = np.asarray(background(40, 50) / 255, np.float32)
    hole = np.full((40, 50), full)
    found = find_strokes(image, hole)
    assert np.array_equal(found.fill, hole)
    assert not found.foul.any()


@given(st.integers(0, 10_000), st.floats(0.01, 0.95))
@settings(max_examples=25, deadline=None)
def test_a_membrane_keeps_what_is_known_and_stays_between_its_values(seed: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    image = rng.random((23, 31, 3), np.float32)
    unknown = rng.random((23, 31)) < share
    filled = membrane(image, unknown)
    assert np.array_equal(filled[~unknown], image[~unknown])
    assert np.isfinite(filled).all()
    if not unknown.all():
        assert filled.min() > -0.3
        assert filled.max() < 1.3


def test_a_membrane_bridges_a_ramp_exactly() -> None:
    ramp = np.repeat(np.linspace(0, 1, 64, dtype=np.float32)[None, :, None], 48, 0).repeat(3, 2)
    unknown = np.zeros((48, 64), bool)
    unknown[12:36, 20:44] = True
    assert np.abs(membrane(ramp, unknown, sweeps=60) - ramp).max() < 0.01
