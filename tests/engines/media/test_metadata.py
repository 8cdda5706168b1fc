"""Profiles, EXIF, XMP, resolution and the rest survive; thumbnails and other copies of the old picture do not."""

from __future__ import annotations

import base64
import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
import tifffile
from PIL import Image, ImageCms

from engines.media import exif, photoshop, xmp
from engines.media.ifd import EXIF, Directory, parse, parse_head, reordered, serialise
from engines.media.images import read_picture, write_picture
from engines.media.jpeg_segments import APP1, APP2, APP11, APP13, Segment, assembled
from engines.media.jpeg_segments import parse as parse_jpeg
from engines.media.picture import Damaged
from engines.media.png_chunks import Chunk, join, split, xmp_chunk
from tests.engines.media.drawn import HOLE, edited_file, exif_block, outside, photo, put, saved

ICC = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description dc:title="Ferry" tiff:Orientation="6"/></x:xmpmeta>'
THUMBNAIL = saved(photo(12, 16), "JPEG")
ENDINGS = {"JPEG": ".jpg", "PNG": ".png", "TIFF": ".tif", "WEBP": ".webp", "AVIF": ".avif"}


def with_everything(kind: str, block: bytes) -> bytes:
    options: dict[str, object] = {"icc_profile": ICC, "exif": block}
    if kind == "TIFF":
        return saved(photo(), kind, icc_profile=ICC, dpi=(300, 200), tiffinfo={700: XMP, 305: "Tester"})
    if kind != "PNG":
        options["xmp"] = XMP
    if kind in ("JPEG", "PNG"):
        options["dpi"] = (300, 200)
    data = saved(photo(), kind, **options)
    if kind == "PNG":
        chunks = split(data)[0]
        return join([chunks[0], xmp_chunk(XMP), *chunks[1:]])
    return data


@pytest.mark.parametrize("kind", ENDINGS)
def test_the_same_kind_keeps_all(tmp_path: Path, kind: str) -> None:
    path = put(tmp_path, f"a{ENDINGS[kind]}", with_everything(kind, exif_block(note=b"notes")))
    before, after, _ = edited_file(path, tmp_path / f"b{ENDINGS[kind]}")
    assert after.stored.metadata.icc == ICC
    assert after.stored.metadata.xmp == XMP
    assert after.stored.metadata == before.stored.metadata
    if kind in ("JPEG", "PNG", "TIFF"):
        assert after.stored.metadata.dpi == pytest.approx((300, 200), abs=0.05)
    if kind != "TIFF":
        with Image.open(tmp_path / f"b{ENDINGS[kind]}") as image:
            assert image.getexif()[0x010F] == "Tes"
            assert image.getexif().get_ifd(0x8769)[0x927C] == b"notes"


@pytest.mark.parametrize("source", ENDINGS)
@pytest.mark.parametrize("target", [*ENDINGS, "HEIC"])
def test_another_kind_gets_all_it_can_hold(tmp_path: Path, source: str, target: str) -> None:
    path = put(tmp_path, f"a{ENDINGS[source]}", with_everything(source, exif_block()))
    ending = ENDINGS.get(target, ".heic")
    edited_file(path, tmp_path / f"b{ending}")
    found = read_picture(tmp_path / f"b{ending}").stored.metadata
    assert found.icc == ICC
    assert found.xmp.replace(b"\0", b"") in (XMP, xmp.upright(XMP))
    assert found.exif
    if source != "TIFF":
        _, block = exif.directory(found.exif)
        maker = block.get(0x010F)
        assert maker is not None
        assert maker.raw == b"Tes\0"
    if {source, target} <= {"JPEG", "PNG", "TIFF"}:
        assert found.dpi == pytest.approx((300, 200), abs=0.05)


def test_bmp_says_what_it_cannot_hold(tmp_path: Path) -> None:
    path = put(tmp_path, "a.png", with_everything("PNG", exif_block()))
    *_, notes = edited_file(path, tmp_path / "b.bmp")
    assert any("profile" in note for note in notes)
    assert read_picture(tmp_path / "b.bmp").stored.metadata.dpi == pytest.approx((300, 200), abs=0.05)


def test_png_text_and_colour_chunks_stay(tmp_path: Path) -> None:
    chunks = split(saved(photo(), "PNG"))[0]
    kept = [
        Chunk(b"gAMA", struct.pack(">I", 45455)),
        Chunk(b"tEXt", b"Title\0A ferry"),
        Chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"long " * 100)),
        Chunk(b"iTXt", "Autor\0\0\0de\0Urheber\0Jürgen".encode()),
        Chunk(b"pHYs", struct.pack(">IIB", 11811, 11811, 1)),
        Chunk(b"tIME", bytes([7, 230, 1, 2, 3, 4, 5])),
        Chunk(b"prVt", b"private, but safe to copy"),
    ]
    data = join([chunks[0], *kept, Chunk(b"prVW", b"a preview"), *chunks[1:]]) + b"more"
    *_, notes = edited_file(put(tmp_path, "a.png", data), tmp_path / "b.png")
    written = split((tmp_path / "b.png").read_bytes())[0]
    assert [chunk for chunk in written if chunk.kind not in (b"IHDR", b"IDAT", b"IEND")] == kept
    assert any("prVW" in note for note in notes)
    assert any("behind the end" in note for note in notes)


def test_palette_colours_are_followed_by_what_describes_them(tmp_path: Path) -> None:
    page = Image.fromarray(photo()).quantize(20)
    chunks = split(saved(page, "PNG"))[0]
    place = next(i for i, chunk in enumerate(chunks) if chunk.kind == b"IDAT")
    data = join([*chunks[:place], Chunk(b"bKGD", b"\1"), *chunks[place:]])
    before = read_picture(put(tmp_path, "a.png", data))
    new = before.pixels.copy()
    new[HOLE] = (1, 2, 3)
    write_picture(before, new, tmp_path / "b.png", overwrite=False)
    kinds = [chunk.kind for chunk in split((tmp_path / "b.png").read_bytes())[0]]
    assert kinds.index(b"PLTE") < kinds.index(b"bKGD") < kinds.index(b"IDAT")


@pytest.mark.parametrize("order", ["<", ">"])
def test_the_exif_thumbnail_goes(tmp_path: Path, order: str) -> None:
    block = exif_block(thumbnail=THUMBNAIL, note=b"maker" + THUMBNAIL + b"more", order=order)
    assert block.count(THUMBNAIL) == 2
    for kind in ("JPEG", "PNG", "WEBP", "AVIF"):
        ending = ENDINGS[kind]
        data = put(tmp_path, f"a{ending}", saved(photo(), kind, exif=block))
        edited_file(data, tmp_path / f"b{ending}")
        written = (tmp_path / f"b{ending}").read_bytes()
        assert THUMBNAIL[20:200] not in written
        with Image.open(io.BytesIO(written)) as image:
            found = image.getexif()
            assert found[0x010F] == "Tes"
            assert found.get_ifd(1) == {}
            note = found.get_ifd(0x8769)[0x927C]
            assert note.startswith(b"maker")
            assert note.endswith(b"more")


def test_everything_else_in_the_block_stays_where_it_was() -> None:
    block = exif_block(thumbnail=THUMBNAIL, note=b"x" * 40)
    clean = exif.without_thumbnail(block)
    changed = [i for i, (old, new) in enumerate(zip(block, clean, strict=True)) if old != new]
    assert min(changed) == 58  # the pointer to the second directory
    assert all(i < 62 or i >= 160 for i in changed)


def test_damaged_exif_is_left_out_and_not_fatal(tmp_path: Path) -> None:
    block = exif_block()
    for wrong in (b"", b"II*\0", b"II*\0\xff\xff\xff\xff", block[:9], b"XX" + block[2:]):
        assert exif.bare(wrong) == b""
    for at in range(8, len(block), 3):
        broken = bytearray(block)
        broken[at : at + 4] = b"\xff" * 4
        for result in (exif.without_thumbnail(exif.bare(bytes(broken))), exif.upright(exif.bare(bytes(broken)))):
            assert len(result) in (0, len(broken))
        assert 1 <= exif.orientation(exif.bare(bytes(broken))) <= 8
    path = put(tmp_path, "a.jpg", saved(photo(), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff"))
    assert read_picture(path).stored.metadata.exif == b""


def test_directories_survive_their_way_through_both_byte_orders() -> None:
    block = exif_block(thumbnail=THUMBNAIL, note=b"some note")
    head = parse_head(block)
    found = parse(block, head, head.first)
    turned = serialise(reordered(found, "<", ">"), ">", 8)
    other = b"MM\0*\0\0\0\x08" + turned
    back = reordered(parse(other, parse_head(other), 8), ">", "<")
    values = [(entry.tag, entry.raw) for entry in found.entries]
    assert [(entry.tag, entry.raw) for entry in back.entries] == values
    inner, again = found.get(EXIF), back.get(EXIF)
    assert inner is not None
    assert again is not None
    assert isinstance(inner.value, Directory)
    assert isinstance(again.value, Directory)
    assert [(e.tag, e.raw) for e in again.value.entries] == [(e.tag, e.raw) for e in inner.value.entries]
    with pytest.raises(Damaged):
        parse(block, head, len(block))


def insert(data: bytes, *segments: Segment) -> bytes:
    return assembled(segments, [s for s in parse_jpeg(data).segments if s.marker != 0xE0])


def test_jpeg_segments_stay_and_pictures_in_them_go(tmp_path: Path) -> None:
    blocks = ((1028, b"IPTC says a ferry"), (1036, b"thumbnail" + THUMBNAIL), (1005, b"0123456789abcdef"))
    resources = b"".join(
        struct.pack(">4sHHI", b"8BIM", number, 0, len(data)) + data + bytes(len(data) % 2) for number, data in blocks
    )
    header = [
        Segment(0xE0, b"JFIF\0\1\2\1\0\x48\0\x48\2\2" + b"\1" * 12),
        Segment(0xE0, b"JFXX\0\x10" + THUMBNAIL),
        Segment(APP13, b"Photoshop 3.0\0" + resources[:60]),
        Segment(APP13, b"Photoshop 3.0\0" + resources[60:]),
        Segment(APP11, b"JP\0\1" + b"c2pa claim"),
        Segment(0xE5, b"vendor" + THUMBNAIL),
        Segment(0xE6, b"vendor says 42"),
        Segment(0xFE, b"a comment"),
    ]
    path = put(tmp_path, "a.jpg", insert(saved(photo(), "JPEG"), *header))
    *_, notes = edited_file(path, tmp_path / "b.jpg")
    written = (tmp_path / "b.jpg").read_bytes()
    assert THUMBNAIL[20:200] not in written
    for stays in (b"IPTC says a ferry", b"0123456789abcdef", b"vendor says 42", b"a comment"):
        assert stays in written
    assert b"c2pa" not in written
    with Image.open(io.BytesIO(written)) as image:
        assert image.info["jfif_density"] == (72, 72)
        assert image.info["comment"] == b"a comment"
    assert sum("left out" in note for note in notes) == 2


def test_second_pictures_and_trailers_of_a_jpeg_go(tmp_path: Path) -> None:
    plain = saved(photo(), "JPEG")
    film = put(tmp_path, "motion.jpg", plain + b"\0\0\0\x18ftypmp42 a film")
    *_, notes = edited_file(film, tmp_path / "b.jpg")
    assert b"ftyp" not in (tmp_path / "b.jpg").read_bytes()
    assert any("behind the end" in note for note in notes)
    output = io.BytesIO()
    Image.fromarray(photo()).save(output, "MPO", save_all=True, append_images=[Image.fromarray(photo(seed=7))])
    *_, notes = edited_file(put(tmp_path, "c.jpg", output.getvalue()), tmp_path / "d.jpg")
    assert any("only the first" in note for note in notes)
    parsed = parse_jpeg((tmp_path / "d.jpg").read_bytes())
    assert not parsed.trailing
    assert not any(segment.payload.startswith(b"MPF") for segment in parsed.all(APP2))


def test_long_profiles_and_long_photoshop_resources_span_segments(tmp_path: Path) -> None:
    icc = ICC + bytes(150_000)
    long = b"8BIM" + struct.pack(">H", 2000) + b"\0\0" + struct.pack(">I", 90_000) + bytes(90_000)
    parts = [Segment(APP13, b"Photoshop 3.0\0" + long[i : i + 60_000]) for i in (0, 60_000)]
    data = insert(saved(photo(), "JPEG", icc_profile=icc), *parts)
    _, after, _ = edited_file(put(tmp_path, "a.jpg", data), tmp_path / "b.jpg")
    assert after.stored.metadata.icc == icc
    joined = b"".join(s.payload[14:] for s in parse_jpeg((tmp_path / "b.jpg").read_bytes()).all(APP13))
    assert joined == long
    edited_file(put(tmp_path, "c.png", saved(photo(), "PNG", icc_profile=icc)), tmp_path / "d.jpg")
    assert read_picture(tmp_path / "d.jpg").stored.metadata.icc == icc


def test_pictures_inside_xmp_go(tmp_path: Path) -> None:
    inside = base64.b64encode(THUMBNAIL)
    packet = XMP.replace(b"tiff:", b"GDepth:Data='" + inside + b"' tiff:").replace(
        b"</x:", b"<xmpGImg:image>\n" + inside[:60] + b"&#xA;" + inside[60:] + b"</xmpGImg:image></x:"
    )
    clean = xmp.without_pictures(packet)
    assert b"/9j/" not in clean
    assert b'dc:title="Ferry"' in clean
    assert clean.count(b"<") == packet.count(b"<")
    longer = b"http://ns.adobe.com/xmp/extension/\0" + bytes(40) + b'<a D="' + inside + b'"/>'
    head = b"http://ns.adobe.com/xap/1.0/\0" + packet.replace(b"dc:", b"xmpNote:HasExtendedXMP='g' dc:")
    data = insert(saved(photo(), "JPEG"), Segment(APP1, head), Segment(APP1, longer))
    *_, notes = edited_file(put(tmp_path, "a.jpg", data), tmp_path / "b.jpg")
    written = (tmp_path / "b.jpg").read_bytes()
    assert b"/9j/" not in written
    assert b"HasExtendedXMP" not in written
    assert b"Ferry" in written
    assert any("extended XMP" in note for note in notes)


def test_photoshop_resources_that_break_off() -> None:
    good = b"8BIM\x04\x04\0\0\0\0\0\x03abc\0"
    assert photoshop.without_thumbnails(good) == good
    assert photoshop.without_thumbnails(good + good[:9]) == good
    assert photoshop.without_thumbnails(b"no resources") == b""


def test_tiff_keeps_its_tags_with_exif_and_gps(tmp_path: Path) -> None:
    image = Image.fromarray(photo())
    found = Image.Exif()
    found[0x010E] = "A ferry"
    found[0x8298] = "Somebody"
    found.get_ifd(0x8769)[0x9003] = "2020:01:02 03:04:05"
    found.get_ifd(0x8825)[1] = "N"
    again = Image.Exif()
    again.load(found.tobytes())
    image.save(tmp_path / "a.tif", exif=again, dpi=(240, 240), icc_profile=ICC)
    edited_file(tmp_path / "a.tif", tmp_path / "b.tif")
    with Image.open(tmp_path / "b.tif") as other:
        again = other.getexif()
        assert again[0x010E] == "A ferry"
        assert again[0x8298] == "Somebody"
        assert again.get_ifd(0x8769)[0x9003] == "2020:01:02 03:04:05"
        assert again.get_ifd(0x8825)[1] == "N"
        assert other.info["dpi"] == (240, 240)
        assert other.info["icc_profile"] == ICC
    edited_file(tmp_path / "a.tif", tmp_path / "c.jpg")
    with Image.open(tmp_path / "c.jpg") as other:
        assert other.getexif()[0x8298] == "Somebody"
        assert other.getexif().get_ifd(0x8769)[0x9003] == "2020:01:02 03:04:05"


def test_private_tags_layers_and_small_pages_of_a_tiff(tmp_path: Path) -> None:
    tags = [(65000, 3, 3, (1, 2, 3), True), (37724, 7, 9, b"layers...", True), (65001, 12, 1, (0.5,), True)]
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        file.write(photo(), photometric="rgb", extratags=tags, metadata=None, software=False)
        file.write(photo()[::4, ::4], photometric="rgb", subfiletype=1, metadata=None)
    *_, notes = edited_file(tmp_path / "a.tif", tmp_path / "b.tif")
    with tifffile.TiffFile(tmp_path / "b.tif") as file:
        assert len(file.pages) == 1
        written = file.pages.first.tags
        assert written[65000].value == (1, 2, 3)
        assert written[65001].value == 0.5
        assert 37724 not in written
    assert sum("left out" in note for note in notes) == 2


def test_heic_keeps_its_description_and_loses_thumbnails(tmp_path: Path) -> None:
    file = pillow_heif.from_bytes("RGB", (64, 48), photo().tobytes())
    sizes: list[int | None] = [16]
    file[0].info["thumbnails"] = sizes
    block = exif_block(orientation=6, thumbnail=THUMBNAIL)
    file.save(tmp_path / "a.heic", exif=block, xmp=XMP, quality=90)
    path = tmp_path / "a.heic"
    before, after, notes = edited_file(path, tmp_path / "b.heic")
    again = pillow_heif.open_heif(tmp_path / "b.heic")
    assert pillow_heif.open_heif(path).info["thumbnails"] == [16]
    assert again.info["thumbnails"] == []
    assert after.size == before.size
    assert exif.orientation(after.stored.metadata.exif) == 1
    assert b"Ferry" in after.stored.metadata.xmp
    assert any("lossy" in note for note in notes)
    assert np.abs(after.pixels.astype(int) - before.pixels)[outside(before.size, margin=16)].max() < 12
