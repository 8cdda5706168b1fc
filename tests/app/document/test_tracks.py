"""Masks through time: what each verb does, and that undo, history on disk and project files lose nothing of it."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from app.document import track_verbs as verbs
from app.document.codec import same
from app.document.coverage import Combine
from app.document.document import Document
from app.document.project import load_project, save_project
from app.document.state import Clip, Source, State
from engines.core.engine import Tracked
from engines.core.tracks import MaskTrack, Span, Stop, TrackKind, mask_at
from engines.core.types import Box, Mask
from tests.app.support import box, picture

SIZE = (300, 400)
WHOLE = Box(0, 0, 400, 300)


@pytest.fixture
def state(tmp_path: Path) -> State:
    return film_state(tmp_path / "film.mp4")


def film_state(path: Path) -> State:
    return State.fresh(Source(path, SIZE, "uint8", "", Clip(100, Fraction(25))))


def covers(state: State, number: int, frame: int, *boxes: Mask) -> bool:
    mine = mask_at(state.tracks[number], frame).dense(WHOLE)
    return bool(np.array_equal(mine, Mask.union(boxes).dense(WHOLE)))


def test_the_mask_of_a_static_track_is_one_wherever_it_is_painted(state: State) -> None:
    a, b = box(10, 10, 50, 50), box(200, 100, 30, 30)
    state = verbs.add_track(state, "Logo")
    state = verbs.paint_key(state, 0, 20, a, Combine.ADD)
    state = verbs.paint_key(state, 0, 70, b, Combine.ADD)
    assert list(state.tracks[0].keys) == [20]
    assert all(covers(state, 0, frame, a, b) for frame in (0, 20, 70, 99))


def test_painting_on_a_tracked_frame_makes_a_key_of_what_is_there(state: State) -> None:
    a, b, c = box(10, 10, 50, 50), box(60, 10, 50, 50), box(110, 10, 20, 20)
    state = verbs.insert_track(state, MaskTrack("Man", TrackKind.TRACKED, SIZE, made={30: Tracked(a, 0.8)}, grow=3))
    state = verbs.paint_key(state, 0, 30, b, Combine.ADD)
    state = verbs.paint_key(state, 0, 40, c, Combine.ADD)
    track = state.tracks[0]
    assert list(track.keys) == [30, 40]
    assert track.made == {}, "a key stands in the place of what the tracker made"
    assert np.array_equal(track.keys[30].dense(WHOLE), (a | b).dense(WHOLE)), "the growth is not painted in"
    state = verbs.paint_key(state, 0, 40, c, Combine.SUBTRACT)
    assert state.tracks[0].keys[40].empty, "here it is surely nowhere"


def test_keys_are_moved_and_deleted(state: State) -> None:
    a, b = box(10, 10, 50, 50), box(100, 10, 50, 50)
    state = verbs.add_track(state, "Man", TrackKind.TRACKED)
    state = verbs.set_key(verbs.set_key(state, 0, 10, a), 0, 20, b)
    moved = verbs.move_key(state, 0, 20, 5)
    assert list(moved.tracks[0].keys) == [5, 10]
    assert covers(moved, 0, 5, b)
    assert covers(moved, 0, 20)
    assert list(verbs.move_key(state, 0, 20, 10).tracks[0].keys) == [10], "it takes the place of the other"
    assert list(verbs.delete_key(state, 0, 10).tracks[0].keys) == [20]
    with pytest.raises(KeyError):
        verbs.delete_key(state, 0, 11)
    assert verbs.move_key(state, 0, 10, 10) is state


def test_ranges_say_where_a_track_is_active(state: State) -> None:
    a = box(10, 10, 50, 50)
    state = verbs.set_key(verbs.add_track(state, "Logo", ranges=[Span(10, 20)]), 0, 12, a)
    assert covers(state, 0, 10, a)
    assert covers(state, 0, 20)
    state = verbs.set_ranges(state, 0, [Span(40, 50), Span(10, 20), Span(20, 30), Span(5, 5)])
    assert state.tracks[0].ranges == (Span(10, 30), Span(40, 50))
    state = verbs.move_range(state, 0, 1, Span(25, 50))
    assert state.tracks[0].ranges == (Span(10, 50),)
    assert covers(verbs.whole_clip(state, 0), 0, 99, a)


def test_whole_clip_makes_one_mask_of_what_was_tracked(state: State) -> None:
    a, b = box(10, 10, 50, 50), box(100, 10, 50, 50)
    made = {11: Tracked(b, 0.5)}
    track = MaskTrack("Man", TrackKind.TRACKED, SIZE, {10: a}, (Span(0, 30),), made, stops=(Stop(12, "gone"),))
    still = verbs.whole_clip(verbs.insert_track(state, track), 0)
    assert (still.tracks[0].kind, still.tracks[0].stops) == (TrackKind.STATIC, ())
    assert all(covers(still, 0, frame, a) for frame in (0, 11, 99))


def test_names(state: State) -> None:
    state = verbs.add_track(verbs.add_track(state, "Mask 1"), "Mask 3")
    assert verbs.free_name(state, "Mask") == "Mask 2"
    assert verbs.rename_track(state, 0, "  Logo ").tracks[0].name == "Logo"
    assert verbs.rename_track(state, 0, "   ") is state
    assert [track.name for track in verbs.remove_track(state, 0).tracks] == ["Mask 3"]
    with pytest.raises(IndexError):
        verbs.remove_track(state, 2)


Act = Callable[[random.Random, State], State]


def _some(rng: random.Random) -> Mask:
    return box(rng.randrange(300), rng.randrange(200), rng.randrange(1, 90), rng.randrange(1, 90))


def _tracked(rng: random.Random, state: State) -> State:
    shared = _some(rng)
    made = {frame: Tracked(shared if frame % 2 else _some(rng), 0.7) for frame in range(30, 40)}
    track = MaskTrack("T", TrackKind.TEXT, SIZE, {30: shared}, (Span(20, 60),), made, 1, 2, 1, "per-frame",
                      {"strength": 0.5}, (Stop(40, "unsure"),), {30: 0.9}, 31, True)  # fmt: skip
    return verbs.insert_track(state, track)


def _on_one(verb: Callable[[random.Random, State, int], State]) -> Act:
    def act(rng: random.Random, state: State) -> State:
        return verb(rng, state, rng.randrange(len(state.tracks))) if state.tracks else _tracked(rng, state)

    return act


ACTS: tuple[Act, ...] = (
    _tracked,
    lambda rng, state: verbs.add_track(state, verbs.free_name(state, "Mask"), rng.choice(list(TrackKind))),
    _on_one(lambda rng, state, n: verbs.paint_key(state, n, rng.randrange(100), _some(rng), rng.choice(list(Combine)))),
    _on_one(lambda rng, state, n: verbs.set_key(state, n, rng.randrange(100), _some(rng))),
    _on_one(lambda rng, state, n: verbs.rename_track(state, n, f"name {rng.random():.2f}")),
    _on_one(lambda rng, state, n: verbs.set_ranges(state, n, [Span(rng.randrange(50), rng.randrange(100))])),
    _on_one(lambda rng, state, n: verbs.adjust_track(state, n, grow=rng.randrange(5), feather=rng.randrange(4))),
    _on_one(lambda rng, state, n: verbs.set_engine(state, n, rng.choice(["propagate", "per-frame"]))),
    _on_one(lambda rng, state, n: verbs.whole_clip(state, n)),
    _on_one(lambda rng, state, n: verbs.remove_track(state, n) if rng.random() < 0.3 else state),
    _on_one(
        lambda rng, state, n: (
            verbs.move_key(state, n, next(iter(state.tracks[n].keys)), rng.randrange(100))
            if state.tracks[n].keys
            else state
        )
    ),
)


@pytest.mark.parametrize("seed", range(2))
def test_whatever_is_done_can_be_undone_and_saved(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    document = Document(film_state(tmp_path / "film.mp4"), picture(), budget=400_000, folder=tmp_path)
    remembered = {0: document.state}
    project = tmp_path / "p.cleanplate"
    for step in range(250):
        if rng.random() < 0.15:
            document.go(rng.randrange(len(document.labels)))
        else:
            document.do("act", rng.choice(ACTS)(rng, document.state))
            remembered[document.position] = document.state
        if step % 50 == 49:
            save_project(project, document.state, picture())
            assert same(load_project(project).state, document.state)
    for position in range(len(document.labels)):
        document.go(position)
        assert same(document.state, remembered[position])
    document.close()


def test_frames_that_share_a_mask_share_it_in_the_file(tmp_path: Path) -> None:
    shared = box(10, 10, 50, 50)
    track = MaskTrack("Text", TrackKind.TEXT, SIZE, made={frame: Tracked(shared, 1.0) for frame in range(500)})
    state = verbs.insert_track(film_state(tmp_path / "film.mp4"), track)
    path = tmp_path / "p.cleanplate"
    save_project(path, state, picture())
    assert path.stat().st_size < 120_000
    back = load_project(path).state.tracks[0]
    assert back.made[0].mask is back.made[499].mask
    assert len(list(state.arrays())) == 1


def test_a_track_of_another_size_is_refused(tmp_path: Path) -> None:
    from engines.core.faults import EngineError

    state = verbs.add_track(film_state(tmp_path / "film.mp4"), "Logo")
    odd = replace(state, tracks=(replace(state.tracks[0], size=(30, 40)),))
    save_project(tmp_path / "p.cleanplate", odd, picture())
    with pytest.raises(EngineError, match="damaged"):
        load_project(tmp_path / "p.cleanplate")
