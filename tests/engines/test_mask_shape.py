"""Masks gathered to lines, and told apart: boxes or strokes, small or large."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont

from engines.core.mask_ops import grow
from engines.core.types import Alpha
from engines.pipeline.mask_shape import MaskKind, SizeClass, line_quads, looks_like_text, loose_boxes, mask_shape


def glyphs(lines: list[tuple[str, int, tuple[int, int]]], size: tuple[int, int] = (240, 400)) -> Alpha:
    """The strokes of each (words, font size, top left)."""
    page = Image.new("L", (size[1], size[0]))
    for words, height, at in lines:
        ImageDraw.Draw(page).text(at, words, 255, ImageFont.load_default(height))
    return np.asarray((np.asarray(page) > 100) * np.uint8(255), np.uint8)


def turned(alpha: Alpha, degrees: float) -> Alpha:
    h, w = alpha.shape
    matrix = cv2.getRotationMatrix2D((w / 2, h / 2), degrees, 1)
    return np.asarray((cv2.warpAffine(alpha, matrix, (w, h)) > 100) * np.uint8(255), np.uint8)


def test_letters_of_a_line_are_gathered_and_lines_are_not() -> None:
    alpha = glyphs([("MINUTES", 40, (40, 40)), ("HOURS", 40, (60, 130))])
    lines = sorted(line_quads(alpha), key=lambda quad: float(quad[:, 1].min()))
    assert len(lines) == 2
    for quad, rows in zip(lines, (slice(0, 110), slice(110, 240)), strict=True):
        y, x = np.nonzero(alpha[rows])
        assert quad.min(axis=0) == pytest.approx([x.min(), y.min() + (rows.start or 0)])
        assert quad.max(axis=0) == pytest.approx([x.max() + 1, y.max() + 1 + (rows.start or 0)])


@pytest.mark.parametrize("degrees", [0, 20, -35])
def test_loose_boxes_cover_the_strokes_with_room_and_little_else(degrees: float) -> None:
    alpha = turned(glyphs([("MINUTES", 40, (120, 90))]), degrees)
    boxes = loose_boxes(alpha)
    assert (boxes[grow(alpha, 2) > 0] > 0).all()
    tight = cv2.minAreaRect(np.argwhere(alpha > 0).astype(np.float32))[1]
    assert 1.2 < np.count_nonzero(boxes) / (tight[0] * tight[1]) < 2.2
    assert mask_shape(boxes).kind is MaskKind.BOXES


def test_strokes_and_dilated_strokes_are_told_from_boxes() -> None:
    alpha = glyphs([("MINUTES", 60, (40, 60))])
    assert mask_shape(alpha).kind is MaskKind.STROKES
    assert mask_shape(grow(alpha, 2)).kind is MaskKind.STROKES
    box = np.zeros((100, 200), np.uint8)
    box[20:50, 30:160] = 255
    assert mask_shape(box).kind is MaskKind.BOXES


@pytest.mark.parametrize(
    ("height", "size"),
    [
        (10, SizeClass.SMALL),
        (24, SizeClass.SMALL),
        (25, SizeClass.MEDIUM),
        (64, SizeClass.MEDIUM),
        (65, SizeClass.LARGE),
    ],
)
def test_the_height_of_a_box_is_its_short_side(height: int, size: SizeClass) -> None:
    alpha = np.zeros((200, 200), np.uint8)
    alpha[10 : 10 + height, 5:150] = 255
    shape = mask_shape(alpha)
    assert shape.height == pytest.approx(height)
    assert shape.size is size
    assert mask_shape(np.ascontiguousarray(alpha.T)).height == pytest.approx(height)


def test_the_height_is_that_of_most_of_the_mask() -> None:
    alpha = glyphs([("MINUTES", 80, (20, 20)), ("i", 12, (300, 200)), ("by", 12, (20, 200))])
    assert mask_shape(alpha).size is SizeClass.MEDIUM


def test_a_tiled_watermark_is_not_one_box() -> None:
    tiles = [("Do not copy", 16, (x, y)) for x in (20, 160, 300) for y in (40, 110, 180)]
    alpha = turned(glyphs(tiles), 20)
    boxes = loose_boxes(alpha)
    assert np.count_nonzero(boxes) < 0.4 * boxes.size
    assert mask_shape(boxes).kind is MaskKind.BOXES
    assert mask_shape(boxes).size is SizeClass.SMALL or mask_shape(boxes).height < 32


def test_boxes_that_overlap_are_still_boxes() -> None:
    alpha = np.zeros((120, 300), np.uint8)
    alpha[10:40, 10:200], alpha[36:70, 120:290], alpha[60:100, 20:160] = 255, 255, 255
    assert mask_shape(alpha).kind is MaskKind.BOXES


def test_an_empty_mask_has_no_shape_and_no_boxes() -> None:
    empty = np.zeros((20, 30), np.uint8)
    assert line_quads(empty) == []
    assert not loose_boxes(empty).any()
    with pytest.raises(ValueError, match="empty"):
        mask_shape(empty)


spots = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 40), st.integers(1, 30), st.integers(1, 20)), min_size=1)


@given(spots)
def test_loose_boxes_always_cover_the_mask(places: list[tuple[int, int, int, int]]) -> None:
    alpha = np.zeros((48, 70), np.uint8)
    for x, y, w, h in places:
        alpha[y : y + h, x : x + w] = 255
    if alpha.any():
        assert (loose_boxes(alpha)[alpha > 0] > 0).all()
        assert mask_shape(alpha).height > 0


@pytest.mark.parametrize("make", [lambda alpha: alpha, loose_boxes], ids=["strokes", "boxes"])
def test_text_looks_like_text_however_it_is_marked(make: Callable[[Alpha], Alpha]) -> None:
    assert looks_like_text(make(glyphs([("MINUTES", 40, (40, 40)), ("and HOURS", 20, (60, 130))])))


@given(st.integers(5, 80), st.floats(0.5, 2.0), st.integers(0, 90))
def test_a_compact_thing_does_not_whatever_its_size(radius: int, stretch: float, degrees: int) -> None:
    alpha = np.zeros((400, 400), np.uint8)
    axes = (round(radius * stretch), radius)
    cv2.ellipse(alpha, (200, 200), axes, degrees, 0, 360, (255,), -1)
    assert not looks_like_text(alpha)
