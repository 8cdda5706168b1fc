"""Small picture files for the tests, and short ways to edit them."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image, JpegImagePlugin

from engines.core.types import Pixels
from engines.media.images import Picture, read_picture, write_picture
from tests.conftest import background

Array = NDArray[Any]


def photo(height: int = 48, width: int = 64, seed: int = 5) -> Array:
    """A soft ``(h, w, 3)`` uint8 picture."""
    return background(height, width, seed)


def noise(shape: tuple[int, ...], dtype: str = "u1", seed: int = 0) -> Array:
    """Any code values at all; floats in -2..3."""
    rng = np.random.default_rng(seed)
    if np.dtype(dtype).kind == "f":
        return rng.uniform(-2, 3, shape).astype(dtype)
    return rng.integers(0, np.iinfo(dtype).max, shape, dtype=dtype, endpoint=True)


def saved(pixels: Array | Image.Image, kind: str, **options: Any) -> bytes:
    """What Pillow makes of it."""
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    block = options.get("exif")
    if kind == "JPEG" and isinstance(block, bytes) and not block.startswith(b"Exif"):
        options["exif"] = b"Exif\0\0" + block
    output = io.BytesIO()
    image.save(output, kind, **options)
    return output.getvalue()


def put(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def first_page(path: Path) -> tifffile.TiffPage:
    """The first page's directory, with all of its tags."""
    with tifffile.TiffFile(path) as file:
        return file.pages.first


def steps(data: bytes) -> dict[int, list[int]]:
    """A JPEG's quantisation tables, as Pillow tells them."""
    with Image.open(io.BytesIO(data)) as image:
        assert isinstance(image, JpegImagePlugin.JpegImageFile)
        return image.quantization


HOLE = (slice(10, 22), slice(20, 41))
"""Rows and columns that ``painted`` changes."""


def painted(pixels: Pixels, hole: tuple[slice, slice] = HOLE) -> Pixels:
    """``pixels`` with other values in the hole."""
    result: Pixels = pixels.copy()
    part = result[hole]
    result[hole] = part // 2 + 3 if part.dtype.kind == "u" else part / 2
    return result


def outside(size: tuple[int, int], hole: tuple[slice, slice] = HOLE, margin: int = 0) -> NDArray[np.bool_]:
    """True for all pixels but the hole's, and ``margin`` around them."""
    rows, columns = hole
    mask = np.ones(size, bool)
    mask[max(rows.start - margin, 0) : rows.stop + margin, max(columns.start - margin, 0) : columns.stop + margin] = (
        False
    )
    return mask


def edited_file(path: Path, target: Path, hole: tuple[slice, slice] = HOLE) -> tuple[Picture, Picture, list[str]]:
    """The picture in ``path``, the one in ``target`` after its hole was painted, and what was told."""
    before = read_picture(path)
    notes = write_picture(before, painted(before.pixels, hole), target, overwrite=False)
    return before, read_picture(target), notes


def exif_block(*, orientation: int = 1, thumbnail: bytes = b"", note: bytes = b"", order: str = "<") -> bytes:
    """A TIFF structure with a maker, an orientation, a maker's note, sizes, and a thumbnail, written by hand."""
    word = lambda *values: struct.pack(f"{order}{'H' * len(values)}", *values)  # noqa: E731
    entry = lambda tag, kind, count, value: word(tag, kind) + struct.pack(f"{order}I", count) + value  # noqa: E731
    long = lambda value: struct.pack(f"{order}I", value)  # noqa: E731
    short = lambda value: word(value, 0)  # noqa: E731
    ifd0_at, exif_at, note_at = 8, 62, 120
    ifd1_at = note_at + len(note) + len(note) % 2
    thumb_at = ifd1_at + 2 + 2 * 12 + 4
    head = (b"II*\0" if order == "<" else b"MM\0*") + long(ifd0_at)
    ifd0 = word(4) + entry(0x010F, 2, 4, b"Tes\0") + entry(0x0112, 3, 1, short(orientation))
    ifd0 += entry(0x0132, 2, 4, b"now\0") + entry(0x8769, 4, 1, long(exif_at))
    ifd0 += long(ifd1_at if thumbnail else 0)
    exif = word(3) + entry(0x927C, 7, max(len(note), 5), long(note_at))
    exif += entry(0xA002, 4, 1, long(640)) + entry(0xA003, 4, 1, long(480)) + long(0)
    ifd1 = word(2) + entry(0x0201, 4, 1, long(thumb_at)) + entry(0x0202, 4, 1, long(len(thumbnail))) + long(0)
    parts = {0: head, ifd0_at: ifd0, exif_at: exif, note_at: note or b"notes", ifd1_at: ifd1, thumb_at: thumbnail}
    block = bytearray(thumb_at + len(thumbnail))
    for at, part in parts.items():
        block[at : at + len(part)] = part
    return bytes(block) if thumbnail else bytes(block[: max(ifd1_at, note_at + 5)])
