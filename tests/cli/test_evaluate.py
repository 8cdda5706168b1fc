"""``cleanplate evaluate`` through a real process: a table, JSON, a sheet."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.cli.run import cleanplate
from tests.conftest import background, with_text

LEFT_OUT = ("--no-read",)
"""Looking for text is tried once; it takes longest."""


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pairs")
    for number, words in enumerate(("SALE", "EXIT 42")):
        truth = background(120, 260, number)
        image = with_text(truth, words, (40, 40), 36)
        changed = np.abs(image.astype(int) - truth).max(axis=2) > 0
        Image.fromarray(image).save(folder / f"p{number}_image.png")
        Image.fromarray(truth).save(folder / f"p{number}_gt.png")
        Image.fromarray((changed * 255).astype(np.uint8)).save(folder / f"p{number}_mask.png")
    return folder


def test_the_json_holds_every_figure_and_the_protocol(dataset: Path) -> None:
    done = cleanplate("evaluate", dataset, "--engine", "classical", "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert list(report["candidates"]) == ["input", "classical", "truth"]
    assert {"erasing", "inside", "picture", "truth_outside", "boxes", "legibility"} <= set(report["protocol"])
    classical, before = report["candidates"]["classical"], report["candidates"]["input"]
    for scope in ("inside", "picture", "truth_outside"):
        assert classical["means"][scope]["psnr"] > before["means"][scope]["psnr"]
        assert set(classical["means"][scope]) == {"psnr", "mssim", "ms_ssim", "mse", "age", "peps", "pceps"}
    assert before["legibility"]["recall"] == 1.0
    assert before["legibility"]["letters_read"] == 1.0
    assert classical["legibility"]["recall"] < 0.5
    assert report["candidates"]["truth"]["legibility"]["found"] == 0
    picture = report["pictures"][0]
    assert picture["name"] == "p0"
    assert picture["mask"]["kind"] == "boxes"
    assert picture["candidates"]["classical"]["device"] == "cpu"
    assert picture["candidates"]["truth"]["scores"]["inside"]["psnr"] is None


def test_the_table_stands_beside_a_sheet(dataset: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.png"
    done = cleanplate("evaluate", dataset, "--limit", 1, "--mask", "strokes", "--sheet", sheet, *LEFT_OUT)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[1].split() == ["PSNR", "dB", "MSSIM", "MS-SSIM", "MSE", "AGE", "pEPs", "pCEPs"]
    assert [line.split()[0] for line in lines if line.startswith(("input", "classical"))][:2] == ["input", "classical"]
    assert "1 picture." in done.stderr
    assert "3 pixels wider" in done.stderr
    with Image.open(sheet) as page:
        assert page.height == 120 + 46


def test_a_sheet_that_exists_is_kept(dataset: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.png"
    sheet.write_bytes(b"precious")
    done = cleanplate("evaluate", dataset, "--sheet", sheet, *LEFT_OUT)
    assert done.returncode == 1
    assert "--overwrite" in done.stderr
    assert sheet.read_bytes() == b"precious"


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--mask", "lasso"], 2, "strokes"),
        (["--sheet", "sheet.jpg"], 2, ".png"),
        (["--engine", "magic"], 1, "classical"),
        (["--limit", "0"], 2, "limit"),
    ],
)
def test_what_cannot_be_is_told(dataset: Path, arguments: list[str], code: int, words: str) -> None:
    done = cleanplate("evaluate", dataset, *arguments)
    assert done.returncode == code
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_that_is_no_data_set_is_told(tmp_path: Path) -> None:
    done = cleanplate("evaluate", tmp_path)
    assert done.returncode == 1
    assert "NAME_image" in done.stderr


def test_objects_are_recognised_and_measured_as_such(tmp_path: Path) -> None:
    truth = background(120, 160)
    thing = np.zeros((120, 160), np.uint8)
    thing[40:80, 60:100] = 255
    image = np.where(thing[..., None] > 0, np.uint8(20), truth)
    for part, pixels in (("image", image), ("gt", truth), ("mask", thing)):
        Image.fromarray(pixels).save(tmp_path / f"o_{part}.png")
    done = cleanplate("evaluate", tmp_path, "--engine", "classical", "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["task"], report["mask"]) == ("object", "given")
    assert list(report["candidates"]) == ["input", "classical", "truth"]
    classical, before = report["candidates"]["classical"], report["candidates"]["input"]
    assert classical["means"]["inside"]["psnr"] > before["means"]["inside"]["psnr"] + 10  # all of it is filled
    assert classical["texture"] < before["texture"]
    assert classical["seam"]["colour"] < 2 < before["seam"]["colour"]
    hole = report["pictures"][0]["hole"]
    assert (hole["size"], hole["surface"], hole["side"]) == ("small", "smooth", 40.0)
    table = cleanplate("evaluate", tmp_path, "--engine", "classical")
    assert "colour step" in table.stdout
    assert "lines found" not in table.stdout
    assert cleanplate("evaluate", tmp_path, "--mask", "boxes").returncode == 2
    as_text = cleanplate("evaluate", tmp_path, "--task", "text", "--engine", "classical", "--no-read", "--json")
    assert json.loads(as_text.stdout)["mask"] == "boxes"
