"""What candidate lines say and which way they run: the strips are cut out straight and read as often as needed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from engines.core.context import Context
from engines.core.types import Pixels
from engines.detectors.lines import Candidate, Points, side
from engines.detectors.ppocr import Reader, strip_width
from engines.detectors.pyramid import Level

_BATCH = 8
_BATCH_WIDTH = 3200
"""Columns that one call of the reader may see: it bounds memory (18,710 symbols for every eighth column)."""
_CERTAIN = 0.9
_TALL = 1.5
_COLUMN = -1
"""The turn of an upright column: letters below each other."""


@dataclass(frozen=True, slots=True)
class Words:
    """What a line says, 0..1 how clearly, and ``turn``: the side of the quad along which it runs."""

    text: str
    clarity: float
    turn: int = 0


@dataclass(frozen=True, slots=True)
class _Try:
    line: int
    turn: int
    width: int


def read_lines(reader: Reader, pyramid: Sequence[Level], found: Sequence[Candidate], ctx: Context) -> list[Words]:
    """The words of every candidate. ``ctx.step`` before every batch."""
    best = [Words("", 0.0, _turns(line)[0]) for line in found]

    def read(tries: list[_Try], ctx: Context) -> None:
        done = 0
        for batch in _batches(tries):
            ctx.step(done / len(tries), "Reading text")
            strips = [strip(pyramid[found[job.line].level], found[job.line].quad, job.turn) for job in batch]
            for job, (text, clarity) in zip(batch, reader.read(strips), strict=True):
                if clarity > best[job.line].clarity:
                    best[job.line] = Words(text, clarity, job.turn)
            done += len(batch)

    read([_attempt(found, i, turn) for i, line in enumerate(found) for turn in _turns(line)], ctx.part(0, 0.7))
    # A line that reads badly may stand on its head.
    doubtful = [i for i, words in enumerate(best) if words.turn == 0 and words.clarity < _CERTAIN]
    read([_attempt(found, i, 2) for i in doubtful], ctx.part(0.7, 0.3))
    return best


def _turns(line: Candidate) -> list[int]:
    """The ways in which a quad may be read at first; a tall one may run down, up, or be a column or a letter."""
    w, h = side(line.quad, 0), side(line.quad, 1)
    if h <= _TALL * w:
        return [0]
    return [1, 3, 0] if h < 3 * w else [1, 3, _COLUMN]


def _attempt(found: Sequence[Candidate], i: int, turn: int) -> _Try:
    along, across = _extent(found[i].quad, turn)
    return _Try(i, turn, strip_width(across, along))


def _extent(quad: Points, turn: int) -> tuple[float, float]:
    """Length along the text and across it."""
    turned = running(quad, turn)
    return side(turned, 0), side(turned, 1)


def _batches(tries: list[_Try]) -> Iterator[list[_Try]]:
    """Strips of like width together, as many as memory allows."""
    batch: list[_Try] = []
    for job in sorted(tries, key=lambda job: job.width):
        if batch and (len(batch) == _BATCH or (len(batch) + 1) * job.width > _BATCH_WIDTH):
            yield batch
            batch = []
        batch.append(job)
    if batch:
        yield batch


def running(quad: Points, turn: int) -> Points:
    """The quad, its first side along the text."""
    return np.roll(quad, -(1 if turn == _COLUMN else turn), axis=0)


def strip(level: Level, quad: Points, turn: int) -> Pixels:
    """The quad (picture pixels) cut out of ``level`` so that its side ``turn`` lies on top."""
    corners = running(quad * np.array(level.scale, np.float32), turn)
    w = max(2, round(float(np.linalg.norm(corners[1] - corners[0]))))
    h = max(2, round(float(np.linalg.norm(corners[2] - corners[1]))))
    low = np.maximum(np.floor(corners.min(axis=0)).astype(int) - 1, 0)
    high = np.ceil(corners.max(axis=0)).astype(int) + 2
    part = level.picture[low[1] : high[1], low[0] : high[0]]
    target = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float32)
    # Corners are edges of pixels, warps count from their centres.
    matrix = cv2.getPerspectiveTransform((corners - low - 0.5).astype(np.float32), target - np.float32(0.5))
    cut: Pixels = cv2.warpPerspective(part, matrix, (w, h), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return _laid_out(cut) if turn == _COLUMN else cut


def _laid_out(column: Pixels) -> Pixels:
    """A column, lying on its side after the cut, as a row of its upright letters."""
    upright = np.rot90(column, -1)
    h, w = upright.shape[:2]
    count = max(1, round(h / w * 1.2))  # letters are about as high as wide, and the quad has a rim
    edges = np.rint(np.linspace(0, h, count + 1)).astype(int)
    height = int(np.diff(edges).max())
    cells = [upright[a : a + height] for a in np.minimum(edges[:-1], h - height)]
    return np.ascontiguousarray(np.hstack(cells))
