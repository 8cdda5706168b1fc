"""The tiled coverage map against a dense one."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.document.coverage import TILE, Combine, Coverage
from engines.core.types import Alpha, Box, Mask

SIZE = (300, 520)
WHOLE = Box(0, 0, 520, 300)


def dense(combine: Combine, here: Alpha, new: Alpha) -> Alpha:
    match combine:
        case Combine.ADD:
            return np.maximum(here, new)
        case Combine.SUBTRACT:
            return np.minimum(here, 255 - new)
        case Combine.INTERSECT:
            return np.minimum(here, new)
        case Combine.REPLACE:
            return new


@st.composite
def masks(draw: st.DrawFn) -> Mask:
    """Noise or a full box, anywhere, also sticking out of the picture or beside it."""
    x, y = draw(st.integers(-60, 540)), draw(st.integers(-60, 320))
    w, h = draw(st.integers(0, 300)), draw(st.integers(0, 300))
    seed = draw(st.integers(0, 5))
    alpha = np.random.default_rng(seed).integers(0, 256, (h, w), np.uint8) if seed else np.full((h, w), 255, np.uint8)
    return Mask(Box(x, y, w, h), alpha)


@given(st.lists(st.tuples(masks(), st.sampled_from(Combine)), max_size=6))
def test_it_does_what_a_dense_map_does(steps: list[tuple[Mask, Combine]]) -> None:
    coverage, expected = Coverage(SIZE), np.zeros(SIZE, np.uint8)
    for mask, how in steps:
        before = coverage
        coverage = coverage.combined(mask, how)
        after = dense(how, expected, mask.dense(WHOLE))
        changed = Mask.of((after != expected).astype(np.uint8))
        assert before.difference(coverage).holds(changed.box) or changed.empty
        expected = after
        assert np.array_equal(coverage.dense(WHOLE), expected)
        assert all(tile.any() for _, tile in coverage)
        assert coverage.same(Coverage.of(coverage.mask(), SIZE))
    assert coverage.empty == (not expected.any())


@given(masks(), st.integers(-50, 500), st.integers(-50, 280), st.integers(0, 200), st.integers(0, 200))
def test_any_box_of_it_can_be_read(mask: Mask, x: int, y: int, w: int, h: int) -> None:
    part = Box(x, y, w, h)
    inside = Mask.of(mask.dense(WHOLE))
    assert np.array_equal(Coverage.of(mask, SIZE).dense(part), inside.dense(part))


def test_tiles_that_are_not_touched_are_shared() -> None:
    first = Coverage.of(Mask(Box(0, 0, 20, 20), np.full((20, 20), 255, np.uint8)), SIZE)
    second = first.combined(Mask(Box(400, 10, 20, 20), np.full((20, 20), 255, np.uint8)), Combine.ADD)
    assert second.tiles[0, 0] is first.tiles[0, 0]
    assert first.difference(second) == Box(TILE, 0, TILE, TILE)


def test_nothing_new_is_no_difference() -> None:
    mask = Mask(Box(10, 10, 50, 50), np.full((50, 50), 200, np.uint8))
    first = Coverage.of(mask, SIZE)
    assert first.difference(first.combined(mask, Combine.ADD)).empty
