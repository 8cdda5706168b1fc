"""One photo from file to file: what is checked before any work, and what is told after it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engines.core.context import Context
from engines.core.faults import EngineError, Fault
from engines.core.types import Box
from engines.jobs.before_after import write_before_after
from engines.jobs.erase_file import Files, How, Outcome, What, erase_file, outline_file
from engines.media.images import read_picture
from engines.requests import Request, Result
from tests.conftest import background
from tests.fakes import FakeSession

WHAT = What(boxes=(Box(10, 12, 30, 20),))
HOW = How("fill", options={"value": 0.25})


class Unused:
    """A runner that nobody may call."""

    def run(self, request: Request, ctx: Context) -> Result:
        raise AssertionError(request, ctx)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    Image.fromarray(background(60, 90)).save(path)
    return path


@pytest.mark.parametrize("name", ["photo.png", "out.gif", "out", "none/out.png", "there.png"])
def test_a_target_that_will_not_do_is_refused_before_any_work(photo: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "there.png").write_bytes(b"precious")
    for job in (erase_file, outline_file):
        with pytest.raises(EngineError):
            job(Unused(), Files(photo, tmp_path / name), WHAT, HOW, Context())
    assert (tmp_path / "there.png").read_bytes() == b"precious"


@pytest.mark.parametrize(
    ("mode", "name"), [("RGB", "a.png"), ("L", "a.tif"), ("RGBA", "a.webp"), ("RGB", "a.bmp"), ("I;16", "a.png")]
)
def test_outside_the_mask_nothing_changes(tmp_path: Path, mode: str, name: str) -> None:
    pixels = background(60, 90)
    source = {"RGB": pixels, "L": pixels[..., 0], "I;16": pixels[..., 0].astype(np.uint16) * 250}.get(
        mode, np.dstack([pixels, pixels[..., 1]])
    )
    Image.fromarray(np.ascontiguousarray(source)).save(tmp_path / name, lossless=True, exact=True)
    files = Files(tmp_path / name, tmp_path / f"out-{name}")
    report = erase_file(FakeSession(), files, WHAT, HOW, Context())
    assert report.outcome is Outcome.ERASED
    with Image.open(files.target) as image:
        assert image.mode == mode
        written = np.asarray(image)
    inside = np.zeros((60, 90), bool)
    inside[12:32, 10:40] = True
    assert np.array_equal(written[~inside], source[~inside])
    colours = written[..., :3] if mode == "RGBA" else written
    assert np.ptp(colours[inside]) == 0
    if mode == "RGBA":
        assert np.array_equal(written[..., 3], source[..., 3])


def test_notes_of_the_files_are_passed_on(photo: Path, tmp_path: Path) -> None:
    report = erase_file(FakeSession(), Files(photo, tmp_path / "out.jpg"), WHAT, HOW, Context())
    assert any("lossy" in note for note in report.notes)
    copied = erase_file(Unused(), Files(photo, tmp_path / "copy.jpg"), What(), HOW, Context())
    assert copied.outcome is Outcome.COPIED
    assert any("lossy" in note for note in copied.notes)


def test_limits_hold_for_photo_and_mask(photo: Path, tmp_path: Path) -> None:
    Image.new("L", (400, 300), 255).save(tmp_path / "mask.png")
    what = What(mask=tmp_path / "mask.png", resize_mask=True)
    files = Files(photo, tmp_path / "out.png")
    for limit in (5399, 5400):
        with pytest.raises(EngineError) as caught:
            erase_file(Unused(), files, what, How("fill", max_pixels=limit), Context())
        assert caught.value.fault is Fault.TOO_LARGE
        assert ("mask.png" in caught.value.message) == (limit == 5400)
    assert erase_file(FakeSession(), files, what, HOW, Context()).outcome is Outcome.ERASED


def test_before_and_after_of_deep_and_turned_pictures(tmp_path: Path) -> None:
    turned = Image.Exif()
    turned[0x0112] = 6
    Image.fromarray(background(60, 90)).save(tmp_path / "photo.jpg", exif=turned)
    files = Files(tmp_path / "photo.jpg", tmp_path / "out.png")
    erase_file(FakeSession(), files, WHAT, HOW, Context())
    write_before_after(files, tmp_path / "pair.png", overwrite=False, max_pixels=10_000)
    pair = read_picture(tmp_path / "pair.png").pixels
    assert pair.shape == (90, 60 + 12 + 60, 3)
    assert np.array_equal(pair[:, :60], read_picture(files.source).pixels)
    assert np.array_equal(pair[:, 72:], read_picture(files.target).pixels)
