"""Hand: moves the view, which is the canvas's own; the document hears nothing of it."""

from __future__ import annotations

from app.document.state import NOWHERE
from app.tools.pointer import Desk, Tool


def hand(desk: Desk) -> Tool:
    """Swallows every pointer."""
    del desk
    while True:
        yield NOWHERE
