"""JPEG: blocks that no edit touches stay as they are; tables, subsampling, restarts and colour models are kept."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, JpegImagePlugin

from engines.media.formats import Model
from engines.media.images import read_picture, write_picture
from engines.media.jpeg_scan import index_scan
from engines.media.jpeg_segments import DHT, SOS, Segment, assembled, parse
from engines.media.jpeg_tables import ZIGZAG, Huffman, NotSpliceable, huffman, layout_of, quantisation
from tests.engines.media.drawn import HOLE, Array, edited_file, noise, outside, painted, photo, put, saved, steps

_BLOCK = 16
"""Pixels of the largest MCU here; chroma interpolation reaches one pixel beyond it."""


def far(size: tuple[int, int], hole: tuple[slice, slice]) -> Array:
    """True for pixels whose blocks, and the neighbouring pixels they are interpolated from, no edit touches."""
    rows, columns = hole
    grown = (
        slice(rows.start // _BLOCK * _BLOCK, -(-rows.stop // _BLOCK) * _BLOCK),
        slice(columns.start // _BLOCK * _BLOCK, -(-columns.stop // _BLOCK) * _BLOCK),
    )
    return outside(size, grown, margin=1)


def pillow(data: bytes) -> Array:
    """What another reader sees."""
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image)


SOURCES = {
    "420": saved(photo(90, 131), "JPEG", quality=90),
    "422": saved(photo(90, 131), "JPEG", quality=85, subsampling=1),
    "444": saved(photo(90, 131), "JPEG", quality=98, subsampling=0),
    "optimised": saved(photo(90, 131), "JPEG", quality=70, optimize=True),
    "restarts": saved(photo(90, 131), "JPEG", quality=90, restart_marker_blocks=3),
    "rows": saved(photo(90, 131), "JPEG", quality=90, subsampling=0, restart_marker_rows=1, optimize=True),
    "grey": saved(photo(90, 131)[..., 0], "JPEG", quality=90),
    "RGB": saved(photo(90, 131), "JPEG", quality=90, subsampling=0, keep_rgb=True),
    "CMYK": saved(Image.fromarray(noise((90, 131, 4)) // 2, "CMYK"), "JPEG", quality=90),
}


@pytest.mark.parametrize("name", SOURCES)
def test_untouched_blocks_stay_as_they_are(tmp_path: Path, name: str) -> None:
    data = SOURCES[name]
    before, after, notes = edited_file(put(tmp_path, "a.jpg", data), tmp_path / "b.jpg")
    written = (tmp_path / "b.jpg").read_bytes()
    keep = far(before.size, HOLE)
    assert np.array_equal(pillow(written)[keep], pillow(data)[keep])
    assert np.array_equal(after.pixels[keep], before.pixels[keep])
    error = np.abs(after.pixels[HOLE].astype(int) - painted(before.pixels)[HOLE])
    assert error.mean() < (6 if name != "CMYK" else 12)
    assert not any("anew" in note for note in notes)
    assert steps(written) == steps(data)
    with Image.open(io.BytesIO(data)) as one, Image.open(io.BytesIO(written)) as other:
        assert one.mode == other.mode
        if name not in ("grey", "CMYK"):
            assert JpegImagePlugin.get_sampling(one) == JpegImagePlugin.get_sampling(other)


def test_nothing_edited_is_the_same_scan(tmp_path: Path) -> None:
    for name, data in SOURCES.items():
        picture = read_picture(put(tmp_path, f"{name}.jpg", data))
        write_picture(picture, picture.pixels, tmp_path / f"{name}-b.jpg", overwrite=False)
        one, other = parse(data), parse((tmp_path / f"{name}-b.jpg").read_bytes())
        assert [s for s in one.segments if s.marker < 0xE0] == [s for s in other.segments if s.marker < 0xE0]


@st.composite
def edits(draw: st.DrawFn) -> tuple[bytes, tuple[slice, slice]]:
    height, width = draw(st.integers(1, 70)), draw(st.integers(1, 70))
    options = {
        "quality": draw(st.integers(5, 100)),
        "subsampling": draw(st.sampled_from([0, 1, 2])),
        "optimize": draw(st.booleans()),
        "restart_marker_blocks": draw(st.sampled_from([0, 0, 1, 2, 7])),
    }
    rough, grey = draw(st.booleans()), draw(st.booleans())
    pixels = noise((height, width, 3), seed=draw(st.integers(0, 99))) if rough else photo(height, width)
    top, left = draw(st.integers(0, height - 1)), draw(st.integers(0, width - 1))
    bottom, right = min(top + draw(st.integers(1, 20)), height), min(left + draw(st.integers(1, 20)), width)
    data = saved(np.ascontiguousarray(pixels[..., 0]) if grey else pixels, "JPEG", **options)
    return data, (slice(top, bottom), slice(left, right))


@settings(max_examples=80, deadline=None)
@given(edits(), st.integers(0, 99))
def test_any_jpeg_any_edit(edit: tuple[bytes, tuple[slice, slice]], seed: int) -> None:
    data, hole = edit
    with tempfile.TemporaryDirectory() as name:
        before = read_picture(put(Path(name), "a.jpg", data))
        new = before.pixels.copy()
        new[hole] = noise(new[hole].shape, seed=seed)
        notes = write_picture(before, new, Path(name) / "b.jpg", overwrite=False)
        written = (Path(name) / "b.jpg").read_bytes()
    result = pillow(written)
    assert result.shape == pillow(data).shape
    if not any("anew" in note for note in notes):
        keep = far(before.size, hole)
        assert np.array_equal(result[keep], pillow(data)[keep])


def test_the_same_result_as_encoding_the_block_alone(tmp_path: Path) -> None:
    """A touched block is encoded as any encoder would with the file's own tables."""
    pixels = photo(64, 64)[..., 0]
    data = saved(pixels, "JPEG", quality=75)
    picture = read_picture(put(tmp_path, "a.jpg", data))
    new = picture.pixels.copy()
    new[16:24, 24:32] = noise((8, 8), seed=4)[..., None]
    write_picture(picture, new, tmp_path / "b.jpg", overwrite=False)
    block = saved(np.ascontiguousarray(new[16:24, 24:32, 0]), "JPEG", qtables=steps(data))
    difference = pillow(block).astype(int) - pillow((tmp_path / "b.jpg").read_bytes())[16:24, 24:32]
    assert np.abs(difference).max() <= 3


def test_codes_that_lack_symbols_are_extended(tmp_path: Path) -> None:
    """A flat picture's optimised codes know almost nothing; noise needs all of it."""
    flat = np.full((64, 64), 120, np.uint8)
    flat[:, 32:] = 122
    data = saved(flat, "JPEG", quality=95, optimize=True)
    picture = read_picture(put(tmp_path, "a.jpg", data))
    new = picture.pixels.copy()
    new[8:40, 8:24] = noise((32, 16), seed=2)[..., None]
    notes = write_picture(picture, new, tmp_path / "b.jpg", overwrite=False)
    written = (tmp_path / "b.jpg").read_bytes()
    assert notes == []
    assert sum(len(s.payload) for s in parse(written).all(DHT)) > sum(len(s.payload) for s in parse(data).all(DHT))
    assert np.abs(pillow(written)[8:40, 8:24].astype(int) - new[8:40, 8:24, 0]).mean() < 3
    keep = far(picture.size, (slice(8, 40), slice(8, 24)))
    assert np.array_equal(pillow(written)[keep], pillow(data)[keep])


def test_a_code_without_room_cannot_be_extended() -> None:
    full = Huffman((0,) * 15 + (65_535 - 0,), b"")
    with pytest.raises(NotSpliceable):
        full.extended([1])


def test_zigzag_is_that_of_the_standard() -> None:
    assert ZIGZAG[:12].tolist() == [0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25]
    assert ZIGZAG[-4:].tolist() == [47, 55, 62, 63]
    assert sorted(ZIGZAG.tolist()) == list(range(64))


def test_the_index_finds_every_block() -> None:
    """DC coefficients, block by block, are the means of what was encoded."""
    pixels = np.repeat(np.repeat(noise((6, 7), seed=3), 8, axis=0), 8, axis=1)
    parsed = parse(saved(pixels, "JPEG", quality=100))
    layout = layout_of(parsed)
    index = index_scan(parsed.all(SOS)[0].scan, layout, huffman(parsed))
    step = quantisation(parsed)[0][0]
    assert np.abs(index.dc * step / 8 + 128 - pixels[::8, ::8].ravel()).max() <= step
    assert (index.begin < index.dc_end).all()
    assert np.array_equal(index.begin[1:], index.end[:-1])


@pytest.mark.parametrize("subsampling", [0, 1, 2])
def test_progressive_stays_progressive_and_close(tmp_path: Path, subsampling: int) -> None:
    data = saved(photo(90, 131), "JPEG", quality=90, progressive=True, subsampling=subsampling)
    before, after, notes = edited_file(put(tmp_path, "a.jpg", data), tmp_path / "b.jpg")
    assert any("anew" in note for note in notes)
    assert steps((tmp_path / "b.jpg").read_bytes()) == steps(data)
    with Image.open(tmp_path / "b.jpg") as image:
        assert image.info["progressive"] == 1
        assert JpegImagePlugin.get_sampling(image) == subsampling
    difference = np.abs(after.pixels.astype(int) - before.pixels)[far(before.size, HOLE)]
    assert difference.max() <= 6
    assert (difference == 0).mean() > (0.98 if subsampling != 1 else 0.8)


def test_most_of_the_picture_new_is_compressed_anew(tmp_path: Path) -> None:
    data = SOURCES["420"]
    before, after, notes = edited_file(put(tmp_path, "a.jpg", data), tmp_path / "b.jpg", (slice(0, 80), slice(0, 131)))
    assert any("anew" in note for note in notes)
    new = painted(before.pixels, (slice(0, 80), slice(0, 131)))
    assert np.abs(after.pixels.astype(int) - new).mean() < 4


def ycck(data: bytes) -> bytes:
    """A CMYK file whose marker says YCCK, which Pillow does not write: other colours, but a valid file."""
    parsed = parse(data)
    segments = [
        Segment(s.marker, s.payload[:11] + b"\2") if s.payload.startswith(b"Adobe") else s for s in parsed.segments
    ]
    return assembled([s for s in segments if s.marker >= 0xE0], [s for s in segments if s.marker < 0xE0])


def test_ycck(tmp_path: Path) -> None:
    data = ycck(SOURCES["CMYK"])
    before, after, _ = edited_file(put(tmp_path, "a.jpg", data), tmp_path / "b.jpg")
    assert before.stored.model is Model.CMYK
    keep = far(before.size, HOLE)
    written = (tmp_path / "b.jpg").read_bytes()
    assert np.array_equal(pillow(written)[keep], pillow(data)[keep])
    assert np.abs(after.pixels[HOLE].astype(int) - painted(before.pixels)[HOLE]).mean() < 12


def test_data_that_are_not_as_they_should_be_are_not_spliced() -> None:
    parsed = parse(SOURCES["420"])
    layout, codes = layout_of(parsed), huffman(parsed)
    scan = parsed.all(SOS)[0].scan
    for broken in (scan[: len(scan) // 2], scan + scan, b""):
        with pytest.raises(NotSpliceable):
            index_scan(broken, layout, codes)
    with pytest.raises(NotSpliceable):
        layout_of(parse(saved(photo(), "JPEG", progressive=True)))


def test_colour_halved_from_top_to_bottom(tmp_path: Path) -> None:
    """4:4:0, which Pillow reads but does not write: a 4:2:2 file whose header is changed."""
    parsed = parse(saved(photo(64, 64), "JPEG", quality=90, subsampling=1))
    header = next(s for s in parsed.segments if s.marker == 0xC0)
    turned = Segment(0xC0, header.payload.replace(b"\1\x21\0", b"\1\x12\0"))
    data = assembled([], [turned if s is header else s for s in parsed.segments if s.marker < 0xE0])
    assert [(c.across, c.down) for c in parse(data).frame.components] == [(1, 2), (1, 1), (1, 1)]
    before, after, notes = edited_file(put(tmp_path, "a.jpg", data), tmp_path / "b.jpg")
    keep = far(before.size, HOLE)
    assert np.array_equal(after.pixels[keep], before.pixels[keep])
    assert notes == []


@pytest.mark.parametrize("cut", [False, True])
def test_a_spliced_picture_that_reads_back_differently_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cut: bool
) -> None:
    """Should the splicer ever be wrong about a file, it is noticed before anything is written."""
    other = parse(saved(photo(90, 131, seed=9), "JPEG", quality=90))
    segments = [s for s in other.segments if s.marker < (SOS if cut else 0xE0)]
    monkeypatch.setattr("engines.media.jpeg.splice", lambda *_: segments)
    before, after, notes = edited_file(put(tmp_path, "a.jpg", SOURCES["420"]), tmp_path / "b.jpg")
    assert any("anew" in note for note in notes)
    assert np.abs(after.pixels.astype(int) - painted(before.pixels)).mean() < 3
