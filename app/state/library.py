"""The engines there are, which are ready, and which to take for what."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from engines.catalog import Catalog
from engines.core.engine import Card, Role, Task
from engines.planner import ORDER
from engines.store import Store


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """A card, and whether it can run here. ``missing`` says in words what is not here."""

    card: Card
    ready: bool
    missing: str = ""


class Library(QObject):
    """``changed``: weights came or went."""

    changed = Signal()

    def __init__(self, catalog: Catalog, store: Store, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.catalog = catalog
        self.store = store
        self._infos = self._look()

    @property
    def erasers(self) -> list[EngineInfo]:
        """Every engine that fills holes in pictures, the recommended ones first."""
        return [info for info in self._infos if info.card.role is Role.IMAGE_ERASER]

    @property
    def all(self) -> list[EngineInfo]:
        return list(self._infos)

    def info(self, engine: str) -> EngineInfo | None:
        return next((info for info in self._infos if info.card.id == engine), None)

    def recommended(self, task: Task) -> EngineInfo | None:
        """The best engine for ``task`` that is ready; one made for it before any other."""
        ready = [info for info in self.erasers if info.ready]
        return next((info for info in ready if info.card.task is task), ready[0] if ready else None)

    def refresh(self) -> None:
        """Look again at what is here."""
        self._infos = self._look()
        self.changed.emit()

    def _look(self) -> list[EngineInfo]:
        cards = sorted(self.catalog.values(), key=_rank)
        return [self._info(card) for card in cards]

    def _info(self, card: Card) -> EngineInfo:
        ready = self.store.ready(card)
        return EngineInfo(card, ready, "" if ready else f"{card.name} needs weights that are not on this machine yet.")


def _rank(card: Card) -> tuple[int, str]:
    return (ORDER.index(card.id) if card.id in ORDER else len(ORDER), card.id)
