"""Bad input: one clear sentence, no traceback, nothing half-decoded."""

from __future__ import annotations

import io
import logging
import struct
import tempfile
import zlib
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from engines.core.faults import EngineError, Fault
from engines.media.images import read_picture
from engines.media.png_chunks import SIGNATURE, Chunk, join, split
from tests.engines.media.drawn import noise, photo, put, saved


def tiff(**options: object) -> bytes:
    output = io.BytesIO()
    tifffile.imwrite(output, photo(), photometric="rgb", metadata=None, **options)  # type: ignore[arg-type]
    return output.getvalue()


def heic() -> bytes:
    output = io.BytesIO()
    pillow_heif.from_bytes("RGB", (64, 48), photo().tobytes()).save(output)
    return output.getvalue()


WHOLE = {
    "baseline.jpg": saved(photo(), "JPEG", quality=95),
    "progressive.jpg": saved(photo(), "JPEG", quality=95, progressive=True),
    "rgb.png": saved(photo(), "PNG"),
    "palette.png": saved(Image.fromarray(photo()).quantize(16), "PNG"),
    "plain.tif": tiff(),
    "strips.tif": tiff(compression="lzw", rowsperstrip=8),
    "tiles.tif": tiff(compression="zlib", tile=(16, 16)),
    "lossy.webp": saved(photo(), "WEBP", quality=95),
    "lossless.webp": saved(photo(), "WEBP", lossless=True),
    "rgb.bmp": saved(photo(), "BMP"),
    "photo.heic": heic(),
    "photo.avif": saved(photo(), "AVIF"),
}


def refused(path: Path, fault: Fault = Fault.UNREADABLE, **options: int) -> EngineError:
    """The error of reading ``path``: one sentence that names the file."""
    with pytest.raises(EngineError) as caught:
        read_picture(path, **options)
    error = caught.value
    assert error.fault is fault
    assert path.name in error.message
    assert error.message.endswith(".")
    assert "\n" not in str(error)
    assert error.message.count(". ") == 0
    return error


@pytest.mark.parametrize("share", [0.02, 0.3, 0.7, 0.97])
@pytest.mark.parametrize("name", WHOLE)
def test_truncated_files_are_refused_not_half_decoded(
    tmp_path: Path, name: str, share: float, capfd: pytest.CaptureFixture[str]
) -> None:
    data = WHOLE[name]
    read_picture(put(tmp_path, f"whole-{name}", data))
    refused(put(tmp_path, name, data[: int(len(data) * share)]))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", [name for name in WHOLE if name not in ("plain.tif", "rgb.bmp")])
def test_a_copy_that_broke_off_and_was_filled_with_zeros(tmp_path: Path, name: str) -> None:
    """What an interrupted copy leaves: the right length, and nothing but zeros from the middle on.

    Not for uncompressed kinds: there zeros are a black picture, and nothing tells them from one.
    """
    data = WHOLE[name]
    if name.endswith(".webp"):
        data = saved(noise((48, 64, 3)), "WEBP", lossless=name.startswith("lossless"))
    half = len(data) // 2
    refused(put(tmp_path, name, data[:half] + bytes(len(data) - half)))


@st.composite
def flipped(draw: st.DrawFn) -> tuple[str, bytes]:
    name = draw(st.sampled_from(sorted(WHOLE)))
    data = bytearray(WHOLE[name])
    for _ in range(draw(st.sampled_from([1, 3, 30]))):
        data[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
    return name, bytes(data)


@settings(max_examples=200, deadline=None)
@given(flipped())
def test_flipped_bytes_give_a_picture_or_a_sentence(broken: tuple[str, bytes]) -> None:
    name, data = broken
    with tempfile.TemporaryDirectory() as folder:
        path = put(Path(folder), name, data)
        try:
            shape = read_picture(path, 10_000_000).pixels.shape
        except EngineError as error:
            said = error
        else:
            assert shape[2] == 3
            return
    assert said.fault in (Fault.UNREADABLE, Fault.TOO_LARGE)
    assert "\n" not in str(said)


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("page.png", b"<!DOCTYPE html><html>404</html>", "web page"),
        ("page.jpg", b"\n <html><body>", "web page"),
        ("empty.jpg", b"", "empty"),
        ("words.jpg", b"just some words", "no picture"),
        ("film.heic", b"\0\0\0\x18ftypmp42" + bytes(64), "film"),
        ("anim.gif", saved(photo(), "GIF"), "GIF"),
        ("scan.pdf", b"%PDF-1.7 ...", "PDF"),
        ("raw.png", SIGNATURE, "truncated"),
        ("start.jpg", b"\xff\xd8", "truncated"),
        ("ends.jpg", b"\xff\xd8\xff\xd9", "no picture"),
        ("head.tif", b"II*\0\x08\0\0\0", "damaged"),
    ],
)
def test_what_is_no_picture_is_called_what_it_is(tmp_path: Path, name: str, data: bytes, words: str) -> None:
    assert words in str(refused(put(tmp_path, name, data)))


def test_missing_files_and_folders(tmp_path: Path) -> None:
    assert "no file" in refused(tmp_path / "none.png").message
    (tmp_path / "folder.png").mkdir()
    assert "folder" in refused(tmp_path / "folder.png").message


def header(width: int, height: int, depth: int = 8, colour: int = 2) -> bytes:
    return struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)


def test_sizes_of_nothing(tmp_path: Path) -> None:
    png = join([Chunk(b"IHDR", header(0, 5)), Chunk(b"IDAT", zlib.compress(b"")), Chunk(b"IEND", b"")])
    assert "0 x 5" in refused(put(tmp_path, "a.png", png)).message
    jpeg = bytearray(WHOLE["baseline.jpg"])
    at = jpeg.index(b"\xff\xc0")
    jpeg[at + 5 : at + 9] = bytes(4)
    refused(put(tmp_path, "a.jpg", bytes(jpeg)))


def bombs() -> dict[str, bytes]:
    """Files of a few hundred bytes that claim 30000 x 30000 pixels."""
    png = join([Chunk(b"IHDR", header(30_000, 30_000)), Chunk(b"IDAT", zlib.compress(bytes(90))), Chunk(b"IEND", b"")])
    jpeg = bytearray(WHOLE["baseline.jpg"])
    at = jpeg.index(b"\xff\xc0")
    jpeg[at + 5 : at + 9] = struct.pack(">HH", 30_000, 30_000)
    bmp = bytearray(WHOLE["rgb.bmp"])
    bmp[18:26] = struct.pack("<ii", 30_000, 30_000)
    strip = bytearray(WHOLE["plain.tif"])
    for tag in (256, 257):
        place = strip.index(struct.pack("<HHI", tag, 4, 1))
        strip[place + 8 : place + 12] = struct.pack("<I", 30_000)
    return {"a.png": png, "a.jpg": bytes(jpeg), "a.bmp": bytes(bmp), "a.tif": bytes(strip)}


@pytest.mark.parametrize("name", bombs())
def test_decompression_bombs_are_refused_before_decoding(tmp_path: Path, name: str) -> None:
    error = refused(put(tmp_path, name, bombs()[name]), Fault.TOO_LARGE)
    assert "30000 x 30000" in error.message
    assert "--max-pixels 900000000" in error.hint


@pytest.mark.parametrize("name", WHOLE)
def test_the_limit_is_the_persons_own(tmp_path: Path, name: str) -> None:
    path = put(tmp_path, name, WHOLE[name])
    assert "--max-pixels 3072" in refused(path, Fault.TOO_LARGE, max_pixels=3071).hint
    assert read_picture(path, 3072).size == (48, 64)


def test_animations_and_pages_are_refused(tmp_path: Path) -> None:
    frames = [Image.fromarray(photo(seed=seed)) for seed in range(3)]
    for kind, ending in (("PNG", ".png"), ("WEBP", ".webp"), ("AVIF", ".avif")):
        path = put(tmp_path, f"a{ending}", saved(frames[0], kind, save_all=True, append_images=frames[1:], duration=50))
        assert "animation" in refused(path).message
    path = put(tmp_path, "a.tif", saved(frames[0], "TIFF", save_all=True, append_images=frames[1:]))
    assert "3 pages" in refused(path).message
    file = pillow_heif.from_bytes("RGB", (64, 48), photo().tobytes())
    file.add_frombytes("RGB", (64, 48), photo(seed=2).tobytes())
    file.save(tmp_path / "a.heic")
    assert "2 pictures" in refused(tmp_path / "a.heic").message


def test_an_apng_of_one_frame_is_a_picture(tmp_path: Path) -> None:
    chunks = split(saved(photo(), "PNG"))[0]
    data = join([chunks[0], Chunk(b"acTL", struct.pack(">II", 1, 0)), *chunks[1:]])
    assert np.array_equal(read_picture(put(tmp_path, "a.png", data)).pixels, photo())


@pytest.mark.parametrize(
    ("photometric", "dtype"),
    [("rgb", "i2"), ("minisblack", "u4"), ("minisblack", "c8"), ("ycbcr", "u1"), ("cielab", "f4")],
)
def test_rare_tiffs_are_refused(tmp_path: Path, photometric: str, dtype: str) -> None:
    pixels = noise((20, 30) if photometric == "minisblack" else (20, 30, 3)).astype(dtype)
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric=photometric)
    assert "rare kind" in refused(tmp_path / "a.tif").message


def test_a_wrong_checksum(tmp_path: Path) -> None:
    data = bytearray(WHOLE["rgb.png"])
    at = data.index(b"IDAT") + 40
    data[at] ^= 1
    assert "checksum" in refused(put(tmp_path, "a.png", bytes(data))).message


def test_a_broken_note_in_a_whole_picture_is_no_reason_to_refuse(tmp_path: Path) -> None:
    chunks = split(WHOLE["rgb.png"])[0]
    data = bytearray(join([chunks[0], Chunk(b"tEXt", b"Title\0a ferry"), *chunks[1:]]))
    data[data.index(b"ferry")] ^= 1
    assert np.array_equal(read_picture(put(tmp_path, "a.png", bytes(data))).pixels, photo())


def test_texts_that_unpack_to_gigabytes_are_left_alone(tmp_path: Path) -> None:
    bomb = zlib.compress(bytes(100 << 20), 9)
    chunks = split(WHOLE["rgb.png"])[0]
    text = Chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + bomb)
    picture = read_picture(put(tmp_path, "a.png", join([chunks[0], text, *chunks[1:]])))
    assert picture.stored.metadata.xmp == b""


def test_names_do_not_matter(tmp_path: Path) -> None:
    for name in ("a.jpg", "noextension", "名前 with spaces.TIFF"):
        assert np.array_equal(read_picture(put(tmp_path, name, WHOLE["rgb.png"])).pixels, photo())


def test_nothing_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        refused(put(tmp_path, "a.tif", WHOLE["strips.tif"][:-200] + bytes(200)))
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
