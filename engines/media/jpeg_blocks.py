"""Encodes single JPEG blocks: colours to planes, discrete cosine transform, quantisation, Huffman words."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from engines.media.jpeg_tables import END_OF_BLOCK, ZERO_RUN, ZIGZAG, Huffman, Layout
from engines.media.picture import Samples, Touched

_CHUNK = 4096
"""Blocks that are encoded at once: bounds memory."""

_ANGLES = np.cos((2 * np.arange(8)[None, :] + 1) * np.arange(8)[:, None] * np.pi / 16)
_TRANSFORM = (_ANGLES * np.where(np.arange(8) == 0, np.sqrt(1 / 8), 1 / 2)[:, None]).astype(np.float32)
"""The transform of T.81, A.3.3, as a matrix: it is applied to columns and to rows."""


class Planes(Enum):
    """What a file's components stand for."""

    GREY = "grey"
    RGB = "RGB"
    YCC = "YCbCr"
    CMYK = "CMYK"
    YCCK = "YCCK"


_YCC = np.array(
    [[0.299, 0.587, 0.114], [-0.168735892, -0.331264108, 0.5], [0.5, -0.418687589, -0.081312411]], np.float32
)
"""JFIF 1.02 (ITU-T T.871, 7)."""


def plane_values(pixels: NDArray[np.uint8], planes: Planes, component: int) -> NDArray[np.float32]:
    """``(..., 1, 3 or 4)`` samples to the ``(...)`` values of one component, 0..255."""
    if planes is Planes.YCC or (planes is Planes.YCCK and component < 3):
        values = pixels[..., :3].astype(np.float32) @ _YCC[component]
        return np.asarray(values + np.float32(128) if component else values, np.float32)
    if planes in (Planes.CMYK, Planes.YCCK):  # inks are stored inverted
        return 255 - pixels[..., component].astype(np.float32)
    return pixels[..., component].astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """The blocks of one component: rows of them, how many pixels each covers, and their numbers in the scan."""

    component: int
    height: int
    width: int
    numbers: NDArray[np.int64]


def grid_of(layout: Layout, component: int) -> Grid:
    """Where the blocks of ``component`` lie, up to whole MCUs."""
    plane = layout.components[component]
    most_across = max(other.across for other in layout.components)
    most_down = max(other.down for other in layout.components)
    rows, columns = np.arange(layout.down * plane.down), np.arange(layout.across * plane.across)
    unit = (rows // plane.down)[:, None] * layout.across + (columns // plane.across)[None, :]
    place = (rows % plane.down)[:, None] * plane.across + (columns % plane.across)[None, :]
    numbers = unit * len(layout.pattern) + layout.pattern.index(component) + place
    return Grid(component, 8 * most_down // plane.down, 8 * most_across // plane.across, numbers)


def touched_blocks(touched: Touched, grid: Grid) -> NDArray[np.bool_]:
    """Which blocks of the grid have a touched pixel."""
    rows, columns = grid.numbers.shape
    hits = np.zeros((rows, columns), bool)
    y, x = np.nonzero(touched)
    hits[y // grid.height, x // grid.width] = True
    return hits


def coefficients(
    samples: Samples, planes: Planes, grid: Grid, where: NDArray[np.bool_], steps: NDArray[np.int64]
) -> Iterator[NDArray[np.int64]]:
    """Quantised coefficients of the blocks where ``where`` is true, in row order, chunk by chunk.

    Each chunk is ``(n, 64)`` in zig-zag order. Beyond the picture's edge its last row and column go on.
    """
    height, width = samples.shape[:2]
    samples = samples.reshape(height, width, -1)
    rows, columns = np.nonzero(where)
    for begin in range(0, len(rows), _CHUNK):
        part = slice(begin, begin + _CHUNK)
        y = np.minimum(rows[part, None] * grid.height + np.arange(grid.height), height - 1)
        x = np.minimum(columns[part, None] * grid.width + np.arange(grid.width), width - 1)
        values = plane_values(samples[y[:, :, None], x[:, None, :]], planes, grid.component)
        small = values.reshape(-1, 8, grid.height // 8, 8, grid.width // 8).mean(axis=(2, 4))
        shifted = small - np.float32(128)
        transformed = (_TRANSFORM @ shifted @ _TRANSFORM.T).reshape(-1, 64)[:, ZIGZAG]
        yield np.rint(transformed / steps).astype(np.int64).clip(-1023, 1023)


@dataclass(frozen=True, slots=True, eq=False)
class Words:
    """Bits of many items in a row: ``bits`` (0 and 1), and where each item begins (and the last one ends)."""

    bits: NDArray[np.uint8]
    places: NDArray[np.int64]

    def items(self) -> list[NDArray[np.uint8]]:
        """The bits of each item."""
        places = self.places.tolist()
        return [self.bits[begin:end] for begin, end in itertools.pairwise(places)]


def sizes(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many bits each value takes (table F.1): those of its magnitude."""
    return np.asarray(np.ceil(np.log2(np.abs(values) + 1)), np.int64)


def _magnitude(values: NDArray[np.int64], size: NDArray[np.int64]) -> NDArray[np.int64]:
    """The bits behind a symbol (F.1.2.1.1): negative values count up from all zeros."""
    return np.asarray(np.where(values < 0, values + (1 << size) - 1, values), np.int64)


def dc_words(differences: NDArray[np.int64], code: Huffman) -> Words:
    """One item per difference."""
    words, lengths = code.codes()
    size = sizes(differences)
    value = words[size] << size | _magnitude(differences, size)
    return _written(value, lengths[size] + size, np.arange(len(differences)), len(differences))


@dataclass(frozen=True, slots=True, eq=False)
class AcSymbols:
    """AC symbols of many blocks, in order: block, symbol, value behind it and its size."""

    block: NDArray[np.int64]
    symbol: NDArray[np.int64]
    value: NDArray[np.int64]
    size: NDArray[np.int64]
    blocks: int


def ac_symbols(blocks: NDArray[np.int64]) -> AcSymbols:
    """The symbols of ``(n, 64)`` coefficients (F.1.2.2): run and size, runs of sixteen zeros, end of block."""
    block, place = np.nonzero(blocks[:, 1:])
    value = blocks[:, 1:][block, place]
    fresh = np.diff(block, prepend=-1) > 0
    before = np.where(fresh, -1, np.append(-1, place[:-1]))
    run = place - before - 1
    size = sizes(value)
    long_runs = run // 16
    ended = np.flatnonzero(blocks[:, 63] == 0)
    padding = np.repeat(block, long_runs)
    none, nothing = np.zeros(len(padding), np.int64), np.zeros(len(ended), np.int64)
    owner = np.concatenate([padding, block, ended])
    at = np.concatenate([np.repeat(place, long_runs), place, nothing + 64])
    turn = np.concatenate([none, np.ones(len(block), np.int64), nothing])  # zeros come before what they lead to
    order = np.lexsort((turn, at, owner))
    symbol = np.concatenate([none + ZERO_RUN, (run % 16) << 4 | size, nothing + END_OF_BLOCK])
    values = np.concatenate([none, _magnitude(value, size), nothing])
    all_sizes = np.concatenate([none, size, nothing])
    return AcSymbols(owner[order], symbol[order], values[order], all_sizes[order], len(blocks))


def ac_words(symbols: AcSymbols, code: Huffman) -> Words:
    """One item per block."""
    words, lengths = code.codes()
    value = words[symbols.symbol] << symbols.size | symbols.value
    return _written(value, lengths[symbols.symbol] + symbols.size, symbols.block, symbols.blocks)


def _written(value: NDArray[np.int64], length: NDArray[np.int64], owner: NDArray[np.int64], items: int) -> Words:
    """The bits of words of up to 27 bits, joined; ``owner``: which item each word belongs to, ascending."""
    end = np.cumsum(length)
    word = np.repeat(np.arange(len(value)), length)
    left = end[word] - np.arange(len(word)) - 1
    bits = (value[word] >> left & 1).astype(np.uint8)
    total = np.bincount(owner, weights=length, minlength=items).astype(np.int64)
    return Words(bits, np.append(0, np.cumsum(total)))
