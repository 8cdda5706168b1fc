"""``cleanplate erase`` through a real process: files in, files out, exit codes, words."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engines.media.images import read_picture
from tests.cli.run import cleanplate
from tests.conftest import background
from tests.engines.test_shadow import THING, scene

BOX = "100,60,60,30"


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    picture = background(200, 300)
    picture[70:80, 110:150] = 0
    path = tmp_path / "photo.png"
    Image.fromarray(picture).save(path)
    return path


@pytest.fixture
def mask(tmp_path: Path) -> Path:
    alpha = np.zeros((200, 300), np.uint8)
    alpha[65:85, 105:155] = 255
    path = tmp_path / "mask.png"
    Image.fromarray(alpha).save(path)
    return path


def pixels(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path))


def one_line(text: str) -> str:
    """The only line there is; a traceback has more."""
    lines = text.strip().splitlines()
    assert len(lines) == 1, text
    return lines[0]


def test_a_mask_is_erased_and_nothing_else_changes(photo: Path, mask: Path, tmp_path: Path) -> None:
    before = photo.read_bytes()
    out = tmp_path / "out.png"
    done = cleanplate("erase", photo, "--mask", mask, "-o", out, "--engine", "classical")
    assert done.returncode == 0, done.stderr
    assert photo.read_bytes() == before
    source, result, hole = pixels(photo), pixels(out), pixels(mask) > 0
    assert np.array_equal(result[~hole], source[~hole])
    assert result[70:80, 110:150].min() > 60


def test_boxes_and_polygons_add_to_the_mask(photo: Path, mask: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.png"
    more = ["--box", "0,10,5,20", "--polygon", "200,100,240,100,220,140"]
    done = cleanplate(
        "erase", photo, "--mask", mask, *more, "-o", out, "--engine", "classical", "--json", "--set", "strokes=false"
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(one_line(done.stdout))
    assert report["regions"] >= 2
    changed = (pixels(photo) != pixels(out)).any(axis=2)
    for part in (changed[10:30, 0:5], changed[105:120, 212:228], changed[65:85, 105:155]):
        assert part.mean() > 0.5
    assert not changed[150:].any()


def test_the_json_line_says_how_it_went(photo: Path, tmp_path: Path) -> None:
    done = cleanplate("erase", photo, "--box", BOX, "-o", tmp_path / "out.png", "--json", "--engine", "classical")
    report = json.loads(one_line(done.stdout))
    assert report["outcome"] == "erased"
    assert (report["engine"], report["device"]) == ("classical", "cpu")
    assert set(report["seconds"]) == {"read", "mask", "load", "erase", "write"}
    assert report["peak_memory"] > 10_000_000
    assert Path(report["target"]) == tmp_path / "out.png"


def test_text_is_found_and_erased(text_photo: np.ndarray, tmp_path: Path) -> None:
    photo, out, again = tmp_path / "photo.png", tmp_path / "out.png", tmp_path / "again.png"
    Image.fromarray(text_photo).save(photo)
    done = cleanplate("erase", photo, "--text", "--only", "summer", "-o", out, "--engine", "classical", "--json")
    report = json.loads(one_line(done.stdout))
    assert any("SUMMER" in line["text"].upper() for line in report["text"])
    assert not any("42" in line["text"] for line in report["text"])
    found = cleanplate("erase", out, "--text", "--dry-run", "-o", again, "--json")
    words = [line["text"] for line in json.loads(one_line(found.stdout))["text"]]
    assert any("42" in word for word in words)
    assert not any("SUMMER" in word.upper() for word in words)


def test_a_dry_run_draws_outlines_and_erases_nothing(text_photo: np.ndarray, tmp_path: Path) -> None:
    photo, out = tmp_path / "photo.png", tmp_path / "outlines.png"
    Image.fromarray(text_photo).save(photo)
    done = cleanplate("erase", photo, "--text", "--dry-run", "-o", out)
    assert done.returncode == 0, done.stderr
    drawn = (pixels(out)[..., :3] != text_photo).any(axis=2)
    assert 0 < drawn.mean() < 0.3


@pytest.mark.parametrize("isolate", [False, True])
def test_a_failed_photo_does_not_stop_the_others(photo: Path, tmp_path: Path, isolate: bool) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no picture")
    out = tmp_path / "out"
    flags = ["--isolate"] if isolate else []
    done = cleanplate("erase", broken, photo, "--box", BOX, "-o", out, "--engine", "classical", *flags)
    assert done.returncode == 1
    assert "broken.jpg" in one_line(done.stderr)
    assert sorted(path.name for path in out.iterdir()) == ["photo.png"]


def test_a_before_and_after_picture(photo: Path, tmp_path: Path) -> None:
    pair = tmp_path / "pair.png"
    done = cleanplate("erase", photo, "--box", BOX, "-o", tmp_path / "out.jpg", "--before-after", pair)
    assert done.returncode == 0, done.stderr
    assert pixels(pair).shape == (200, 612, 3)


def test_an_empty_mask_copies_the_file_and_says_so(photo: Path, tmp_path: Path) -> None:
    empty, out = tmp_path / "empty.png", tmp_path / "out.png"
    Image.fromarray(np.zeros((200, 300), np.uint8)).save(empty)
    done = cleanplate("erase", photo, "--mask", empty, "-o", out)
    assert done.returncode == 0
    assert "Nothing to erase" in done.stderr
    assert out.read_bytes() == photo.read_bytes()


def test_masks_can_be_a_folder(photo: Path, mask: Path, tmp_path: Path) -> None:
    masks = tmp_path / "masks"
    masks.mkdir()
    mask.rename(masks / "photo_mask.png")
    done = cleanplate("erase", photo, "--mask", masks, "-o", tmp_path / "out.png", "--engine", "classical")
    assert done.returncode == 0, done.stderr


Change = Callable[[Path, Path], list[object]]


def _missing(photo: Path, folder: Path) -> list[object]:
    return [folder / "none.png", "--box", BOX, "-o", folder / "out.png"]


def _truncated(photo: Path, folder: Path) -> list[object]:
    photo.write_bytes(photo.read_bytes()[:2000])
    return [photo, "--box", BOX, "-o", folder / "out.png"]


def _onto_itself(photo: Path, folder: Path) -> list[object]:
    return [photo, "--box", BOX, "-o", photo, "--overwrite"]


def _onto_another(photo: Path, folder: Path) -> list[object]:
    (folder / "out.png").write_bytes(b"precious")
    return [photo, "--box", BOX, "-o", folder / "out.png"]


def _other_size(photo: Path, folder: Path) -> list[object]:
    Image.new("L", (30, 20), 255).save(folder / "small.png")
    return [photo, "--mask", folder / "small.png", "-o", folder / "out.png"]


def _too_large(photo: Path, folder: Path) -> list[object]:
    return [photo, "--box", BOX, "-o", folder / "out.png", "--max-pixels", 1000]


def _unknown_engine(photo: Path, folder: Path) -> list[object]:
    return [photo, "--box", BOX, "-o", folder / "out.png", "--engine", "magic"]


def _no_weights(photo: Path, folder: Path) -> list[object]:
    return [photo, "--box", BOX, "-o", folder / "out.png", "--engine", "deeperaser", "--device", "cpu"]


def _outside(photo: Path, folder: Path) -> list[object]:
    return [photo, "--box", "5000,10,20,20", "-o", folder / "out.png"]


def _no_folder(photo: Path, folder: Path) -> list[object]:
    return [photo, "--box", BOX, "-o", folder / "none" / "out.png"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_missing, "none.png"),
        (_truncated, "truncated"),
        (_onto_itself, "never overwritten"),
        (_onto_another, "--overwrite"),
        (_other_size, "--resize-mask"),
        (_too_large, "--max-pixels"),
        (_unknown_engine, "classical"),
        (_no_weights, "cleanplate models"),
        (_outside, "300 pixels wide"),
        (_no_folder, "folder"),
    ],
)
def test_bad_input_is_one_clear_line_and_loses_nothing(photo: Path, tmp_path: Path, change: Change, words: str) -> None:
    arguments = change(photo, tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    done = cleanplate("erase", *arguments)
    assert done.returncode == 1
    assert words in one_line(done.stderr)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--box", BOX],
        ["-o", "out.png"],
        ["--box", "1,2,3", "-o", "out.png"],
        ["--box", "1,2,nan,4", "-o", "out.png"],
        ["--polygon", "1,2,3,4", "-o", "out.png"],
        ["--box", BOX, "-o", "out.png", "--device", "toaster"],
        ["--box", BOX, "-o", "out.png", "--backend", "fortran"],
        ["--box", BOX, "-o", "out.png", "--only", "x"],
        ["--text", "--only", "(", "-o", "out.png"],
        ["--box", BOX, "-o", "out.png", "--engine", "classical", "--set", "colour=red"],
        ["--box", BOX, "-o", "out.jpg", "--dry-run"],
    ],
    ids=" ".join,
)
def test_wrong_usage_ends_with_2(photo: Path, arguments: list[str]) -> None:
    done = cleanplate("erase", photo, *arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_a_large_scaled_mask_is_taken_when_asked_for(photo: Path, tmp_path: Path) -> None:
    small, out = tmp_path / "small.png", tmp_path / "out.png"
    alpha = np.zeros((100, 150), np.uint8)
    alpha[33:42, 53:77] = 255
    Image.fromarray(alpha).save(small)
    done = cleanplate("erase", photo, "--mask", small, "--resize-mask", "-o", out, "--engine", "classical")
    assert done.returncode == 0, done.stderr
    assert read_picture(out).size == (200, 300)


def test_help_names_every_command() -> None:
    shown = cleanplate("--help")
    assert shown.returncode == 0
    for command in ("erase", "engines", "models", "doctor"):
        assert command in shown.stdout
    assert cleanplate("--version").stdout.startswith("cleanplate ")


@pytest.fixture
def thing(tmp_path: Path) -> tuple[Path, Path]:
    """A photo of a thing with a shadow, and the thing's mask."""

    Image.fromarray(scene()).save(tmp_path / "thing.png")
    Image.fromarray(THING).save(tmp_path / "thing-mask.png")
    return tmp_path / "thing.png", tmp_path / "thing-mask.png"


def test_the_shadow_goes_with_the_thing(thing: tuple[Path, Path], tmp_path: Path) -> None:
    photo, mask = thing
    results = {}
    for name, more in (("alone", []), ("both", ["--with-shadow"])):
        out = tmp_path / f"{name}.png"
        done = cleanplate("erase", photo, "--mask", mask, "--task", "object", "--engine", "classical", *more, "-o", out)
        assert done.returncode == 0, done.stderr
        results[name] = pixels(out).astype(int)
        assert ("A shadow was found" in done.stderr) == bool(more)
    truth = background(240, 320).astype(int)
    spot = (slice(150, 158), slice(165, 180))
    assert np.abs(results["alone"][spot] - truth[spot]).mean() > 20
    assert np.abs(results["both"][spot] - truth[spot]).mean() < 8
    shown = cleanplate("erase", photo, "--mask", mask, "--with-shadow", "--dry-run", "-o", tmp_path / "dry.png")
    assert "A shadow was found" in shown.stderr
    tinted = pixels(tmp_path / "dry.png").astype(int) - pixels(photo)
    assert tinted[150:158, 165:180, 0].min() > 20  # red


def test_the_task_decides_what_classical_fills(thing: tuple[Path, Path], tmp_path: Path) -> None:
    photo, mask = thing
    left = {}
    for task in ("text", "object"):
        out = tmp_path / f"{task}.png"
        done = cleanplate("erase", photo, "--mask", mask, "--task", task, "--engine", "classical", "-o", out)
        assert done.returncode == 0, done.stderr
        assert "--task object" not in done.stderr
        red = pixels(out)[..., 0].astype(int) - pixels(out)[..., 1]
        left[task] = int((red > 100).sum())
    assert left["object"] == 0
    unsaid = cleanplate("erase", photo, "--mask", mask, "-o", tmp_path / "unsaid.png")
    assert "--task object" in unsaid.stderr


@pytest.mark.parametrize(
    "arguments", [["--text", "--with-shadow"], ["--box", BOX, "--task", "film"]], ids=["shadow of text", "no task"]
)
def test_what_makes_no_sense_for_objects_is_wrong_usage(photo: Path, tmp_path: Path, arguments: list[str]) -> None:
    done = cleanplate("erase", photo, *arguments, "-o", tmp_path / "out.png")
    assert done.returncode == 2
    one_line(done.stderr)
