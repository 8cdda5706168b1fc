"""Which engine to use where the person has not said."""

from __future__ import annotations

from engines.catalog import Catalog
from engines.core.engine import Card, Role
from engines.store import Store

ORDER = ("garnet", "deeperaser", "classical")
"""Text engines, best first; the first that has its weights is used. ``classical`` needs none."""


def recommended(catalog: Catalog, store: Store) -> Card:
    """The best engine for text whose weights are on this machine."""
    cards = [catalog.card(engine, Role.IMAGE_ERASER) for engine in ORDER if engine in catalog]
    return next(card for card in cards if store.ready(card))
