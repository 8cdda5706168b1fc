"""EXIF blocks (Exif 3.0): read and changed in place, so that everything else stays where makers' notes expect it."""

from __future__ import annotations

import struct

from engines.media.ifd import EXIF, Directory, Entry, Head, parse, parse_head
from engines.media.picture import Damaged

ORIENTATION = 0x0112
_WIDTH, _HEIGHT = 0xA002, 0xA003
_MAKER_NOTE = 0x927C
_PREFIX = b"Exif\0\0"
_JPEG_START, _JPEG_END = b"\xff\xd8\xff", b"\xff\xd9"
_DATA_OF_THUMBNAIL = ((0x0201, 0x0202), (0x0111, 0x0117))
"""Offset and length tags of a thumbnail: JPEG, or strips."""


def bare(exif: bytes) -> bytes:
    """The TIFF structure alone, without the prefix some formats put before it; empty where it is damaged."""
    exif = exif.removeprefix(_PREFIX)
    try:
        _open(exif)
    except Damaged:
        return b""
    return exif


def orientation(exif: bytes) -> int:
    """1..8; 1 where the block says nothing or nonsense."""
    if not exif:
        return 1
    head, first = _open(exif)
    entry = first.get(ORIENTATION)
    value = entry.numbers(head.order)[:1] if entry else ()
    return value[0] if value and 1 <= value[0] <= 8 else 1


def without_thumbnail(exif: bytes) -> bytes:
    """The block without its thumbnail, which would still show what was erased: its bytes are blanked.

    Previews inside makers' notes are blanked, too.
    """
    if not exif:
        return exif
    head, first = _open(exif)
    block = bytearray(exif)
    if first.following:
        _drop_thumbnail(block, exif, head, first.following)
    inner = first.get(EXIF)
    note = inner.value.get(_MAKER_NOTE) if inner and isinstance(inner.value, Directory) else None
    if note is not None:
        _blank_previews(block, note)
    return bytes(block)


def _drop_thumbnail(block: bytearray, exif: bytes, head: Head, following: int) -> None:
    at = head.first + 2 + 12 * struct.unpack_from(f"{head.order}H", exif, head.first)[0]
    block[at : at + 4] = bytes(4)
    try:
        thumbnail = parse(exif, head, following)
    except Damaged:
        return
    for place, length in _spans(thumbnail, head):
        _blank(block, place, length)
    for entry in thumbnail.entries:
        _blank(block, entry.at, len(entry.raw))
        _blank(block, entry.head, 12)


def _spans(thumbnail: Directory, head: Head) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    for place_tag, length_tag in _DATA_OF_THUMBNAIL:
        place, length = thumbnail.get(place_tag), thumbnail.get(length_tag)
        if place and length:
            spans += zip(place.numbers(head.order), length.numbers(head.order), strict=False)
    return spans


def _blank_previews(block: bytearray, note: Entry) -> None:
    """Blank every JPEG inside a maker's note, from its first marker to its last."""
    begin = note.raw.find(_JPEG_START)
    if begin < 0:
        return
    end = note.raw.rfind(_JPEG_END)
    length = (end + 2 if end > begin else len(note.raw)) - begin
    _blank(block, note.at + begin, length)


def _blank(block: bytearray, at: int, length: int) -> None:
    end = min(at + length, len(block))
    if 0 <= at < end:
        block[at:end] = bytes(end - at)


def upright(exif: bytes) -> bytes:
    """The block for pixels that were turned upright: orientation 1; width and height changed places with them."""
    if not exif:
        return exif
    turned = orientation(exif) >= 5
    head, first = _open(exif)
    block = bytearray(exif)
    entry = first.get(ORIENTATION)
    if entry:
        struct.pack_into(f"{head.order}HIHH", block, entry.head + 2, 3, 1, 1, 0)
    inner = first.get(EXIF)
    if turned and inner and isinstance(inner.value, Directory):
        width, height = inner.value.get(_WIDTH), inner.value.get(_HEIGHT)
        if width and height:
            one, other = width.head + 2, height.head + 2
            block[one : one + 10], block[other : other + 10] = exif[other : other + 10], exif[one : one + 10]
    return bytes(block)


def directory(exif: bytes) -> tuple[Head, Directory]:
    """The parsed block; raises ``Damaged``."""
    return _open(exif)


def _open(exif: bytes) -> tuple[Head, Directory]:
    head = parse_head(exif)
    if head.big:
        raise Damaged("holds a damaged table of tags")
    return head, parse(exif, head, head.first)
