"""``cleanplate train`` through a real process: from photos and fonts to weights that load."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image, ImageFont

from engines.nets.strokefill import StrokeFill
from engines.runtime.torch_load import load_network
from tests.cli.run import cleanplate
from tests.conftest import background, with_text


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photos with and without text, and a folder with Pillow's own font: nothing needs to be installed."""
    folder = tmp_path_factory.mktemp("material")
    for name in ("plain", "own", "fonts"):
        (folder / name).mkdir()
    for seed in range(4):
        Image.fromarray(background(160, 200, seed)).save(folder / "plain" / f"{seed}.png")
    Image.fromarray(with_text(background(240, 320), "TEA ROOM", (40, 60), 40)).save(folder / "own" / "sign.png")
    font = ImageFont.load_default(20)
    assert isinstance(font, ImageFont.FreeTypeFont)
    (folder / "fonts" / "default.ttf").write_bytes(font.font_bytes)
    return folder


def test_weights_are_trained_from_photos_and_fonts(material: Path, tmp_path: Path) -> None:
    arguments = ["train", "strokefill", "--data", material / "plain", "--fonts", material / "fonts", "--device", "cpu"]
    arguments += ["--minutes", "0.05", "-o", tmp_path / "run", "--workers", "0"]
    done = cleanplate(*arguments, data=tmp_path / "data")
    assert done.returncode == 0, done.stderr
    load_network(StrokeFill, tmp_path / "run" / "strokefill.safetensors", "cpu")
    assert "dB inside the hole" in done.stdout
    again = cleanplate(*arguments, data=tmp_path / "data")
    assert again.returncode == 1
    assert "--resume" in again.stderr


def test_own_photos_with_text_are_learnt_from(material: Path, tmp_path: Path) -> None:
    arguments = ["train", "strokefill", "--photos", material / "own", "--fonts", material / "fonts", "--from-scratch"]
    done = cleanplate(*arguments, "--minutes", "0.05", "-o", tmp_path / "run", "--workers", "0", data=tmp_path / "data")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "run" / "log.csv").stat().st_size > 100


def test_nothing_to_learn_from_is_wrong_usage(tmp_path: Path) -> None:
    done = cleanplate("train", "strokefill", "-o", tmp_path / "run", data=tmp_path)
    assert done.returncode == 2
    assert "--data" in done.stderr


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    done = cleanplate("train", "strokefill", "--data", tmp_path / "nowhere", "-o", tmp_path / "run", data=tmp_path)
    assert done.returncode == 1
    assert "nowhere" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
