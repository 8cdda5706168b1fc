"""The drawn films, made when a test first asks for them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.engines.media.film.clips import ZOO, Clip, make

Zoo = Callable[[str], Path]


@pytest.fixture(scope="session")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Zoo:
    """The path of a film of the zoo, by name."""
    folder = tmp_path_factory.mktemp("zoo")
    clips: dict[str, Clip] = {clip.name: clip for clip in ZOO}

    def path(name: str) -> Path:
        found = folder / name
        return found if found.exists() else make(clips[name], folder)

    return path
