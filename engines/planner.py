"""Which engine to use where the person has not said."""

from __future__ import annotations

from engines.catalog import Catalog
from engines.core.engine import Card
from engines.core.faults import EngineError, Fault
from engines.store import Store

ORDER = ("garnet", "deeperaser", "classical")
"""Text engines, best first; the first that has its weights is used. ``classical`` needs none."""


def recommended(catalog: Catalog, store: Store) -> Card:
    """The best engine for text whose weights are on this machine; ``EngineError`` where there is none."""
    for engine in ORDER:
        if engine in catalog and store.ready(catalog[engine]):
            return catalog[engine]
    raise EngineError(Fault.UNKNOWN_ENGINE, "No engine is ready to erase text.", "See: cleanplate engines")
