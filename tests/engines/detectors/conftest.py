"""One detector for all tests: loading it takes longer than using it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engines.catalog import load_catalog
from engines.core.engine import Card, Role, Setup
from engines.detectors.text import TextFinder


@pytest.fixture(scope="session")
def card() -> Card:
    return load_catalog().card("text", Role.TEXT_DETECTOR)


@pytest.fixture(scope="session")
def finder(card: Card) -> Iterator[TextFinder]:
    engine = TextFinder(Setup(card, {}))
    yield engine
    engine.close()
