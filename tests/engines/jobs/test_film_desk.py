"""Requests about films, answered over a real session with the engines that need no weights."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import av
import numpy as np
import pytest

from engines.core.context import Context
from engines.core.faults import Cancelled
from engines.core.mask_ops import box_mask
from engines.core.tracks import MaskTrack, Span, TrackKind, mask_at
from engines.core.types import Box, Mask
from engines.jobs.clean_film import Cleaning
from engines.jobs.film_cleaning import FilmCleaning
from engines.jobs.film_desk import (
    CleanSpan,
    ExportFilm,
    FilmDesk,
    FilmExported,
    FollowTrack,
    SpanCleaned,
    TrackMade,
    open_desk,
)
from engines.jobs.film_pieces import ExportSettings
from engines.jobs.track_masks import Direction
from engines.media.film.reader import open_film

SIZE, FRAMES = (96, 128), 40
MARK = Box(8, 8, 20, 12)


def ground(number: int) -> np.ndarray:
    """A textured picture that moves two pixels to the left with each frame."""
    rng = np.random.default_rng(4)
    wide = np.kron(rng.integers(60, 200, (24, 64, 3)), np.ones((4, 4, 1))).astype(np.uint8)
    return np.ascontiguousarray(wide[:, 2 * number : 2 * number + SIZE[1]])


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pan, with a white mark in the frames 12 to 27."""
    path = tmp_path_factory.mktemp("desk") / "pan.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"preset": "ultrafast", "crf": "8", "g": "10"})
        stream.height, stream.width = SIZE
        stream.pix_fmt = "yuv420p"
        for number in range(FRAMES):
            picture = ground(number)
            if 12 <= number < 28:
                picture[MARK.slices] = 250
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        container.mux(stream.encode(None))
    return path


@pytest.fixture(scope="module")
def desk() -> Iterator[FilmDesk]:
    made = open_desk()
    yield made
    made.close()


def mark() -> MaskTrack:
    return MaskTrack("Mark", TrackKind.STATIC, SIZE, {0: box_mask(MARK.grown(1), SIZE)}, (Span(12, 28),))


def test_a_thing_is_followed_and_the_range_of_the_track_stays(desk: FilmDesk, film: Path) -> None:
    start = box_mask(Box(60, 40, 24, 24), SIZE)
    track = MaskTrack("Thing", TrackKind.STATIC, SIZE, {5: start})
    done = cast("TrackMade", desk.run(FollowTrack(film, track, Direction.FORWARD, 0, 20), Context()))
    assert done.track.kind is TrackKind.TRACKED
    assert done.track.ranges == ()
    assert set(done.track.made) == set(range(6, 20))
    moved = mask_at(done.track, 15).box
    assert abs(moved.x - (60 - 20)) <= 3
    assert abs(moved.y - 40) <= 2


def test_only_the_span_that_was_asked_for_is_cleaned(desk: FilmDesk, film: Path) -> None:
    what = Cleaning((mark(),), fill="classical")
    done = cast("SpanCleaned", desk.run(CleanSpan(film, what, 8, 16), Context()))
    assert len(done.patches) == 8
    assert all(not patches for patches in done.patches[:4]), "the track begins at 12"
    with open_film(film) as opened:
        for number in (12, 15):
            picture = opened.frame(number).pixels.copy()
            for patch in done.patches[number - 8]:
                patch.paint(picture)
            error = np.abs(picture[MARK.slices].astype(int) - ground(number)[MARK.slices]).mean()
            assert error < 12, "what was behind the mark is seen in other frames"


def test_a_film_is_exported_as_previewed(desk: FilmDesk, film: Path, tmp_path: Path) -> None:
    target = tmp_path / "clean.mkv"
    request = ExportFilm(ExportSettings(film, target, segment_frames=20), Cleaning((mark(),), fill="classical"))
    notes: list[str] = []
    done = cast("FilmExported", desk.run(request, Context(report=lambda _d, note, _p: notes.append(note))))
    assert (done.target, done.frames, done.encoded) == (target, FRAMES, FRAMES)
    assert done.size == target.stat().st_size
    assert any(note.startswith("frame") for note in notes)
    with open_film(target) as clean, open_film(film) as source:
        assert len(clean) == FRAMES
        for number in (5, 12, 19, 20, 27, 28):
            result, before = clean.frame(number).pixels.astype(int), source.frame(number).pixels.astype(int)
            assert np.abs(result[MARK.slices] - ground(number)[MARK.slices]).mean() < 14, number
            assert np.abs(result[50:] - before[50:]).mean() < 3


def test_the_key_of_a_piece_tells_of_all_that_decides_it(desk: FilmDesk) -> None:
    def key(what: Cleaning, start: int = 0, stop: int = 40) -> str:
        return FilmCleaning(desk.session, what).key(start, stop)

    track = mark()
    plain = key(Cleaning((track,)))
    assert plain
    assert plain == key(Cleaning((mark(),))), "equal masks, though not the same arrays"
    assert key(Cleaning((track,)), 28, 40) == "", "nothing is erased there"
    assert key(Cleaning(())) == ""
    from dataclasses import replace

    others = [replace(track, grow=2), replace(track, feather=2), replace(track, engine="per-frame"),
              replace(track, keys={0: Mask(MARK, track.keys[0].dense(MARK))}), replace(track, ranges=(Span(12, 27),)),
              replace(track, options={"twice": False}), replace(track, learnt=True)]  # fmt: skip
    keys = {plain, *(key(Cleaning((other,))) for other in others), key(Cleaning((track,), fill="strokefill"))}
    assert len(keys) == len(others) + 2


def test_requests_can_be_sent_to_another_process(film: Path) -> None:
    for request in (
        FollowTrack(film, mark(), Direction.BOTH, 0, 20),
        CleanSpan(film, Cleaning((mark(),)), 0, 4),
        ExportFilm(ExportSettings(film, film.with_suffix(".mp4")), Cleaning((mark(),))),
    ):
        back = pickle.loads(pickle.dumps(request))
        assert back.engine == request.engine


def test_each_can_be_cancelled(desk: FilmDesk, film: Path, tmp_path: Path) -> None:
    def never(_done: float, _note: str, _preview: object) -> None:
        return None

    target = tmp_path / "never.mkv"
    requests = (
        FollowTrack(film, mark(), Direction.BOTH, 0, 40),
        CleanSpan(film, Cleaning((mark(),)), 0, 40),
        ExportFilm(ExportSettings(film, target), Cleaning((mark(),))),
    )
    for request in requests:
        with pytest.raises(Cancelled):
            desk.run(request, Context(report=never, cancelled=lambda: True))
    assert not target.exists()
