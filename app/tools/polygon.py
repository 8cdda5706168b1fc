"""Polygon: corner by corner; a double click, or a click on the first corner, closes it."""

from __future__ import annotations

import math

from app.document.state import NOWHERE
from app.tools.pointer import Desk, Guide, Kind, Pointer, Tool, mode_of
from engines.core.mask_ops import polygon_mask

_NEAR = 9.0
"""Screen pixels around the first corner within which a click closes."""


def polygon(desk: Desk) -> Tool:
    """Alt or Shift at the first corner subtracts or adds."""
    corners: list[tuple[float, float]] = []
    how = desk.settings.mode
    while True:
        pointer = yield NOWHERE
        if pointer.kind is Kind.ABORT:
            corners = []
        elif pointer.kind is Kind.PRESS and not corners:
            corners, how = [pointer.at], mode_of(pointer, desk.settings)
        elif corners and _closes(pointer, corners):
            if len(corners) > 2:
                desk.commit("Polygon", polygon_mask(corners, desk.state.size), how)
            corners = []
        elif pointer.kind is Kind.PRESS:
            corners.append(pointer.at)
        desk.guide = Guide((*corners, pointer.at) if corners else ())


def _closes(pointer: Pointer, corners: list[tuple[float, float]]) -> bool:
    if pointer.kind is Kind.DOUBLE:
        return True
    on_first = math.dist(pointer.at, corners[0]) <= _NEAR * pointer.scale
    return pointer.kind is Kind.PRESS and len(corners) > 2 and on_first
