"""What a detector still finds, counted by hand and by the rules of DetEval."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.core.engine import TextLine
from engines.evaluation.legibility import (
    Legibility,
    common_letters,
    legibility,
    lines_inside,
    share_inside,
)


def line(x: float, y: float, w: float, h: float, text: str = "") -> TextLine:
    corners = np.array([[x, y], [x + w, y], [x + w, y + h], [x, y + h]], np.float32)
    return TextLine(corners, text, 0.9)


HELLO = line(10, 10, 100, 20, "Hello world")


def test_untouched_text_is_recalled_fully() -> None:
    same = legibility([HELLO], [HELLO])
    assert same == Legibility(lines=1, found=1, recalled=1.0, precise=1.0, matched=1, letters=10, read=10)
    assert (same.recall, same.precision, same.f_score, same.iou_recall, same.letters_read) == (1, 1, 1, 1, 1)


def test_nothing_found_is_nothing_left() -> None:
    gone = legibility([HELLO], [])
    assert gone == Legibility(lines=1, letters=10)
    assert (gone.recall, gone.precision, gone.f_score, gone.letters_read) == (0, 0, 0, 0)


def test_nothing_to_erase() -> None:
    assert legibility([], []) == Legibility()
    assert legibility([], [HELLO]) == Legibility(found=1)


@pytest.mark.parametrize(("width", "counts"), [(79, False), (81, True), (249, True), (252, False)])
def test_one_to_one_needs_four_fifths_of_the_line_in_two_fifths_of_the_find(width: int, counts: bool) -> None:
    left = legibility([line(0, 0, 100, 20)], [line(0, 0, width, 20)])
    assert left.recalled == left.precise == float(counts)


def test_a_line_in_pieces_counts_less() -> None:
    """Pieces of 40 and 50 of 100 pixels: none is a match, together they cover 0.9."""
    left = legibility([HELLO], [line(10, 10, 40, 20, "Hell"), line(60, 10, 50, 20, "wor")])
    assert left.recalled == 0.8
    assert left.precise == pytest.approx(1.6)
    assert left.matched == 1
    assert left.read == 7


def test_merged_lines_count_fully() -> None:
    first, second = line(0, 0, 100, 20, "ab"), line(0, 22, 100, 20, "cd")
    left = legibility([first, second], [line(0, 0, 100, 42, "ab cd")])
    assert (left.recalled, left.precise) == (2.0, 1.0)
    assert left.matched == 0  # 20 of 42 rows is under a half
    assert left.read == 4


def test_a_find_elsewhere_is_neither_recalled_nor_precise() -> None:
    left = legibility([HELLO], [line(200, 200, 100, 20, "Hello world")])
    assert (left.recalled, left.precise, left.matched, left.read) == (0.0, 0.0, 0, 0)


def test_curved_outlines_that_cross_themselves_do_not_break_it() -> None:
    bow = TextLine(np.array([[0, 0], [100, 40], [100, 0], [0, 40]], np.float32), "bow", 0.9)
    assert legibility([bow], [bow]).recalled == 1.0


def test_counts_of_pictures_add_up() -> None:
    total = legibility([HELLO], [HELLO]) + legibility([HELLO], [])
    assert (total.recall, total.precision, total.letters_read) == (0.5, 1.0, 0.5)


def test_lines_belong_to_a_region_that_covers_half_of_them() -> None:
    region = np.zeros((60, 200), np.uint8)
    region[:, :61] = 255
    assert share_inside(HELLO, region) == pytest.approx(0.51, abs=0.01)
    assert lines_inside([HELLO, line(20, 10, 100, 20), line(300, 10, 20, 20)], region) == [HELLO]


def test_what_lies_beyond_the_picture_does_not_count() -> None:
    assert share_inside(line(-50, 10, 60, 20), np.full((40, 40), 255, np.uint8)) == 1.0


@given(st.text("abc", max_size=8), st.text("abc", max_size=8))
def test_common_letters_are_a_longest_common_subsequence(a: str, b: str) -> None:
    def longest(a: str, b: str) -> int:
        if not a or not b:
            return 0
        if a[0] == b[0]:
            return 1 + longest(a[1:], b[1:])
        return max(longest(a[1:], b), longest(a, b[1:]))

    assert common_letters(a, b) == longest(a, b)


boxes = st.lists(
    st.builds(line, st.integers(0, 60), st.integers(0, 60), st.integers(5, 50), st.integers(5, 50)), max_size=6
)


@given(boxes, boxes)
def test_no_share_ever_exceeds_one(before: list[TextLine], after: list[TextLine]) -> None:
    left = legibility(before, after)
    for share in (left.recall, left.precision, left.f_score, left.iou_recall, left.letters_read):
        assert 0 <= share <= 1
