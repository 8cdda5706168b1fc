"""Folders of pictures and animations, in and out, through the same reader and the same export as films."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engines.core.context import Context
from engines.core.faults import EngineError
from engines.core.types import Box
from engines.jobs.export_film import ExportReport, export_film
from engines.jobs.film_edit import FilmEdit, Untouched
from engines.jobs.film_pieces import ExportSettings
from engines.media.film.encoders import Encoding
from engines.media.film.formats import Codec
from engines.media.film.reader import open_film
from engines.media.images import write_png
from tests.engines.jobs.test_export_film import Paints
from tests.engines.media.film.clips import Clip, make, picture
from tests.engines.media.film.rich import make_rich

SIZE = (60, 81)
COUNT = 11


def folder(path: Path, depth: type = np.uint8) -> Path:
    path.mkdir()
    for number in range(COUNT):
        pixels: np.ndarray = picture(number, SIZE).astype(depth) * (257 if depth is np.uint16 else 1)
        write_png(pixels, path / f"shot_{number + 5}.png", overwrite=False)
    (path / "notes.txt").write_text("not a frame", encoding="utf-8")
    return path


def export(source: Path, target: Path, edit: FilmEdit | None = None, **settings: object) -> ExportReport:
    chosen = ExportSettings(source, target, segment_frames=4, **settings)  # type: ignore[arg-type]
    return export_film(chosen, edit or Untouched(), Context())


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_a_folder_through_a_folder_is_the_same_to_the_bit(tmp_path: Path, depth: type) -> None:
    source = folder(tmp_path / "in", depth)
    edit = Paints(Box(10, 12, 20, 20), range(3, 5))
    edit.patches = lambda frame: ()  # type: ignore[method-assign]
    assert export(source, tmp_path / "out", edit, rate=Fraction(30)).frames == COUNT
    assert [file.name for file in sorted((tmp_path / "out").iterdir())] == [f"{n:06d}.png" for n in range(1, COUNT + 1)]
    with open_film(source, rate=Fraction(30)) as before, open_film(tmp_path / "out") as after:
        assert before.times[2] == Fraction(2, 30)
        assert before.info.size == SIZE
        for one, other in zip(before.frames(), after.frames(), strict=True):
            assert one.pixels.dtype == depth
            assert np.array_equal(one.pixels, other.pixels)
    with pytest.raises(EngineError, match="exists already"):
        export(source, tmp_path / "out")


def test_a_folder_becomes_a_film_and_a_film_a_folder(tmp_path: Path) -> None:
    source = folder(tmp_path / "in")
    report = export(source, tmp_path / "t.mkv", Paints(Box(10, 12, 20, 20), range(3, 5)), encoding=Encoding(Codec.FFV1))
    assert report.notes == []
    with open_film(source) as before, open_film(tmp_path / "t.mkv") as film:
        assert list(film.times) == [Fraction(number, 25) for number in range(COUNT)]
        for one, other in zip(before.frames(), film.frames(), strict=True):
            outside = np.ones(SIZE, bool)
            outside[12:32, 10:30] = one.index not in (3, 4)
            assert np.array_equal(one.pixels[outside], other.pixels[outside])
    export(tmp_path / "t.mkv", tmp_path / "back")
    with open_film(tmp_path / "t.mkv") as film, open_film(tmp_path / "back") as back:
        assert np.array_equal(film.frame(4).pixels, back.frame(4).pixels)


@pytest.mark.parametrize("ending", [".gif", ".webp", ".apng", ".png"])
def test_films_become_animations(tmp_path: Path, ending: str) -> None:
    times = (0, 40, 100, 110, 200, 300, 450, 500)
    source = make(Clip("s.mkv", frames=8, times=times, time_base=Fraction(1, 1000), options={"crf": "10"}), tmp_path)
    target = tmp_path / f"t{ending}"
    assert export(source, target).frames == 8
    with open_film(source) as before, open_film(target) as after:
        assert [time - after.times[0] for time in after.times] == [Fraction(time, 1000) for time in times]
        for one, other in zip(before.frames(), after.frames(), strict=True):
            error = np.abs(one.pixels.astype(int) - other.pixels).mean()
            assert error < 8 if ending == ".gif" else error == 0


def test_an_animation_with_alpha_and_uneven_times(tmp_path: Path) -> None:
    drawn = []
    for number in range(5):
        rgba = np.dstack([picture(number, SIZE), np.full(SIZE, 255, np.uint8)])
        rgba[:, number * 10 : number * 10 + 9, 3] = 0
        drawn.append(Image.fromarray(rgba))
    source = tmp_path / "a.webp"
    spans = [40, 100, 20, 300, 60]
    drawn[0].save(source, save_all=True, append_images=drawn[1:], duration=spans, lossless=True, loop=0, exact=True)
    with open_film(source) as film:
        assert [frame.duration * 1000 for frame in film.frames()] == spans
        assert film.info.variable
        for number in (3, 0, 4, 1):
            alpha = film.frame(number).alpha
            assert alpha is not None
            assert np.array_equal(alpha, np.asarray(drawn[number])[..., 3])
    export(source, tmp_path / "b.apng")
    with open_film(source) as before, open_film(tmp_path / "b.apng") as after:
        for one, other in zip(before.frames(), after.frames(), strict=True):
            assert (one.alpha is None) == (other.alpha is None)
            shown = np.asarray(one.alpha) > 0
            assert np.array_equal(one.pixels[shown], other.pixels[shown])
            assert one.duration == other.duration or one.index == 4


def test_sound_is_not_lost_silently(tmp_path: Path) -> None:
    source = make_rich(tmp_path / "rich.mp4", Clip("a.mp4", frames=20), ("aac",), "mov_text")
    with pytest.raises(EngineError, match="audio") as caught:
        export(source, tmp_path / "t.gif")
    assert ".mp4" in caught.value.hint
    assert not (tmp_path / "t.gif").exists()


def test_folders_that_are_no_film(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(EngineError, match="no numbered pictures"):
        open_film(tmp_path / "empty")
    source = folder(tmp_path / "in")
    write_png(picture(3, (20, 20)), source / "shot_100.png", overwrite=False)
    with open_film(source) as film, pytest.raises(EngineError, match="20 x 20"):
        film.frame(COUNT)
