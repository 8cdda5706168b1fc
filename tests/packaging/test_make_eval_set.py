"""The script that draws a set to measure with: pairs that the evaluation takes, drawn alike from the same seed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from engines.jobs.pairs import find_pairs
from tests.conftest import background
from tests.engines.training.conftest import builtin_font

ROOT = Path(__file__).resolve().parents[2]


def draw(target: Path, photos: Path, fonts: Path) -> None:
    options: list[str | Path] = ["--photos", photos, "--all-photos", "--fonts", fonts, "--count", "3", "--side", "128"]
    command = [sys.executable, ROOT / "packaging" / "make_eval_set.py", target, *options]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr


def pixels(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path)).astype(int)


def test_pairs_differ_by_their_text_alone_and_come_again(tmp_path: Path) -> None:
    photos, fonts = tmp_path / "photos", tmp_path / "fonts"
    photos.mkdir()
    fonts.mkdir()
    Image.fromarray(background(200, 240)).save(photos / "a.png")
    builtin_font(fonts)
    for name in ("one", "two"):
        draw(tmp_path / name, photos, fonts)
    pairs = find_pairs(tmp_path / "one")
    assert [pair.name for pair in pairs] == ["drawn_0000", "drawn_0001", "drawn_0002"]
    for pair in pairs:
        assert pair.truth is not None
        image, truth, mask = pixels(pair.image), pixels(pair.truth), pixels(pair.mask)
        assert image.shape == truth.shape == (128, 128, 3)
        assert np.abs(image - truth)[mask > 0].mean() > 5 * np.abs(image - truth)[mask == 0].mean()
        assert np.array_equal(image, pixels(tmp_path / "two" / pair.image.name))
    record = json.loads((tmp_path / "one" / "RECORD.json").read_text())
    assert (record["count"], record["photos"]) == (3, 1)
