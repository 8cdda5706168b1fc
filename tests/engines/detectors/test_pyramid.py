"""Scales and tiles."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.detectors.pyramid import TILE, Level, has_contrast, levels, probability_map, spans, tile_count
from tests.engines.detectors.drawn import hills, plain


@given(st.integers(1, 9000))
def test_kept_parts_cover_a_side_once_and_lie_in_their_tiles(length: int) -> None:
    parts = spans(length)
    assert parts[0][2] == 0
    assert parts[-1][3] == length
    assert all(a[3] == b[2] for a, b in pairwise(parts))
    for start, end, first, last in parts:
        assert 0 <= start <= first < last <= end <= length
        assert end - start == min(TILE, length)


@pytest.mark.parametrize("size", [(1, 1), (200, 100), (500, 400), (720, 1280), (3000, 5000)])
def test_levels_hold_the_picture_itself_and_one_that_fits_a_tile(size: tuple[int, int]) -> None:
    picture = plain(size)
    seen = list(levels(picture))
    assert any(level.picture is picture for level in seen)
    assert max(seen[-1].picture.shape) <= TILE
    scales = [level.mean_scale for level in seen]
    assert scales == sorted(scales, reverse=True)
    assert all(a / b < 4.5 for a, b in pairwise(scales))


def test_tiles_are_stitched_without_a_trace() -> None:
    picture = hills((700, 1111))
    level = Level(picture, (1.0, 1.0))
    steps: list[int] = []
    stitched = probability_map(level, lambda tile: tile[:, :, 1].copy(), lambda: steps.append(1))
    assert np.array_equal(stitched, picture[:, :, 1])
    assert len(steps) == tile_count(level) == 6


def test_tiles_without_contrast_are_not_looked_at() -> None:
    picture = plain((512, 1300), 90)
    picture[200:240, 1100:1200] = 110
    seen: list[int] = []

    def look(tile: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
        seen.append(int(tile.max()))
        return np.zeros(tile.shape[:2], np.uint8)

    probability_map(Level(picture, (1.0, 1.0)), look, lambda: None)
    assert seen == [110]


def test_faint_and_coloured_marks_count_as_contrast_noise_and_gradients_do_not() -> None:
    rng = np.random.default_rng(1)
    noise = (128 + rng.normal(0, 2, (300, 300, 3))).astype(np.uint8)
    gradient = np.repeat(np.linspace(60, 120, 300).astype(np.uint8)[:, None, None], 300, axis=1).repeat(3, axis=2)
    faint, blue = plain((300, 300)), plain((300, 300))
    faint[100:120, 100:140] -= 18
    blue[100:120, 100:140, 2] -= 30
    assert [has_contrast(picture) for picture in (faint, blue, noise, gradient)] == [True, True, False, False]
