"""How much erased text can still be found and read: the detection scores of the papers, and the letters that survive.

The lines that a detector finds in the picture before are what is to go; those it finds afterwards are matched
with them. Erasing well means low recall. Two protocols: DetEval (Wolf and Jolion, IJDAR 2006, with the constants
of ICDAR 2013), which EnsNet and GaRNet report, and one-to-one matches of IoU 0.5 (ICDAR 2015).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from shapely.geometry import Polygon
from shapely.validation import make_valid

from engines.core.engine import TextLine
from engines.core.types import Alpha, Box, whole

Areas = NDArray[np.float64]

_AREA_RECALL, _AREA_PRECISION = 0.8, 0.4
_SPLIT = 0.8
"""What a line counts that is found in several pieces; one that is found merged with others counts fully."""

_IOU = 0.5
_INSIDE = 0.5
_TOUCHES = 0.1


@dataclass(frozen=True, slots=True)
class Legibility:
    """Counts of one picture or, added up, of many.

    ``lines``: those that were to go; ``found``: those found in their place afterwards. ``recalled`` and
    ``precise``: how many of each match by DetEval (0.8 for a line in pieces); ``matched``: pairs of IoU 0.5 or
    more. ``letters``: of the lines that were to go; ``read``: those of them that are still read, in their order.
    """

    lines: int = 0
    found: int = 0
    recalled: float = 0.0
    precise: float = 0.0
    matched: int = 0
    letters: int = 0
    read: int = 0

    def __add__(self, other: Legibility) -> Legibility:
        return Legibility(
            self.lines + other.lines,
            self.found + other.found,
            self.recalled + other.recalled,
            self.precise + other.precise,
            self.matched + other.matched,
            self.letters + other.letters,
            self.read + other.read,
        )

    @property
    def recall(self) -> float:
        """DetEval, 0..1: of the lines that were to go, those still found."""
        return _share(self.recalled, self.lines)

    @property
    def precision(self) -> float:
        """DetEval, 0..1: of the lines found afterwards, those that were to go."""
        return _share(self.precise, self.found)

    @property
    def f_score(self) -> float:
        """The harmonic mean of both."""
        return _share(2 * self.recall * self.precision, self.recall + self.precision)

    @property
    def iou_recall(self) -> float:
        """ICDAR 2015, 0..1."""
        return _share(self.matched, self.lines)

    @property
    def letters_read(self) -> float:
        """0..1: of the letters that were to go, those still read."""
        return _share(self.read, self.letters)


def _share(part: float, of: float) -> float:
    return part / of if of else 0.0


def legibility(erased: Sequence[TextLine], found: Sequence[TextLine]) -> Legibility:
    """What is left of the ``erased`` lines; ``found``: those that a detector sees afterwards in their place."""
    shared, before, after = _shared_areas(erased, found)
    recalled, precise = _deteval(shared / before[:, None], shared / after[None, :])
    touching = (shared > _TOUCHES * np.minimum(before[:, None], after[None, :])).tolist()
    left = [_text([line for line, touches in zip(found, row, strict=True) if touches]) for row in touching]
    said = [_text([line]) for line in erased]
    return Legibility(
        lines=len(erased),
        found=len(found),
        recalled=recalled,
        precise=precise,
        matched=_matches(shared / np.maximum(before[:, None] + after[None, :] - shared, 1e-9)),
        letters=sum(map(len, said)),
        read=sum(common_letters(a, b) for a, b in zip(said, left, strict=True)),
    )


def lines_inside(lines: Sequence[TextLine], region: Alpha) -> list[TextLine]:
    """The lines of which at least half lies where ``region``, ``(h, w)``, is not 0."""
    return [line for line in lines if share_inside(line, region) >= _INSIDE]


def share_inside(line: TextLine, region: Alpha) -> float:
    """0..1: how much of the line's outline, as far as it lies in the picture, the region covers."""
    low = np.floor(line.polygon.min(axis=0)).astype(int)
    high = np.ceil(line.polygon.max(axis=0)).astype(int) + 1
    box = Box(int(low[0]), int(low[1]), int(high[0] - low[0]), int(high[1] - low[1])) & whole(region)
    if box.empty:
        return 0.0
    inside = np.zeros((box.h, box.w), np.uint8)
    cv2.fillPoly(inside, [np.rint(line.polygon - (box.x, box.y) - 0.5).astype(np.int32)], (1,))
    return _share(float(np.count_nonzero(inside & (region[box.slices] > 0))), float(inside.sum()))


def common_letters(a: str, b: str) -> int:
    """The length of the longest sequence of letters that both hold in the same order, with others between or not."""
    previous = [0] * (len(b) + 1)
    for letter in a:
        row = [0]
        for j, other in enumerate(b):
            row.append(previous[j] + 1 if letter == other else max(previous[j + 1], row[j]))
        previous = row
    return previous[-1]


def _text(lines: Sequence[TextLine]) -> str:
    """What the lines say, without blanks and case."""
    return "".join("".join(line.text.split()).casefold() for line in lines)


def _shared_areas(a: Sequence[TextLine], b: Sequence[TextLine]) -> tuple[Areas, Areas, Areas]:
    """``(len(a), len(b))`` intersections, and the areas of both, in square pixels."""
    shapes_a, shapes_b = ([make_valid(Polygon(line.polygon)) for line in lines] for lines in (a, b))
    shared = np.array([[one.intersection(other).area for other in shapes_b] for one in shapes_a], np.float64)
    areas_a, areas_b = (np.array([max(s.area, 1e-9) for s in shapes], np.float64) for shapes in (shapes_a, shapes_b))
    return shared.reshape(len(a), len(b)), areas_a, areas_b


def _deteval(recall: Areas, precision: Areas) -> tuple[float, float]:
    """The sums of credits: of the lines that were to go (rows), and of those found (columns).

    ``recall``: how much of a row's area a column covers; ``precision``: how much of a column's area lies in a row.
    """
    covers, within = recall >= _AREA_RECALL, precision >= _AREA_PRECISION
    hit = covers & within
    alone = hit & (hit.sum(axis=0) == 1)[None, :] & (hit.sum(axis=1) == 1)[:, None]
    rows, columns = alone.any(axis=1).astype(np.float64), alone.any(axis=0).astype(np.float64)
    for i in np.flatnonzero(rows == 0):
        pieces = within[i] & (columns == 0)
        if pieces.sum() > 1 and recall[i, pieces].sum() >= _AREA_RECALL:
            rows[i], columns[pieces] = _SPLIT, _SPLIT
    for j in np.flatnonzero(columns == 0):
        merged = covers[:, j] & (rows == 0)
        if merged.sum() > 1 and precision[merged, j].sum() >= _AREA_PRECISION:
            rows[merged], columns[j] = 1.0, 1.0
    return float(rows.sum()), float(columns.sum())


def _matches(iou: Areas) -> int:
    """Pairs of at least ``_IOU``, best first, each line in one pair only."""
    left = iou.copy()
    count = 0
    while left.size and left.max() >= _IOU:
        i, j = np.unravel_index(int(left.argmax()), left.shape)
        left[i, :], left[:, j] = 0, 0
        count += 1
    return count
