"""Tries weights in a process of their own: torch never enters the window's process, and a crash harms nobody."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from engines.core.engine import Card, Weight
from engines.core.faults import EngineError, Fault
from engines.loading import check_weights


def check_apart(card: Card, weight: Weight, path: Path) -> None:
    """Build the engine with ``path`` elsewhere and free it; raises ``EngineError`` where it cannot be used."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        try:
            pool.submit(check_weights, card, weight, path).result()
        except BrokenProcessPool as error:
            words = f"{card.name} crashed while it loaded {path.name}."
            raise EngineError(Fault.WEIGHTS_INVALID, words, "The file may be damaged: get it again.") from error
