"""Boxes around holes are disjoint, hold everything, and cost little; windows sample a view within a budget."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.core.types import Alpha, Box, Mask
from engines.pipeline.areas import hole_boxes, sample_windows

RECTANGLES = st.tuples(st.integers(0, 150), st.integers(0, 90), st.integers(1, 60), st.integers(1, 30))


def drawn(rectangles: list[tuple[int, int, int, int]], size: tuple[int, int] = (120, 200)) -> Alpha:
    alpha = np.zeros(size, np.uint8)
    for x, y, w, h in rectangles:
        alpha[y : y + h, x : x + w] = 200
    return alpha


@given(st.lists(RECTANGLES, max_size=6), st.integers(0, 40))
@settings(max_examples=60, deadline=None)
def test_boxes_hold_every_covered_pixel_once_and_never_cost_more_than_one_box(
    rectangles: list[tuple[int, int, int, int]], margin: int
) -> None:
    alpha = drawn(rectangles)
    times = np.zeros(alpha.shape, int)
    boxes = hole_boxes(alpha, margin)
    for box in boxes:
        times[box.slices] += 1
    assert times.max() <= 1
    assert (times[alpha > 0] == 1).all()
    assert sum(box.grown(margin).area for box in boxes) <= Mask.of(alpha).box.grown(margin).area


def test_two_far_words_get_a_box_each() -> None:
    alpha = drawn([(10, 10, 40, 12), (140, 100, 50, 14)])
    assert sorted(hole_boxes(alpha, 24), key=lambda box: box.x) == [Box(10, 10, 40, 12), Box(140, 100, 50, 14)]


def test_near_words_share_a_box() -> None:
    assert hole_boxes(drawn([(10, 10, 40, 12), (56, 10, 40, 12)]), 24) == [Box(10, 10, 86, 12)]


def test_a_slanting_line_costs_far_less_than_the_box_around_it() -> None:
    rows, columns = np.indices((400, 400))
    alpha = (np.abs(rows - columns) < 10).astype(np.uint8)
    assert sum(box.grown(24).area for box in hole_boxes(alpha, 24)) < 0.5 * Box(0, 0, 400, 400).grown(24).area


def test_an_empty_mask_has_no_boxes() -> None:
    assert hole_boxes(np.zeros((20, 30), np.uint8), 5) == []


@given(st.integers(1, 4000), st.integers(1, 4000), st.integers(8, 64), st.integers(1, 9))
@settings(max_examples=100, deadline=None)
def test_windows_stay_inside_and_within_the_budget(height: int, width: int, side: int, count: int) -> None:
    windows = sample_windows((height, width), side, count)
    assert windows
    assert len({(window.w, window.h) for window in windows}) == 1
    assert all(window.within((height, width)) == window and not window.empty for window in windows)
    assert sum(window.area for window in windows) <= count * side**2


@pytest.mark.parametrize("size", [(512, 512), (100, 2600)])
def test_a_view_within_the_budget_is_one_window(size: tuple[int, int]) -> None:
    assert sample_windows(size, 256, 9) == [Box(0, 0, size[1], size[0])]


@pytest.mark.parametrize("size", [(2000, 2000), (300, 4000), (4000, 120)])
def test_windows_are_spread_from_end_to_end(size: tuple[int, int]) -> None:
    windows = sample_windows(size, 256, 9)
    if size[1] > 300:
        assert (min(w.x for w in windows), max(w.right for w in windows)) == (0, size[1])
    if size[0] > 300:
        assert (min(w.y for w in windows), max(w.bottom for w in windows)) == (0, size[0])
