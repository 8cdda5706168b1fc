"""What stays the same for every crop and tile of one request."""

from __future__ import annotations

from dataclasses import dataclass

from engines.core.engine import Card, ImageEraser, Options


@dataclass(frozen=True, slots=True)
class Job:
    """The engine, its card, and its options, resolved."""

    eraser: ImageEraser
    card: Card
    options: Options
