"""The engines there are, which are ready, and which to take for what."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QObject, Signal

from engines.catalog import Catalog
from engines.core.engine import Card, Role, Task
from engines.core.faults import EngineError
from engines.core.types import Box, Mask
from engines.planner import Need, choose
from engines.store import Store


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """A card, and whether it can run here."""

    card: Card
    ready: bool


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
        """Every engine that fills holes in pictures, those that are ready first."""
        return [info for info in self._infos if info.card.role is Role.IMAGE_ERASER]

    @property
    def segmenters(self) -> list[EngineInfo]:
        """Every engine that finds the rim of a thing, those that are ready first."""
        return [info for info in self._infos if info.card.role is Role.SEGMENTER]

    @property
    def all(self) -> list[EngineInfo]:
        return list(self._infos)

    def info(self, engine: str) -> EngineInfo | None:
        return next((info for info in self._infos if info.card.id == engine), None)

    def recommended(self, task: Task) -> EngineInfo | None:
        """The best engine for ``task`` that is ready; one made for it before any other."""
        nothing = Mask(Box(0, 0, 0, 0), np.zeros((0, 0), np.uint8))
        return self.choose(Need(nothing, (1, 1), task=task))[0]

    def choose(self, need: Need) -> tuple[EngineInfo | None, str]:
        """The engine for ``need``, and what should be known of the choice. Slow where the mask is not empty."""
        try:
            choice = choose(self.catalog, self.store, need)
        except EngineError as error:
            return None, str(error)
        return EngineInfo(choice.card, True), choice.note

    def refresh(self) -> None:
        """Look again at what is here."""
        self._infos = self._look()
        self.changed.emit()

    def _look(self) -> list[EngineInfo]:
        infos = [self._info(card) for card in self.catalog.values()]
        return sorted(infos, key=lambda info: (not info.ready, info.card.name))

    def _info(self, card: Card) -> EngineInfo:
        return EngineInfo(card, self.store.ready(card))
