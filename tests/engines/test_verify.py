"""Which text counts as left: what lies inside the mask, to the letter, and nothing outside of it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PIL import ImageFont

from engines.catalog import load_catalog
from engines.core.context import Context
from engines.core.engine import Card, Role, Setup, TextLine
from engines.core.mask_ops import box_mask, grown
from engines.core.types import Box, Mask, Pixels, whole
from engines.detectors.text import TextFinder
from engines.pipeline.verify import CONFIDENCE, CONTEXT, in_picture, regrown, text_left, view_box
from tests.conftest import background, with_text

SIZE = (240, 600)


def line(x: float, y: float, w: float, h: float) -> TextLine:
    return TextLine(np.array([[x, y], [x + w, y], [x + w, y + h], [x, y + h]], np.float32), "words", 0.9)


def mask(*boxes: Box) -> Mask:
    return Mask.union(box_mask(box, SIZE) for box in boxes)


WORDS = line(100, 100, 200, 40)


@pytest.mark.parametrize(
    ("covered", "counts"),
    [
        (mask(Box(90, 90, 220, 60)), True),
        (mask(Box(120, 110, 30, 20)), True),
        (mask(Box(0, 0, 600, 95)), False),
        (mask(Box(0, 0, 600, 106)), False),  # the outline's rim, not the letters
        (mask(Box(292, 80, 200, 80)), False),  # the same at the end
        (mask(Box(270, 80, 200, 80)), True),
        (mask(Box(400, 100, 100, 40)), False),
        (mask(*(Box(x, 100, 5, 40) for x in range(100, 300, 12))), True),  # along strokes
    ],
)
def test_a_line_counts_by_its_letters_inside_the_mask(covered: Mask, counts: bool) -> None:
    assert text_left([WORDS], covered) == ([WORDS] if counts else [])


def test_a_curved_line_is_as_high_as_it_is_thick() -> None:
    turn = np.linspace(np.pi, 2 * np.pi, 30)
    outer, inner = (np.stack([300 + r * np.cos(turn), 220 + r * np.sin(turn)], 1) for r in (200, 170))
    arc = TextLine(np.concatenate([outer, inner[::-1]]).astype(np.float32), "arc", 0.9)
    assert text_left([arc], mask(Box(280, 0, 40, 60))) == [arc]
    assert text_left([arc], mask(Box(200, 120, 200, 100))) == []  # the hollow below it


def test_lines_at_the_border_of_the_picture() -> None:
    assert text_left([line(-20, -5, 100, 30)], mask(Box(0, 0, 90, 30)))


def test_more_is_erased_around_the_part_inside_only() -> None:
    half = mask(Box(100, 90, 100, 60))
    for times in (1, 2):
        more = Mask.of(regrown(half, [WORDS], times, SIZE).dense(Box(0, 0, SIZE[1], SIZE[0]))).box
        assert (more.x, more.y, more.w, more.h) == pytest.approx(
            (100 - 10 * times, 100 - 10 * times, 100 + 20 * times, 40 + 20 * times), abs=2
        )
    assert regrown(half, [line(-20, -5, 100, 30)], 1, SIZE).empty


def test_the_view_is_the_mask_with_context_inside_the_picture() -> None:
    assert view_box(mask(Box(200, 100, 50, 20)), (400, 1000)) == Box(
        200 - CONTEXT, 4, 50 + 2 * CONTEXT, 20 + 2 * CONTEXT
    )
    moved = in_picture(line(1, 2, 30, 10), Box(100, 50, 80, 80))
    assert moved.polygon[0] == pytest.approx([101, 52])


@pytest.fixture(scope="module")
def card() -> Card:
    return load_catalog().card("text", Role.TEXT_DETECTOR)


@pytest.fixture(scope="module")
def finder(card: Card) -> Iterator[TextFinder]:
    engine = TextFinder(Setup(card, {}))
    yield engine
    engine.close()


def left_in(finder: TextFinder, card: Card, picture: Pixels, covered: Mask) -> list[str]:
    view = view_box(covered, SIZE)
    found = finder.detect(picture[view.slices], card.resolve({"confidence": CONFIDENCE}), Context())
    return [line.text for line in text_left([in_picture(line, view) for line in found.lines], covered)]


@pytest.mark.parametrize(("words", "size"), [("Summer Sale", 16), ("4711-0815", 40)])
def test_a_cut_word_is_clean_until_one_letter_is_left_inside(
    finder: TextFinder, card: Card, words: str, size: int
) -> None:
    ground = background(*SIZE)
    picture = with_text(ground, words, (60, 100), size)
    edges = [60 + round(ImageFont.load_default(size).getlength(words[:count])) for count in (4, 5)]
    cut = mask(Box(edges[0], 90, 500, int(size * 1.5) + 10))
    clean = np.where(cut.dense(whole(ground))[..., None] > 0, ground, picture)
    assert left_in(finder, card, clean, cut) == []
    clean[:, edges[0] : edges[1]] = picture[:, edges[0] : edges[1]]
    assert left_in(finder, card, clean, cut) != []


def test_text_beside_the_mask_is_not_looked_for(finder: TextFinder, card: Card) -> None:
    picture = with_text(background(*SIZE), "Summer Sale", (60, 40), 32)
    assert left_in(finder, card, picture, mask(Box(60, 84, 300, 60))) == []
    assert left_in(finder, card, picture, mask(Box(50, 30, 300, 60))) == ["Summer Sale"]


def test_a_faint_ghost_is_seen(finder: TextFinder, card: Card) -> None:
    ground = background(*SIZE)
    full = with_text(ground, "Summer Sale", (60, 100), 36)
    ghost = np.rint(ground + 0.12 * (full.astype(np.float32) - ground)).astype(np.uint8)
    assert left_in(finder, card, ghost, grown(mask(Box(60, 100, 220, 40)), 5, SIZE)) != []
