"""Cards with weights for tests of the store; their content means nothing."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

from engines.core.engine import Card, Weight
from tests.fakes import card

BUNDLED = Weight("own.safetensors", "trained here", "Apache-2.0", bundled=True)
PUBLISHED = Weight("published.pth", "the authors", "research only", commercial=False)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def with_weights(*weights: Weight) -> Card:
    return replace(card("fake", "tests.fakes:FakeEraser"), weights=weights)


def known(content: bytes, file: str = "known.safetensors", url: str = "") -> Weight:
    """Weights whose sha256 and size the card knows."""
    return Weight(file, "the authors", "MIT", url=url, sha256=sha256(content), size=len(content))


def file_of(folder: Path, content: bytes, name: str = "given.pth") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(content)
    return path
