"""What was not edited comes back to the bit: all lossless kinds, depths and colour models, with any content."""

from __future__ import annotations

import tempfile
import zlib
from dataclasses import replace
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from engines.media import bmp, png, tiff, webp
from engines.media.formats import Format, Model
from engines.media.images import Picture, read_picture, write_picture
from engines.media.picture import Stored
from engines.media.png_chunks import Chunk, join, split
from tests.engines.media.drawn import HOLE, Array, edited_file, first_page, noise, outside, painted, photo, put, saved

CODECS = {Format.PNG: png, Format.TIFF: tiff, Format.BMP: bmp, Format.WEBP: webp}
ENDINGS = {Format.PNG: ".png", Format.TIFF: ".tif", Format.BMP: ".bmp", Format.WEBP: ".webp"}


def check(stored: Stored, hole: tuple[slice, slice], seed: int) -> None:
    """Write, read, edit, write and read: only the hole may differ, and holds what was painted as far as it can."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ending = ENDINGS[stored.format]
        path = put(folder, f"a{ending}", CODECS[stored.format].write(stored, None)[0])
        before = read_picture(path)
        assert np.array_equal(before.stored.samples, stored.samples)
        assert_same(before.stored.alpha, stored.alpha)
        new = before.pixels.copy()
        new[hole] = noise(new[hole].shape, new.dtype.str, seed)
        write_picture(before, new, folder / f"b{ending}", overwrite=False)
        after = read_picture(folder / f"b{ending}")
    keep = outside(before.size, hole)
    assert after.pixels.dtype == before.pixels.dtype
    assert after.pixels[keep].tobytes() == before.pixels[keep].tobytes()
    assert_same(after.alpha, before.alpha)
    if after.stored.model is before.stored.model and stored.model is not Model.PALETTE:
        assert after.stored.samples[keep].tobytes() == before.stored.samples[keep].tobytes()
        assert after.stored.bits == before.stored.bits
    if stored.model in (Model.RGB, Model.PALETTE) and stored.bits in (8, 16, 32) and stored.key is None:
        assert after.pixels.tobytes() == new.tobytes()


def assert_same(one: Array | None, other: Array | None) -> None:
    assert (one is None) == (other is None)
    assert one is None or other is None or one.tobytes() == other.tobytes()


@st.composite
def holes(draw: st.DrawFn, height: int, width: int) -> tuple[slice, slice]:
    top, left = draw(st.integers(0, height - 1)), draw(st.integers(0, width - 1))
    return (
        slice(top, draw(st.integers(top + 1, height))),
        slice(left, draw(st.integers(left + 1, width))),
    )


@st.composite
def pictures(draw: st.DrawFn) -> tuple[Stored, tuple[slice, slice]]:
    """A picture of any kind, depth and model that is stored without loss, and a hole in it."""
    kind = draw(st.sampled_from(sorted(CODECS, key=str)))
    height, width = draw(st.integers(1, 24)), draw(st.integers(1, 24))
    seed = draw(st.integers(0, 2**31))
    model = draw(
        st.sampled_from(
            {
                Format.PNG: [Model.GREY, Model.RGB, Model.PALETTE],
                Format.TIFF: [Model.GREY, Model.RGB, Model.PALETTE, Model.CMYK, Model.LAB],
                Format.BMP: [Model.GREY, Model.RGB, Model.PALETTE],
                Format.WEBP: [Model.RGB],
            }[kind]
        )
    )
    stored = _of(draw, kind, model, (height, width), seed)
    return stored, draw(holes(height, width))


def _of(draw: st.DrawFn, kind: Format, model: Model, size: tuple[int, int], seed: int) -> Stored:
    if model is Model.PALETTE:
        count = draw(st.integers(2, 256))
        palette = noise((count, 4), seed=seed)
        if kind is not Format.PNG:
            palette[:, 3] = 255
        samples = (noise(size, seed=seed).astype(int) % count).astype(np.uint8)
        bits = next(b for b in (1, 2, 4, 8) if count <= 2**b) if kind is Format.PNG else 8
        return Stored(kind, model, bits, samples, palette=palette)
    depths = {
        (Format.PNG, Model.GREY): [1, 2, 4, 8, 16],
        (Format.PNG, Model.RGB): [8, 16],
        (Format.TIFF, Model.GREY): [1, 8, 16, 32],
        (Format.TIFF, Model.RGB): [8, 16, 32],
        (Format.TIFF, Model.CMYK): [8, 16],
        (Format.TIFF, Model.LAB): [8, 16],
        (Format.BMP, Model.GREY): [1, 8],
    }
    bits = draw(st.sampled_from(depths.get((kind, model), [8])))
    dtype = "f4" if bits == 32 else "u2" if bits == 16 else "u1"
    planes = {Model.GREY: (), Model.CMYK: (4,)}.get(model, (3,))
    samples = noise((*size, *planes), dtype, seed)
    if bits < 8:
        samples >>= 8 - bits
    may = bits >= 8 and (kind in (Format.TIFF, Format.WEBP, Format.PNG) or (kind is Format.BMP and model is Model.RGB))
    alpha = noise(size, dtype, seed + 1) if may and draw(st.booleans()) else None
    if kind is Format.WEBP and alpha is not None:
        alpha[0, 0] = 7  # an alpha that is opaque everywhere is not stored
    return Stored(kind, model, bits, samples, alpha)


@settings(max_examples=120, deadline=None)
@given(pictures(), st.integers(0, 2**31))
def test_what_is_not_edited_comes_back_to_the_bit(picture: tuple[Stored, tuple[slice, slice]], seed: int) -> None:
    check(*picture, seed)


@pytest.mark.parametrize("special", [np.nan, np.inf, -0.0, 1e-42, 70000.0])
def test_floats_that_are_no_levels_survive(tmp_path: Path, special: float) -> None:
    pixels = noise((48, 64, 3), "f4")
    pixels[0, :, 0] = special
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="rgb")
    before, after, _ = edited_file(tmp_path / "a.tif", tmp_path / "b.tif")
    assert after.pixels[outside(before.size)].tobytes() == pixels[outside(before.size)].tobytes()


@pytest.mark.parametrize("dtype", ["f2", "f8"])
def test_half_and_double_floats_keep_their_depth(tmp_path: Path, dtype: str) -> None:
    pixels = noise((48, 64), dtype)
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="minisblack", compression="zlib", predictor=True)
    before, after, _ = edited_file(tmp_path / "a.tif", tmp_path / "b.tif")
    assert before.pixels.dtype == np.float32
    keep = outside(before.size)
    assert after.stored.samples.dtype == pixels.dtype
    assert after.stored.samples[keep].tobytes() == pixels[keep].tobytes()


def test_big_endian_tiff(tmp_path: Path) -> None:
    pixels = noise((48, 64, 3), "u2")
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="rgb", byteorder=">", compression="lzw")
    before, after, _ = edited_file(tmp_path / "a.tif", tmp_path / "b.tif")
    assert np.array_equal(before.pixels, pixels)
    assert np.array_equal(after.pixels, painted(pixels))


@pytest.mark.parametrize("bits", [2, 4, 12])
def test_tiff_of_uneven_depths(tmp_path: Path, bits: int) -> None:
    pixels = (noise((48, 63), "u2") >> (16 - bits)).astype("u2" if bits > 8 else "u1")
    pixels[0, 0] = 2**bits - 1
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="minisblack", bitspersample=bits)
    before, after, _ = edited_file(tmp_path / "a.tif", tmp_path / "b.tif")
    assert before.pixels.max() == np.iinfo(before.pixels.dtype).max
    assert after.stored.bits == bits
    keep = outside(before.size)
    assert np.array_equal(after.stored.samples[keep], pixels[keep])


@pytest.mark.parametrize("options", [
    {"tile": (16, 32)},
    {"planarconfig": "separate", "compression": "lzw"},
    {"rowsperstrip": 5, "compression": "packbits"},
    {"compression": "zstd", "predictor": True},
])  # fmt: skip
def test_tiff_layouts(tmp_path: Path, options: dict[str, object]) -> None:
    pixels = noise((48, 64, 3))
    laid = np.moveaxis(pixels, -1, 0) if "planarconfig" in options else pixels
    tifffile.imwrite(tmp_path / "a.tif", laid, photometric="rgb", **options)  # type: ignore[arg-type]
    before, after, _ = edited_file(tmp_path / "a.tif", tmp_path / "b.tif")
    assert np.array_equal(after.pixels, painted(before.pixels))
    one, other = first_page(tmp_path / "a.tif"), first_page(tmp_path / "b.tif")
    for name in ("compression", "planarconfig", "photometric", "is_tiled"):
        assert getattr(one, name) == getattr(other, name)


def test_premultiplied_alpha_and_further_samples(tmp_path: Path) -> None:
    pixels = noise((48, 64, 5))
    pixels[..., :3] = np.minimum(pixels[..., :3], pixels[..., 3:4])
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="rgb", extrasamples=(1, 0))
    before, after, _ = edited_file(tmp_path / "a.tif", tmp_path / "b.tif")
    written = tifffile.imread(tmp_path / "b.tif")
    assert [int(kind) for kind in first_page(tmp_path / "b.tif").extrasamples] == [1, 0]
    keep = outside(before.size)
    assert np.array_equal(written[keep], pixels[keep])
    assert np.array_equal(written[..., 3:], pixels[..., 3:])
    opaque = (pixels[..., 3] > 200) & ~keep
    assert np.abs(after.pixels[opaque].astype(int) - painted(before.pixels)[opaque]).max() <= 2


def test_white_is_zero(tmp_path: Path) -> None:
    pixels = noise((48, 64))
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="miniswhite")
    before, after, _ = edited_file(tmp_path / "a.tif", tmp_path / "b.tif")
    assert np.array_equal(before.pixels[..., 0], 255 - pixels)
    assert np.array_equal(after.pixels[outside(before.size)], before.pixels[outside(before.size)])
    assert first_page(tmp_path / "b.tif").photometric == tifffile.PHOTOMETRIC.MINISWHITE


@pytest.mark.parametrize("photometric", [0, 1])
def test_fax_stays_fax(tmp_path: Path, photometric: int) -> None:
    page = Image.fromarray(photo()[..., 0] > 130)
    page.save(tmp_path / "a.tif", compression="group4", tiffinfo={262: photometric})
    before, after, notes = edited_file(tmp_path / "a.tif", tmp_path / "b.tif")
    assert set(np.unique(after.pixels)) <= {0, 255}
    assert np.array_equal(after.pixels[outside(before.size)], before.pixels[outside(before.size)])
    assert any("black and white" in note for note in notes)
    written = first_page(tmp_path / "b.tif")
    assert (written.compression, written.photometric) == (4, photometric)


def test_lossy_compression_inside_a_tiff_becomes_lossless(tmp_path: Path) -> None:
    Image.fromarray(photo()).save(tmp_path / "a.tif", compression="jpeg")
    before, after, notes = edited_file(tmp_path / "a.tif", tmp_path / "b.tif")
    assert np.array_equal(after.pixels, painted(before.pixels))
    assert any("lossy" in note for note in notes)


def test_grey_stays_grey_and_takes_the_lightness_of_colours(tmp_path: Path) -> None:
    path = put(tmp_path, "a.png", saved(photo()[..., 0], "PNG"))
    before = read_picture(path)
    assert (before.pixels[..., :1] == before.pixels).all()
    new = before.pixels.copy()
    new[HOLE] = (250, 10, 40)
    write_picture(before, new, tmp_path / "b.png", overwrite=False)
    with Image.open(tmp_path / "b.png") as image:
        assert image.mode == "L"
        assert np.unique(np.asarray(image)[HOLE]) == [round(0.299 * 250 + 0.587 * 10 + 0.114 * 40)]


def palette_picture(colours: int, alpha: bool = False) -> Stored:
    palette = noise((colours, 4))
    palette[:, 3] = np.where(np.arange(colours) % 3 == 0, 100, 255) if alpha else 255
    return Stored(
        Format.PNG, Model.PALETTE, 8, (noise((48, 64)).astype(int) % colours).astype(np.uint8), palette=palette
    )


def test_a_palette_takes_new_colours_while_it_has_room(tmp_path: Path) -> None:
    path = put(tmp_path, "a.png", png.write(palette_picture(100, alpha=True))[0])
    before = read_picture(path)
    new = before.pixels.copy()
    new[HOLE] = [(1, 2, 3)]
    assert write_picture(before, new, tmp_path / "b.png", overwrite=False) == []
    after = read_picture(tmp_path / "b.png")
    assert after.stored.model is Model.PALETTE
    assert np.array_equal(after.pixels, new)
    assert_same(after.alpha, before.alpha)


def test_a_full_palette_gives_up_unused_places_first(tmp_path: Path) -> None:
    stored = palette_picture(256)
    stored = replace(stored, samples=np.minimum(stored.samples, 199))
    before = read_picture(put(tmp_path, "a.png", png.write(stored)[0]))
    new = before.pixels.copy()
    new[HOLE] = np.arange(40)[None, :21, None]
    assert write_picture(before, new, tmp_path / "b.png", overwrite=False) == []
    after = read_picture(tmp_path / "b.png")
    assert after.stored.model is Model.PALETTE
    assert np.array_equal(after.pixels, new)


@pytest.mark.parametrize("alpha", [False, True])
def test_too_many_colours_for_a_palette_are_told(tmp_path: Path, alpha: bool) -> None:
    before = read_picture(put(tmp_path, "a.png", png.write(palette_picture(256, alpha))[0]))
    new = before.pixels.copy()
    new[HOLE] = noise(new[HOLE].shape, seed=9)
    notes = write_picture(before, new, tmp_path / "b.png", overwrite=False)
    after = read_picture(tmp_path / "b.png")
    assert any("palette" in note for note in notes)
    assert after.stored.model is Model.RGB
    assert np.array_equal(after.pixels, new)
    assert_same(after.alpha, before.alpha)


@pytest.mark.parametrize("dtype", ["u1", "u2"])
def test_the_colour_that_stands_for_transparent(tmp_path: Path, dtype: str) -> None:
    """Edits neither fill transparent pixels nor make holes by chance."""
    pixels = noise((48, 64, 3), dtype)
    pixels[10:13] = 9
    bits = pixels.itemsize * 8
    stored = Stored(Format.PNG, Model.RGB, bits, pixels, key=(9, 9, 9))
    before = read_picture(put(tmp_path, "a.png", png.write(stored)[0]))
    assert before.alpha is not None
    assert (before.alpha[10:13] == 0).all()
    new = before.pixels.copy()
    new[HOLE] = 9
    write_picture(before, new, tmp_path / "b.png", overwrite=False)
    after = read_picture(tmp_path / "b.png")
    assert_same(after.alpha, before.alpha)
    assert np.abs(after.pixels[HOLE].astype(int) - 9).max() == 1
    assert np.array_equal(after.pixels[outside(before.size)], before.pixels[outside(before.size)])


def test_of_a_transparent_colour_only_the_depths_own_bits_count(tmp_path: Path) -> None:
    """PNG, third edition, 11.3.1.1."""
    stored = Stored(Format.PNG, Model.GREY, 4, noise((20, 30)) >> 4, key=(0xFF0 | 9,))
    before = read_picture(put(tmp_path, "a.png", png.write(stored)[0]))
    assert before.alpha is not None
    assert np.array_equal(before.alpha == 0, stored.samples == 9)


def test_interlaced_png_reads_the_same(tmp_path: Path) -> None:
    import cv2

    pixels = noise((33, 29, 3))
    plain = saved(pixels, "PNG")
    head = next(chunk for chunk in split(plain)[0] if chunk.kind == b"IHDR")
    passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
    rows = b"".join(
        b"\0" + row.tobytes()
        for top, left, down, across in passes
        for row in pixels[top::down, left::across]
        if row.size
    )
    chunks = [Chunk(b"IHDR", head.data[:12] + b"\1"), Chunk(b"IDAT", zlib.compress(rows)), Chunk(b"IEND", b"")]
    path = put(tmp_path, "a.png", join(chunks))
    seen = cv2.imread(str(path))
    assert seen is not None  # another reader agrees that it is one
    assert np.array_equal(seen[..., ::-1], pixels)
    assert np.array_equal(read_picture(path).pixels, pixels)


def test_sixteen_bit_png_is_what_other_readers_see(tmp_path: Path) -> None:
    pixels = noise((48, 64, 4), "u2")
    path = put(tmp_path, "a.png", bytes(imagecodecs.png_encode(pixels)))
    before, after, _ = edited_file(path, tmp_path / "b.png")
    assert np.array_equal(before.pixels, pixels[..., :3])
    other = imagecodecs.png_decode((tmp_path / "b.png").read_bytes())
    assert np.array_equal(other[..., :3], painted(pixels[..., :3]))
    assert np.array_equal(other[..., 3], pixels[..., 3])
    assert_same(after.alpha, pixels[..., 3])


def test_cmyk_is_unchanged_outside_and_mixed_alike_inside(tmp_path: Path) -> None:
    """A patch of the picture's own colour gets inks close to the picture's own, black included."""
    inks = np.zeros((48, 64, 4), np.uint8)
    inks[..., 0] = np.arange(64) + 30
    inks[..., 1] = 50
    inks[..., 3] = 40 + np.arange(48)[:, None] // 2
    inks[12:20, 25:35] = (0, 0, 0, 255)  # the text
    tifffile.imwrite(tmp_path / "a.tif", inks, photometric="separated", compression="lzw")
    before = read_picture(tmp_path / "a.tif")
    new = before.pixels.copy()
    new[HOLE] = before.pixels[30:42, 20:41]
    notes = write_picture(before, new, tmp_path / "b.tif", overwrite=False)
    after = read_picture(tmp_path / "b.tif")
    keep = outside(before.size)
    assert np.array_equal(after.stored.samples[keep], inks[keep])
    assert np.abs(after.stored.samples[HOLE].astype(int) - inks[30:42, 20:41]).max() <= 12
    assert np.abs(after.pixels[HOLE].astype(int) - new[HOLE]).max() <= 1
    assert any("CMYK" in note for note in notes)


def test_lab_is_close_inside(tmp_path: Path) -> None:
    lab = Image.fromarray(photo()).convert("RGB")
    samples = noise((48, 64, 3)) // 8
    samples[..., 0] = np.asarray(lab)[..., 0]
    tifffile.imwrite(tmp_path / "a.tif", samples, photometric="cielab")
    before, after, _ = edited_file(tmp_path / "a.tif", tmp_path / "b.tif")
    keep = outside(before.size)
    assert np.array_equal(after.stored.samples[keep], samples[keep])
    assert np.abs(after.pixels[HOLE].astype(int) - painted(before.pixels)[HOLE]).max() <= 6


def test_bmp_with_alpha_is_what_other_readers_see(tmp_path: Path) -> None:
    pixels = noise((48, 64, 4))
    stored = Stored(Format.BMP, Model.RGB, 8, pixels[..., :3], pixels[..., 3])
    put(tmp_path, "a.bmp", bmp.write(stored)[0])
    with Image.open(tmp_path / "a.bmp") as image:
        assert image.mode == "RGBA"
        assert np.array_equal(np.asarray(image), pixels)


def test_hidden_colours_under_transparency_survive(tmp_path: Path) -> None:
    pixels = noise((48, 64, 4))
    pixels[:24, :, 3] = 0
    for kind, ending in (("PNG", ".png"), ("WEBP", ".webp")):
        options = {"lossless": True, "exact": True} if kind == "WEBP" else {}
        path = put(tmp_path, f"a{ending}", saved(pixels, kind, **options))
        before, after, _ = edited_file(path, tmp_path / f"b{ending}")
        keep = outside(before.size)
        assert np.array_equal(after.pixels[keep], pixels[..., :3][keep])
        assert_same(after.alpha, pixels[..., 3])


def test_an_edit_of_another_size_or_depth_is_a_mistake_of_the_caller(tmp_path: Path) -> None:
    picture: Picture = read_picture(put(tmp_path, "a.png", saved(photo(), "PNG")))
    for wrong in (picture.pixels[1:], picture.pixels.astype(np.uint16)):
        with pytest.raises(ValueError, match="does not fit"):
            write_picture(picture, wrong, tmp_path / "b.png", overwrite=False)
    assert not (tmp_path / "b.png").exists()


def test_pixels_are_read_only(tmp_path: Path) -> None:
    picture = read_picture(put(tmp_path, "a.png", saved(noise((8, 9, 4)), "PNG")))
    assert picture.alpha is not None
    for array in (picture.pixels, picture.alpha):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
