"""JPEG's tables (ITU-T T.81, annexes B, C and K): quantisation, Huffman codes, and how a scan's blocks follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engines.media.jpeg_segments import DHT, DQT, DRI, SOS, Component, Parsed, Segment


def _zigzag() -> NDArray[np.intp]:
    """Row-major places of the 64 coefficients in zig-zag order (figure A.6)."""
    rows, columns = np.divmod(np.arange(64), 8)
    diagonal = rows + columns
    return np.lexsort((np.where(diagonal % 2, rows, columns), diagonal))


ZIGZAG = _zigzag()

END_OF_BLOCK, ZERO_RUN = 0x00, 0xF0
"""AC symbols (F.1.2.2.1): nothing follows; sixteen zeros."""


class NotSpliceable(Exception):  # noqa: N818 - it says what the file is
    """The scan is of a kind, or broken in a way, that cannot be edited block by block."""


@dataclass(frozen=True, slots=True)
class Huffman:
    """One code: how many codes of each length 1..16, and the symbols in order of their codes (B.2.4.2)."""

    counts: tuple[int, ...]
    symbols: bytes

    def codes(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Code and length of each of the 256 symbols (annex C); length 0: the symbol has none."""
        code, length = np.zeros(256, np.int64), np.zeros(256, np.int64)
        value, place = 0, 0
        for bits in range(1, 17):
            for symbol in self.symbols[place : place + self.counts[bits - 1]]:
                code[symbol], length[symbol] = value, bits
                value += 1
            place += self.counts[bits - 1]
            value <<= 1
        return code, length

    def extended(self, symbols: Sequence[int]) -> Huffman:
        """The code with more ``symbols`` as 16-bit words behind it; all words it had stay as they are.

        Codes that were made for one picture lack the symbols it does not use. Raises ``NotSpliceable`` where
        no words are left (the one of all ones stays unused, as C.2 wants).
        """
        used = sum(count << (16 - bits) for bits, count in enumerate(self.counts, 1))
        if used + len(symbols) >= 1 << 16:
            raise NotSpliceable("no room in a Huffman code")
        counts = (*self.counts[:15], self.counts[15] + len(symbols))
        return Huffman(counts, self.symbols + bytes(symbols))


@dataclass(frozen=True, slots=True)
class Layout:
    """How the blocks of a sequential scan follow each other.

    ``pattern``: for each block of a minimum coded unit (MCU), which component it is of. ``across``, ``down``:
    how many MCUs. ``tables``: for each component, its DC and AC code. ``restart``: MCUs between restart
    markers, 0 for none.
    """

    components: tuple[Component, ...]
    pattern: tuple[int, ...]
    across: int
    down: int
    tables: tuple[tuple[int, int], ...]
    restart: int

    @property
    def blocks(self) -> int:
        return self.across * self.down * len(self.pattern)


def layout_of(parsed: Parsed) -> Layout:
    """The layout of a baseline or extended sequential Huffman file of one scan; else ``NotSpliceable``."""
    frame, scans = parsed.frame, parsed.all(SOS)
    sequential = frame.process in (0xC0, 0xC1) and frame.precision == 8 and frame.height > 0
    if not sequential or len(scans) != 1 or scans[0].payload[0] != len(frame.components):
        raise NotSpliceable("not one sequential scan")
    header = scans[0].payload
    codes = {header[i]: (header[i + 1] >> 4, header[i + 1] & 15) for i in range(1, 2 * header[0] + 1, 2)}
    planes = frame.components
    if len(planes) == 1:  # a scan of one component is never interleaved (A.2.2)
        planes = (Component(planes[0].id, 1, 1, planes[0].table),)
    most_across, most_down = max(plane.across for plane in planes), max(plane.down for plane in planes)
    if any(most_across % plane.across or most_down % plane.down for plane in planes):
        raise NotSpliceable("uneven sampling")
    pattern = tuple(number for number, plane in enumerate(planes) for _ in range(plane.across * plane.down))
    interval = parsed.all(DRI)
    return Layout(
        components=planes,
        pattern=pattern,
        across=-(-frame.width // (8 * most_across)),
        down=-(-frame.height // (8 * most_down)),
        tables=tuple(codes[plane.id] for plane in planes),
        restart=int.from_bytes(interval[-1].payload[:2], "big") if interval else 0,
    )


def quantisation(parsed: Parsed) -> Mapping[int, NDArray[np.int64]]:
    """``(64,)`` steps in zig-zag order by table number (B.2.4.1); a later table of a number replaces an earlier one."""
    tables: dict[int, NDArray[np.int64]] = {}
    for segment in parsed.all(DQT):
        rest = segment.payload
        while len(rest) >= 65:
            wide = rest[0] >> 4
            size = 128 if wide else 64
            if len(rest) < 1 + size:
                break
            tables[rest[0] & 15] = np.frombuffer(rest[1 : 1 + size], ">u2" if wide else "u1").astype(np.int64)
            rest = rest[1 + size :]
    return tables


def huffman(parsed: Parsed) -> dict[tuple[bool, int], Huffman]:
    """Codes by class (AC or not) and number."""
    codes: dict[tuple[bool, int], Huffman] = {}
    for segment in parsed.all(DHT):
        rest = segment.payload
        while len(rest) >= 17:
            count = sum(rest[1:17])
            symbols = rest[17 : 17 + count]
            if len(symbols) < count:
                raise NotSpliceable("a broken Huffman code")
            codes[bool(rest[0] >> 4), rest[0] & 15] = Huffman(tuple(rest[1:17]), symbols)
            rest = rest[17 + count :]
    return codes


def huffman_segment(codes: Mapping[tuple[bool, int], Huffman]) -> Segment:
    """One DHT segment that defines all codes."""
    parts = (bytes([ac << 4 | number, *code.counts]) + code.symbols for (ac, number), code in sorted(codes.items()))
    return Segment(DHT, b"".join(parts))
