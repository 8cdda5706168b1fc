"""Undo, redo, history on disk; and a long run of random actions that must never lose anything."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from app.document import operations, verbs
from app.document.codec import same
from app.document.coverage import Combine
from app.document.document import Document
from app.document.project import load_project, save_project
from app.document.state import LayerRole, State, diff
from engines.core.engine import Task
from engines.core.faults import EngineError, Fault
from engines.core.types import Box, Mask
from tests.app.support import box, document, line, picture, variant

WHOLE = Box(0, 0, 400, 300)


def painted(state: State, x: int) -> State:
    return verbs.paint(state, LayerRole.ADD, box(x, 10, 20, 20))


def test_undo_and_redo_move_along_the_history() -> None:
    doc = document()
    states = [doc.state]
    for x in (10, 50, 90):
        doc.do("Brush", painted(doc.state, x))
        states.append(doc.state)
    assert doc.undo()
    assert doc.undo()
    assert doc.state is states[1]
    assert doc.redo()
    assert doc.state is states[2]
    doc.do("Clear", verbs.clear(doc.state))
    assert not doc.redo()
    assert list(doc.labels) == ["", "Brush", "Brush", "Clear"]
    assert doc.go(0)
    assert not doc.undo()


def test_doing_nothing_is_no_step() -> None:
    doc = document()
    doc.do("Nothing", doc.state)
    assert len(doc.labels) == 1


def test_watchers_hear_of_every_change() -> None:
    doc = document()
    heard: list[Box] = []
    doc.changed.append(lambda before, after: heard.append(diff(before, after).masks))
    doc.do("Brush", painted(doc.state, 10))
    doc.undo()
    assert heard == [Box(0, 0, 256, 256)] * 2


def test_what_exceeds_the_budget_goes_to_disk_and_comes_back(tmp_path: Path) -> None:
    pixels = picture()
    doc = Document(document().state, pixels, budget=200_000, folder=tmp_path)
    states = [doc.state]
    for x in range(10):
        doc.do("Erase", verbs.erase(doc.state, Task.TEXT, variant(box(x * 30, 10, 100, 100), x)))
        states.append(doc.state)
    assert doc.held <= 400_000
    assert list(tmp_path.rglob("*.npy"))
    while doc.undo():
        assert same(doc.state, states[doc.position])
    while doc.redo():
        assert same(doc.state, states[doc.position])
    doc.close()
    assert list(tmp_path.iterdir()) == []


def test_a_history_that_cannot_be_written_stays_in_memory_and_is_told(tmp_path: Path) -> None:
    doc = Document(document().state, picture(), budget=0, folder=tmp_path / "missing")
    for x in (10, 40, 80, 120):
        doc.do("Brush", painted(doc.state, x))
    assert doc.trouble is not None
    assert doc.trouble.fault is Fault.NOT_WRITTEN
    assert doc.go(0)
    assert doc.go(4)


Action = Callable[[random.Random, State], State]


def _some_mask(rng: random.Random) -> Mask:
    x, y, w, h = rng.randrange(380), rng.randrange(280), rng.randrange(1, 160), rng.randrange(1, 120)
    inside = box(x, y, w, h)
    noise = np.random.default_rng(rng.randrange(9)).integers(0, 256, inside.alpha.shape, np.uint8)
    return Mask(inside.box, noise) if rng.random() < 0.5 else inside


def _paint(rng: random.Random, state: State) -> State:
    return verbs.paint(state, rng.choice(list(LayerRole)), _some_mask(rng), rng.choice(list(Combine)))


def _alter(rng: random.Random, state: State) -> State:
    if not state.masks.layers:
        return state
    operation = rng.choice([operations.grow(2, state.size), operations.invert(state.size), operations.fill_holes()])
    return verbs.alter(state, rng.randrange(len(state.masks.layers)), operation)


def _layer(rng: random.Random, state: State) -> State:
    if not state.masks.layers:
        return verbs.add_layer(state, LayerRole.ADD)
    number = rng.randrange(len(state.masks.layers))
    kind = rng.randrange(4)
    if kind == 0:
        return verbs.remove_layer(state, number)
    if kind == 1:
        return verbs.set_role(state, number, rng.choice(list(LayerRole)))
    return verbs.show_layer(state, number, kind == 2) if kind < 3 else verbs.flatten(state)


def _text(rng: random.Random, state: State) -> State:
    if not state.masks.text.lines or rng.random() < 0.2:
        return verbs.set_text(state, [line(rng.randrange(300), y, 80, 20, "wörd") for y in range(0, 200, 50)])
    return verbs.choose_text(state, [rng.randrange(len(state.masks.text.lines))], rng.random() < 0.6)


def _erase(rng: random.Random, state: State) -> State:
    mask = state.masks.erase_mask()
    return state if mask.empty else verbs.erase(state, rng.choice(list(Task)), variant(mask, rng.randrange(256)))


def _edit(rng: random.Random, state: State) -> State:
    if not state.edits:
        return state
    edit = rng.choice(state.edits)
    match rng.randrange(5):
        case 0:
            return verbs.delete_edit(state, edit.id)
        case 1:
            return verbs.show_edit(state, edit.id, not edit.visible)
        case 2:
            return verbs.add_variant(state, edit.id, variant(_some_mask(rng), rng.randrange(256)))
        case 3:
            return verbs.choose_variant(state, edit.id, rng.randrange(len(edit.variants)))
        case _:
            return verbs.restore(state, _some_mask(rng), rng.choice([Combine.ADD, Combine.SUBTRACT]))


ACTIONS: tuple[Action, ...] = (_paint, _paint, _alter, _layer, _text, _erase, _edit, _edit)


class _Watcher:
    """Keeps a picture up to date by the boxes it is told, as the canvas does."""

    def __init__(self, doc: Document) -> None:
        self.doc = doc
        self.shown = doc.composite(WHOLE).copy()
        self.overlay = doc.state.masks.coverage(WHOLE)
        doc.changed.append(self.update)

    def update(self, before: State, after: State) -> None:
        change = diff(before, after)
        if not change.pixels.empty:
            self.shown[change.pixels.slices] = self.doc.composite(change.pixels)
        if not change.masks.empty:
            self.overlay[change.masks.within(after.size).slices] = after.masks.coverage(change.masks.within(after.size))

    def check(self) -> None:
        assert np.array_equal(self.shown, self.doc.composite(WHOLE))
        assert np.array_equal(self.overlay, self.doc.state.masks.coverage(WHOLE))


@pytest.mark.parametrize("seed", range(3))
def test_thousands_of_random_actions(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    pixels = picture()
    doc = Document(document().state, pixels, budget=3_000_000, folder=tmp_path)
    watcher, path, remembered = _Watcher(doc), tmp_path / "p.cleanplate", {0: doc.state}
    for step in range(700):
        kind = rng.random()
        if kind < 0.2:
            doc.go(rng.randrange(max(0, doc.position - 6), len(doc.labels)))
        else:
            doc.do("act", rng.choice(ACTIONS)(rng, doc.state))
            remembered[doc.position] = doc.state
        if step % 25 == 0:
            watcher.check()
        if step % 100 == 0:
            save_project(path, doc.state, pixels)
            loaded = load_project(path)
            assert same(loaded.state, doc.state)
            assert loaded.pixels is not None
            assert np.array_equal(loaded.pixels, pixels)
    for position in rng.sample(range(len(doc.labels)), min(40, len(doc.labels))):
        doc.go(position)
        assert same(doc.state, remembered[position])
    watcher.check()
    doc.close()


def test_same_tells_a_single_pixel_apart() -> None:
    doc = document()
    first = painted(doc.state, 10)
    mask = box(10, 10, 20, 20)
    mask.alpha[3, 3] = 254
    assert not same(first, verbs.paint(doc.state, LayerRole.ADD, mask))
    assert same(first, painted(doc.state, 10))


def test_errors_have_a_fault() -> None:
    with pytest.raises(EngineError) as caught:
        load_project(Path("nowhere.cleanplate"))
    assert caught.value.fault is Fault.UNREADABLE
