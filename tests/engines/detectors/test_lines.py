"""Outlines and their order, on maps and quads made by hand."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.detectors.lines import Candidate, Points, candidates, draw_coverage, reading_order, shared_area
from engines.detectors.pyramid import Level
from tests.engines.detectors.drawn import plain


def quad(x: float, y: float, w: float, h: float) -> Points:
    return np.array([[x, y], [x + w, y], [x + w, y + h], [x, y + h]], np.float32)


def seen(probability: np.ndarray[tuple[int, int], np.dtype[np.uint8]], scale: float = 1.0) -> list[Candidate]:
    return candidates(probability, Level(plain(probability.shape), (scale, scale)), 0)


def test_a_core_grows_to_its_line_in_picture_pixels() -> None:
    core = np.zeros((200, 400), np.uint8)
    core[90:110, 100:300] = 240
    (line,) = seen(core, scale=0.5)
    grow = 200 * 20 * 1.6 / (2 * 220)
    wanted = quad(100 - grow, 90 - grow, 200 + 2 * grow, 20 + 2 * grow) * 2
    assert np.abs(line.quad - wanted).max() < 4
    assert line.score == pytest.approx(240 / 255, abs=0.1)
    assert line.height == pytest.approx(2 * (20 + 2 * grow), rel=0.06)


def test_corners_start_at_the_upper_left_of_a_leaning_line() -> None:
    core = np.zeros((300, 300), np.uint8)
    cv2.line(core, (60, 100), (240, 204), 255, 16)
    (line,) = seen(core)
    along = line.quad[1] - line.quad[0]
    assert np.degrees(np.arctan2(along[1], along[0])) == pytest.approx(30, abs=2)
    assert cv2.contourArea(line.quad, oriented=True) > 0  # clockwise, where y points down


def test_a_curved_core_is_outlined_as_it_runs() -> None:
    core = np.zeros((300, 400), np.uint8)
    cv2.ellipse(core, (200, 260), (160, 160), 0, 200, 340, 255, 16)
    (line,) = seen(core)
    assert len(line.outline) > 4
    assert line.area < 0.6 * cv2.contourArea(line.quad)
    assert cv2.contourArea(line.outline, oriented=True) > 0
    inside = np.zeros_like(core)
    cv2.fillPoly(inside, [np.rint(line.outline).astype(np.int32)], 255)
    assert (inside[core > 0] > 0).all()


def test_specks_are_no_lines_and_an_empty_map_has_none() -> None:
    core = np.zeros((50, 50), np.uint8)
    assert seen(core) == []
    core[20, 20] = 255
    draw_coverage(core, seen(core))
    assert core.sum() < 255 * 60


def test_coverage_reaches_half_a_line_beyond_the_core() -> None:
    core = np.zeros((100, 300), np.uint8)
    core[40:60, 50:250] = 255
    coverage = np.zeros_like(core)
    draw_coverage(coverage, seen(core))
    assert (coverage[33:67, 45:255] == 255).all()
    assert not coverage[:15].any()
    assert not coverage[:, 290:].any()


@given(*[st.integers(0, 60)] * 4, *[st.integers(1, 40)] * 4)
def test_shared_area_of_straight_boxes(x: int, y: int, u: int, v: int, w: int, h: int, s: int, t: int) -> None:
    wide = max(0, min(x + w, u + s) - max(x, u)) * max(0, min(y + h, v + t) - max(y, v))
    assert shared_area(quad(x, y, w, h), quad(u, v, s, t)) == pytest.approx(wide, abs=0.5)


def test_shared_area_with_a_bent_outline() -> None:
    bent = np.array([[0, 0], [100, 0], [100, 20], [20, 20], [20, 100], [0, 100]], np.float32)
    assert shared_area(bent, quad(30, 30, 60, 60)) < 20
    assert shared_area(bent, quad(0, 0, 100, 100)) == pytest.approx(3600, rel=0.06)


def test_a_page_is_read_by_columns_under_its_title() -> None:
    title = quad(10, 10, 380, 40)
    left = [quad(10, 80 + 30 * i, 170, 20) for i in range(3)]
    right = [quad(220, 83 + 30 * i, 170, 20) for i in range(3)]
    page = [right[1], left[2], title, left[0], right[2], left[1], right[0]]
    assert reading_order(page) == [2, 3, 5, 1, 6, 0, 4]


def test_words_of_one_row_are_read_left_to_right() -> None:
    assert reading_order([quad(200, 12, 80, 20), quad(10, 10, 80, 20), quad(100, 8, 80, 20)]) == [1, 2, 0]


def test_upright_columns_are_read_from_right_to_left() -> None:
    columns = [np.roll(quad(x, 10, 20, 200), -1, axis=0) for x in (10, 60, 110)]  # the first side runs down
    assert reading_order(columns) == [2, 1, 0]


def test_a_page_on_its_head_is_read_backwards() -> None:
    rows = [np.roll(quad(10, y, 200, 20), -2, axis=0) for y in (10, 60, 110)]
    assert reading_order(rows) == [2, 1, 0]


@given(st.lists(st.tuples(*[st.integers(0, 200)] * 2, *[st.integers(1, 90)] * 2), max_size=12))
def test_every_line_is_read_once(boxes: list[tuple[int, int, int, int]]) -> None:
    assert sorted(reading_order([quad(*box) for box in boxes])) == list(range(len(boxes)))
