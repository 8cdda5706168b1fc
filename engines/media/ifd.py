"""Image file directories (TIFF 6.0, section 2; BigTIFF): the tables of tags in TIFF files and EXIF blocks."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from engines.media.picture import Damaged

Order: TypeAlias = Literal["<", ">"]
"""Little endian (``II``) or big endian (``MM``)."""

EXIF, GPS, INTEROP = 34665, 34853, 40965
"""Tags whose value is the place of another directory."""

_POINTERS = (EXIF, GPS, INTEROP)
_SIZES: Mapping[int, int] = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_SIZES_BIG: Mapping[int, int] = {**_SIZES, 16: 8, 17: 8, 18: 8}
_UNITS: Mapping[int, int] = {**_SIZES_BIG, 5: 4, 10: 4}
"""Bytes that are swapped together, by type."""

SHORT, LONG, RATIONAL, UNDEFINED = 3, 4, 5, 7
"""Types of values."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One tag. ``value``: its bytes in the directory's order, or the directory it points to.

    ``at``: where the value's bytes lie, ``head``: where the entry itself lies, in what was parsed.
    """

    tag: int
    kind: int
    value: bytes | Directory
    at: int = 0
    head: int = 0

    @property
    def raw(self) -> bytes:
        """The value's bytes; none for a directory."""
        return self.value if isinstance(self.value, bytes) else b""

    def numbers(self, order: Order) -> tuple[int, ...]:
        """The value as whole numbers (types BYTE, SHORT and LONG; RATIONAL as pairs in a row)."""
        codes = {1: "B", 3: "H", 4: "I", 5: "I", 13: "I", 16: "Q", 18: "Q"}
        if self.kind not in codes:
            return ()
        code = codes[self.kind]
        return struct.unpack(f"{order}{len(self.raw) // struct.calcsize(code)}{code}", self.raw)


@dataclass(frozen=True, slots=True)
class Directory:
    """Entries sorted by tag; ``following``: where the next directory of the chain lies, 0 for none."""

    entries: tuple[Entry, ...]
    following: int = 0

    def get(self, tag: int) -> Entry | None:
        return next((entry for entry in self.entries if entry.tag == tag), None)

    def without(self, tags: Iterable[int]) -> Directory:
        gone = frozenset(tags)
        return Directory(tuple(entry for entry in self.entries if entry.tag not in gone))


@dataclass(frozen=True, slots=True)
class Head:
    """What a TIFF structure's first bytes say: byte order, whether it is BigTIFF, where the first directory is."""

    order: Order
    big: bool
    first: int


def parse_head(data: bytes) -> Head:
    """The head of a TIFF file or EXIF block; raises ``Damaged``."""
    order: Order = "<" if data[:2] == b"II" else ">"
    if data[:2] not in (b"II", b"MM") or len(data) < 8:
        raise Damaged("holds a damaged table of tags")
    big = struct.unpack_from(f"{order}H", data, 2)[0] == 43
    if big and len(data) < 16:
        raise Damaged("is truncated")
    first = struct.unpack_from(f"{order}Q", data, 8)[0] if big else struct.unpack_from(f"{order}I", data, 4)[0]
    return Head(order, big, first)


def parse(data: bytes, head: Head, offset: int, depth: int = 0) -> Directory:
    """The directory at ``offset``, with those it points to. Entries that lie outside ``data`` are left out."""
    count_size, entry_size, word = (8, 20, 8) if head.big else (2, 12, 4)
    if offset <= 0 or offset + count_size > len(data):
        raise Damaged("holds a damaged table of tags")
    count = int.from_bytes(data[offset : offset + count_size], _endian(head.order))
    start = offset + count_size
    if start + count * entry_size > len(data):
        raise Damaged("holds a damaged table of tags")
    entries = (_entry(data, head, start + i * entry_size, depth) for i in range(count))
    end = start + count * entry_size
    following = int.from_bytes(data[end : end + word], _endian(head.order))
    return Directory(tuple(entry for entry in entries if entry is not None), following)


def _entry(data: bytes, head: Head, at: int, depth: int) -> Entry | None:
    tag, kind = struct.unpack_from(f"{head.order}HH", data, at)
    word, code, sizes = (8, "Q", _SIZES_BIG) if head.big else (4, "I", _SIZES)
    count = struct.unpack_from(f"{head.order}{code}", data, at + 4)[0]
    length = count * sizes.get(kind, 0)
    place = at + 4 + word
    if length > word:
        place = struct.unpack_from(f"{head.order}{code}", data, place)[0]
    if length == 0 or place + length > len(data):
        return None
    value = data[place : place + length]
    entry = Entry(tag, kind, value, place, at)
    if tag not in _POINTERS or depth > 2:
        return entry
    target = entry.numbers(head.order)
    try:
        return Entry(tag, LONG, parse(data, head, target[0] if target else 0, depth + 1), place, at)
    except Damaged:
        return None


def serialise(directory: Directory, order: Order, offset: int) -> bytes:
    """The bytes of a directory (classic TIFF) that will lie at ``offset``, its values and directories behind it."""
    entries = sorted((e for e in directory.entries if e.kind in _SIZES), key=lambda entry: entry.tag)
    table = bytearray(struct.pack(f"{order}H", len(entries)))
    space = offset + 2 + 12 * len(entries) + 4
    behind = bytearray()
    for entry in entries:
        place = space + len(behind)
        nested = isinstance(entry.value, Directory)
        value = serialise(entry.value, order, place) if isinstance(entry.value, Directory) else entry.value
        count = 1 if nested else len(value) // _SIZES[entry.kind]
        table += struct.pack(f"{order}HHI", entry.tag, entry.kind, count)
        if nested or len(value) > 4:
            table += struct.pack(f"{order}I", place)
            behind += value + bytes(len(value) % 2)  # values begin on even places
        else:
            table += value.ljust(4, b"\0")
    return bytes(table) + bytes(4) + bytes(behind)


def reordered(directory: Directory, source: Order, target: Order) -> Directory:
    """The directory with its values' bytes in another order."""
    if source == target:
        return directory
    return Directory(tuple(_swapped(entry, source, target) for entry in directory.entries))


def _swapped(entry: Entry, source: Order, target: Order) -> Entry:
    if isinstance(entry.value, Directory):
        return Entry(entry.tag, entry.kind, reordered(entry.value, source, target))
    unit = _UNITS.get(entry.kind, 1)
    parts = (entry.value[i : i + unit][::-1] for i in range(0, len(entry.value), unit))
    return Entry(entry.tag, entry.kind, b"".join(parts))


def _endian(order: Order) -> Literal["little", "big"]:
    return "little" if order == "<" else "big"
