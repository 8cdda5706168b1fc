"""A real window on a screen of its own, driven by xdotool: open, paint, erase, compare, export."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageGrab

from tests.app.engines import write_cards
from tests.conftest import background, with_text

ROOT = Path(__file__).resolve().parents[2]
NEEDED = ("Xvfb", "xdotool")

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or any(shutil.which(name) is None for name in NEEDED),
    reason="needs Linux with Xvfb and xdotool (apt-get install xvfb xdotool)",
)


class Screen:
    """An X server of its own, and a hand."""

    def __init__(self, number: int) -> None:
        self.name = f":{number}"
        self.environment = {**os.environ, "DISPLAY": self.name, "QT_QPA_PLATFORM": "xcb"}

    def do(self, *words: object) -> str:
        command = ["xdotool", *(str(word) for word in words)]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)
        return done.stdout.strip()

    def picture(self) -> np.ndarray:
        return np.asarray(ImageGrab.grab(xdisplay=self.name))

    def drag(self, *points: tuple[int, int]) -> None:
        self.do("mousemove", *points[0])
        self.do("mousedown", 1)
        for point in points[1:]:
            self.do("mousemove", *point)
            time.sleep(0.02)
        self.do("mouseup", 1)


@pytest.fixture
def screen() -> Iterator[Screen]:
    read, write = os.pipe()
    # without -noreset it begins anew, and refuses the editor, whenever its last client leaves
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", "1400x900x24", "-nolisten", "tcp", "-noreset"]
    server = subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL)
    os.close(write)
    with os.fdopen(read) as pipe:
        number = int(pipe.readline())
    yield Screen(number)
    server.terminate()
    server.wait(10)


def until(true: Callable[[], object], what: str, seconds: float = 90) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.1)


def test_from_opening_to_the_exported_file(screen: Screen, tmp_path: Path) -> None:
    photo, target = tmp_path / "photo.png", tmp_path / "photo-clean.png"
    Image.fromarray(with_text(background(400, 600), "SALE", (60, 150), 60)).save(photo)
    data = tmp_path / "data"
    data.mkdir()
    settings = {"text_engine": "inpaint", "first_start": False, "theme": "dark"}
    (data / "settings.json").write_text(json.dumps(settings))
    environment = {**screen.environment, "CLEANPLATE_DATA": str(data)}
    command = [sys.executable, "-m", "tests.app.program", str(write_cards(tmp_path / "cards")), str(photo)]
    program = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        window = _opened(screen)
        _painted_and_erased(screen, window, data)
        _compared(screen)
        _exported(screen, window, target)
        screen.do("windowfocus", "--sync", window, "key", "ctrl+q")
        until(lambda: program.poll() is not None, "the end")
        assert program.returncode == 0, program.communicate()[0]
        assert list((data / "recovery").glob("*")) == []
    finally:
        if program.poll() is None:
            program.kill()
        program.communicate()
    before, after = np.asarray(Image.open(photo)), np.asarray(Image.open(target))
    changed = (before != after).any(axis=2)
    rows, columns = np.nonzero(changed)
    assert 100 < rows.min() < rows.max() < 300
    assert 1000 < changed.sum() < 40_000
    assert columns.max() < 450


def _opened(screen: Screen) -> str:
    until(lambda: screen.do("search", "--onlyvisible", "--name", "photo.png"), "the window")
    window = screen.do("search", "--onlyvisible", "--name", "photo.png").splitlines()[-1]
    screen.do("windowmove", window, 0, 0, "windowsize", window, 1400, 900)
    time.sleep(1.0)
    screen.do("windowfocus", "--sync", window)
    return window


def _painted_and_erased(screen: Screen, window: str, data: Path) -> None:
    clean = screen.picture()
    screen.do("key", "--window", window, "b")
    screen.drag((330, 480), (400, 478), (470, 480), (520, 482))
    until(lambda: (screen.picture() != clean).any(axis=2).sum() > 3000, "the mask on the screen")
    screen.do("windowfocus", "--sync", window, "key", "ctrl+Return")
    measured = data / "measurements.json"
    until(measured.exists, "the end of erasing")
    time.sleep(1.0)


def _compared(screen: Screen) -> None:
    after = screen.picture()
    screen.do("keydown", "backslash")
    until(lambda: (screen.picture() != after).any(axis=2).sum() > 1000, "the original")
    screen.do("keyup", "backslash")
    until(lambda: (screen.picture() != after).any(axis=2).sum() < 1000, "the result again")
    screen.do("key", "F9")
    until(lambda: (screen.picture() != after).any(axis=2).sum() > 500, "the split line")
    screen.do("key", "F9")
    time.sleep(0.3)


def _exported(screen: Screen, window: str, target: Path) -> None:
    screen.do("windowfocus", "--sync", window, "key", "ctrl+e")
    until(lambda: screen.do("search", "--onlyvisible", "--name", "Export picture"), "the export dialog")
    dialog = screen.do("search", "--onlyvisible", "--name", "Export picture").splitlines()[-1]
    time.sleep(0.5)
    screen.do("windowfocus", "--sync", dialog, "key", "Return")
    until(target.exists, "the exported file")
    time.sleep(0.7)
