"""The editor without a screen, over a fake engine process or a real one."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import pytest
from PIL import Image

from app.state.settings import Theme
from app.state.workshop import Workshop
from app.ui import theme
from app.ui.window import Window
from engines.catalog import load_catalog
from engines.core.engine import Backend, FoundText, TextLine
from engines.core.faults import EngineError
from engines.core.paths import models_dir
from engines.core.types import Patch, whole
from engines.requests import (
    AnyRequest,
    Detected,
    DetectText,
    Erased,
    EraseImage,
    Event,
    Failed,
    FilmRequest,
    FilmResult,
    Finished,
    Segment,
    Segmented,
    WasCancelled,
)
from engines.store import Store
from engines.worker.client import EngineClient
from engines.worker.messages import WorkerConfig
from tests.app.engines import write_cards
from tests.app.film.answers import answer_about_film
from tests.conftest import background, with_text
from tests.fakes import select_box


@dataclass
class Asked:
    """A job that a fake client was given."""

    id: int
    request: AnyRequest
    on_event: Callable[[Event], None]
    wants_preview: bool


@dataclass
class FakeClient:
    """Answers when it is told to (``answer``), or at once where ``quick``."""

    quick: bool = True
    asked: list[Asked] = field(default_factory=list)
    worker_pid: int | None = None
    closed: bool = False
    warmed: bool = False

    def submit(self, request: AnyRequest, on_event: Callable[[Event], None], *, wants_preview: bool = False) -> int:
        job = Asked(len(self.asked) + 1, request, on_event, wants_preview)
        self.asked.append(job)
        if self.quick:
            threading.Thread(target=self.answer, args=(job,)).start()
        return job.id

    def answer(self, job: Asked) -> None:
        try:
            result = result_of(job.request)
        except EngineError as error:
            job.on_event(Failed(job.id, error))
        else:
            job.on_event(Finished(job.id, result))

    def cancel(self, job: int) -> None:
        asked = self.asked[job - 1]
        asked.on_event(WasCancelled(job))

    def warm(self) -> None:
        self.warmed = True

    def reset(self, engine: str) -> None:
        del engine

    def close(self, grace: float = 1.0) -> None:
        del grace
        self.closed = True


def result_of(request: AnyRequest) -> Erased | Detected | Segmented | FilmResult:
    """Holes are filled with 99; text is found in one line over the upper left; one colour is selected."""
    if isinstance(request, FilmRequest):
        return answer_about_film(request)
    if isinstance(request, Segment):
        return select_box(request)
    if isinstance(request, EraseImage):
        alpha = request.mask.dense(whole(request.image))
        pixels = np.where(alpha[..., None] > 0, np.asarray(99, request.image.dtype), request.image)
        patch = Patch(whole(pixels), pixels, alpha)
        seconds = {"erase": 0.5, "load": 0.25}
        return Erased((patch,), request.engine, "cpu", Backend.TORCH, 1, seconds, 1 << 28, ("told",))
    if not isinstance(request, DetectText):
        raise TypeError(request)
    lines = [
        TextLine(np.array([[x, 20], [x + 90, 20], [x + 90, 50], [x, 50]], np.float32), words, 0.9)
        for x, words in ((20, "one"), (150, "two"))
    ]
    coverage = np.zeros(request.image.shape[:2], np.uint8)
    coverage[25:45, 25:105] = coverage[25:45, 155:235] = 255
    return Detected(FoundText(lines, coverage), "cpu", {"find": 0.1})


@pytest.fixture
def client() -> FakeClient:
    return FakeClient()


@pytest.fixture
def cards(tmp_path: Path) -> tuple[Path, ...]:
    return models_dir(), write_cards(tmp_path / "cards")


@pytest.fixture
def shop(qapp: object, client: FakeClient, cards: tuple[Path, ...], tmp_path: Path) -> Iterator[Workshop]:
    """A workshop over the fake client, with the ``inpaint`` engine chosen."""
    made = Workshop(client, load_catalog(*cards), Store(), tmp_path / "data")
    made.settings.update(text_engine="inpaint", object_engine="inpaint")
    yield made
    made.close()


@pytest.fixture
def real_shop(qapp: object, cards: tuple[Path, ...], tmp_path: Path) -> Iterator[Workshop]:
    """A workshop over a real engine process."""
    config = WorkerConfig(card_folders=cards, log=tmp_path / "engine-log.txt")
    made = Workshop(EngineClient(config), load_catalog(*cards), Store(), tmp_path / "data")
    made.settings.update(text_engine="inpaint", object_engine="inpaint")
    yield made
    made.close()


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A file: 400 x 300, with words."""
    path = tmp_path / "photos" / "photo.png"
    path.parent.mkdir()
    Image.fromarray(with_text(background(300, 400), "one  two", (30, 20), 40)).save(path)
    return path


class Patience:
    """Waits for what happens in other threads, with the event loop running."""

    def __init__(self, qtbot: object) -> None:
        self._qtbot = qtbot

    def __call__(self, true: Callable[[], object], seconds: float = 30) -> None:
        self._qtbot.waitUntil(lambda: bool(true()), timeout=int(seconds * 1000))  # type: ignore[attr-defined]


@pytest.fixture
def wait(qtbot: object) -> Patience:
    return Patience(qtbot)


@pytest.fixture
def opened(shop: Workshop, photo: Path, wait: Patience) -> Workshop:
    """The workshop with the photo open."""
    shop.files.open(photo)
    wait(lambda: shop.editor.sheet is not None)
    return shop


@pytest.fixture
def window(shop: Workshop, qtbot: object, qapp: object) -> Iterator[Window]:
    """A shown window over the fake client."""
    from PySide6.QtWidgets import QApplication

    assert isinstance(qapp, QApplication)
    made = Window(shop, theme.apply(qapp, Theme.DARK))
    made.resize(1200, 800)
    made.show()
    yield made
    sheet = shop.editor.sheet
    if sheet is not None:
        sheet.exported = sheet.document.state
    made.close()
    made.deleteLater()
    qapp.processEvents()
