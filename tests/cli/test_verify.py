"""``erase --verify`` through a real process: what it says, and its exit code."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.cli.run import cleanplate
from tests.conftest import background, with_text


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    Image.fromarray(with_text(background(120, 320), "Summer Sale", (40, 40), 34)).save(path)
    return path


def test_a_verified_photo_says_so(photo: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jpg"
    done = cleanplate("erase", photo, "--text", "-o", out, "--engine", "classical", "--verify", "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["outcome"] == "erased"
    assert report["verification"]["verdict"] == "clean"
    assert report["seconds"]["verify"] > 0
    assert out.is_file()


def test_text_that_is_left_is_loud(photo: Path, tmp_path: Path) -> None:
    """Text that the transparency draws cannot be erased by painting pixels."""
    alpha = np.asarray(
        Image.fromarray(with_text(np.zeros((120, 320, 3), np.uint8), "SECRET", (40, 40), 40)).convert("L")
    )
    ground = np.full((120, 320, 3), 120, np.uint8)
    Image.fromarray(np.dstack([ground, alpha])).save(photo)
    out = tmp_path / "out.png"
    done = cleanplate("erase", photo, "--box", "30,40,200,50", "-o", out, "--engine", "classical", "--verify", "--json")
    assert done.returncode == 3
    assert "text can still be found" in done.stderr
    assert "transparency" in done.stderr
    report = json.loads(done.stdout)
    assert report["outcome"] == "text left"
    assert report["verification"]["text"][0]["text"] == "SECRET"
    assert out.is_file()


def test_a_dry_run_has_nothing_to_verify(photo: Path, tmp_path: Path) -> None:
    done = cleanplate("erase", photo, "--text", "-o", tmp_path / "o.png", "--dry-run", "--verify")
    assert done.returncode == 2
    assert "--dry-run" in done.stderr
