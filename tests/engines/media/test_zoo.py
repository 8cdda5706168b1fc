"""Every file of the media zoo gives a correct picture or one clear sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from engines.core.faults import EngineError, Fault
from engines.core.types import Pixels
from engines.media.formats import HOLDS, Format
from engines.media.images import read_picture, write_picture
from engines.media.jpeg_segments import parse
from tests.cli.run import ROOT
from tests.engines.media.drawn import outside, painted

ZOO = ROOT.parent / "shared" / "data" / "media_zoo"
ENDINGS = {Format.JPEG: ".jpg", Format.TIFF: ".tif"}
OTHER_KINDS = {".gif", ".exr", ".ico", ".dds", ".pcx", ".ppm", ".qoi", ".sgi", ".tga", ".jxl", ".hdr"}
SEVERAL = {"animated.png", "animated.webp", "two_images.heic"}
READ_ALL_THE_SAME = {"garbage_after_eoi.jpg"}


def files(folder: str) -> list[Path]:
    return sorted((ZOO / folder).iterdir()) if ZOO.is_dir() else []


@pytest.fixture(autouse=True)
def _zoo() -> None:
    if not ZOO.is_dir():
        pytest.skip("the media zoo (../shared/data/media_zoo) is not on this machine")


def test_the_zoo_is_there() -> None:
    assert files("image")
    assert files("image_corrupt")


@pytest.mark.parametrize("path", files("image"), ids=lambda path: path.name)
def test_valid_files(tmp_path: Path, path: Path) -> None:
    if path.suffix in OTHER_KINDS or path.name in SEVERAL or path.name.startswith("bomb"):
        sentence(path, Fault.TOO_LARGE if path.name.startswith("bomb") else Fault.UNREADABLE)
        return
    picture = read_picture(path)
    assert_true(picture.pixels, path)
    kind = picture.stored.format
    height, width = picture.size
    hole = slice(height // 3, height // 3 + max(1, height // 6)), slice(width // 3, width // 3 + max(1, width // 6))
    target = tmp_path / f"out{ENDINGS.get(kind, '.' + kind.value.lower())}"
    notes = write_picture(picture, painted(picture.pixels, hole), target, overwrite=False)
    again = read_picture(target)
    anew = any("anew" in note for note in notes)
    if not HOLDS[kind].lossy or (kind is Format.JPEG and not anew):
        keep = outside(picture.size, hole, margin=18 if kind is Format.JPEG else 0)
        assert np.array_equal(again.pixels[keep], picture.pixels[keep])
    else:
        level = 1 if picture.pixels.dtype == np.uint8 else 257
        assert np.abs(again.pixels.astype(int) - painted(picture.pixels, hole)).mean() < 3 * level
    assert (again.alpha is None) == (picture.alpha is None)
    assert again.stored.model is picture.stored.model
    assert again.stored.bits == picture.stored.bits
    assert again.stored.metadata == picture.stored.metadata


def assert_true(pixels: Pixels, path: Path) -> None:
    """Where Pillow reads the file to eight bits of RGB or grey, it sees the same."""
    if path.stat().st_size > 1_200_000 or path.suffix in (".heic", ".jxl"):
        return
    try:
        image = Image.open(path)
    except OSError:
        return
    with image:
        if image.mode in ("1", "L", "P", "RGB", "RGBA") and pixels.dtype == np.uint8:
            seen = ImageOps.exif_transpose(image).convert("RGBA").convert("RGB")
            assert np.array_equal(pixels, np.asarray(seen))


@pytest.mark.parametrize("path", files("image_corrupt"), ids=lambda path: path.name)
def test_corrupt_files(path: Path) -> None:
    if path.name in READ_ALL_THE_SAME:
        assert read_picture(path).size == (420, 640)
        assert parse(path.read_bytes()).trailing
    else:
        sentence(path, Fault.UNREADABLE)


def sentence(path: Path, fault: Fault) -> None:
    with pytest.raises(EngineError) as caught:
        read_picture(path)
    assert caught.value.fault is fault
    assert path.name in caught.value.message
    assert "\n" not in str(caught.value)
