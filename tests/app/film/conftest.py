"""A drawn film that is open in the editor."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.state.notices import Notice
from app.state.workshop import Workshop
from app.ui.window import Window
from tests.app.conftest import Patience
from tests.app.film.clip import make_clip


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """50 frames of 160 x 120 at 25 a second, with a tone; each frame tells its number."""
    return make_clip(tmp_path_factory.mktemp("films") / "clip.mp4")


@pytest.fixture
def film_shop(shop: Workshop, clip: Path, wait: Patience) -> Workshop:
    """The workshop with the film open."""
    shop.files.open(clip)
    wait(lambda: shop.playback.reel is not None and not shop.tasks.running)
    return shop


@pytest.fixture
def film_window(window: Window, clip: Path, wait: Patience) -> Window:
    """The window with the film open."""
    window.commands.open_path(clip)
    wait(lambda: window.workshop.playback.reel is not None and not window.workshop.tasks.running)
    return window


@pytest.fixture
def told(film_shop: Workshop) -> list[Notice]:
    """What the person has been told since the film was opened."""
    notices: list[Notice] = []
    film_shop.editor.told.connect(notices.append)
    return notices
