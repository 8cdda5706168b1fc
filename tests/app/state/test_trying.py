"""Several engines on one hole, and the scores that tell them apart."""

from __future__ import annotations

import numpy as np
import pytest

from app.document import verbs
from app.document.state import LayerRole
from app.state.scores import left_over, seam
from app.state.workshop import Workshop
from engines.core.engine import Task, TextLine
from engines.core.types import Box, Mask
from tests.app.conftest import FakeClient, Patience
from tests.app.support import box
from tests.conftest import background

HOLE = box(40, 30, 60, 40)


def mark(shop: Workshop) -> None:
    shop.editor.do("Mark", verbs.paint(shop.editor.state, LayerRole.ADD, HOLE))


def test_four_engines_become_four_variants_with_scores(opened: Workshop, wait: Patience) -> None:
    mark(opened)
    opened.trying.start()
    wait(lambda: opened.editor.state.edits and not opened.trying.active)
    (edit,) = opened.editor.state.edits
    assert [variant.engine for variant in edit.variants] == opened.trying.engines
    assert len(edit.variants) == 4
    assert all(variant.seam is not None and variant.seam > 0.5 for variant in edit.variants)
    assert all(variant.left is not None for variant in edit.variants)


def test_objects_are_not_searched_for_text(opened: Workshop, client: FakeClient, wait: Patience) -> None:
    mark(opened)
    opened.erasing.set_task(Task.OBJECT)
    opened.trying.start()
    wait(lambda: opened.editor.state.edits and not opened.trying.active)
    assert opened.editor.state.edits[0].variants[0].left is None
    assert len(client.asked) == 4


def test_cancelling_ends_the_trial(opened: Workshop, client: FakeClient, wait: Patience) -> None:
    client.quick = False
    mark(opened)
    opened.trying.start()
    wait(lambda: client.asked)
    assert opened.erasing.cancel()
    assert not opened.trying.active
    assert not opened.erasing.busy
    wait(lambda: not opened.tasks.running)
    assert len(client.asked) == 1


def test_cancelling_while_it_is_prepared_asks_nobody(opened: Workshop, client: FakeClient, wait: Patience) -> None:
    mark(opened)
    opened.trying.start()
    assert opened.erasing.cancel()
    wait(lambda: not opened.tasks.running)
    assert client.asked == []
    assert not opened.trying.active


def test_a_seam_is_told_from_none() -> None:
    picture = background(200, 200)
    hole = np.zeros((200, 200), np.uint8)
    hole[80:120, 80:120] = 255
    assert seam(picture, hole) < 0.05
    broken = picture.copy()
    broken[hole > 0] = 255 - broken[hole > 0]
    assert seam(broken, hole) > 0.8
    slightly = picture.copy()
    slightly[hole > 0] += 10
    assert 0.1 < seam(slightly, hole) < 0.8


@pytest.mark.parametrize(("x", "expected"), [(10, 0.25), (500, 0.0)])
def test_text_that_is_left(x: int, expected: float) -> None:
    hole = Mask(Box(0, 0, 100, 40), np.full((40, 100), 255, np.uint8))
    line = TextLine(np.array([[x, 10], [x + 50, 10], [x + 50, 30], [x, 30]], np.float32), "left", 0.9)
    assert left_over([line], hole) == pytest.approx(expected, abs=0.03)
