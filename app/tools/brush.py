"""Brush and mask eraser: paint, with Shift straight on from the last stroke, and fill a loop that is closed."""

from __future__ import annotations

import math
from collections.abc import Generator

from app.document.coverage import Combine
from app.document.state import NOWHERE
from app.tools.pointer import Desk, Kind, Live, Pointer, Tool, ToolSettings
from app.tools.stroke import Point, Stroke
from engines.core.mask_ops import polygon_mask
from engines.core.types import Box

_NEAR = 14.0
"""Screen pixels within which a stroke that comes back to its start counts as closed."""

_LOOP = 5
"""A loop is at least this many radii long, else a dot would be one."""


def brush(desk: Desk) -> Tool:
    """Paints the mask."""
    return _strokes(desk, Combine.ADD, "Brush")


def eraser(desk: Desk) -> Tool:
    """Takes from the mask."""
    return _strokes(desk, Combine.SUBTRACT, "Mask eraser")


def restore(desk: Desk) -> Tool:
    """Paints the original back through what was erased; with Alt it takes that back."""
    return _strokes(desk, Combine.ADD, "Restore", restores=True)


def _strokes(desk: Desk, how: Combine, label: str, restores: bool = False) -> Tool:
    dirty, last = NOWHERE, None
    while True:
        pointer = yield dirty
        dirty = NOWHERE
        if pointer.kind is Kind.PRESS:
            now = _flipped(how) if pointer.alt else how
            stroke = Stroke(desk.state.size, desk.settings.hardness)
            desk.live = Live(stroke, now, restores)
            finished = yield from _drawn(desk, stroke, pointer, last)
            desk.live = None
            # a committed stroke looks as it did while it was drawn; the history tells what else has changed
            dirty = stroke.box if finished is None or restores else NOWHERE
            if finished is not None:
                last = finished
                (desk.restore if restores else desk.commit)(label, stroke.mask(), now)


def _flipped(how: Combine) -> Combine:
    return Combine.ADD if how is Combine.SUBTRACT else Combine.SUBTRACT


def _drawn(desk: Desk, stroke: Stroke, pointer: Pointer, last: Point | None) -> Generator[Box, Pointer, Point | None]:
    """Draw until the release; where the stroke ended, or None where it was given up."""
    dirty = NOWHERE
    if pointer.shift and last is not None:
        dirty = stroke.to(*last, _radius(pointer, desk.settings))
    dirty = dirty | stroke.to(pointer.x, pointer.y, _radius(pointer, desk.settings))
    at, radius = pointer.at, _radius(pointer, desk.settings)
    while True:
        pointer = yield dirty
        if pointer.kind is Kind.ABORT:
            return None
        if pointer.kind is Kind.MOVE:
            pull = 1 - 0.9 * desk.settings.smoothing
            at = (at[0] + (pointer.x - at[0]) * pull, at[1] + (pointer.y - at[1]) * pull)
            radius = _radius(pointer, desk.settings)
            dirty = stroke.to(*at, radius)
        if pointer.kind is Kind.RELEASE:
            stroke.to(pointer.x, pointer.y, radius)  # a pen's pressure at the release is 0: that of the last move
            _close(stroke, pointer, desk.settings)
            return pointer.at


def _radius(pointer: Pointer, settings: ToolSettings) -> float:
    pressure = max(pointer.pressure, 0.05) if settings.pressure else 1.0
    return settings.size / 2 * pressure


def _close(stroke: Stroke, pointer: Pointer, settings: ToolSettings) -> None:
    """Fill the inside of a stroke that ends where it began."""
    path, radius = stroke.path, settings.size / 2
    near = max(_NEAR * pointer.scale, radius)
    long = len(path) > 3 and stroke.length > max(_LOOP * radius, 3 * near)
    if settings.close_loops and long and math.dist(path[0], path[-1]) <= near:
        stroke.fill(polygon_mask(path, stroke.size))
