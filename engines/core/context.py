"""The only thing an algorithm knows of the outside: report progress, or stop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from engines.core.faults import Cancelled
from engines.core.types import FloatImage

Report = Callable[[float, str, "FloatImage | None"], None]
"""Called with the share done (0..1), what is being done, and a picture to show (or None)."""


def _silent(done: float, note: str, preview: FloatImage | None) -> None:
    """Nobody is watching."""


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Context:
    """Progress and cancellation of one job, or of a part of it.

    ``notes`` collects what the person must be told afterwards (a fallback, a conversion); parts share it.
    ``wants_preview`` tells engines whether intermediate pictures are worth their cost.
    """

    report: Report = _silent
    cancelled: Callable[[], bool] = _never
    wants_preview: bool = False
    start: float = 0.0
    length: float = 1.0
    notes: list[str] = field(default_factory=list)

    def step(self, done: float, note: str = "", preview: FloatImage | None = None) -> None:
        """Report ``done`` (0..1 of this part), or raise ``Cancelled``. Engines call it at least once a second."""
        if self.cancelled():
            raise Cancelled
        self.report(self.start + self.length * min(max(done, 0.0), 1.0), note, preview)

    def part(self, start: float, length: float) -> Context:
        """The context of a sub-task that covers ``length`` of this one, from ``start`` on (both 0..1)."""
        return Context(
            self.report,
            self.cancelled,
            self.wants_preview,
            self.start + self.length * start,
            self.length * length,
            self.notes,
        )

    def tell(self, note: str) -> None:
        """Keep a sentence for the person; the same one is kept once."""
        if note not in self.notes:
            self.notes.append(note)
