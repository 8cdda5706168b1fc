"""Files appear whole or not at all; the source is never written to, others only when that was asked for."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from engines.core.faults import EngineError, Fault
from engines.media.images import (
    check_writable,
    copy_picture,
    read_picture,
    write_picture,
    write_png,
)
from tests.cli.run import ROOT
from tests.engines.media.drawn import noise, painted, photo, put, saved


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return put(tmp_path, "photo.png", saved(photo(), "PNG"))


def write(source: Path, target: Path, *, overwrite: bool = False) -> list[str]:
    picture = read_picture(source)
    return write_picture(picture, painted(picture.pixels), target, overwrite=overwrite)


def refused(source: Path, target: Path, fault: Fault, *, overwrite: bool = False) -> EngineError:
    before = sorted((path, path.read_bytes()) for path in target.parent.glob("**/*") if path.is_file())
    with pytest.raises(EngineError) as caught:
        write(source, target, overwrite=overwrite)
    assert caught.value.fault is fault
    assert sorted((path, path.read_bytes()) for path in target.parent.glob("**/*") if path.is_file()) == before
    return caught.value


def test_nothing_is_overwritten_unasked(source: Path, tmp_path: Path) -> None:
    target = put(tmp_path, "out.png", b"precious")
    assert "--overwrite" in refused(source, target, Fault.EXISTS).hint
    write(source, target, overwrite=True)
    assert read_picture(target).size == (48, 64)


def test_the_source_is_never_overwritten(source: Path, tmp_path: Path) -> None:
    link, hard = tmp_path / "link.png", tmp_path / "hard.png"
    link.symlink_to(source)
    os.link(source, hard)
    for target in (source, link, hard, tmp_path / "." / "photo.png"):
        assert "photo itself" in refused(source, target, Fault.EXISTS, overwrite=True).message
        with pytest.raises(EngineError):
            copy_picture(source, target, overwrite=True)
        with pytest.raises(EngineError):
            check_writable(source, target, overwrite=True)


def test_places_where_nothing_can_be_written(source: Path, tmp_path: Path) -> None:
    assert "folder" in refused(source, tmp_path / "none" / "out.png", Fault.NOT_WRITTEN).message
    (tmp_path / "folder.png").mkdir()
    assert "folder" in refused(source, tmp_path / "folder.png", Fault.NOT_WRITTEN, overwrite=True).message
    for name in ("out", "out.gif", "out.txt"):
        assert ".png" in refused(source, tmp_path / name, Fault.BAD_INPUT).hint


@pytest.mark.parametrize(
    ("number", "words"),
    [(errno.ENOSPC, "disk is full"), (errno.EACCES, "closed to you"), (errno.EROFS, "closed"), (errno.EIO, "written")],
)
def test_a_system_that_refuses(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, words: str
) -> None:
    def refuse(handle: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("os.fsync", refuse)
    error = refused(source, tmp_path / "out.png", Fault.NOT_WRITTEN)
    assert words in error.message
    assert [path.name for path in tmp_path.iterdir()] == ["photo.png"]


def test_a_limit_on_file_sizes_leaves_nothing_behind(source: Path, tmp_path: Path) -> None:
    """The system's own refusal in the middle of the writing, in a process of its own."""
    code = (
        "import resource, sys; from pathlib import Path; from engines.media.images import *\n"
        "from engines.core.faults import EngineError\n"
        "picture = read_picture(Path(sys.argv[1]))\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try: write_picture(picture, picture.pixels, Path(sys.argv[2]), overwrite=False)\n"
        "except EngineError as error: print(error.fault.name)\n"
    )
    arguments = [sys.executable, "-c", code, str(source), str(tmp_path / "out.png")]
    done = subprocess.run(arguments, capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout == "NOT_WRITTEN\n"
    assert [path.name for path in tmp_path.iterdir()] == ["photo.png"]


_KILLED = """
import os, signal, sys
from pathlib import Path
from engines.media.images import read_picture, write_picture

def die(*arguments, **options):
    os.kill(os.getpid(), signal.SIGKILL)

def half(self, data):
    with open(self, "wb") as file:
        file.write(data[: len(data) // 2])
        file.flush()
        die()

source, target, moment = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
picture = read_picture(source)
match moment:
    case "before": Path.write_bytes = lambda self, data: die()
    case "half": Path.write_bytes = half
    case "flush": os.fsync = die
    case "name": os.link = Path.replace = die
    case "named":
        link, replace = os.link, Path.replace
        os.link = lambda *a, **k: (link(*a, **k), die())
        Path.replace = lambda *a, **k: (replace(*a, **k), die())
write_picture(picture, picture.pixels // 2, target, overwrite=target.exists())
"""


@pytest.mark.parametrize("moment", ["before", "half", "flush", "name", "named"])
@pytest.mark.parametrize("exists", [False, True])
def test_killed_at_any_moment_the_target_is_whole_or_as_it_was(
    source: Path, tmp_path: Path, moment: str, exists: bool
) -> None:
    target = tmp_path / "out.png"
    if exists:
        put(tmp_path, "out.png", b"precious")
    before = source.read_bytes()
    arguments = [sys.executable, "-c", _KILLED, str(source), str(target), moment]
    done = subprocess.run(arguments, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert source.read_bytes() == before
    if moment == "named":
        assert np.array_equal(read_picture(target).pixels, photo() // 2)
    elif exists:
        assert target.read_bytes() == b"precious"
    else:
        assert not target.exists()
    write(source, target, overwrite=target.exists())  # what the killed one left behind is in nobody's way
    assert np.array_equal(read_picture(target).pixels, painted(photo()))


_ENDLESS = """
import sys
from pathlib import Path
from engines.media.images import read_picture, write_picture
source, target = Path(sys.argv[1]), Path(sys.argv[2])
picture = read_picture(source)
print("ready", flush=True)
while True:
    write_picture(picture, picture.pixels // 2, target, overwrite=True)
"""


def test_killed_from_outside(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.png"
    arguments = [sys.executable, "-c", _ENDLESS, str(source), str(target)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        for _ in range(200):
            if target.exists():
                assert np.array_equal(read_picture(target).pixels, photo() // 2)
        process.kill()
    assert not target.exists() or np.array_equal(read_picture(target).pixels, photo() // 2)


def test_a_copy_is_the_same_bytes(source: Path, tmp_path: Path) -> None:
    assert copy_picture(source, tmp_path / "out.png", overwrite=False) == []
    assert (tmp_path / "out.png").read_bytes() == source.read_bytes()


def test_a_copy_under_another_ending_is_converted_and_told(source: Path, tmp_path: Path) -> None:
    notes = copy_picture(source, tmp_path / "out.jpg", overwrite=False)
    assert (tmp_path / "out.jpg").read_bytes().startswith(b"\xff\xd8")
    assert any("lossy" in note for note in notes)


@pytest.mark.parametrize("dtype", ["u1", "u2"])
def test_plain_png(tmp_path: Path, dtype: str) -> None:
    pixels = noise((20, 31, 3), dtype)
    write_png(pixels, tmp_path / "out.png", overwrite=False)
    assert np.array_equal(read_picture(tmp_path / "out.png").pixels, pixels)
    with pytest.raises(EngineError):
        write_png(pixels, tmp_path / "out.png", overwrite=False)


def test_files_can_be_read_by_whom_the_person_lets(source: Path, tmp_path: Path) -> None:
    write(source, tmp_path / "out.png")
    plain = put(tmp_path, "plain", b"")
    assert (tmp_path / "out.png").stat().st_mode == plain.stat().st_mode
