"""The tools, in the order in which the toolbox shows them. One file and one row each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.tools import brush, click, hand, lasso, polygon, shapes, text, wand
from app.tools.pointer import Desk, Tool


@dataclass(frozen=True, slots=True)
class ToolRow:
    """``options``: fields of ``ToolSettings`` that the options bar shows. ``sized``: its cursor is the brush's rim.

    ``group``: rows of one group stand together in the toolbox. ``film``: it is of use for films, too.
    """

    id: str
    name: str
    hint: str
    shortcut: str
    make: Callable[[Desk], Tool]
    options: tuple[str, ...] = ()
    sized: bool = False
    group: int = 0
    film: bool = True


_AREA = ("mode", "role")
_STROKE = ("size", "hardness", "smoothing", "pressure", "close_loops", "role")

TOOLS: tuple[ToolRow, ...] = (
    ToolRow("brush", "Brush", "Paint over what should go. A closed loop is filled.", "B", brush.brush, _STROKE, True),
    ToolRow("eraser", "Mask eraser", "Wipe away what you painted.", "E", brush.eraser, _STROKE, True),
    ToolRow("text", "Find text", "Click lines on or off, or stroke over them.", "T", text.text,
            ("size", "text"), True, 1, film=False),
    ToolRow("smart", "Smart select", "Stroke roughly over a thing, or draw around it.", "S", click.smart,
            ("size", "boxed", *_AREA, "finder"), True, 1),
    ToolRow("rectangle", "Rectangle", "Drag from corner to corner.", "R", shapes.rectangle, _AREA, group=2),
    ToolRow("ellipse", "Ellipse", "Drag from corner to corner.", "U", shapes.ellipse, _AREA, group=2),
    ToolRow("lasso", "Lasso", "Draw around what should go.", "L", lasso.lasso, _AREA, group=2),
    ToolRow("polygon", "Polygon", "Click corners; double-click closes.", "P", polygon.polygon, _AREA, group=2),
    ToolRow("wand", "Magic wand", "Click on an area of one colour.", "W", wand.wand,
            ("tolerance", "contiguous", *_AREA), group=3),
    ToolRow("colour", "Colour range", "Click on a colour to take it everywhere.", "C", wand.colour,
            ("tolerance", *_AREA), group=3),
    ToolRow("restore", "Restore", "Paint the original back through what was erased.", "Y", brush.restore,
            ("size", "hardness", "smoothing", "pressure", "close_loops"), True, 4, film=False),
    ToolRow("hand", "Hand", "Move the view. Space does it with any tool.", "H", hand.hand, group=4),
)  # fmt: skip


def tool_row(name: str) -> ToolRow:
    """The row with that id."""
    return next(row for row in TOOLS if row.id == name)


__all__ = ["TOOLS", "ToolRow", "tool_row"]
