"""What a person meets in the first minute: an object goes whole, and erased text leaves no outlines behind."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from app.document import verbs
from app.document.state import LayerRole
from app.state.workshop import Workshop
from app.ui.window import Window
from engines.core.engine import Task
from engines.core.types import Box
from engines.requests import EraseImage
from tests.app.conftest import FakeClient, Patience
from tests.app.support import box

THING = box(180, 150, 60, 50)


def test_an_object_is_not_searched_for_strokes(opened: Workshop, client: FakeClient, wait: Patience) -> None:
    card = opened.library.catalog["classical"]
    assert opened.erasing.options(card)["strokes"] is True
    opened.erasing.set_task(Task.OBJECT)
    opened.erasing.set_engine("classical")
    assert opened.erasing.options(card)["strokes"] is False
    assert opened.erasing.changed_options(card) == {}  # the task says it, on the command line, too
    opened.editor.do("Mark", verbs.paint(opened.editor.state, LayerRole.ADD, THING))
    opened.erasing.erase()
    wait(lambda: opened.editor.state.edits)
    request = client.asked[-1].request
    assert isinstance(request, EraseImage)
    assert request.options["strokes"] is False
    opened.erasing.set_option(card, "strokes", True)
    assert opened.erasing.options(card)["strokes"] is True


def test_an_object_on_a_plain_ground_is_gone_without_weights(real_shop: Workshop, photo: Path, wait: Patience) -> None:
    pixels = np.full((300, 400, 3), 120, np.uint8)
    pixels[THING.box.slices] = (30, 60, 200)
    Image.fromarray(pixels).save(photo)
    real_shop.files.open(photo)
    wait(lambda: real_shop.editor.sheet is not None)
    real_shop.erasing.set_task(Task.OBJECT)
    real_shop.erasing.set_engine("classical")
    wider = box(170, 140, 80, 70)
    real_shop.editor.do("Mark", verbs.paint(real_shop.editor.state, LayerRole.ADD, wider))
    real_shop.erasing.erase()
    wait(lambda: real_shop.editor.state.edits, 60)
    sheet = real_shop.editor.sheet
    assert sheet is not None
    after = sheet.document.composite(Box(0, 0, 400, 300)).astype(int)
    assert np.abs(after - 120).max() <= 3


def test_erased_lines_are_no_longer_outlined(opened: Workshop, wait: Patience) -> None:
    opened.finding.find()
    wait(lambda: opened.editor.state.masks.text.lines)
    opened.editor.choose_text([1], False)
    opened.editor.hovered = 1
    opened.erasing.erase()
    wait(lambda: opened.editor.state.edits)
    text = opened.editor.state.masks.text
    assert [line.text for line in text.lines] == ["two"]
    assert text.chosen == frozenset()
    assert opened.editor.hovered is None
    opened.editor.undo()
    assert [line.text for line in opened.editor.state.masks.text.lines] == ["one", "two"]


def test_the_plan_says_what_the_engine_will_look_at(window: Window, opened: Workshop, wait: Patience) -> None:
    for mask in (box(20, 20, 30, 30), box(330, 250, 20, 20)):
        opened.editor.do("Mark", verbs.paint(opened.editor.state, LayerRole.ADD, mask))
    wait(lambda: len(opened.erasing.plan.crops) == 2)
    words = window.engine_panel._forecast.text()
    largest = max(opened.erasing.plan.crops, key=lambda crop: crop.area)
    assert f"2 parts, the largest {largest.w} × {largest.h} px" in words


def test_nothing_is_squeezed_in_a_narrow_window(window: Window, opened: Workshop, wait: Patience) -> None:
    layout = window.options_bar.layout()
    assert layout is not None
    for width in (900, 1100, 1500):
        window.resize(width, 620)
        for tool in ("brush", "smart", "text", "wand"):
            opened.editor.use(tool)
            wait(lambda: layout.sizeHint().width() <= window.options_bar.width(), 5)
