"""Published weights that lie beside the project, for tests of the engines that use them."""

from __future__ import annotations

from pathlib import Path

import pytest

from engines.core.engine import Card
from engines.store import Store
from tests.cli.run import ROOT

FOLDER = ROOT.parent / "shared" / "data" / "weights"


def stocked(card: Card, folder: Path) -> Store:
    """A store in ``folder`` that holds the card's weights; the test is skipped where they are not on this machine."""
    store = Store(user=folder / "models")
    for weight in card.weights:
        if not (FOLDER / weight.file).is_file():
            pytest.skip(f"{weight.file} of {card.name} (../shared/data/weights) is not on this machine")
        store.import_file(card, FOLDER / weight.file)
    return store
