"""The edit that an export is given: the same patches whatever parts are asked for, and a key that knows changes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from engines.core.context import Context
from engines.core.mask_ops import box_mask
from engines.core.tracks import MaskTrack, Span, TrackKind
from engines.core.types import Box, Patch
from engines.jobs import film_cleaning
from engines.jobs.clean_film import Cleaning
from engines.jobs.film_cleaning import FilmCleaning
from engines.jobs.footage import Arrays
from engines.media.film.film import Film
from engines.session import Session, open_session
from tests.moving import panned, scenery

SIZE = (80, 120)
COUNT = 50


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Session]:
    monkeypatch.setattr(film_cleaning, "STRETCH", 20)
    opened = open_session()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def film() -> Film:
    return cast("Film", Arrays(panned(scenery(160, 400), COUNT, SIZE, (2.0, 0.3))))


def what(*ranges: Span, x: int = 40) -> Cleaning:
    logo = box_mask(Box(x, 20, 20, 12), SIZE)
    return Cleaning((MaskTrack("logo", TrackKind.STATIC, SIZE, {0: logo}, ranges),))


def patches_of(edit: FilmCleaning, film: Film, start: int, stop: int) -> list[list[Patch]]:
    return [list(patches) for _, patches in edit.edited(film, start, stop, Context())]


def equal(a: list[list[Patch]], b: list[list[Patch]]) -> bool:
    return len(a) == len(b) and all(
        len(x) == len(y)
        and all(np.array_equal(p.pixels, q.pixels) and p.box == q.box for p, q in zip(x, y, strict=True))
        for x, y in zip(a, b, strict=True)
    )


@pytest.mark.parametrize("parts", [[(0, 13), (13, 27), (27, 50)], [(27, 50)], [(19, 21)], [(44, 50), (3, 9)]])
def test_a_part_is_the_same_wherever_it_begins(session: Session, film: Film, parts: list[tuple[int, int]]) -> None:
    whole = patches_of(FilmCleaning(session, what()), film, 0, COUNT)
    assert all(len(patches) == 1 for patches in whole)
    edit = FilmCleaning(session, what())
    for start, stop in parts:
        assert equal(patches_of(edit, film, start, stop), whole[start:stop])


def test_a_part_that_was_given_up_harms_none_that_follows(session: Session, film: Film) -> None:
    edit = FilmCleaning(session, what())
    next(iter(edit.edited(film, 0, 10, Context())))
    assert equal(patches_of(edit, film, 0, 10), patches_of(FilmCleaning(session, what()), film, 0, 10))


def test_the_key_is_empty_where_nothing_is_erased(session: Session) -> None:
    edit = FilmCleaning(session, what(Span(10, 20)))
    assert edit.key(0, 10) == ""
    assert edit.key(20, 30) == ""
    assert edit.key(5, 11) != ""


def test_the_key_changes_with_all_that_changes_the_result(session: Session) -> None:
    here, later = Span(0, 10), Span(95, 99)
    key = FilmCleaning(session, what(here)).key(0, 10)
    assert FilmCleaning(session, what(here)).key(0, 10) == key
    assert FilmCleaning(session, what(here, x=41)).key(0, 10) != key
    assert FilmCleaning(session, replace(what(here), fill="classical")).key(0, 10) != key
    assert FilmCleaning(session, what(here, later)).key(0, 10) == key
    assert FilmCleaning(session, what(here, Span(19, 20))).key(0, 10) != key
