"""EXIF orientation: applied for editing, and true in what is written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageOps

from engines.media import exif
from engines.media.ifd import Directory
from engines.media.images import read_picture, write_picture
from engines.media.orient import as_stored, shown
from tests.engines.media.drawn import Array, exif_block, noise, outside, painted, photo, put, saved

ALL = range(1, 9)
HOLE = (slice(3, 9), slice(20, 30))


def as_people_see_it(path: Path) -> Array:
    """What another program shows."""
    with Image.open(path) as image:
        return np.asarray(ImageOps.exif_transpose(image).convert("RGB"))


@pytest.mark.parametrize("orientation", ALL)
def test_there_and_back(orientation: int) -> None:
    stored = noise((5, 7, 3))
    assert np.array_equal(as_stored(shown(stored, orientation), orientation), stored)
    assert np.array_equal(as_stored(shown(stored[..., 0], orientation), orientation), stored[..., 0])


@pytest.mark.parametrize("orientation", ALL)
@pytest.mark.parametrize("ending", [".jpg", ".png", ".webp", ".tif", ".avif"])
def test_the_same_kind_keeps_rows_and_tag(tmp_path: Path, orientation: int, ending: str) -> None:
    kind = {".jpg": "JPEG", ".png": "PNG", ".webp": "WEBP", ".tif": "TIFF", ".avif": "AVIF"}[ending]
    path = tmp_path / f"a{ending}"
    if kind == "TIFF":
        tags = [(274, 3, 1, orientation, True)]
        tifffile.imwrite(path, photo(), photometric="rgb", extratags=tags, metadata=None)
    else:
        put(tmp_path, path.name, saved(photo(), kind, exif=exif_block(orientation=orientation), quality=95))
    before = read_picture(path)
    assert np.array_equal(before.pixels, as_people_see_it(path))
    write_picture(before, painted(before.pixels, HOLE), tmp_path / f"b{ending}", overwrite=False)
    after = read_picture(tmp_path / f"b{ending}")
    seen = as_people_see_it(tmp_path / f"b{ending}")
    assert np.array_equal(after.pixels, seen)
    assert after.stored.orientation == orientation
    assert after.stored.samples.shape == before.stored.samples.shape
    lossy = kind in ("JPEG", "AVIF")
    keep = outside(before.size, HOLE, margin=18 if lossy else 0)
    assert np.abs(seen[keep].astype(int) - before.pixels[keep]).max() <= (16 if kind == "AVIF" else 0)
    assert np.abs(seen.astype(int) - painted(before.pixels, HOLE)).mean() < (3 if lossy else 1e-9)


@pytest.mark.parametrize("orientation", ALL)
@pytest.mark.parametrize("ending", [".png", ".tif", ".bmp", ".webp", ".jpg", ".heic"])
def test_another_kind_is_written_upright(tmp_path: Path, orientation: int, ending: str) -> None:
    block = exif_block(orientation=orientation)
    path = put(tmp_path, "a.jpg", saved(photo(), "JPEG", exif=block, quality=95))
    if ending == ".jpg":
        path = put(tmp_path, "a.png", saved(photo(), "PNG", exif=block))
    before = read_picture(path)
    target = tmp_path / f"b{ending}"
    write_picture(before, painted(before.pixels, HOLE), target, overwrite=False)
    after = read_picture(target)
    assert after.stored.orientation == 1
    assert after.size == before.size
    tolerance = 4 if ending in (".jpg", ".heic") else 0
    assert np.abs(after.pixels.astype(int) - painted(before.pixels, HOLE)).mean() <= tolerance
    if ending not in (".bmp", ".heic"):
        assert np.array_equal(as_people_see_it(target), after.pixels)


def test_the_size_in_exif_turns_with_the_picture() -> None:
    for orientation, size in ((6, (480, 640)), (3, (640, 480))):
        _, found = exif.directory(exif.upright(exif_block(orientation=orientation)))
        inner = found.get(0x8769)
        assert inner is not None
        assert isinstance(inner.value, Directory)
        sides = [inner.value.get(tag) for tag in (0xA002, 0xA003)]
        assert [side.numbers("<") for side in sides if side] == [(size[0],), (size[1],)]


def test_nonsense_counts_as_upright(tmp_path: Path) -> None:
    for wrong in (0, 9, 4660):
        path = put(tmp_path, "a.jpg", saved(photo(), "JPEG", exif=exif_block(orientation=wrong)))
        assert read_picture(path).size == (48, 64)
