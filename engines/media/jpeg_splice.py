"""Edits a baseline JPEG block by block: blocks without an edited pixel keep their coefficients to the bit."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from engines.media.jpeg_blocks import (
    AcSymbols,
    Grid,
    Planes,
    ac_symbols,
    ac_words,
    coefficients,
    dc_words,
    grid_of,
    sizes,
    touched_blocks,
)
from engines.media.jpeg_scan import Index, Part, index_scan
from engines.media.jpeg_segments import APP0, DHT, SOS, Parsed, Segment
from engines.media.jpeg_tables import Huffman, Layout, NotSpliceable, huffman, huffman_segment, layout_of, quantisation
from engines.media.picture import Samples, Touched

_MOST = 0.6
"""Share of blocks above which there is too little left to keep."""


@dataclass(frozen=True, slots=True, eq=False)
class _Fresh:
    """What is written anew of one component.

    ``blocks``: numbers, in the scan, of blocks encoded anew, ``chunks``: their AC symbols, some thousand
    blocks each. ``rewritten``: those blocks and the ones that follow them, ``differences``: what their DC
    symbols say.
    """

    blocks: NDArray[np.int64]
    chunks: list[AcSymbols]
    rewritten: NDArray[np.int64]
    differences: NDArray[np.int64]


def splice(parsed: Parsed, samples: Samples, touched: Touched, planes: Planes) -> list[Segment]:
    """The file's tables, frame and scan with the touched blocks encoded anew from ``samples``.

    Raises ``NotSpliceable`` for progressive and other rare kinds, and where most of the picture is touched.
    """
    layout = layout_of(parsed)
    grids = [grid_of(layout, number) for number in range(len(layout.components))]
    hits = [touched_blocks(touched, grid) for grid in grids]
    if sum(int(hit.sum()) for hit in hits) > _MOST * layout.blocks:
        raise NotSpliceable("most of the picture is new")
    codes = huffman(parsed)
    scan = parsed.all(SOS)[0]
    index = index_scan(scan.scan, layout, codes)
    tables = quantisation(parsed)
    fresh: list[_Fresh] = []
    for grid, hit in zip(grids, hits, strict=True):
        steps = tables.get(layout.components[grid.component].table)
        if steps is None:
            raise NotSpliceable("a missing quantisation table")
        fresh.append(_fresh(index, grid, hit, list(coefficients(samples, planes, grid, hit, steps))))
    longer = _extended(codes, layout, fresh)
    new = replace(scan, scan=_joined(index, _items(longer, layout, fresh)))
    return [new if segment.marker == SOS else segment for segment in _tables(parsed, codes, longer)]


def _tables(
    parsed: Parsed, codes: Mapping[tuple[bool, int], Huffman], longer: Mapping[tuple[bool, int], Huffman]
) -> list[Segment]:
    """All but APP and COM segments, with the codes redefined where they had to be extended."""
    picture = [segment for segment in parsed.segments if segment.marker < APP0]
    if codes == longer:
        return picture
    rest = [segment for segment in picture if segment.marker != DHT]
    place = next(number for number, segment in enumerate(rest) if segment.marker == SOS)
    return [*rest[:place], huffman_segment(longer), *rest[place:]]


def _fresh(index: Index, grid: Grid, hit: NDArray[np.bool_], chunks: list[NDArray[np.int64]]) -> _Fresh:
    blocks = grid.numbers[hit]
    own = np.sort(grid.numbers, axis=None)
    dc = index.dc.copy()
    dc[blocks] = np.concatenate([np.zeros(0, np.int64), *(chunk[:, 0] for chunk in chunks)])
    new = np.zeros(len(dc), bool)
    new[blocks] = True
    leads = np.diff(np.searchsorted(index.first, own, "right"), prepend=0) > 0
    difference = np.where(leads, dc[own], np.diff(dc[own], prepend=0))
    follows = np.append(False, new[own][:-1]) & ~leads
    rewritten = new[own] | follows
    return _Fresh(blocks, [ac_symbols(chunk) for chunk in chunks], own[rewritten], difference[rewritten])


def _extended(
    codes: Mapping[tuple[bool, int], Huffman], layout: Layout, fresh: list[_Fresh]
) -> dict[tuple[bool, int], Huffman]:
    """The codes, with words for what the new blocks need and the old ones did not."""
    needed: dict[tuple[bool, int], set[int]] = {name: set() for name in codes}
    for new, (dc, ac) in zip(fresh, layout.tables, strict=True):
        needed[False, dc].update(np.unique(sizes(new.differences)).tolist())
        for chunk in new.chunks:
            needed[True, ac].update(np.unique(chunk.symbol).tolist())
    missing = {name: sorted(needed[name] - set(code.symbols)) for name, code in codes.items()}
    return {name: code.extended(missing[name]) if missing[name] else code for name, code in codes.items()}


_Item: TypeAlias = tuple[int, NDArray[np.uint8], NDArray[np.uint8] | None]
"""A block's number, the bits of its DC symbol, and those of its AC symbols; None: these stay as they are."""


def _items(codes: Mapping[tuple[bool, int], Huffman], layout: Layout, fresh: list[_Fresh]) -> list[_Item]:
    """All rewritten blocks in the order of the scan."""
    items: list[_Item] = []
    for new, (dc, ac) in zip(fresh, layout.tables, strict=True):
        bodies: list[NDArray[np.uint8]] = []
        for chunk in new.chunks:
            bodies += ac_words(chunk, codes[True, ac]).items()
        body_of = dict(zip(new.blocks.tolist(), bodies, strict=True))
        heads = dc_words(new.differences, codes[False, dc]).items()
        items += [(n, head, body_of.get(n)) for n, head in zip(new.rewritten.tolist(), heads, strict=True)]
    return sorted(items, key=lambda item: item[0])


def _joined(index: Index, items: list[_Item]) -> bytes:
    """The scan: parts without a rewritten block as they are, with the restart markers between them."""
    numbers = [item[0] for item in items]
    last = np.append(index.first[1:], len(index.begin)).tolist()
    parts: list[bytes] = []
    begin = 0
    for number, part in enumerate(index.parts):
        end = bisect_left(numbers, last[number], begin)
        parts.append(part.raw if begin == end else _part(index, part, items[begin:end], last[number] - 1))
        parts.append(bytes([0xFF, 0xD0 + number % 8]))
        begin = end
    return b"".join(parts[:-1])


def _part(index: Index, part: Part, items: list[_Item], last: int) -> bytes:
    """One part: old bits up to each rewritten block, then its new ones; filled up with ones and stuffed (F.1.2.3)."""
    old = np.unpackbits(index.stream[part.begin // 8 : part.end // 8])
    pieces: list[NDArray[np.uint8]] = []
    at = 0
    for number, head, body in items:
        pieces += [old[at : int(index.begin[number]) - part.begin], head]
        if body is not None:
            pieces.append(body)
        at = int(index.dc_end[number] if body is None else index.end[number]) - part.begin
    pieces.append(old[at : int(index.end[last]) - part.begin])
    bits = np.concatenate(pieces)
    data = np.packbits(np.concatenate([bits, np.ones(-len(bits) % 8, np.uint8)]))
    return np.insert(data, np.flatnonzero(data == 0xFF) + 1, 0).tobytes()
