"""A real window on a screen of its own, driven by xdotool: open a film, step, paint a key, save the project."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

from app.document.project import load_project
from engines.core.tracks import mask_at
from engines.core.types import Box
from tests.app.engines import write_cards
from tests.app.film.clip import make_clip
from tests.app.test_real_window import ROOT, Screen, pytestmark, screen, until

__all__ = ["pytestmark", "screen"]


def test_a_film_is_stepped_painted_on_and_saved(screen: Screen, tmp_path: Path) -> None:
    film, data, project = make_clip(tmp_path / "clip.mp4"), tmp_path / "data", tmp_path / "clip.cleanplate"
    data.mkdir()
    (data / "settings.json").write_text(json.dumps({"first_start": False, "theme": "dark"}))
    environment = {**screen.environment, "CLEANPLATE_DATA": str(data)}
    command = [sys.executable, "-m", "tests.app.program", str(write_cards(tmp_path / "cards")), str(film)]
    program = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        window = _opened(screen)
        for _ in range(3):
            screen.do("key", "--window", window, "period")
            time.sleep(0.3)
        before = screen.picture()
        screen.do("key", "--window", window, "b")
        screen.drag((400, 300), (470, 300), (540, 302), (600, 300))
        until(lambda: (screen.picture() != before).any(axis=2).sum() > 3000, "the mask on the screen")
        screen.do("windowfocus", "--sync", window, "key", "ctrl+s")
        until(lambda: screen.do("search", "--onlyvisible", "--name", "Save project"), "the dialog")
        dialog = screen.do("search", "--onlyvisible", "--name", "Save project").splitlines()[-1]
        time.sleep(0.5)
        screen.do("windowfocus", "--sync", dialog, "key", "Return")
        until(project.exists, "the project")
        time.sleep(0.5)
        screen.do("windowfocus", "--sync", window, "key", "ctrl+q")
        until(lambda: program.poll() is not None, "the end")
        assert program.returncode == 0, program.communicate()[0]
    finally:
        if program.poll() is None:
            program.kill()
        program.communicate()
    [track] = load_project(project).state.tracks
    assert list(track.keys) == [3]
    assert mask_at(track, 40).dense(Box(0, 0, 160, 120)).sum() > 255 * 500


def _opened(screen: Screen) -> str:
    until(lambda: screen.do("search", "--onlyvisible", "--name", "clip.mp4"), "the window")
    window = screen.do("search", "--onlyvisible", "--name", "clip.mp4").splitlines()[-1]
    screen.do("windowmove", window, 0, 0, "windowsize", window, 1400, 900)
    time.sleep(1.5)
    screen.do("windowfocus", "--sync", window)
    return window
