"""Every promise of the reader, against a plain decode from the first frame to the last."""

from __future__ import annotations

import random
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from engines.core.faults import EngineError
from engines.core.types import Box
from engines.media.film.matrices import matrix_of, to_ycc
from engines.media.film.reader import open_film
from engines.media.film.samples import plane
from tests.cli.run import ROOT
from tests.engines.media.film.clips import ZOO, Clip, make, picture
from tests.engines.media.film.conftest import Zoo

SHARED = ROOT.parent / "shared" / "data" / "media_zoo"
ACCESSES = 24
EXACT = {"libx264", "ffv1", "libx265", "prores_ks"}


def digest(frame: av.VideoFrame) -> int:
    wide = max(part.bits for part in frame.format.components) > 8
    luma = plane(frame, 0, 4 if frame.format.name in ("bgra", "rgba") else 1, wide=wide)
    return hash(luma.tobytes())


def plain_decode(path: Path) -> list[tuple[int, int]]:
    """Times and content of all frames that are whole, in the decoder's order."""
    found = []
    with av.open(str(path)) as container:
        covers = av.stream.Disposition.attached_pic
        stream = next(stream for stream in container.streams.video if not stream.disposition & covers)
        for packet in container.demux(stream):
            try:
                found += [(frame.pts or 0, digest(frame)) for frame in packet.decode() if not frame.is_corrupt]
            except av.InvalidDataError:
                continue
    return found


def assert_exact(path: Path) -> None:
    want = plain_decode(path)
    with open_film(path, cache_bytes=1_000_000) as film:
        assert [frame.pts for frame in film.frames()] == [pts for pts, _ in want]
        chosen = random.Random(7)
        backwards = range(len(film) - 1, max(len(film) - ACCESSES, 0) - 1, -1)
        for number in [*(chosen.randrange(len(film)) for _ in range(ACCESSES)), *backwards]:
            frame = film.frame(number)
            assert (frame.pts, digest(frame.native)) == want[number]
            assert frame.time == frame.pts * film.info.time_base
            assert film.index_at(frame.time) == number


@pytest.mark.parametrize("clip", ZOO, ids=lambda clip: clip.name)
def test_any_frame_is_the_one_that_a_plain_decode_gives(zoo: Zoo, clip: Clip) -> None:
    path = zoo(clip.name)
    assert_exact(path)
    with open_film(path) as film:
        assert len(film) == len(clip.shown_at())


@pytest.mark.parametrize("path", sorted((SHARED / "video").glob("*.*")), ids=lambda path: path.name)
def test_any_frame_of_the_shared_zoo(path: Path) -> None:
    if path.name == "audio_only.m4a":
        with pytest.raises(EngineError, match="no moving pictures"):
            open_film(path)
        return
    assert_exact(path)


@pytest.mark.parametrize("name", ["plain.mp4", "variable.mp4", "variable.mkv", "open_gop.ts"])
def test_times_are_those_written(zoo: Zoo, name: str) -> None:
    clip = next(clip for clip in ZOO if clip.name == name)
    with open_film(zoo(name)) as film:
        told = [time - film.times[0] for time in film.times]
        assert told == [(tick - clip.shown_at()[0]) * clip.time_base for tick in clip.shown_at()]
        assert film.info.variable == (name == "variable.mp4")
        middle = film.times[3] + film.frame(3).duration / 2
        assert film.index_at(middle) == 3
        assert film.index_at(film.times[0] - 1) == 0
        assert film.index_at(film.end + 100) == len(film) - 1
        assert all(isinstance(time, Fraction) for time in film.times[:3])


@pytest.mark.parametrize(
    "clip", [clip for clip in ZOO if clip.codec in ("libx264", "ffv1")], ids=lambda clip: clip.name
)
def test_colours_are_those_drawn(zoo: Zoo, clip: Clip) -> None:
    with open_film(zoo(clip.name)) as film:
        frame = film.frame(0)
        top = np.iinfo(frame.pixels.dtype).max
        assert frame.pixels.dtype == (np.uint16 if film.info.layout.bits > 8 else np.uint8)
        assert not frame.pixels.flags.writeable
        shown = frame.pixels if film.info.orientation == 1 else None
        if shown is not None:
            error = np.abs(shown / top - picture(0, clip.size) / 255)[10:]
            assert error.mean() < 0.012


def test_a_phone_film_stands_upright(zoo: Zoo) -> None:
    with open_film(zoo("phone.mov")) as film:
        assert film.info.size == (128, 96)
        assert film.info.coded == (96, 128)
        upright = np.rot90(picture(5, (96, 128)), -1)
        assert np.abs(film.frame(5).pixels.astype(int) - upright).mean() < 4


@pytest.mark.parametrize("matrix", [1, 6, 9])
@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("bits", [8, 10])
def test_the_matrix_back_gives_the_samples_that_were_read(tmp_path: Path, matrix: int, full: bool, bits: int) -> None:
    kind = "yuv444p" if bits == 8 else "yuv444p10le"
    clip = Clip("c.mkv", "ffv1", kind, frames=1, time_base=Fraction(1, 1000), colour=(matrix, 1 + full, 2, 2))
    with open_film(make(clip, tmp_path)) as film:
        frame = film.frame(0)
        assert matrix_of(film.info.colour, 96) == matrix
        found = to_ycc(frame.pixels, matrix, full=full, bits=bits)
        for part in range(3):
            stored = plane(frame.native, part, wide=bits > 8)
            inside = (frame.pixels > 0).all(axis=2) & (frame.pixels < np.iinfo(frame.pixels.dtype).max).all(axis=2)
            assert np.abs(found[..., part] - stored)[inside].max() <= 1.01


def test_alpha_comes_along(zoo: Zoo) -> None:
    with open_film(zoo("prores_alpha.mov")) as film:
        alpha = film.frame(2).alpha
        assert alpha is not None
        assert alpha.shape == (96, 128)
        assert alpha.min() > 65000
    with open_film(zoo("plain.mp4")) as film:
        assert film.frame(2).alpha is None


def test_fields_are_made_whole_frames(zoo: Zoo) -> None:
    path = zoo("interlaced.mkv")
    with open_film(path) as film, open_film(path, deinterlace=True) as whole:
        assert film.info.interlaced
        assert len(film) == len(whole)
        assert not np.array_equal(film.frame(7).pixels, whole.frame(7).pixels)
        again = whole.frame(7).pixels
        assert np.array_equal(whole.frame(3).pixels, next(iter(whole.frames(3))).pixels)
        assert np.array_equal(again, whole.frame(7).pixels)


def test_a_frame_beyond_the_end_is_an_error(zoo: Zoo) -> None:
    with open_film(zoo("plain.mp4")) as film:
        for index in (-1, len(film)):
            with pytest.raises(IndexError):
                film.frame(index)


def test_the_index_is_remembered_until_the_film_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLEANPLATE_CACHE", str(tmp_path / "cache"))
    path = make(Clip("a.mp4", frames=12), tmp_path)
    with open_film(path) as film:
        assert len(film) == 12
    (memory,) = (tmp_path / "cache" / "film-index").iterdir()
    memory.write_bytes(b"broken")
    with open_film(path) as film:
        assert len(film) == 12
    make(Clip("a.mp4", frames=20), tmp_path)
    with open_film(path) as film:
        assert len(film) == 20


@pytest.mark.parametrize("clip", ZOO, ids=lambda clip: clip.name)
def test_a_region_is_a_cut_of_the_whole(zoo: Zoo, clip: Clip) -> None:
    path, chosen = zoo(clip.name), random.Random(3)
    with open_film(path) as film, open_film(path) as other:
        height, width = film.info.size
        for _ in range(6):
            x, y = chosen.randrange(width), chosen.randrange(height)
            box = Box(x, y, chosen.randint(1, width - x), chosen.randint(1, height - y))
            number = chosen.randrange(len(film))
            assert np.array_equal(film.frame(number).region(box), other.frame(number).pixels[box.slices])
            film.frame(number).pixels.sum()
            assert np.array_equal(film.frame(number).region(box), other.frame(number).pixels[box.slices])
