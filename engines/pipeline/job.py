"""What stays the same for every crop and tile of one request."""

from __future__ import annotations

from dataclasses import dataclass, field

from engines.core.context import Context
from engines.core.engine import Card, ImageEraser, Options
from engines.core.types import Alpha, FloatImage, Mask


@dataclass(frozen=True, slots=True)
class Job:
    """The engine, its card, and its options, resolved. ``avoid``: what must not be copied from."""

    eraser: ImageEraser
    card: Card
    options: Options
    avoid: Mask = field(default_factory=lambda: Mask.union(()))

    def erase(self, view: FloatImage, alpha: Alpha, avoid: Alpha, ctx: Context) -> FloatImage:
        """``view`` with its hole filled; ``alpha`` and ``avoid`` as the engine wants them."""
        if avoid.any():
            return self.eraser.erase_avoiding(view, alpha, avoid, self.options, ctx)
        return self.eraser.erase(view, alpha, self.options, ctx)
