"""From one kind of file to another: what can be kept is, and what cannot is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from engines.core.faults import EngineError, Fault
from engines.media import png, tiff
from engines.media.formats import Format, Model, format_of, sniff
from engines.media.images import Picture, read_picture, write_picture
from engines.media.jpeg_segments import Segment, assembled, parse
from engines.media.picture import Stored
from engines.media.png_chunks import Chunk, join, split, xmp_chunk
from tests.engines.media.drawn import edited_file, noise, painted, photo, put, saved


def to(picture: Picture, target: Path) -> tuple[Picture, str]:
    """The picture as ``target`` gives it back, unedited, and what was told."""
    notes = write_picture(picture, picture.pixels, target, overwrite=False)
    return read_picture(target), " ".join(notes)


def made(folder: Path, stored: Stored) -> Picture:
    codec, name = (png, "a.png") if stored.format is Format.PNG else (tiff, "a.tif")
    return read_picture(put(folder, name, codec.write(stored, None)[0]))


def test_sixteen_bits(tmp_path: Path) -> None:
    pixels = noise((20, 31, 3), "u2")
    picture = made(tmp_path, Stored(Format.PNG, Model.RGB, 16, pixels))
    same, told = to(picture, tmp_path / "b.tif")
    assert np.array_equal(same.pixels, pixels)
    assert told == ""
    for ending in (".jpg", ".webp", ".bmp", ".avif"):
        less, told = to(picture, tmp_path / f"b{ending}")
        assert "rounded" in told
        assert less.pixels.dtype == np.uint8
        if ending in (".webp", ".bmp"):
            assert np.array_equal(less.pixels, np.rint(pixels / 257).astype(np.uint8))
    heic, told = to(picture, tmp_path / "b.heic")
    assert heic.stored.bits == 10
    assert "10 bits" in told


def test_floats(tmp_path: Path) -> None:
    pixels = noise((20, 31, 3), "f4").clip(0, 1)
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="rgb")
    after, told = to(read_picture(tmp_path / "a.tif"), tmp_path / "b.png")
    assert np.array_equal(after.pixels, np.rint(pixels.astype(float) * 65535).astype(np.uint16))
    assert "floats" in told
    tifffile.imwrite(tmp_path / "c.tif", pixels * 4, photometric="rgb")
    after, told = to(read_picture(tmp_path / "c.tif"), tmp_path / "d.png")
    assert after.pixels.max() == 65535
    assert "as white" in told


def test_transparency(tmp_path: Path) -> None:
    pixels, alpha = noise((20, 31, 3)), noise((20, 31), seed=2)
    picture = made(tmp_path, Stored(Format.PNG, Model.RGB, 8, pixels, alpha))
    for ending in (".tif", ".webp"):
        after, told = to(picture, tmp_path / f"b{ending}")
        assert told == ""
        assert np.array_equal(after.pixels, pixels)
        assert after.alpha is not None
        assert np.array_equal(after.alpha, alpha)
    after, told = to(picture, tmp_path / "b.bmp")
    assert "transparency" in told
    share = alpha[..., None] / 255
    assert np.array_equal(after.pixels, np.rint(pixels * share + 255 * (1 - share)).astype(np.uint8))
    _, told = to(picture, tmp_path / "b.jpg")
    assert "transparency" in told


def test_an_opaque_alpha_is_not_worth_a_word(tmp_path: Path) -> None:
    opaque = np.full((20, 31), 255, np.uint8)
    _, told = to(made(tmp_path, Stored(Format.PNG, Model.RGB, 8, noise((20, 31, 3)), opaque)), tmp_path / "b.bmp")
    assert told == ""


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
def test_grey_stays_grey_where_it_can(tmp_path: Path, bits: int) -> None:
    samples = noise((20, 31), "u2") >> (16 - bits)
    picture = made(tmp_path, Stored(Format.PNG, Model.GREY, bits, samples.astype("u2" if bits > 8 else "u1")))
    for ending in (".tif", ".bmp", ".jpg", ".avif", ".heic", ".webp"):
        after, told = to(picture, tmp_path / f"b{ending}")
        assert after.stored.model is (Model.RGB if ending == ".webp" else Model.GREY)
        if ending in (".tif", ".bmp", ".webp") and bits <= 8:
            assert np.array_equal(after.pixels, picture.pixels)
        assert (bits == 16 and ending != ".tif") == ("rounded" in told)


@pytest.mark.parametrize("alpha", [False, True])
def test_palettes(tmp_path: Path, alpha: bool) -> None:
    palette = noise((9, 4))
    palette[:, 3] = [0, 255, 90, *[255] * 6] if alpha else 255
    picture = made(tmp_path, Stored(Format.PNG, Model.PALETTE, 4, noise((20, 31)) % 9, palette=palette))
    for ending in (".tif", ".bmp", ".webp"):
        after, told = to(picture, tmp_path / f"b{ending}")
        keeps = ending != ".webp" and not alpha
        assert after.stored.model is (Model.PALETTE if keeps else Model.RGB)
        if ending != ".bmp" or not alpha:
            assert np.array_equal(after.pixels, picture.pixels)
            assert told == ""


def test_a_transparent_colour_becomes_alpha(tmp_path: Path) -> None:
    pixels = noise((20, 31, 3))
    pixels[4:9] = 7
    picture = made(tmp_path, Stored(Format.PNG, Model.RGB, 8, pixels, key=(7, 7, 7)))
    after, _ = to(picture, tmp_path / "b.tif")
    assert np.array_equal(after.pixels, pixels)
    assert after.alpha is not None
    assert (after.alpha[4:9] == 0).all()
    assert (after.alpha[9:] == 255).all()


def test_inks(tmp_path: Path) -> None:
    samples = noise((20, 31, 4)) // 2
    picture = made(tmp_path, Stored(Format.TIFF, Model.CMYK, 8, samples))
    after, told = to(picture, tmp_path / "b.png")
    assert np.array_equal(after.pixels, picture.pixels)
    assert "converted to RGB" in told
    _, told = to(picture, tmp_path / "b.jpg")
    with Image.open(tmp_path / "b.jpg") as image:
        assert image.mode == "CMYK"
        assert np.abs(np.asarray(image).astype(int) - samples).mean() < 12
    assert "converted" not in told


def test_jpeg_to_lossless_is_exact(tmp_path: Path) -> None:
    path = put(tmp_path, "a.jpg", saved(photo(), "JPEG", quality=60))
    for ending in (".png", ".tif", ".bmp", ".webp"):
        before, after, notes = edited_file(path, tmp_path / f"b{ending}")
        assert np.array_equal(after.pixels, painted(before.pixels))
        assert notes == []


def test_lossy_targets_are_told(tmp_path: Path) -> None:
    path = put(tmp_path, "a.png", saved(photo(), "PNG"))
    for ending in (".jpg", ".heic", ".avif"):
        before, after, notes = edited_file(path, tmp_path / f"b{ending}")
        assert sum("lossy" in note for note in notes) == 1
        assert np.abs(after.pixels.astype(int) - painted(before.pixels)).mean() < 3


def test_a_photo_in_spite_of_its_name(tmp_path: Path) -> None:
    path = put(tmp_path, "a.jpg", saved(photo(), "PNG"))
    *_, notes = edited_file(path, tmp_path / "b.jpg")
    assert any("in spite of its name" in note for note in notes)
    before, after, notes = edited_file(path, tmp_path / "b.png")
    assert notes == []
    assert np.array_equal(after.pixels, painted(before.pixels))


def test_lossy_webp_is_stored_without_loss(tmp_path: Path) -> None:
    path = put(tmp_path, "a.webp", saved(photo(), "WEBP", quality=50))
    before, after, notes = edited_file(path, tmp_path / "b.webp")
    assert np.array_equal(after.pixels, painted(before.pixels))
    assert any("larger" in note for note in notes)


@pytest.mark.parametrize("bits", [10, 12])
def test_deep_heic_keeps_its_depth(tmp_path: Path, bits: int) -> None:
    import pillow_heif

    deep = (photo().astype("u2") << 8).tobytes()
    file = pillow_heif.from_bytes("RGB;16", (64, 48), deep)
    file[0].info["bit_depth"] = bits
    file.save(tmp_path / "a.heic", quality=95, chroma=444)
    before, after, _ = edited_file(tmp_path / "a.heic", tmp_path / "b.heic")
    assert before.pixels.dtype == np.uint16
    assert (before.stored.bits, after.stored.bits) == (bits, bits)
    assert np.abs(after.pixels.astype(int) - painted(before.pixels)).mean() < 1500


def test_deep_avif_is_read_deep_and_written_with_a_word(tmp_path: Path) -> None:
    import imagecodecs

    deep = photo().astype("u2") << 2
    path = put(tmp_path, "a.avif", bytes(imagecodecs.avif_encode(deep, 95, bitspersample=10, pixelformat="444")))
    before, after, notes = edited_file(path, tmp_path / "b.avif")
    assert before.stored.bits == 10
    assert np.abs(before.pixels.astype(int) - photo().astype(int) * 257).mean() < 600
    assert any("8 bits" in note for note in notes)
    assert np.abs(after.pixels.astype(int) - (painted(before.pixels) / 257).astype(int)).mean() < 3
    deep_copy, _ = to(before, tmp_path / "b.png")
    assert np.array_equal(deep_copy.pixels, before.pixels)


def test_too_long_for_the_kind(tmp_path: Path) -> None:
    path = put(tmp_path, "a.png", saved(np.zeros((2, 16_400), np.uint8), "PNG"))
    picture = read_picture(path)
    with pytest.raises(EngineError) as caught:
        write_picture(picture, picture.pixels, tmp_path / "b.webp", overwrite=False)
    assert caught.value.fault is Fault.NOT_WRITTEN
    assert "16383" in caught.value.message


def test_kinds_by_name_and_content() -> None:
    assert format_of(Path("A.JPEG")) is Format.JPEG
    assert format_of(Path("a.b/c.Tif")) is Format.TIFF
    assert sniff(saved(photo(), "AVIF")[:64]) is Format.AVIF
    assert sniff(b"") is None
    with pytest.raises(EngineError):
        format_of(Path("a.png/b"))


def test_what_has_no_place_is_named(tmp_path: Path) -> None:
    chunks = split(saved(photo(), "PNG"))[0]
    more = [Chunk(b"gAMA", b"\0\0\xb1\x8f"), Chunk(b"tEXt", b"Title\0A ferry"), xmp_chunk(b"<x/>")]
    path = put(tmp_path, "a.png", join([chunks[0], *more, *chunks[1:]]))
    *_, notes = edited_file(path, tmp_path / "b.jpg")
    assert any("'Title'" in note and "gAMA" in note and "XML" not in note for note in notes)
    parsed = parse(saved(photo(), "JPEG", comment=b"by hand"))
    resources = Segment(0xED, b"Photoshop 3.0\x008BIM\x04\x04\0\0\0\0\0\x02ab")
    path = put(tmp_path, "c.jpg", assembled([resources], parsed.segments))
    *_, notes = edited_file(path, tmp_path / "d.png")
    assert any("IPTC" in note and "comment" in note for note in notes)
    tags = [(65000, 3, 1, 7, True), (33723, 7, 4, b"iptc", True), (305, 2, 4, "Me!", True)]
    pixels = noise((48, 64, 5))
    tifffile.imwrite(
        tmp_path / "e.tif",
        pixels,
        photometric="rgb",
        extrasamples=(2, 0),
        extratags=tags,
        metadata=None,
        software=False,
    )
    *_, notes = edited_file(tmp_path / "e.tif", tmp_path / "f.png")
    assert any("1 further channels, IPTC, TIFF tag 65000" in note for note in notes)
