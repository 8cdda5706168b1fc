"""TIFF's directory of tags: what an edited file keeps, and the ways to and from an EXIF block."""

from __future__ import annotations

import struct

from engines.media import exif, photoshop, xmp
from engines.media.ifd import (
    EXIF,
    GPS,
    RATIONAL,
    SHORT,
    UNDEFINED,
    Directory,
    Entry,
    parse,
    parse_head,
    reordered,
    serialise,
)
from engines.media.picture import Damaged, Metadata

_ORIENTATION, _X_RESOLUTION, _Y_RESOLUTION, _UNIT = 274, 282, 283, 296
_XMP, _ICC, _RESOURCES, _LAYERS, _SUB_DIRECTORIES = 700, 34675, 34377, 37724, 330
_BYTE = 1

_STRUCTURE = frozenset(
    {254, 255, 256, 257, 258, 259, 262, 266, 273, 277, 278, 279, 280, 281, 284, 288, 289, 292, 293, 297}
    | {317, 320, 322, 323, 324, 325, _SUB_DIRECTORIES, 338, 339, 340, 341, 347, *range(512, 522), 529, 530, 531}
    | {532, 32997, 32998, 34665, 34853, 40965, 42113, _LAYERS}
)
"""Tags that say how the pixels are stored: the writer's own business. Also what may show the unedited picture."""

_DESCRIBING = frozenset({269, 270, 271, 272, 285, 305, 306, 315, 316, 33432, _ORIENTATION, EXIF, GPS})
"""Tags that a directory shares with EXIF (Exif 3.0, table 3)."""


def kept(data: bytes, offset: int) -> tuple[Directory, tuple[str, ...]]:
    """What the directory at ``offset`` says beyond the storage of pixels, in little-endian order, and what goes."""
    head = parse_head(data)
    found = parse(data, head, offset)
    little = reordered(found, head.order, "<")
    entries = [_scrubbed(e) for e in little.entries if e.tag not in _STRUCTURE or e.tag in (EXIF, GPS)]
    notes = []
    if found.get(_LAYERS):
        notes.append("The Photoshop layers inside the TIFF were left out: they show the unedited picture.")
    if found.get(_SUB_DIRECTORIES):
        notes.append("Smaller pictures inside the TIFF were left out: they show the unedited picture.")
    return Directory(tuple(entry for entry in entries if entry.value)), tuple(notes)


def _scrubbed(entry: Entry) -> Entry:
    if entry.tag == _XMP:
        return Entry(entry.tag, entry.kind, xmp.without_pictures(entry.raw))
    if entry.tag == _RESOURCES:
        return Entry(entry.tag, entry.kind, photoshop.without_thumbnails(entry.raw))
    return entry


def orientation(tags: Directory) -> int:
    """1..8."""
    entry = tags.get(_ORIENTATION)
    value = entry.numbers("<")[:1] if entry else ()
    return value[0] if value and 1 <= value[0] <= 8 else 1


def metadata(tags: Directory) -> Metadata:
    """What moves to other kinds of files."""
    own = Directory(tuple(entry for entry in tags.entries if entry.tag in _DESCRIBING))
    block = b"II*\0\x08\0\0\0" + serialise(own, "<", 8) if own.entries else b""
    profile, packet = tags.get(_ICC), tags.get(_XMP)
    return Metadata(
        exif=exif.without_thumbnail(block),
        icc=profile.raw if profile else b"",
        xmp=packet.raw if packet else b"",
        dpi=_dpi(tags),
    )


def tiff_only(tags: Directory) -> list[str]:
    """The tags that no other kind of file has a place for, in words."""
    shared = _DESCRIBING | {_X_RESOLUTION, _Y_RESOLUTION, _UNIT, _XMP, _ICC}
    names = {_RESOURCES: "Photoshop data", 33723: "IPTC"}
    rest = [entry.tag for entry in tags.entries if entry.tag not in shared]
    return list(dict.fromkeys(names.get(tag, f"TIFF tag {tag}") for tag in rest))


def _dpi(tags: Directory) -> tuple[float, float] | None:
    across, down, unit = tags.get(_X_RESOLUTION), tags.get(_Y_RESOLUTION), tags.get(_UNIT)
    scale = {2: 1.0, 3: 2.54}.get((unit.numbers("<") or (0,))[0] if unit else 2)
    if across is None or down is None or scale is None:
        return None
    pairs = across.numbers("<"), down.numbers("<")
    if any(len(pair) != 2 or 0 in pair for pair in pairs):
        return None
    return (scale * pairs[0][0] / pairs[0][1], scale * pairs[1][0] / pairs[1][1])


def from_metadata(found: Metadata) -> Directory:
    """The tags for a picture that comes from another kind of file."""
    entries: dict[int, Entry] = {}
    if found.dpi:
        entries[_UNIT] = Entry(_UNIT, SHORT, struct.pack("<H", 2))
        for tag, value in zip((_X_RESOLUTION, _Y_RESOLUTION), found.dpi, strict=True):
            entries[tag] = Entry(tag, RATIONAL, struct.pack("<II", round(value * 1000), 1000))
    if found.exif:
        head, block = exif.directory(found.exif)
        little = reordered(block, head.order, "<").without(_STRUCTURE - {EXIF, GPS})
        entries |= {entry.tag: entry for entry in little.entries}
    if found.icc:
        entries[_ICC] = Entry(_ICC, UNDEFINED, found.icc)
    if found.xmp:
        entries[_XMP] = Entry(_XMP, _BYTE, found.xmp)
    return Directory(tuple(entries.values()))


def with_tags(file: bytes, tags: Directory) -> bytes:
    """A little-endian classic TIFF ``file`` of one page, whose directory also has ``tags``.

    The new directory is put behind the pixels, and the head points to it.
    """
    head = parse_head(file)
    if head.big or head.order != "<":
        raise Damaged("was written in an unexpected order")
    own = parse(file, head, head.first)
    layers = (own.entries, tags.entries, [entry for entry in own.entries if entry.tag in _STRUCTURE])
    merged = {entry.tag: entry for layer in layers for entry in layer}
    padded = file + bytes(len(file) % 2)
    directory = serialise(Directory(tuple(merged.values())), "<", len(padded))
    return b"".join([padded[:4], struct.pack("<I", len(padded)), padded[8:], directory])
