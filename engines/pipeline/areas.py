"""Where a network has to look: close around a hole, or here and there over a large view."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from engines.core.types import Alpha, Box, Mask

_CUT = 16
"""A hole may be cut in two at one of every so many pixels."""

_WORTH = 0.9
"""It is, where that leaves less than this share of the work."""


def hole_boxes(alpha: Alpha, margin: int) -> list[Box]:
    """Disjoint boxes that together hold all of the hole, few and tight.

    They are cut such that the sum of their areas, each with ``margin`` pixels around it, is small: what is
    computed around every box then costs about as much as the hole, not as the box around all of it.
    """
    hole = Mask.of(alpha)
    return [] if hole.empty else list(_pieces(hole, margin))


def _pieces(hole: Mask, margin: int) -> Iterator[Box]:
    best = min(_cuts(hole), key=lambda pieces: sum(_work(piece, margin) for piece in pieces), default=())
    if not best or sum(_work(piece, margin) for piece in best) > _WORTH * _work(hole, margin):
        yield hole.box
        return
    for piece in best:
        yield from _pieces(piece, margin)


def _work(hole: Mask, margin: int) -> int:
    return hole.box.grown(margin).area


def _cuts(hole: Mask) -> Iterator[tuple[Mask, Mask]]:
    """The hole's two parts for every place where it may be cut; neither is empty, as the mask is trimmed."""
    w, h = hole.box.w, hole.box.h
    for x in range(_CUT, w, _CUT):
        yield _part(hole, Box(0, 0, x, h)), _part(hole, Box(x, 0, w - x, h))
    for y in range(_CUT, h, _CUT):
        yield _part(hole, Box(0, 0, w, y)), _part(hole, Box(0, y, w, h - y))


def _part(hole: Mask, box: Box) -> Mask:
    part = Mask.of(hole.alpha[box.slices])
    return Mask(part.box.moved(hole.box.x + box.x, hole.box.y + box.y), part.alpha)


def sample_windows(size: tuple[int, int], side: int, count: int) -> list[Box]:
    """Windows of one size, evenly spread over a view of ``size`` = (height, width), for taking its statistics.

    Together they hold at most ``count * side**2`` pixels; a view of no more than that is one window, whole.
    """
    height, width = size
    budget = count * side**2
    if height * width <= budget:
        return [Box(0, 0, width, height)]
    h, w = min(side, height), min(side, width)
    number = budget // (h * w)
    rows = min(max(round(math.sqrt(number * height / width)), 1), number)
    return [Box(x, y, w, h) for y in _starts(height - h, rows) for x in _starts(width - w, number // rows)]


def _starts(slack: int, count: int) -> list[int]:
    if count == 1 or slack == 0:
        return [slack // 2]
    return [round(float(start)) for start in np.linspace(0, slack, count)]
