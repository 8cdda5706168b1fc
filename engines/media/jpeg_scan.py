"""Finds where each block of a JPEG's entropy-coded data begins, without decoding the picture.

Huffman-coded data can be read from any bit on: after some wrong symbols a reader falls into step with the
right ones. So the data are cut into lanes that are all read at once, from guessed states; wherever a lane
then turns out to have begun in another state than the lane before it ended in, it is read anew, until all
agree (A. Weissenberger, B. Schmidt: Massively Parallel Huffman Decoding on GPUs, ICPP 2018).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from engines.media.jpeg_tables import END_OF_BLOCK, ZERO_RUN, Huffman, Layout, NotSpliceable

_LANE = 512
"""Bytes per lane: long enough to fall into step, and many enough to be worth an array operation."""

_UNROLLED = 16
"""Symbols that are read between two looks at which lanes are done."""

_ROUNDS = 50
"""Times that lanes are read anew before giving up."""

Bits: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """The data between two restart markers: its bytes as stored, and where it lies in ``Index.stream``, in bits."""

    raw: bytes
    begin: int
    end: int


@dataclass(frozen=True, slots=True, eq=False)
class Index:
    """Where all blocks lie. ``stream``: all parts without stuffed bytes.

    By block, in the order of the scan: ``begin`` and ``end`` of its bits, ``dc_end``: where its DC symbol ends,
    ``dc``: its DC coefficient (quantised). ``first``: the first block of each part.
    """

    stream: NDArray[np.uint8]
    parts: tuple[Part, ...]
    begin: Bits
    dc_end: Bits
    end: Bits
    dc: Bits
    first: Bits


@dataclass(slots=True, eq=False)
class _Lanes:
    """A reader's state per lane: bit position, block within the MCU, next coefficient; ``done``: blocks finished."""

    at: Bits
    block: Bits
    coefficient: Bits
    done: Bits

    def take(self, which: NDArray[np.intp] | NDArray[np.bool_]) -> _Lanes:
        return _Lanes(self.at[which], self.block[which], self.coefficient[which], self.done[which])

    def put(self, which: NDArray[np.intp], other: _Lanes) -> None:
        self.at[which], self.block[which] = other.at, other.block
        self.coefficient[which], self.done[which] = other.coefficient, other.done


@dataclass(frozen=True, slots=True, eq=False)
class _Starts:
    """DC symbols seen in one step: in which lane, its how manieth block, and the symbol's bits."""

    lane: NDArray[np.intp]
    number: Bits
    begin: Bits
    end: Bits
    size: Bits


def index_scan(scan: bytes, layout: Layout, codes: Mapping[tuple[bool, int], Huffman]) -> Index:
    """Raises ``NotSpliceable`` where the data do not hold exactly the blocks they should."""
    parts, stream = _parts(scan)
    if any(part.begin == part.end for part in parts):
        raise NotSpliceable("an empty part")
    reader = _Reader(stream, layout, codes)
    begins, limits, ends, firsts = _lanes(parts)
    zeros = np.zeros(len(begins), np.int64)
    start = _Lanes(begins.copy(), zeros.copy(), zeros.copy(), zeros.copy())
    stop = reader.walk(start, limits, ends)
    for _ in range(_ROUNDS):
        wrong = _out_of_step(start, stop, firsts)
        if not wrong.size:
            return _gathered(_Walked(start, stop, limits, ends, firsts), parts, reader, layout)
        start.put(wrong, _Lanes(stop.at[wrong - 1], stop.block[wrong - 1], stop.coefficient[wrong - 1], zeros[wrong]))
        stop.put(wrong, reader.walk(start.take(wrong), limits[wrong], ends[wrong]))
    raise NotSpliceable("the lanes do not fall into step")


def _parts(scan: bytes) -> tuple[tuple[Part, ...], NDArray[np.uint8]]:
    """The scan cut at its restart markers, and freed of stuffed bytes (B.1.1.5)."""
    data = np.frombuffer(scan, np.uint8)
    marks = np.flatnonzero((data[:-1] == 0xFF) & (data[1:] >= 0xD0) & (data[1:] <= 0xD7))
    parts: list[Part] = []
    bodies: list[NDArray[np.uint8]] = []
    begin = 0
    for low, high in zip([0, *(marks + 2)], [*marks, len(data)], strict=True):
        body = data[low:high]
        stuffed = np.flatnonzero((body[:-1] == 0xFF) & (body[1:] == 0)) + 1
        bodies.append(np.delete(body, stuffed))
        end = begin + 8 * len(bodies[-1])
        parts.append(Part(scan[low:high], begin, end))
        begin = end
    return tuple(parts), np.concatenate(bodies)


def _lanes(parts: tuple[Part, ...]) -> tuple[Bits, Bits, Bits, NDArray[np.bool_]]:
    """Where each lane begins, where the next one does, where its part ends, and whether it begins a part."""
    step = 8 * _LANE
    lanes = [
        (at, min(at + step, part.end), part.end, at == part.begin)
        for part in parts
        for at in range(part.begin, part.end, step)
    ]
    table = np.array(lanes, np.int64).reshape(-1, 4)
    return table[:, 0], table[:, 1], table[:, 2], table[:, 3].astype(bool)


def _out_of_step(start: _Lanes, stop: _Lanes, firsts: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Lanes that did not begin where the one before them ended."""
    same = (
        (start.at[1:] == stop.at[:-1])
        & (start.block[1:] == stop.block[:-1])
        & (start.coefficient[1:] == stop.coefficient[:-1])
    )
    return np.flatnonzero(~(same | firsts[1:])) + 1


class _Reader:
    """Reads symbols of many lanes at once, by tables over the next 16 bits."""

    def __init__(self, stream: NDArray[np.uint8], layout: Layout, codes: Mapping[tuple[bool, int], Huffman]) -> None:
        wide = np.concatenate([stream, np.full(8, 0xFF, np.uint8)]).astype(np.uint32)
        self.words = np.asarray(wide[:-4] << 24 | wide[1:-3] << 16 | wide[2:-2] << 8 | wide[3:-1], np.uint32)
        pairs = [layout.tables[component] for component in layout.pattern]
        if len(set(pairs)) == 1:
            pairs = pairs[:1]  # blocks that read alike cannot be told apart from within, and need not be
        self._period = len(pairs)
        wanted = [(ac, pair[ac]) for pair in pairs for ac in (False, True)]
        if not all(name in codes for name in wanted):
            raise NotSpliceable("a missing Huffman code")
        names = sorted(set(wanted))
        self._symbols = np.concatenate([_lookup(codes[name], ac=name[0]) for name in names])
        self._tables = np.array([names.index(name) << 16 for name in wanted], np.int64)

    def walk(self, lanes: _Lanes, limits: Bits, ends: Bits, log: list[_Starts] | None = None) -> _Lanes:
        """Read each lane up to the first symbol that begins at its limit or later, or does not end within its part."""
        which = np.arange(len(lanes.at))
        result, now = lanes.take(which), lanes.take(which)
        while which.size:
            for _ in range(_UNROLLED):
                live = self._step(now, limits, ends, (which, log))
            result.put(which, now)
            which, now = which[live], now.take(live)
            limits, ends = limits[live], ends[live]
        return result

    def _step(
        self, now: _Lanes, limits: Bits, ends: Bits, logging: tuple[NDArray[np.intp], list[_Starts] | None]
    ) -> NDArray[np.bool_]:
        """One symbol in every lane that is not done; says which those were."""
        at = np.minimum(now.at, limits)
        window = (self.words[at >> 3] >> (16 - (at & 7)).astype(np.uint32)) & 0xFFFF
        symbol = self._symbols[self._tables[2 * now.block + (now.coefficient > 0)] + window]
        after = at + (symbol & 0xFF)
        live: NDArray[np.bool_] = (now.at < limits) & (after <= ends)
        which, log = logging
        if log is not None:
            dc = np.flatnonzero(live & (now.coefficient == 0))
            log.append(_Starts(which[dc], now.done[dc], now.at[dc], after[dc], symbol[dc] >> 16))
        coefficient = now.coefficient + (symbol >> 8 & 0xFF)
        full = live & (coefficient >= 64)
        now.at = np.where(live, after, now.at)
        now.coefficient = np.where(full, 0, np.where(live, coefficient, now.coefficient))
        now.block = (now.block + full) % self._period if self._period > 1 else now.block
        now.done = now.done + full
        return live


def _lookup(code: Huffman, *, ac: bool) -> Bits:
    """For every 16 bits: bits of the symbol with its value, coefficients it covers << 8, bits of the value << 16.

    No code: more bits than any padding has, so that it never counts at the end of a part.
    """
    table = np.full(1 << 16, 32 | 64 << 8, np.int64)
    words, lengths = code.codes()
    for symbol in set(code.symbols):
        length, size = int(lengths[symbol]), symbol & 15
        covers = 1
        if ac:
            covers = {END_OF_BLOCK: 64, ZERO_RUN: 16}.get(symbol, (symbol >> 4) + 1)
        begin = int(words[symbol]) << (16 - length)
        table[begin : begin + (1 << (16 - length))] = (length + size) | covers << 8 | size << 16
    return table


@dataclass(frozen=True, slots=True, eq=False)
class _Walked:
    start: _Lanes
    stop: _Lanes
    limits: Bits
    ends: Bits
    firsts: NDArray[np.bool_]


def _gathered(walked: _Walked, parts: tuple[Part, ...], reader: _Reader, layout: Layout) -> Index:
    """Read all lanes once more, from their true states, and write down where blocks begin."""
    done = np.concatenate([[0], np.cumsum(walked.stop.done)])
    lane_of_part = np.flatnonzero(walked.firsts)
    first = done[:-1][lane_of_part]
    last_lane = np.append(lane_of_part[1:], len(walked.firsts)) - 1
    _check_counts(first, int(done[-1]), layout)
    if walked.stop.coefficient[last_lane].any():
        raise NotSpliceable("a part ends within a block")
    log: list[_Starts] = []
    start = walked.start
    fresh = _Lanes(start.at, start.block, start.coefficient, np.zeros_like(start.at))
    reader.walk(fresh, walked.limits, walked.ends, log)
    blocks = np.concatenate([done[s.lane] + s.number for s in log])
    begin, dc_end, size = (np.zeros(layout.blocks, np.int64) for _ in range(3))
    begin[blocks] = np.concatenate([s.begin for s in log])
    dc_end[blocks] = np.concatenate([s.end for s in log])
    size[blocks] = np.concatenate([s.size for s in log])
    end = np.append(begin[1:], 0)
    end[np.append(first[1:], layout.blocks) - 1] = walked.stop.at[last_lane]
    dc = _absolute(_values(reader.words, dc_end - size, size), first, layout)
    return Index((reader.words >> 24).astype(np.uint8), parts, begin, dc_end, end, dc, first)


def _check_counts(first: Bits, blocks: int, layout: Layout) -> None:
    step = (layout.restart or layout.across * layout.down) * len(layout.pattern)
    if blocks != layout.blocks or not np.array_equal(first, np.arange(0, layout.blocks, step)):
        raise NotSpliceable("the data hold another number of blocks")


def _values(words: NDArray[np.uint32], at: Bits, size: Bits) -> Bits:
    """Differences of DC coefficients (F.2.2.1, EXTEND): ``size`` bits at ``at``."""
    window = (words[at >> 3].astype(np.int64) >> (16 - (at & 7))) & 0xFFFF
    raw = window >> (16 - size)
    negative = (size > 0) & (raw < 1 << np.maximum(size - 1, 0))
    return np.asarray(np.where(negative, raw - (1 << size) + 1, raw), np.int64)


def _absolute(differences: Bits, first: Bits, layout: Layout) -> Bits:
    """DC coefficients: differences added up by component, anew in each part."""
    result = np.zeros_like(differences)
    component = np.tile(np.array(layout.pattern), layout.across * layout.down)
    part = np.zeros(len(differences), np.int64)
    part[first[1:]] = 1
    part = np.cumsum(part)
    for number in range(len(layout.components)):
        own = component == number
        total = np.cumsum(differences[own])
        begins = np.flatnonzero(np.diff(part[own], prepend=-1))
        before = np.append(0, total)[begins]
        result[own] = total - before[part[own]]
    return result
