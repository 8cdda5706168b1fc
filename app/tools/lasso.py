"""Lasso: what a freely drawn line encloses. It closes by itself."""

from __future__ import annotations

from app.document.state import NOWHERE
from app.tools.pointer import Desk, Guide, Kind, Tool, mode_of
from engines.core.mask_ops import polygon_mask


def lasso(desk: Desk) -> Tool:
    """Alt subtracts, Shift adds."""
    path: list[tuple[float, float]] = []
    how = desk.settings.mode
    while True:
        pointer = yield NOWHERE
        if pointer.kind is Kind.PRESS:
            path, how = [pointer.at], mode_of(pointer, desk.settings)
        elif pointer.kind is Kind.ABORT:
            path, desk.guide = [], Guide()
        elif pointer.kind is Kind.MOVE and path:
            path.append(pointer.at)
            desk.guide = Guide(tuple(path), closed=True)
        elif pointer.kind is Kind.RELEASE and path:
            if len(path) > 2:
                desk.commit("Lasso", polygon_mask(path, desk.state.size), how)
            path, desk.guide = [], Guide()
