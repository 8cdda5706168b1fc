"""Damaged films never crash or hang: they are shown as far as they go, or refused in one clear line."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from engines.core.context import Context
from engines.core.faults import EngineError, Fault
from engines.jobs.export_film import export_film
from engines.jobs.film_edit import Untouched
from engines.jobs.film_pieces import ExportSettings
from engines.media.film.encoders import Encoding
from engines.media.film.formats import Codec
from engines.media.film.probe import probe
from engines.media.film.reader import open_film
from tests.cli.run import ROOT
from tests.engines.media.film.conftest import Zoo

SHARED = ROOT.parent / "shared" / "data" / "media_zoo"
DAMAGED = ("plain.mp4", "open_gop.mkv", "open_gop.ts", "vp9.webm", "old.avi", "prores_alpha.mov", "variable.mp4")
ROUNDS = 8
SECONDS = 120


def outcomes(files: list[Path]) -> list[str]:
    """What reading each of the files came to, in a process of its own."""
    command = [sys.executable, "-m", "tests.engines.media.film.damage", *map(str, files)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert (run.returncode, run.stderr) == (0, "")
    return run.stdout.splitlines()


def damaged(data: bytes, chosen: random.Random, way: int) -> bytes:
    """Cut off, with bytes changed anywhere, with bytes changed in its head, or with a hole."""
    broken = bytearray(data)
    if way == 0:
        return data[: chosen.randrange(len(data))]
    if way == 3:
        start = chosen.randrange(len(broken))
        del broken[start : start + chosen.randrange(1, 5000)]
        return bytes(broken)
    reach = len(broken) if way == 1 else min(len(broken), 2000)
    for _ in range(chosen.choice((1, 10, 100))):
        broken[chosen.randrange(reach)] = chosen.randrange(256)
    return bytes(broken)


@pytest.mark.parametrize("name", DAMAGED)
def test_whatever_is_broken_is_shown_or_refused_in_one_line(zoo: Zoo, tmp_path: Path, name: str) -> None:
    data, chosen = zoo(name).read_bytes(), random.Random(name)
    files = [tmp_path / f"{number}{Path(name).suffix}" for number in range(4 * ROUNDS)]
    for number, file in enumerate(files):
        file.write_bytes(damaged(data, chosen, number % 4))
    told = outcomes(files)
    assert len(told) == len(files)
    for line in told:
        assert line.startswith(("frames ", "told: "))
        assert "<newline>" not in line
        assert line == "frames 0" or line[6:].strip()


@pytest.mark.parametrize("path", sorted((SHARED / "video_corrupt").glob("*")), ids=lambda path: path.name)
def test_broken_films_of_the_shared_zoo(path: Path) -> None:
    (line,) = outcomes([path])
    refused = {"random.mp4", "html.mp4", "ftyp_only.mp4", "dropped_reference_frames.mp4"}
    assert line.startswith("told: ") == (path.name in refused)


@pytest.mark.parametrize("name", ["note.txt", "note.mp4", "empty.mkv", "picture.png"])
def test_what_is_no_film_is_refused_in_one_line(tmp_path: Path, name: str) -> None:
    from PIL import Image

    path = tmp_path / name
    path.write_bytes(b"" if name == "empty.mkv" else b"these are only words\n" * 50)
    if path.suffix == ".png":
        Image.new("RGB", (40, 30)).save(path)
    with pytest.raises(EngineError) as caught:
        open_film(path)
    assert caught.value.fault is Fault.UNREADABLE
    assert "\n" not in str(caught.value)


def test_a_missing_film_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="There is no file"):
        probe(tmp_path / "nothing.mp4")


def test_a_film_with_damaged_frames_keeps_its_length(tmp_path: Path) -> None:
    source = SHARED / "video_corrupt" / "bitrot.mp4"
    if not source.exists():
        pytest.skip("the media zoo (../shared/data/media_zoo) is not on this machine")
    settings = ExportSettings(source, tmp_path / "t.mp4", encoding=Encoding(Codec.H264, preset="ultrafast"))
    report = export_film(settings, Untouched(), Context())
    assert report.frames == 72
    assert report.damaged > 0
    assert any("damaged" in note for note in report.notes)
    with open_film(source) as before, open_film(settings.target) as after:
        assert list(before.times) == list(after.times)
