"""PNG's container (PNG, third edition, sections 5 and 11): chunks taken apart, checked, and put together."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from engines.media.picture import Damaged

SIGNATURE = b"\x89PNG\r\n\x1a\n"
XMP_KEYWORD = b"XML:com.adobe.xmp"

_MOST_TEXT = 64 << 20
"""Bytes to which one compressed chunk may unpack."""


@dataclass(frozen=True, slots=True)
class Chunk:
    kind: bytes
    data: bytes

    @property
    def critical(self) -> bool:
        return not self.kind[0] & 0x20

    @property
    def safe_to_copy(self) -> bool:
        """Whether it stays true when the pixels change (section 5.4, bit 5 of the fourth byte)."""
        return bool(self.kind[3] & 0x20)


def split(data: bytes) -> tuple[list[Chunk], bool]:
    """All chunks up to IEND, and whether anything follows; raises ``Damaged``.

    Ancillary chunks with a wrong checksum are left out; a wrong one on any other means the file is broken.
    """
    chunks: list[Chunk] = []
    at = len(SIGNATURE)
    while True:
        if at + 12 > len(data):
            raise Damaged("is truncated")
        length, kind = struct.unpack_from(">I4s", data, at)
        if at + 12 + length > len(data):
            raise Damaged("is truncated")
        body = data[at + 8 : at + 8 + length]
        at += 12 + length
        chunk = Chunk(kind, body)
        if zlib.crc32(body, zlib.crc32(kind)) == struct.unpack_from(">I", data, at - 4)[0]:
            chunks.append(chunk)
        elif chunk.critical:
            raise Damaged(f"is damaged: the checksum of its {kind.decode('latin-1')} part is wrong")
        if kind == b"IEND":
            return chunks, at < len(data)


def join(chunks: Iterable[Chunk]) -> bytes:
    """A PNG file of these chunks."""
    return b"".join([SIGNATURE, *_packed(chunks)])


def _packed(chunks: Iterable[Chunk]) -> Iterator[bytes]:
    for chunk in chunks:
        yield struct.pack(">I", len(chunk.data)) + chunk.kind
        yield chunk.data
        yield struct.pack(">I", zlib.crc32(chunk.data, zlib.crc32(chunk.kind)))


def keyword(chunk: Chunk) -> bytes:
    """The name of a text chunk."""
    return chunk.data.partition(b"\0")[0]


def xmp_of(chunk: Chunk) -> bytes:
    """The XMP packet in an iTXt chunk (section 11.3.3.4); empty where it is none."""
    if chunk.kind != b"iTXt" or keyword(chunk) != XMP_KEYWORD:
        return b""
    rest = chunk.data[len(XMP_KEYWORD) + 1 :]
    text = rest[2:].partition(b"\0")[2].partition(b"\0")[2]
    return inflated(text) if rest[:1] == b"\1" else text


def xmp_chunk(xmp: bytes) -> Chunk:
    return Chunk(b"iTXt", XMP_KEYWORD + b"\0\0\0\0\0" + xmp)


def icc_of(chunk: Chunk) -> bytes:
    """The profile in an iCCP chunk (section 11.3.2.3)."""
    return inflated(chunk.data.partition(b"\0")[2][1:])


def icc_chunk(icc: bytes) -> Chunk:
    return Chunk(b"iCCP", b"ICC profile\0\0" + zlib.compress(icc))


def inflated(data: bytes) -> bytes:
    """What zlib data holds; empty where it is broken, or larger than any honest text."""
    unpacker = zlib.decompressobj()
    try:
        text = unpacker.decompress(data, _MOST_TEXT)
    except zlib.error:
        return b""
    return text if unpacker.eof else b""
