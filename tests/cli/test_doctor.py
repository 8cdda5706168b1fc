"""``cleanplate doctor`` through a real process: on a sound installation, and on broken ones."""

from __future__ import annotations

import importlib.metadata
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from app import VERSION
from engines.catalog import load_catalog
from engines.diagnosis import PACKAGES
from engines.store import Store
from tests.cli.run import cleanplate
from tests.engines.weights import file_of


class Report:
    """What ``doctor --json`` found with ``data`` as the data folder."""

    def __init__(self, data: Path) -> None:
        shown = cleanplate("doctor", "--json", data=data)
        assert "Traceback" not in shown.stderr
        self.code = shown.returncode
        self.found: Mapping[str, Any] = json.loads(shown.stdout)
        self.serious = [problem for problem in self.found["problems"] if problem["serious"]]


def test_a_sound_installation(tmp_path: Path) -> None:
    report = Report(tmp_path)
    found = report.found
    assert (report.code, report.serious) == (0, [])
    assert found["cleanplate"] == VERSION
    assert found["packages"] == {name: importlib.metadata.version(name) for name in PACKAGES}
    assert found["devices"][-1]["id"] == "cpu"
    assert "CPUExecutionProvider" in found["providers"]
    assert 0 < found["memory_free"] <= found["memory_total"]
    assert found["disk_free"] > 0
    assert (found["data_folder"], found["data_writable"]) == (str(tmp_path), True)


def test_the_page_for_people(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLEANPLATE_OFFLINE", "1")
    shown = cleanplate("doctor", data=tmp_path / "not yet")
    assert (shown.returncode, shown.stderr) == (0, "")
    for words in (VERSION, "torch", "CPUExecutionProvider", "GiB free", str(tmp_path / "not yet"), "switched off"):
        assert words in shown.stdout
    for card in load_catalog().values():
        ready = Store(user=tmp_path / "models").ready(card)
        assert (f"{card.name} has no weights" in shown.stdout) == (not ready)
    assert not (tmp_path / "not yet").exists()  # looking makes nothing


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("raise ImportError('libtorch.so: cannot open shared object file')", "libtorch.so"),
        ("raise ModuleNotFoundError(\"No module named 'torch'\", name='torch')", "No module named 'torch'"),
        ("import os; os.abort()", "ends the process that imports it"),
    ],
)
def test_a_broken_torch_is_told_and_harms_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str, words: str
) -> None:
    file_of(tmp_path / "broken", content.encode(), "torch.py")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "broken"))
    report = Report(tmp_path)
    assert report.code == 1
    assert report.found["devices"] == []
    assert "CPUExecutionProvider" in report.found["providers"]
    (problem,) = report.serious
    assert words in problem["what"]
    assert "pip install --force-reinstall" in problem["remedy"]
