"""Masks through time go into a film of the source's times, and come back the same."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from engines.core.context import Context
from engines.core.faults import Cancelled, EngineError, Fault
from engines.core.tracks import MaskTrack, TrackKind, masks_at, overlap
from engines.core.types import Box, Mask
from engines.jobs.film_pieces import ExportSettings
from engines.jobs.mask_files import read_masks
from engines.jobs.mask_film import check_save, save_masks
from engines.media.film.reader import open_film
from tests.films import write_film
from tests.moving import Clip, covered, panned, scenery

SIZE, COUNT = (90, 160), 14


@pytest.fixture(scope="module")
def clip() -> Clip:
    return covered(panned(scenery(150, 260), COUNT, SIZE, (1.0, 0.2)), Box(20, 30, 41, 27), (5.0, 1.0))


@pytest.fixture(scope="module")
def tracks(clip: Clip) -> tuple[MaskTrack, ...]:
    """One that moves and pauses, one that stays, grown: together they are what is erased."""
    keys = {number: Mask.of(mask) for number, mask in enumerate(clip.masks) if number not in (4, 5)}
    mark = Mask(Box(120, 5, 20, 11), np.full((11, 20), 255, np.uint8))
    return (
        MaskTrack("thing", TrackKind.TRACKED, SIZE, keys),
        MaskTrack("mark", TrackKind.STATIC, SIZE, {0: mark}, grow=2),
    )


@pytest.fixture(scope="module")
def source(clip: Clip, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_film(tmp_path_factory.mktemp("film") / "film.mkv", clip.frames)


def save(source: Path, tracks: tuple[MaskTrack, ...], target: Path, *, leave_out: bool = False) -> None:
    with open_film(source) as film:
        settings = ExportSettings(source, target.with_name("clean.mkv"), leave_out=leave_out)
        check_save(film, settings, target)
        save_masks(film, tracks, settings, target, Context())


@pytest.mark.parametrize("name", ["masks.mkv", "masks.mp4", "masks"])
def test_what_is_saved_is_read_again(source: Path, tracks: tuple[MaskTrack, ...], tmp_path: Path, name: str) -> None:
    save(source, tracks, tmp_path / name)
    back = read_masks(tmp_path / name, SIZE, COUNT, Context())
    least = 0.97 if name.endswith(".mp4") else 1.0
    for frame in range(COUNT):
        assert overlap(masks_at((back,), frame), masks_at(tracks, frame)) >= least
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("kind", ["yuv420p", "yuv420p10le", "gbrp10le", "bgra"])
def test_every_level_is_kept_however_the_source_is_stored(clip: Clip, tmp_path: Path, kind: str) -> None:
    source = write_film(tmp_path / "film.mkv", clip.frames[:4], kind=kind)
    soft = Mask(Box(31, 21, 50, 40), np.full((40, 50), 255, np.uint8))
    track = MaskTrack("soft", TrackKind.STATIC, SIZE, {0: soft}, feather=6)
    save(source, (track,), tmp_path / "masks.mkv")
    with open_film(tmp_path / "masks.mkv") as film:
        assert len(film) == 4
        for frame in film.frames():
            level = frame.pixels.astype(np.float64).max(axis=2) / np.iinfo(frame.pixels.dtype).max * 255
            wanted = masks_at((track,), frame.index).dense(Box(0, 0, SIZE[1], SIZE[0]))
            assert np.abs(level - wanted).max() <= 1.5  # limited range has 220 levels for 256
            assert (level[wanted == 255] > 254).all()
            assert (level[wanted == 0] < 1).all()


def test_it_has_the_times_of_the_source(clip: Clip, tracks: tuple[MaskTrack, ...], tmp_path: Path) -> None:
    source, times = tmp_path / "uneven.mkv", [0, 40, 90, 200, 210, 400, 440]
    with av.open(str(source), "w") as film:
        stream = film.add_stream("ffv1", rate=25)
        stream.height, stream.width = SIZE
        stream.pix_fmt, stream.time_base = "bgr0", Fraction(1, 1000)
        stream.codec_context.time_base = Fraction(1, 1000)
        for number, time in enumerate(times):
            frame = av.VideoFrame.from_ndarray(clip.frames[number], "rgb24").reformat(format="bgr0")
            frame.pts, frame.time_base = time, Fraction(1, 1000)
            film.mux(stream.encode(frame))
        film.mux(stream.encode(None))
    save(source, tracks, tmp_path / "masks.mkv")
    with open_film(tmp_path / "masks.mkv") as masks:
        assert [round(time * 1000) for time in masks.times] == times


def test_sound_stays_behind(source: Path, tracks: tuple[MaskTrack, ...], tmp_path: Path) -> None:
    for leave_out in (False, True):
        save(source, tracks, tmp_path / f"{leave_out}.mkv", leave_out=leave_out)
        with av.open(str(tmp_path / f"{leave_out}.mkv")) as film:
            assert [stream.type for stream in film.streams] == ["video"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("clean.mkv", "where the film goes"),
        ("there.mkv", "exists already"),
        ("full", "not an empty folder"),
        ("masks.gif", "not written to .gif"),
        ("masks.txt", "no kind of film"),
    ],
)
def test_names_that_cannot_be_are_refused_before_the_work(source: Path, tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / "there.mkv").write_bytes(b"mine")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "note.txt").write_text("mine")
    with open_film(source) as film, pytest.raises(EngineError, match=words) as error:
        check_save(film, ExportSettings(source, tmp_path / "clean.mkv"), tmp_path / name)
    assert error.value.fault in (Fault.BAD_INPUT, Fault.EXISTS)


def test_the_film_itself_is_never_the_masks(source: Path, tmp_path: Path) -> None:
    with open_film(source) as film, pytest.raises(EngineError, match="never overwritten"):
        check_save(film, ExportSettings(source, tmp_path / "clean.mkv", overwrite=True), source)


@pytest.mark.parametrize("name", ["masks.mkv", "masks"])
def test_cancelled_leaves_nothing_under_the_name(
    source: Path, tracks: tuple[MaskTrack, ...], tmp_path: Path, name: str
) -> None:
    steps: list[float] = []
    ctx = Context(lambda done, _, __: steps.append(done), lambda: len(steps) > 3)
    with open_film(source) as film, pytest.raises(Cancelled):
        save_masks(film, tracks, ExportSettings(source, tmp_path / "clean.mkv"), tmp_path / name, ctx)
    assert not (tmp_path / name).exists()
