"""Rectangle and ellipse, from corner to corner; Shift held during the drag makes them square and round."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from app.document.state import NOWHERE
from app.tools.pointer import Desk, Guide, Kind, Pointer, Tool, mode_of
from engines.core.mask_ops import box_mask, polygon_mask
from engines.core.types import Box, Mask

Point = tuple[float, float]
Outline = Callable[[Point, Point], Sequence[Point]]

_SIDES = 96


def rectangle(desk: Desk) -> Tool:
    """Covers whole pixels."""
    return _shape(desk, "Rectangle", _corners, _filled_box)


def ellipse(desk: Desk) -> Tool:
    return _shape(desk, "Ellipse", _round, polygon_mask)


def _shape(
    desk: Desk, label: str, outline: Outline, filled: Callable[[Sequence[Point], tuple[int, int]], Mask]
) -> Tool:
    start: Pointer | None = None
    while True:
        pointer = yield NOWHERE
        if pointer.kind is Kind.PRESS:
            start = pointer
        elif pointer.kind is Kind.ABORT:
            start, desk.guide = None, Guide()
        elif pointer.kind is Kind.MOVE and start is not None:
            desk.guide = Guide(tuple(outline(start.at, _end(start, pointer))), closed=True)
        elif pointer.kind is Kind.RELEASE and start is not None:
            end = _end(start, pointer)
            if abs(end[0] - start.x) >= 1 and abs(end[1] - start.y) >= 1:
                desk.commit(label, filled(outline(start.at, end), desk.state.size), mode_of(start, desk.settings))
            start, desk.guide = None, Guide()


def _end(start: Pointer, pointer: Pointer) -> Point:
    if not pointer.shift or start.shift:  # Shift from the start on means "add"
        return pointer.at
    dx, dy = pointer.x - start.x, pointer.y - start.y
    side = max(abs(dx), abs(dy))
    return start.x + math.copysign(side, dx), start.y + math.copysign(side, dy)


def _corners(a: Point, b: Point) -> Sequence[Point]:
    left, right = sorted((round(a[0]), round(b[0])))
    top, bottom = sorted((round(a[1]), round(b[1])))
    return (left, top), (right, top), (right, bottom), (left, bottom)


def _filled_box(corners: Sequence[Point], size: tuple[int, int]) -> Mask:
    (left, top), (right, bottom) = corners[0], corners[2]
    return box_mask(Box(int(left), int(top), int(right - left), int(bottom - top)), size)


def _round(a: Point, b: Point) -> Sequence[Point]:
    x, y, rx, ry = (a[0] + b[0]) / 2, (a[1] + b[1]) / 2, abs(b[0] - a[0]) / 2, abs(b[1] - a[1]) / 2
    angles = [2 * math.pi * i / _SIDES for i in range(_SIDES)]
    return [(x + rx * math.cos(angle), y + ry * math.sin(angle)) for angle in angles]
