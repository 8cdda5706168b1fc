"""The picture being edited: its current state, and every state it was in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.document.codec import decode, encode
from app.document.plain import Json
from app.document.render import composite
from app.document.spill import SpillFolder
from app.document.state import State
from engines.core.faults import EngineError
from engines.core.types import Alpha, Box, Pixels

DEFAULT_BUDGET = 512 << 20
"""Bytes of arrays that the history may hold in memory."""

Watcher = Callable[[State, State], None]


@dataclass(slots=True, eq=False)
class Entry:
    """One step: what was done, and the state it led to, in memory or on disk."""

    label: str
    state: State | None
    spilled: Json = None


class _Weights:
    """Bytes of the different arrays that a set of states holds; shared arrays count once."""

    def __init__(self) -> None:
        self.total = 0
        self._held: dict[int, int] = {}

    def add(self, state: State) -> None:
        for array in state.arrays():
            count = self._held.get(id(array), 0)
            self._held[id(array)] = count + 1
            if count == 0:
                self.total += array.nbytes

    def remove(self, state: State) -> None:
        for array in state.arrays():
            count = self._held[id(array)] - 1
            if count:
                self._held[id(array)] = count
            else:
                del self._held[id(array)]
                self.total -= array.nbytes


class Document:
    """``pixels``: the whole source, ``(h, w, 3)``, read only; ``alpha`` its transparency or None.

    ``changed`` holds functions that are called with the state before and after whenever it changes. History
    beyond ``budget`` bytes goes to disk, farthest from the present first; nothing is ever dropped.
    """

    def __init__(
        self, state: State, pixels: Pixels, alpha: Alpha | None = None, *, budget: int = DEFAULT_BUDGET,
        folder: Path | None = None,
    ) -> None:  # fmt: skip
        self.pixels = pixels
        self.alpha = alpha
        self.changed: list[Watcher] = []
        self.budget = budget
        self.trouble: EngineError | None = None
        """Why history could not be moved to disk, the last time it was tried in vain."""
        self._weights = _Weights()
        self._weights.add(state)
        self._entries: list[Entry] = [Entry("", state)]
        self._at = 0
        self._spill = SpillFolder(folder)

    @property
    def state(self) -> State:
        state = self._entries[self._at].state
        if state is None:  # the present is never on disk: ``_go`` reads it back
            msg = "the current state is on disk"
            raise RuntimeError(msg)
        return state

    @property
    def size(self) -> tuple[int, int]:
        return self.state.size

    @property
    def labels(self) -> Sequence[str]:
        """What was done, step by step; the first, empty one is the beginning."""
        return [entry.label for entry in self._entries]

    @property
    def position(self) -> int:
        """Which of ``labels`` is the present."""
        return self._at

    @property
    def held(self) -> int:
        """Bytes that the history holds in memory."""
        return self._weights.total

    def composite(self, box: Box) -> Pixels:
        """The picture as it is now, over ``box``."""
        return composite(self.state, self.pixels, box)

    def do(self, label: str, state: State) -> None:
        """Make ``state`` the present. What had been undone is gone; a state that is the present is no step."""
        before = self.state
        if state is before:
            return
        for entry in self._entries[self._at + 1 :]:
            if entry.state is not None:
                self._weights.remove(entry.state)
        del self._entries[self._at + 1 :]
        self._entries.append(Entry(label, state))
        self._weights.add(state)
        self._at += 1
        self._trim()
        self._tell(before)

    def undo(self) -> bool:
        """One step back; False at the beginning."""
        return self.go(self._at - 1)

    def redo(self) -> bool:
        """One step forward again; False at the end."""
        return self.go(self._at + 1)

    def go(self, position: int) -> bool:
        """To any step of the history; False where there is none."""
        if not 0 <= position < len(self._entries) or position == self._at:
            return False
        before = self.state
        self._recall(self._entries[position])
        self._at = position
        self._trim()
        self._tell(before)
        return True

    def close(self) -> None:
        """Delete what the history keeps on disk."""
        self._spill.close()

    def _recall(self, entry: Entry) -> None:
        if entry.state is None:
            entry.state = decode(entry.spilled, self._spill)
            self._weights.add(entry.state)

    def _trim(self) -> None:
        """Move states to disk, farthest first, until the budget is kept; the present and its neighbours stay."""
        far = sorted(range(len(self._entries)), key=lambda number: -abs(number - self._at))
        for number in far:
            if self._weights.total <= self.budget or abs(number - self._at) <= 1:
                return
            entry = self._entries[number]
            if entry.state is not None:
                try:
                    entry.spilled = encode(entry.state, self._spill)
                except EngineError as error:  # then it stays in memory: better too much than lost
                    self.trouble = error
                    return
                self._weights.remove(entry.state)
                entry.state = None

    def _tell(self, before: State) -> None:
        for watcher in list(self.changed):
            watcher(before, self.state)
