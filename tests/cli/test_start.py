"""The command line starts: help everywhere, one line for a mistake, and nothing but what is declared is needed."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from importlib.metadata import requires
from pathlib import Path

import pytest

import app.cli
from app import VERSION
from engines.core.faults import EngineError, Fault
from tests.cli.run import ROOT, cleanplate

COMMANDS = [
    "erase",
    "evaluate",
    "train",
    "engines",
    "doctor",
    "models",
    *(f"models {verb}" for verb in ("import", "download", "list")),
]


def test_help_works() -> None:
    shown = cleanplate("--help")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "Usage: cleanplate" in shown.stdout


@pytest.mark.parametrize("command", [*COMMANDS, "models remove", "models export-onnx"])
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.cli.run([*command.split(), "--help"]) == 0
    shown = capsys.readouterr()
    assert f"Usage: cleanplate {command}" in shown.out
    assert shown.err == ""


def test_a_group_without_a_command_shows_its_help_as_wrong_usage() -> None:
    shown = cleanplate("models")
    assert (shown.returncode, shown.stderr) == (2, "")
    assert "Usage:" in shown.stdout


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere there is always a screen")
@pytest.mark.parametrize("arguments", [[], ["edit", "photo.jpg"]])
def test_the_editor_without_a_screen_is_refused_in_one_line(arguments: list[str]) -> None:
    screens = {"DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"}
    env = {name: value for name, value in os.environ.items() if name not in screens}
    command = [sys.executable, "-m", "app", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=60)
    (line,) = done.stderr.splitlines()
    assert done.returncode == 2
    assert "no screen" in line
    assert "cleanplate --help" in line


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("paint", "No such command"),
        ("engines --colour", "No such option"),
        ("erase", "Missing"),
        ("models import garnet", "Missing"),
        ("erase a.jpg -o b.jpg --grow much", "--grow"),
    ],
)
def test_wrong_usage_is_one_line(arguments: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.cli.run(arguments.split()) == 2
    shown = capsys.readouterr()
    (line,) = shown.err.splitlines()
    assert words in line
    assert shown.out == ""


def test_the_version_is_the_package_s() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == VERSION
    assert cleanplate("--version").stdout == f"cleanplate {VERSION}\n"


def test_the_command_line_needs_no_package_of_the_test_tools() -> None:
    """Hypothesis and others bring packages along that a user does not have; click is one of them."""
    assert not any(name.startswith("click") for name in requires("typer") or ())
    code = "import sys; sys.modules['click'] = None; import app.cli; sys.exit(app.cli.run(['engines']))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("raised", "code", "words"),
    [
        (EngineError(Fault.INTERNAL, "It broke.", "Mend it."), 1, "It broke. Mend it."),
        (KeyboardInterrupt(), 130, "Stopped."),
        (RuntimeError("[bold]odd[/bold]\ntext"), 1, "RuntimeError: [bold]odd[/bold] text"),
        (MemoryError(), 1, "MemoryError"),
    ],
)
def test_whatever_a_command_raises_ends_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], raised: BaseException, code: int, words: str
) -> None:
    def broken(*folders: Path) -> object:
        raise raised

    monkeypatch.delenv("CLEANPLATE_DEBUG", raising=False)
    monkeypatch.setattr("engines.catalog.load_catalog", broken)
    assert app.cli.run(["engines"]) == code
    shown = capsys.readouterr()
    (line,) = shown.err.splitlines()
    assert words in line
    assert shown.out == ""


def test_where_a_bug_is_can_be_shown(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def broken(*folders: Path) -> object:
        return 1 / 0

    monkeypatch.setenv("CLEANPLATE_DEBUG", "1")
    monkeypatch.setattr("engines.catalog.load_catalog", broken)
    assert app.cli.run(["engines"]) == 1
    assert "in broken" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such names")
def test_a_name_that_is_no_text_can_be_told() -> None:
    command: list[str | bytes] = [sys.executable, "-m", "app", "models", "import", "garnet", b"\xff.pth"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 1
    assert rb"There is no file \udcff.pth" in done.stderr
