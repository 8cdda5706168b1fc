"""Which of several views of a line stays."""

from __future__ import annotations

import numpy as np

from engines.detectors.lines import Candidate
from engines.detectors.merge import believable, conflicts, settled, suspect, without_doubles
from engines.detectors.reading import Words

PICTURE = 1000.0 * 1000


def line(x: float, y: float, w: float, h: float, level: int = 0, score: float = 0.9) -> Candidate:
    quad = np.array([[x, y], [x + w, y], [x + w, y + h], [x, y + h]], np.float32)
    return Candidate(quad, quad, quad, score, level, 0.25**level)


def test_the_same_line_at_two_levels_is_one_group_with_the_fitter_first() -> None:
    small, large = line(10, 10, 200, 20), line(300, 300, 600, 240)
    blurred, sharp = line(8, 8, 205, 24, level=1), line(305, 298, 590, 245, level=1)
    groups = without_doubles([small, blurred, large, sharp])
    assert {id(group[0]) for group in groups} == {id(small), id(sharp)}
    assert sorted(len(group) for group in groups) == [2, 2]


def test_lines_of_one_level_are_never_doubles() -> None:
    assert len(without_doubles([line(0, 0, 100, 20), line(0, 4, 100, 20)])) == 2


def test_strokes_of_large_letters_give_way_to_the_word() -> None:
    word = line(0, 0, 900, 300, level=1)
    strokes = [line(20, 40, 150, 80), line(300, 40, 150, 80)]
    words = [Words("SUMMER", 0.99), Words("C", 0.84), Words("", 0.0)]
    assert settled([word, *strokes], words) == [0]


def test_a_paragraph_taken_for_a_line_gives_way_to_its_lines() -> None:
    blob = line(0, 0, 300, 70, level=1)
    rows = [line(2, 2, 296, 20), line(2, 25, 296, 20), line(2, 48, 296, 20)]
    words = [Words("llm", 0.4), *[Words("a whole row", 0.97)] * 3]
    assert settled([blob, *rows], words) == [1, 2, 3]


def test_clear_small_text_stays_on_a_large_word() -> None:
    word, credit = line(0, 0, 900, 300, level=1), line(700, 270, 150, 20)
    assert settled([word, credit], [Words("SUMMER", 0.99), Words("photo: me", 0.96)]) == [0, 1]
    assert settled([word, credit], [Words("SUMMER", 0.99), Words("ll", 0.96)]) == [0]


def test_parts_are_found_inside_lines_of_other_levels_only() -> None:
    found = [line(0, 0, 400, 100, level=1), line(10, 10, 80, 30), line(390, 10, 80, 30), line(0, 0, 300, 90, level=1)]
    assert conflicts(found) == {0: [1], 3: [1]}


def test_sure_long_lines_need_no_words_others_do() -> None:
    sure, doubtful, weak = line(0, 0, 300, 30), line(0, 0, 300, 30, score=0.75), line(0, 0, 300, 30, score=0.6)
    assert [suspect(seen) for seen in (sure, doubtful, weak)] == [False, True, True]
    assert believable(sure, Words("", 0.0), PICTURE)
    assert not believable(doubtful, Words("", 0.0), PICTURE)
    assert believable(doubtful, Words("vague", 0.5), PICTURE)
    assert not believable(weak, Words("vague", 0.5), PICTURE)


def test_a_large_single_letter_must_read_well_and_not_fill_the_picture() -> None:
    letter, filling = line(0, 0, 300, 300), line(0, 0, 900, 900)
    assert believable(letter, Words("A", 0.95), PICTURE)
    assert not believable(letter, Words("A", 0.7), PICTURE)
    assert believable(letter, Words("LOGO", 0.7), PICTURE)
    assert not believable(filling, Words("A", 0.95), PICTURE)


def test_a_small_compact_word_of_an_unknown_script_is_believed_a_letter_is_not() -> None:
    word = line(0, 0, 60, 30)
    assert believable(word, Words("", 0.0), PICTURE)
    assert believable(word, Words("xq", 0.2), PICTURE)
    assert not believable(word, Words("x", 0.2), PICTURE)
