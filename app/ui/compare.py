"""Ways to compare before and after, and where each pane lies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from app.ui.tiles import Pane
from engines.core.types import Box


class Compare(Enum):
    """How before and after are shown."""

    OFF = "off"
    BEFORE = "before"
    SPLIT = "split"
    SIDE = "side"
    DIFFERENCE = "difference"


@dataclass(frozen=True, slots=True)
class Region:
    """A part of the widget (device pixels) that shows ``pane``, drawn ``shift`` pixels to the right."""

    rect: Box
    pane: Pane
    shift: int = 0


def regions(mode: Compare, window: tuple[int, int], split: float) -> Sequence[Region]:
    """How the window (height, width) is shared out; ``split``: where the line stands, 0..1."""
    height, width = window
    whole = Box(0, 0, width, height)
    match mode:
        case Compare.BEFORE:
            return (Region(whole, Pane.BEFORE),)
        case Compare.DIFFERENCE:
            return (Region(whole, Pane.DIFFERENCE),)
        case Compare.SPLIT:
            at = round(width * split)
            return Region(Box(0, 0, at, height), Pane.BEFORE), Region(Box(at, 0, width - at, height), Pane.AFTER)
        case Compare.SIDE:
            half = width // 2
            left = Region(Box(0, 0, half, height), Pane.BEFORE)
            return left, Region(Box(half, 0, width - half, height), Pane.AFTER, half)
        case _:
            return (Region(whole, Pane.AFTER),)
