"""What a tool is told, and what it may touch."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol, TypeAlias

from app.document.coverage import Combine
from app.document.state import LayerRole, State
from app.tools.rough import Rough
from app.tools.stroke import Stroke
from engines.core.types import Box, Mask, Pixels


class Kind(Enum):
    """What the pointer did."""

    PRESS = "press"
    MOVE = "move"
    RELEASE = "release"
    HOVER = "hover"
    DOUBLE = "double"
    ABORT = "abort"


@dataclass(frozen=True, slots=True)
class Pointer:
    """One event, in picture coordinates (pixel centres at .5). ``scale``: picture pixels per screen pixel."""

    kind: Kind
    x: float
    y: float
    pressure: float = 1.0
    shift: bool = False
    alt: bool = False
    scale: float = 1.0

    @property
    def at(self) -> tuple[float, float]:
        return self.x, self.y


@dataclass(frozen=True, slots=True)
class ToolSettings:
    """What the options bar shows. ``size`` is a diameter in picture pixels; shares are 0..1.

    ``boxed``, ``trained``: smart select is given a box instead of a stroke, and may use a network where one is ready.
    """

    size: float = 48.0
    hardness: float = 0.85
    smoothing: float = 0.25
    pressure: bool = True
    close_loops: bool = True
    tolerance: int = 32
    contiguous: bool = True
    boxed: bool = False
    trained: bool = True
    mode: Combine = Combine.ADD
    role: LayerRole = LayerRole.ADD


@dataclass(frozen=True, slots=True)
class Guide:
    """A thin line over the picture while a tool is at work: picture coordinates."""

    points: tuple[tuple[float, float], ...] = ()
    closed: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Live:
    """A stroke that is not finished: where it is drawn, and what it will do. ``restores``: it is no mask."""

    stroke: Stroke
    how: Combine
    restores: bool = False


Look: TypeAlias = Callable[[Box], Pixels]
"""The picture as it is now over a box; may be called from any thread."""


class Desk(Protocol):
    """What a tool works on. The editor is one; tests have a smaller one."""

    live: Live | None
    guide: Guide
    hovered: int | None
    """The found line under the pointer."""

    @property
    def state(self) -> State:
        """The document's present."""
        ...

    @property
    def settings(self) -> ToolSettings:
        """What the options bar says."""
        ...

    def commit(self, label: str, mask: Mask, how: Combine) -> None:
        """Combine ``mask`` with the layer that is being painted on: one step of history."""
        ...

    def restore(self, label: str, mask: Mask, how: Combine) -> None:
        """Bring the original back under ``mask``: one step of history."""
        ...

    def compute(self, label: str, work: Callable[[Look], Mask], how: Combine) -> None:
        """Run ``work`` elsewhere, then commit what it found; nobody waits."""
        ...

    def select(self, rough: Rough, how: Combine) -> None:
        """Have the thing found that ``rough`` means, then combine it with the mask; nobody waits."""
        ...

    def choose_text(self, numbers: Iterable[int], on: bool) -> None:
        """Switch found lines on or off: one step of history."""
        ...

    def find_text(self, under: Mask | None = None) -> None:
        """Have text found, if it has not been; then choose the lines under ``under``."""
        ...


Tool: TypeAlias = Generator[Box, Pointer, None]
"""Sent pointers, it yields the box in which the mask overlay now looks different."""


def mode_of(pointer: Pointer, settings: ToolSettings) -> Combine:
    """Alt subtracts and Shift adds, whatever the options bar says."""
    if pointer.alt:
        return Combine.SUBTRACT
    return Combine.ADD if pointer.shift else settings.mode


def inside_out(points: Sequence[tuple[float, float]]) -> Box:
    """The smallest box of whole pixels around ``points``."""
    xs, ys = [x for x, _ in points], [y for _, y in points]
    x, y = int(min(xs) // 1), int(min(ys) // 1)
    return Box(x, y, int(-(-max(xs) // 1)) - x, int(-(-max(ys) // 1)) - y)
