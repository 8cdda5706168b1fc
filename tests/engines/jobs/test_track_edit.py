"""The edit of a film by its tracks: the same patches whichever runs are made, and no border between them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engines.core.context import Context
from engines.core.tracks import MaskTrack, Span, TrackKind
from engines.core.types import Box, Mask, Pixels
from engines.jobs.clean_film import Cleaning
from engines.jobs.track_edit import FADE, TrackEdit
from engines.media.film.film import Film
from engines.media.film.reader import open_film
from engines.session import Session, open_session
from tests.films import write_film
from tests.moving import covered, panned, scenery

SIZE, COUNT, LENGTH = (72, 128), 60, 24
BOX = Box(50, 30, 20, 14)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    truth = panned(scenery(120, 340), COUNT, SIZE, (2.5, 0))
    return write_film(tmp_path_factory.mktemp("film") / "pan.mkv", covered(truth, BOX).frames)


@pytest.fixture
def film(source: Path) -> Iterator[Film]:
    with open_film(source) as film:
        yield film


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    session = open_session()
    yield session
    session.close()


def track(**changes: object) -> MaskTrack:
    mask = Mask(BOX, np.full((BOX.h, BOX.w), 255, np.uint8))
    return replace(MaskTrack("Mark", TrackKind.STATIC, SIZE, keys={0: mask}), **changes)  # type: ignore[arg-type]


def edit(session: Session, *tracks: MaskTrack) -> TrackEdit:
    return TrackEdit(session, Cleaning(tracks, fill="classical", cuts=frozenset()), COUNT, LENGTH)


def results(edit: TrackEdit, film: Film, start: int, stop: int) -> list[Pixels]:
    painted = []
    for frame, patches in edit.edited(film, start, stop, Context()):
        picture = frame.pixels.copy()
        for patch in patches:
            patch.paint(picture)
        painted.append(picture)
    return painted


def test_a_run_made_by_itself_is_the_one_of_an_unbroken_export(session: Session, film: Film) -> None:
    unbroken = edit(session, track())
    in_order = [results(unbroken, film, start, min(start + LENGTH, COUNT)) for start in range(0, COUNT, LENGTH)]
    for number, start in reversed(list(enumerate(range(0, COUNT, LENGTH)))):
        alone = results(edit(session, track()), film, start, min(start + LENGTH, COUNT))
        assert all(np.array_equal(a, b) for a, b in zip(alone, in_order[number], strict=True))


def test_runs_fade_into_each_other(session: Session, film: Film) -> None:
    """Right behind a border the earlier run rules, some frames on the later one does."""
    own = TrackEdit(session, Cleaning((track(),), fill="classical", cuts=frozenset()), COUNT, COUNT)
    first = results(own, film, 0, COUNT)
    split = results(edit(session, track()), film, LENGTH, 2 * LENGTH)
    alone = results(edit(session, track(ranges=(Span(LENGTH, COUNT),))), film, LENGTH, 2 * LENGTH)
    assert np.array_equal(alone[FADE], split[FADE])
    outside = np.ones(SIZE, bool)
    outside[BOX.slices] = False
    assert all(np.array_equal(a[outside], b[outside]) for a, b in zip(split, first[LENGTH:], strict=False))


def test_the_key_tells_what_is_edited_and_nothing_else(session: Session) -> None:
    late = track(ranges=(Span(30, 50),))
    keys = [edit(session, late).key(start, start + 12) for start in (0, 12, 24, 36, 48)]
    assert keys[0] == keys[1] == ""
    assert all(keys[2:])
    later = [edit(session, track(ranges=(Span(30, 49),))).key(start, start + 12) for start in (0, 12, 24, 36, 48)]
    assert keys[:3] == later[:3]
    assert keys[4] != later[4]


@pytest.mark.parametrize("changes", [{"grow": 2}, {"engine": "per-frame"}, {"feather": 1}])
def test_another_mask_or_engine_is_another_key(session: Session, changes: dict[str, object]) -> None:
    assert edit(session, track()).key(0, LENGTH) != edit(session, track(**changes)).key(0, LENGTH)
