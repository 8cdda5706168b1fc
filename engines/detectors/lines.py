"""From probability maps to text lines: outlines, duplicates, reading order. Geometry only."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.core.types import Alpha
from engines.detectors.pyramid import Level

Points = NDArray[np.float32]

CORE = 77
"""Probability (of 255) above which a pixel is the core of a line: 0.3."""
_UNCLIP = 1.6
"""Cores are grown by area / perimeter times this: what the network was trained to be undone by."""
_MIN_CORE = 2.0
_CURVED = 0.6
"""A core that fills less of its rectangle than this is outlined as it runs."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A line as one level of the pyramid sees it; all lengths in picture pixels.

    ``quad``: ``(4, 2)``, clockwise, the first side along the longer or, where they are alike, the upper side.
    ``outline``: ``(n, 2)``, the quad, or tighter where the line is curved. ``core``: the raw contour.
    ``score``: mean probability inside the core, 0..1. ``level``: where it was found.
    """

    quad: Points
    outline: Points
    core: Points
    score: float
    level: int
    scale: float

    @property
    def height(self) -> float:
        """Of the text, in picture pixels, a little more than its glyphs."""
        return min(side(self.quad, 0), side(self.quad, 1))

    @property
    def area(self) -> float:
        return float(cv2.contourArea(self.outline))


def side(quad: Points, i: int) -> float:
    """The length of the quad's side from corner ``i`` on."""
    return float(np.linalg.norm(quad[(i + 1) % 4] - quad[i]))


def candidates(probability: Alpha, level: Level, index: int) -> list[Candidate]:
    """Every connected core of one level's map, grown to the outline of its line."""
    # A pixel of dilation joins what only a tile seam or a thin gap between letters parts.
    cores = cv2.dilate((probability > CORE).astype(np.uint8), np.ones((2, 2), np.uint8))
    contours, _ = cv2.findContours(cores, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    found = (_candidate(contour.astype(np.int32, copy=False), probability, level, index) for contour in contours)
    return [candidate for candidate in found if candidate is not None]


def _candidate(contour: NDArray[np.int32], probability: Alpha, level: Level, index: int) -> Candidate | None:
    centre, (w, h), angle = _rectangle(contour)
    if min(w, h) < _MIN_CORE:
        return None
    grow = w * h * _UNCLIP / (2 * (w + h))
    quad = _upright(cv2.boxPoints((centre, (w + 2 * grow, h + 2 * grow), angle)))
    fill = cv2.contourArea(contour) / (w * h)
    bends = fill < _CURVED and max(w, h) > 2 * min(w, h)
    outline = _along(contour, cv2.contourArea(contour)) if bends else quad
    scale = np.array(level.scale, np.float32)
    bounds = np.array([probability.shape[1], probability.shape[0]], np.float32)
    return Candidate(
        quad / scale,
        np.clip(outline, 0, bounds) / scale,
        (contour[:, 0] + 0.5).astype(np.float32) / scale,
        _mean_inside(contour, probability) / 255,
        index,
        level.mean_scale,
    )


def _rectangle(contour: NDArray[np.int32]) -> tuple[tuple[float, float], tuple[float, float], float]:
    """The smallest rectangle around the core; the straight one where it is hardly larger."""
    centre, (w, h), angle = cv2.minAreaRect(contour)
    x, y, straight_w, straight_h = cv2.boundingRect(contour)
    if straight_w * straight_h <= 1.15 * (w + 1) * (h + 1):
        return (x + straight_w / 2, y + straight_h / 2), (straight_w, straight_h), 0.0
    return (centre[0] + 0.5, centre[1] + 0.5), (w + 1, h + 1), angle  # pixels have a width, their centres have not


def _upright(corners: NDArray[Any]) -> Points:
    """The corners from the one whose following side points most to the right, clockwise."""
    following = np.roll(corners, -1, axis=0) - corners
    lengths = np.linalg.norm(following, axis=1) + 1e-6
    first = int(np.argmax(following[:, 0] / lengths))
    return np.roll(corners, -first, axis=0).astype(np.float32)


def _along(contour: NDArray[np.int32], area: float) -> Points:
    """The contour grown evenly by as much as a rectangle of its area and length would be."""
    length = cv2.arcLength(contour, True)
    grow = max(1, round(area * _UNCLIP / max(length, 1)))
    x, y, w, h = cv2.boundingRect(contour)
    pad = grow + 2
    canvas = np.zeros((h + 2 * pad, w + 2 * pad), np.uint8)
    shifted = contour - np.array([x - pad, y - pad])
    cv2.drawContours(canvas, [shifted], -1, 255, cv2.FILLED)
    cv2.drawContours(canvas, [shifted], -1, 255, 2 * grow + 1)
    outer, _ = cv2.findContours(canvas, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    simple = cv2.approxPolyDP(max(outer, key=cv2.contourArea), max(1.0, grow / 4), True)[::-1, 0]
    points = (simple + np.array([x - pad, y - pad])).astype(np.float32)
    first = int(np.argmin(points.sum(axis=1)))
    return np.roll(points, -first, axis=0)


def _mean_inside(contour: NDArray[np.int32], probability: Alpha) -> float:
    x, y, w, h = cv2.boundingRect(contour)
    inside = np.zeros((h, w), np.uint8)
    cv2.drawContours(inside, [contour - np.array([x, y])], -1, 1, cv2.FILLED)
    return float(cv2.mean(probability[y : y + h, x : x + w], inside)[0])


def shared_area(a: Points, b: Points) -> float:
    """Of two simple polygons, in square pixels; rasterised at a size that is precise to a few percent."""
    low = np.maximum(a.min(axis=0), b.min(axis=0))
    high = np.minimum(a.max(axis=0), b.max(axis=0))
    if (high <= low).any():
        return 0.0
    if len(a) == len(b) == 4:
        return float(cv2.intersectConvexConvex(a, b)[0])
    scale = min(4.0, 256 / float((high - low).max()))
    size = np.maximum(np.ceil((high - low) * scale), 1).astype(int)
    both = np.full((size[1], size[0]), 1, np.uint8)
    for polygon in (a, b):
        layer = np.zeros_like(both)
        cv2.fillPoly(layer, [np.rint((polygon - low) * scale).astype(np.int32)], 1)
        both &= layer
    return float(both.sum()) / scale**2


def draw_coverage(coverage: Alpha, found: Sequence[Candidate]) -> None:
    """Mark the cores, dilated by half the height of their line, in ``coverage`` ``(h, w)``."""
    for candidate in found:
        core = np.rint(candidate.core - 0.5).astype(np.int32)[:, None]
        reach = max(1, round(candidate.height / 4))
        cv2.drawContours(coverage, [core], -1, 255, cv2.FILLED)
        cv2.drawContours(coverage, [core], -1, 255, 2 * reach + 1)


def reading_order(quads: Sequence[Points]) -> list[int]:
    """Indices in the order of reading. ``quads``: the first side runs along the text.

    The page is turned so that most of its text runs to the right (columns that run down then follow each other
    from right to left, as they are written), and cut at its white gaps: columns first, then rows.
    """
    if not quads:
        return []
    runs = np.array([quad[1] - quad[0] for quad in quads])
    angles = np.arctan2(runs[:, 1], runs[:, 0])
    quarter = np.rint(angles / (math.pi / 2)).astype(int) % 4
    weights = np.bincount(quarter, np.linalg.norm(runs, axis=1), minlength=4)
    turn = -int(np.argmax(weights)) * math.pi / 2
    turned = np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])
    spans = np.array([np.concatenate([p.min(axis=0), p.max(axis=0)]) for p in (quad @ turned for quad in quads)])
    return _cut(spans, list(range(len(quads))))


def _cut(spans: NDArray[np.float64], block: list[int]) -> list[int]:
    if len(block) < 2:
        return block
    height = float(np.median(spans[block, 3] - spans[block, 1]))
    columns = _parts(spans, block, 0, height)
    # Only the widest white bands: the others may lie between the lines of columns that are still to be told apart.
    parts = columns if len(columns) > 1 else _parts(spans, block, 1, 0.9 * _widest(spans[block]))
    if len(parts) > 1:
        return [i for part in parts for i in _cut(spans, part)]
    return _rows(spans, block)


def _widest(spans: NDArray[np.float64]) -> float:
    """The height of the widest white band across, or 0."""
    ordered = spans[np.argsort(spans[:, 1])]
    reach = np.maximum.accumulate(ordered[:, 3])
    return max(0.0, float((ordered[1:, 1] - reach[:-1]).max()))


def _parts(spans: NDArray[np.float64], block: list[int], axis: int, least: float) -> list[list[int]]:
    """The block cut wherever a gap of more than ``least`` runs right across it."""
    parts: list[list[int]] = []
    reach = -math.inf
    for i in sorted(block, key=lambda i: float(spans[i, axis])):
        if spans[i, axis] - reach > least:
            parts.append([])
        parts[-1].append(i)
        reach = max(reach, float(spans[i, axis + 2]))
    return parts


def _rows(spans: NDArray[np.float64], block: list[int]) -> list[int]:
    """Lines whose centres are within half a height of each other's are one row, left to right."""
    rows: list[list[int]] = []
    middle = (spans[:, 1] + spans[:, 3]) / 2
    for i in sorted(block, key=lambda i: float(middle[i])):
        height = float(spans[i, 3] - spans[i, 1])
        if rows and middle[i] - middle[rows[-1][0]] < height / 2:
            rows[-1].append(i)
        else:
            rows.append([i])
    return [i for row in rows for i in sorted(row, key=lambda i: float(spans[i, 0]))]
