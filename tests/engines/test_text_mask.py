"""Choosing lines, their mask, their picture."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.core.engine import FoundText, TextLine
from engines.core.faults import EngineError, Fault
from engines.core.types import Box
from engines.pipeline.text_mask import choose, line_height, outline, text_mask

SIZE = (200, 300)
ALL = Box(0, 0, 300, 200)


def line(x: float, y: float, w: float, h: float, text: str = "") -> TextLine:
    return TextLine(np.array([[x, y], [x + w, y], [x + w, y + h], [x, y + h]], np.float32), text, 0.9)


def found(*lines: TextLine, covered: tuple[slice, slice] | None = None) -> FoundText:
    coverage = np.zeros(SIZE, np.uint8)
    if covered is not None:
        coverage[covered] = 255
    return FoundText(lines, coverage)


LINES = [line(0, 0, 90, 20, "Invoice 2024"), line(0, 30, 90, 20, "Acme Ltd"), line(0, 60, 30, 8, "invoice (copy)")]


@pytest.mark.parametrize(
    ("only", "keep", "min_size", "wanted"),
    [
        (None, None, 0, [0, 1, 2]),
        ("invoice", None, 0, [0, 2]),
        (None, "ACME", 0, [0, 2]),
        (r"\d{4}", None, 0, [0]),
        ("invoice", "copy", 0, [0]),
        (None, None, 10, [0, 1]),
        ("^nothing$", None, 0, []),
    ],
)
def test_choosing(only: str | None, keep: str | None, min_size: float, wanted: list[int]) -> None:
    assert choose(LINES, only, keep, min_size) == [LINES[i] for i in wanted]


@pytest.mark.parametrize(("only", "keep"), [("(open", None), (None, "(open")])
def test_a_malformed_pattern_is_refused(only: str | None, keep: str | None) -> None:
    with pytest.raises(EngineError) as caught:
        choose(LINES, only, keep)
    assert caught.value.fault is Fault.BAD_INPUT
    assert "(open" in caught.value.message


def test_height_is_across_the_line_however_it_leans() -> None:
    angle = np.radians(30)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]], np.float32)
    leaning = TextLine(LINES[0].polygon @ turn, "", 0.9)
    assert line_height(leaning) == pytest.approx(20, abs=0.1)


def test_the_mask_is_the_polygon_and_the_coverage_near_it() -> None:
    word = line(100, 50, 80, 20)
    dense = text_mask(found(word, covered=np.s_[60:80, 120:220]), [word], SIZE).dense(ALL)
    assert (dense[50:70, 100:180] == 255).all()
    assert (dense[70:79, 125:175] == 255).all()  # a tail below the line
    assert not dense[:49].any()
    assert not dense[:, 192:].any()  # coverage further off belongs to something else


def test_lines_that_stay_are_not_touched() -> None:
    upper, lower = line(50, 50, 150, 24), line(50, 70, 150, 24)  # outlines overlap by 4 rows
    both = found(upper, lower, covered=np.s_[48:96, 48:202])
    dense = text_mask(both, [upper], SIZE, grow=6).dense(ALL)
    assert (dense[51:71, 50:200] == 255).all()
    assert not dense[73:94, 53:197].any()
    together = text_mask(both, [upper, lower], SIZE).dense(ALL)
    assert (together[50:94, 50:200] == 255).all()


def test_growing_widens_by_that_many_pixels() -> None:
    word = line(100, 50, 80, 20)
    narrow, wide = (text_mask(found(word), [word], SIZE, grow) for grow in (0, 5))
    assert wide.box == narrow.box.grown(5)


@pytest.mark.parametrize("grow", [0, 4])
def test_nothing_chosen_is_an_empty_mask(grow: int) -> None:
    assert text_mask(found(*LINES, covered=np.s_[:, :]), [], SIZE, grow).empty


@given(st.integers(-80, 320), st.integers(-80, 220), st.integers(1, 200), st.integers(1, 90), st.integers(0, 9))
def test_lines_beyond_the_border_are_cut_at_it(x: int, y: int, w: int, h: int, grow: int) -> None:
    word = line(x, y, w, h)
    mask = text_mask(found(word), [word], SIZE, grow)
    assert mask.box.within(SIZE) == mask.box
    inside = Box(x, y, w, h).within(SIZE)
    assert (mask.dense(ALL)[inside.slices] > 0).mean() > 0.7 if inside.area > 100 else True


def test_the_outline_shows_chosen_and_kept_lines_in_two_colours() -> None:
    picture = np.full((*SIZE, 3), 128, np.uint8)
    picture.flags.writeable = False
    lines = [line(40, 40, 100, 30), line(40, 120, 100, 30)]
    drawn = outline(picture, lines, lines[:1])
    assert drawn.shape == picture.shape
    assert drawn.dtype == np.uint8
    upper, lower = drawn[35:75, 30:150].reshape(-1, 3), drawn[115:155, 30:150].reshape(-1, 3)
    red = np.array([226, 36, 48])
    blue = np.array([0, 122, 204])
    assert (upper == red).all(axis=1).sum() > 40
    assert (lower == blue).all(axis=1).sum() > 40
    assert not (lower == red).all(axis=1).any()
    assert (drawn[:, 200:] == 128).all()


def test_strokes_grow_with_the_picture_and_tiny_pictures_can_be_drawn_on() -> None:
    def share(scale: int) -> float:
        ground = np.zeros((200 * scale, 300 * scale, 3), np.uint8)
        word = line(50 * scale, 90 * scale, 200 * scale, 50 * scale)
        return float((outline(ground, [word], [word]) > 0).any(axis=2).mean())

    assert share(10) > share(5) * 0.6
    assert outline(np.zeros((1, 1, 3), np.uint8), [line(0, 0, 1, 1)], []).shape == (1, 1, 3)
