"""Smart select: the network where it is ready, GrabCut otherwise; late and unwanted answers do nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.document import verbs
from app.document.state import LayerRole
from app.state.notices import Notice
from app.state.workshop import Workshop
from app.tools.pointer import Kind, Pointer
from engines.catalog import load_catalog
from engines.core.engine import Role, Task
from engines.core.faults import EngineError, Fault
from engines.core.types import Box, Pixels
from engines.requests import Failed, Segment
from engines.store import Store
from tests.app.conftest import FakeClient, Patience
from tests.app.support import box, variant
from tests.fakes import write_card

THING = Box(150, 100, 120, 90)
WHOLE = Box(0, 0, 400, 300)


def scene() -> Pixels:
    pixels = np.random.default_rng(0).normal(90, 6, (300, 400, 3)).clip(0, 255).astype(np.uint8)
    pixels[THING.slices] = np.random.default_rng(1).normal((200, 60, 40), 6, (THING.h, THING.w, 3)).clip(0, 255)
    return pixels


@pytest.fixture
def shop(qapp: object, tmp_path: Path, wait: Patience) -> Iterator[Workshop]:
    """Over cards in which Segment Anything 2 needs no weights, with the scene open."""
    cards = tmp_path / "cards"
    cards.mkdir()
    write_card(cards, "inpaint", "tests.app.engines:Inpainter")
    write_card(cards, "sam2", "tests.fakes:FakeSegmenter", role=Role.SEGMENTER)
    made = Workshop(FakeClient(), load_catalog(cards), Store(), tmp_path / "data")
    Image.fromarray(scene()).save(tmp_path / "scene.png")
    made.files.open(tmp_path / "scene.png")
    wait(lambda: made.editor.sheet is not None)
    made.editor.use("smart")
    made.editor.set_tool(size=20)
    yield made
    made.close()


def client_of(shop: Workshop) -> FakeClient:
    client = shop.host._client
    assert isinstance(client, FakeClient)
    return client


def drag(shop: Workshop, *points: tuple[float, float], alt: bool = False) -> None:
    shop.editor.pointer(Pointer(Kind.PRESS, *points[0], alt=alt))
    for point in points[1:]:
        shop.editor.pointer(Pointer(Kind.MOVE, *point))
    shop.editor.pointer(Pointer(Kind.RELEASE, *points[-1], 0.0))


def covered(shop: Workshop) -> np.ndarray:
    return shop.editor.state.masks.coverage(WHOLE) > 0


def overlap(shop: Workshop) -> float:
    thing = np.zeros((300, 400), bool)
    thing[THING.slices] = True
    return float((covered(shop) & thing).sum() / (covered(shop) | thing).sum())


def heard_by(shop: Workshop) -> list[Notice]:
    heard: list[Notice] = []
    shop.editor.told.connect(heard.append)
    return heard


@pytest.mark.parametrize("trained", [True, False])
@pytest.mark.parametrize("boxed", [True, False])
def test_a_thing_is_selected_and_can_be_undone(shop: Workshop, wait: Patience, trained: bool, boxed: bool) -> None:
    shop.editor.set_tool(trained=trained, boxed=boxed)
    drag(shop, *([(140, 90), (280, 200)] if boxed else [(180, 140), (240, 140)]))
    assert shop.selecting.running
    wait(lambda: not shop.editor.state.masks.blank)
    assert covered(shop)[THING.slices].all() or not trained
    assert overlap(shop) > (0.6 if boxed else 0.9)
    assert not shop.selecting.running
    assert len(client_of(shop).asked) == int(trained)
    assert shop.editor.sheet is not None
    assert shop.editor.sheet.document.labels[-1] == "Smart select"
    shop.editor.undo()
    assert not covered(shop).any()


def test_a_loop_means_what_is_inside(shop: Workshop, wait: Patience) -> None:
    drag(shop, (145, 95), (275, 95), (275, 195), (145, 195), (145, 96))
    wait(lambda: not shop.editor.state.masks.blank)
    asked = client_of(shop).asked[0].request
    assert isinstance(asked, Segment)
    assert asked.points == ()
    assert asked.box is not None
    assert asked.box.holds(THING)


def test_alt_takes_away_on_the_role_that_was_chosen_then(shop: Workshop, wait: Patience) -> None:
    shop.editor.do("Mark", verbs.paint(shop.editor.state, LayerRole.ADD, box(100, 50, 250, 200)))
    client_of(shop).quick = False
    drag(shop, (180, 140), (240, 140), alt=True)
    wait(lambda: client_of(shop).asked)
    shop.editor.set_tool(role=LayerRole.PROTECT)
    client_of(shop).answer(client_of(shop).asked[0])
    wait(lambda: not shop.selecting.running)
    assert not covered(shop)[140, 200]
    assert covered(shop)[60, 110]


def test_esc_means_that_no_answer_comes(shop: Workshop, wait: Patience) -> None:
    client_of(shop).quick = False
    drag(shop, (180, 140), (240, 140))
    assert shop.selecting.cancel()  # while the request is still being made
    wait(lambda: shop.editor.tasks.running == 0)
    assert client_of(shop).asked == []
    drag(shop, (180, 140), (240, 140))
    wait(lambda: client_of(shop).asked)
    shop.queue.cancel_all()
    assert not shop.selecting.running
    client_of(shop).answer(client_of(shop).asked[0])
    wait(lambda: shop.editor.tasks.running == 0)
    assert shop.editor.state.masks.blank
    assert not shop.selecting.cancel()


def test_an_answer_about_another_picture_is_dropped(shop: Workshop, wait: Patience, tmp_path: Path) -> None:
    client_of(shop).quick = False
    drag(shop, (180, 140), (240, 140))
    wait(lambda: client_of(shop).asked)
    before = shop.editor.sheet
    Image.fromarray(scene()[::-1]).save(tmp_path / "other.png")
    shop.files.open(tmp_path / "other.png")
    wait(lambda: shop.editor.sheet is not before)
    client_of(shop).answer(client_of(shop).asked[0])
    wait(lambda: not shop.selecting.running)
    assert shop.editor.state.masks.blank


def test_an_answer_about_pixels_that_were_erased_meanwhile_is_dropped_and_told(shop: Workshop, wait: Patience) -> None:
    heard = heard_by(shop)
    client_of(shop).quick = False
    drag(shop, (180, 140), (240, 140))
    wait(lambda: client_of(shop).asked)
    shop.editor.do("Erase", verbs.erase(shop.editor.state, Task.OBJECT, variant(box(160, 110, 40, 40))))
    client_of(shop).answer(client_of(shop).asked[0])
    wait(lambda: heard)
    assert "dropped" in heard[0].message
    assert not shop.selecting.running
    assert not covered(shop).any()


def test_a_failure_is_told_and_the_next_gesture_works(shop: Workshop, wait: Patience) -> None:
    heard = heard_by(shop)
    client_of(shop).quick = False
    drag(shop, (180, 140), (240, 140))
    wait(lambda: client_of(shop).asked)
    job = client_of(shop).asked[0]
    job.on_event(Failed(job.id, EngineError(Fault.OUT_OF_MEMORY, "There was not enough memory.", "Close programs.")))
    wait(lambda: heard)
    assert heard[0].message == "There was not enough memory."
    assert not shop.selecting.running
    client_of(shop).quick = True
    drag(shop, (180, 140), (240, 140))
    wait(lambda: not shop.editor.state.masks.blank)


def test_beside_the_picture_nothing_is_asked(shop: Workshop, wait: Patience) -> None:
    drag(shop, (-50, -50), (-40, -40))
    wait(lambda: shop.editor.tasks.running == 0)
    assert not shop.selecting.running
    assert client_of(shop).asked == []
