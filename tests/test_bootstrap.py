"""The set-up goes on whatever comes of fetching weights, and says in one line what came of it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest

import bootstrap

Run = Callable[..., subprocess.CompletedProcess[str]]


def answering(code: int, words: str) -> Run:
    def run(command: list[str], **given: object) -> subprocess.CompletedProcess[str]:
        assert command[1:] == ["-m", "app", "models", "download", "migan"]
        assert given["timeout"] == bootstrap.PATIENCE
        return subprocess.CompletedProcess(command, code, "", words)

    return run


def too_slow(command: list[str], **given: object) -> subprocess.CompletedProcess[str]:
    raise subprocess.TimeoutExpired(command, bootstrap.PATIENCE)


@pytest.mark.parametrize(
    ("npm", "run", "told"),
    [
        ("npm", answering(0, ""), ["Fetching MI-GAN's weights"]),
        ("npm", answering(1, "note\ncleanplate: no network\n"), ["Fetching", "(cleanplate: no network)"]),
        ("npm", answering(1, ""), ["Fetching", "no reason was given"]),
        ("npm", too_slow, ["Fetching", "longer than"]),
        (None, too_slow, ["npm, which is not here"]),
    ],
    ids=["there", "refused", "silent", "slow", "no npm"],
)
def test_fetching_weights_stops_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], npm: str | None, run: Run, told: list[str]
) -> None:
    monkeypatch.setattr("shutil.which", lambda name: npm)
    monkeypatch.setattr("subprocess.run", run)
    bootstrap.fetch_migan()
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(told)
    for line, words in zip(lines, told, strict=True):
        assert words in line
    assert all("models download migan" in line for line in lines if not line.startswith("Fetching"))
