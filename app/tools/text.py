"""Found text: click lines on or off, or stroke over those that are meant."""

from __future__ import annotations

import cv2
import numpy as np

from app.document.state import NOWHERE, TextChoice
from app.tools.pointer import Desk, Kind, Live, Pointer, Tool
from app.tools.stroke import Stroke
from engines.core.types import Mask

_CLICK = 4.0
"""Screen pixels that the hand may move and it is still a click."""

_UNDER = 0.25
"""The share of a line's outline that a rough stroke must cover to mean it."""


def text(desk: Desk) -> Tool:
    """A click on a line switches it; a stroke switches on what lies under it (with Alt, off).

    Where nothing has been looked for yet, text is found first.
    """
    dirty, stroke, start = NOWHERE, None, None
    while True:
        pointer = yield dirty
        dirty = NOWHERE
        if pointer.kind is Kind.HOVER:
            desk.hovered = line_at(desk.state.masks.text, pointer.at)
        elif pointer.kind is Kind.PRESS:
            stroke, start = Stroke(desk.state.size, 1.0), pointer
            stroke.to(pointer.x, pointer.y, desk.settings.size / 2)
        elif pointer.kind is Kind.MOVE and stroke is not None:
            dirty = stroke.to(pointer.x, pointer.y, desk.settings.size / 2)
            if stroke.length > _CLICK * pointer.scale and desk.live is None:
                desk.live, dirty = Live(stroke, desk.settings.mode), stroke.box
        elif pointer.kind in (Kind.RELEASE, Kind.ABORT) and stroke is not None and start is not None:
            moved, dirty = desk.live is not None, stroke.box
            drawn, stroke, desk.live = stroke, None, None
            if pointer.kind is Kind.RELEASE:
                _act(desk, drawn.mask() if moved else None, start)


def _act(desk: Desk, drawn: Mask | None, start: Pointer) -> None:
    found = desk.state.masks.text
    if not found.lines:
        desk.find_text(drawn)
    elif drawn is not None:
        desk.choose_text(lines_under(found, drawn), not start.alt)
    else:
        number = line_at(found, start.at)
        if number is not None:
            desk.choose_text([number], number not in found.chosen)


def line_at(found: TextChoice, at: tuple[float, float]) -> int | None:
    """The line whose outline holds the point; the smallest where several do."""
    hits = [
        (cv2.contourArea(line.polygon), number)
        for number, line in enumerate(found.lines)
        if cv2.pointPolygonTest(line.polygon, at, False) >= 0
    ]
    return min(hits)[1] if hits else None


def lines_under(found: TextChoice, drawn: Mask) -> list[int]:
    """The lines that ``drawn`` covers in good part."""
    return [number for number, line in enumerate(found.lines) if _share(line.polygon, drawn) >= _UNDER]


def _share(polygon: np.ndarray[tuple[int, ...], np.dtype[np.float32]], drawn: Mask) -> float:
    local = np.round((polygon - (drawn.box.x, drawn.box.y)) * 16).astype(np.int32)
    inside = np.zeros((drawn.box.h, drawn.box.w), np.uint8)
    cv2.fillPoly(inside, [local], (1,), shift=4)
    area = cv2.contourArea(polygon)
    return float(((inside > 0) & (drawn.alpha > 0)).sum() / area) if area > 0 else 0.0
