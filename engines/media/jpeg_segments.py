"""JPEG's container (ITU-T T.81, annex B): marker segments taken apart, cleaned of pictures, put together."""

from __future__ import annotations

import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from engines.media import exif, photoshop, xmp
from engines.media.picture import Damaged, Metadata

SOI, EOI, SOS, DQT, DHT, DRI, COM = 0xD8, 0xD9, 0xDA, 0xDB, 0xC4, 0xDD, 0xFE
APP0, APP1, APP2, APP11, APP13, APP14 = 0xE0, 0xE1, 0xE2, 0xEB, 0xED, 0xEE
_FRAMES = frozenset({0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF})

_EXIF = b"Exif\0\0"
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_LONG_XMP = b"http://ns.adobe.com/xmp/extension/\0"
_ICC = b"ICC_PROFILE\0"
_MPF = b"MPF\0"
_PHOTOSHOP = b"Photoshop 3.0\0"
_MOST = 65_533
"""Bytes of payload in one segment."""

_SCAN_END = re.compile(rb"\xff+[^\x00\xff\xd0-\xd7]")
"""A marker that ends entropy-coded data: neither a stuffed byte nor a restart (B.1.1.2)."""

_JPEG_INSIDE = b"\xff\xd8\xff"


@dataclass(frozen=True, slots=True)
class Segment:
    """A marker and its payload; for SOS, ``scan`` are the entropy-coded bytes behind it."""

    marker: int
    payload: bytes
    scan: bytes = b""


@dataclass(frozen=True, slots=True)
class Component:
    """One colour plane: its id, sampling factors, and number of its quantisation table (B.2.2)."""

    id: int
    across: int
    down: int
    table: int


@dataclass(frozen=True, slots=True)
class Frame:
    """The frame header. ``process``: 0xC0 baseline, 0xC1 extended, 0xC2 progressive, others rare."""

    process: int
    precision: int
    height: int
    width: int
    components: tuple[Component, ...]


@dataclass(frozen=True, slots=True)
class Parsed:
    """A whole file. ``trailing``: bytes follow its end."""

    segments: tuple[Segment, ...]
    frame: Frame
    trailing: bool

    def all(self, marker: int) -> list[Segment]:
        return [segment for segment in self.segments if segment.marker == marker]

    @property
    def adobe(self) -> int | None:
        """The colour transform an Adobe marker tells: 0 none, 1 YCbCr, 2 YCCK; None without one."""
        found = next((s.payload for s in self.all(APP14) if s.payload.startswith(b"Adobe")), b"")
        return found[11] if len(found) >= 12 else None


def parse(data: bytes) -> Parsed:
    """Raises ``Damaged`` where the file ends before its end marker, or has no picture."""
    segments: list[Segment] = []
    at = 2
    while True:
        at, marker = _marker(data, at)
        if marker == EOI:
            return Parsed(tuple(segments), _frame(segments), at < len(data))
        if marker == 0x01 or 0xD0 <= marker <= 0xD7:
            continue
        length = int.from_bytes(data[at : at + 2], "big")
        payload = data[at + 2 : at + length]
        if length < 2 or len(payload) < length - 2:
            raise Damaged("is truncated")
        at += length
        scan = b""
        if marker == SOS:
            end = _SCAN_END.search(data, at)
            if end is None:
                raise Damaged("is truncated")
            scan = data[at : end.start()]
            at = end.start()
        segments.append(Segment(marker, payload, scan))


def _marker(data: bytes, at: int) -> tuple[int, int]:
    """Where the segment's body begins, and its marker. Stray bytes before a marker are passed over, as decoders do."""
    while True:
        at = data.find(b"\xff", at)
        if at < 0 or at + 1 >= len(data):
            raise Damaged("is truncated")
        if data[at + 1] not in (0x00, 0xFF):
            return at + 2, data[at + 1]
        at += 1


def _frame(segments: Sequence[Segment]) -> Frame:
    body = next((s.payload for s in segments if s.marker in _FRAMES), b"")
    process = next((s.marker for s in segments if s.marker in _FRAMES), 0)
    if len(body) < 9 or len(body) < 6 + 3 * body[5] or not any(s.marker == SOS for s in segments):
        raise Damaged("is damaged: there is no picture in it")
    precision, height, width, count = struct.unpack_from(">BHHB", body)
    planes = tuple(
        Component(body[i], body[i + 1] >> 4, body[i + 1] & 15, body[i + 2]) for i in range(6, 6 + 3 * count, 3)
    )
    return Frame(process, precision, height, width, planes)


def metadata(parsed: Parsed) -> Metadata:
    """What moves to other kinds of files, without any picture in it."""
    block = next((s.payload for s in parsed.all(APP1) if s.payload.startswith(_EXIF)), b"")
    packet = next((s.payload[len(_XMP) :] for s in parsed.all(APP1) if s.payload.startswith(_XMP)), b"")
    profile = [s.payload for s in parsed.all(APP2) if s.payload.startswith(_ICC) and len(s.payload) > 14]
    profile.sort(key=lambda payload: payload[len(_ICC)])
    return Metadata(
        exif=exif.without_thumbnail(exif.bare(block)),
        icc=b"".join(payload[len(_ICC) + 2 :] for payload in profile),
        xmp=xmp.without_extension(xmp.without_pictures(packet)),
        dpi=_dpi(parsed),
    )


def _dpi(parsed: Parsed) -> tuple[float, float] | None:
    head = next((s.payload for s in parsed.all(APP0) if s.payload.startswith(b"JFIF\0")), b"")
    if len(head) < 12 or head[7] not in (1, 2):
        return None
    across, down = struct.unpack_from(">HH", head, 8)
    unit = 1.0 if head[7] == 1 else 2.54
    return (across * unit, down * unit) if across and down else None


def kept(parsed: Parsed) -> tuple[tuple[Segment, ...], tuple[str, ...]]:
    """APP and COM segments that an edited picture may carry, in their order, and what was left out, in words."""
    result: list[Segment] = []
    notes: list[str] = []
    longer = _has_pictures(b"".join(s.payload[len(_LONG_XMP) + 40 :] for s in parsed.all(APP1) if _is_long(s)))
    for segment in _with_joined_resources(parsed):
        reason = _why_not(segment, longer)
        clean = _scrubbed(segment, longer) if reason is None else b""
        if clean:
            result += _fitting(segment.marker, clean)
        if reason:
            notes.append(reason)
    if parsed.trailing and _SECOND not in notes:
        notes.append("Data behind the end of the JPEG were left out: they may show what was erased.")
    return tuple(result), tuple(dict.fromkeys(notes))


def _with_joined_resources(parsed: Parsed) -> list[Segment]:
    """APP and COM segments, Photoshop's (which go on from one to the next) joined into the first of them."""
    result: list[Segment] = []
    joined = b"".join(s.payload[len(_PHOTOSHOP) :] for s in parsed.all(APP13) if s.payload.startswith(_PHOTOSHOP))
    for segment in parsed.segments:
        if segment.marker == APP13 and segment.payload.startswith(_PHOTOSHOP):
            if joined:
                result.append(Segment(APP13, _PHOTOSHOP + joined))
            joined = b""
        elif APP0 <= segment.marker <= 0xEF or segment.marker == COM:
            result.append(segment)
    return result


def _fitting(marker: int, payload: bytes) -> list[Segment]:
    """The payload in as many segments as it takes; only Photoshop's can take more than one."""
    step = _MOST - len(_PHOTOSHOP)
    if len(payload) <= _MOST or not payload.startswith(_PHOTOSHOP):
        return [Segment(marker, payload)]
    body = payload[len(_PHOTOSHOP) :]
    return [Segment(marker, _PHOTOSHOP + body[i : i + step]) for i in range(0, len(body), step)]


_SECOND = "The file also holds other pictures (a preview, a gain map, a second view): only the first was kept."


def _is_long(segment: Segment) -> bool:
    return segment.marker == APP1 and segment.payload.startswith(_LONG_XMP)


def _has_pictures(packet: bytes) -> bool:
    return xmp.without_pictures(packet) != packet


def _why_not(segment: Segment, longer_has_pictures: bool) -> str | None:
    """Why the whole segment has to go, in words for the person (none for a plain thumbnail); None: it stays."""
    payload, marker = segment.payload, segment.marker
    if _is_long(segment) and longer_has_pictures:
        return "Pictures inside the extended XMP were left out: they may show what was erased."
    if marker == APP2 and payload.startswith(_MPF):
        return _SECOND
    if marker == APP11 and payload.startswith(b"JP"):
        return "Content credentials were left out: they vouch for the unedited picture."
    if marker == APP0 and payload.startswith(b"JFXX\0"):
        return ""
    if not payload.startswith((_EXIF, _ICC, _PHOTOSHOP)) and _JPEG_INSIDE in payload:
        return f"A picture inside the APP{marker - APP0} part was left out: it may show what was erased."
    return None


def _scrubbed(segment: Segment, longer_has_pictures: bool) -> bytes:
    """The payload without pictures; empty where nothing remains."""
    payload, marker = segment.payload, segment.marker
    if marker == APP0 and payload.startswith(b"JFIF\0"):
        return payload[:12] + b"\0\0" if len(payload) >= 14 else payload
    if marker == APP1 and payload.startswith(_EXIF):
        block = exif.without_thumbnail(exif.bare(payload))
        return _EXIF + block if block else b""
    if marker == APP1 and payload.startswith(_XMP):
        packet = xmp.without_pictures(payload[len(_XMP) :])
        return _XMP + (xmp.without_extension(packet) if longer_has_pictures else packet)
    if marker == APP13 and payload.startswith(_PHOTOSHOP):
        rest = photoshop.without_thumbnails(payload[len(_PHOTOSHOP) :])
        return _PHOTOSHOP + rest if rest else b""
    return payload


def from_metadata(found: Metadata, cmyk: bool) -> tuple[list[Segment], list[str]]:
    """Segments for a picture that comes from another kind of file, and what does not fit."""
    segments, notes = [_jfif(found.dpi)] if not cmyk else [], []
    if found.exif and len(found.exif) + len(_EXIF) <= _MOST:
        segments.append(Segment(APP1, _EXIF + found.exif))
    elif found.exif:
        notes.append("The EXIF data are too large for a JPEG: they were left out.")
    if found.xmp and len(found.xmp) + len(_XMP) <= _MOST:
        segments.append(Segment(APP1, _XMP + found.xmp))
    elif found.xmp:
        notes.append("The XMP data are too large for a JPEG: they were left out.")
    step = _MOST - len(_ICC) - 2
    parts = [found.icc[i : i + step] for i in range(0, len(found.icc), step)]
    segments += [Segment(APP2, _ICC + bytes([i + 1, len(parts)]) + part) for i, part in enumerate(parts)]
    return segments, notes


def _jfif(dpi: tuple[float, float] | None) -> Segment:
    unit, across, down = (1, *(max(1, min(round(value), 65_535)) for value in dpi)) if dpi else (0, 1, 1)
    return Segment(APP0, struct.pack(">5sHBHHBB", b"JFIF\0", 0x0102, unit, across, down, 0, 0))


def packed(segment: Segment) -> bytes:
    """The segment's bytes, with the scan behind it."""
    return struct.pack(">BBH", 0xFF, segment.marker, len(segment.payload) + 2) + segment.payload + segment.scan


def assembled(header: Sequence[Segment], picture: Sequence[Segment]) -> bytes:
    """A JPEG file: ``header`` (APP, COM) first, then tables, frame and scans."""
    return b"".join([b"\xff\xd8", *map(packed, header), *map(packed, picture), b"\xff\xd9"])
