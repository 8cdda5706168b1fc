"""The shadow of what is marked becomes a part of the mask, by one step that can be undone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.document import verbs
from app.document.state import LayerRole
from app.state.notices import Notice
from app.state.workshop import Workshop
from engines.core.types import Box, Mask
from tests.app.conftest import Patience
from tests.engines.test_shadow import SHADOW, SIZE, THING, scene

WHOLE = Box(0, 0, SIZE[1], SIZE[0])


@pytest.fixture
def opened(shop: Workshop, tmp_path: Path, wait: Patience) -> Workshop:
    Image.fromarray(scene()).save(tmp_path / "thing.png")
    shop.files.open(tmp_path / "thing.png")
    wait(lambda: shop.editor.sheet is not None)
    return shop


def covered(shop: Workshop) -> np.ndarray:
    return shop.editor.state.masks.coverage(WHOLE) > 0


def mark(shop: Workshop) -> None:
    shop.editor.do("Brush", verbs.paint(shop.editor.state, LayerRole.ADD, Mask.of(THING)))


def test_it_is_added_and_undone(opened: Workshop, wait: Patience) -> None:
    mark(opened)
    opened.shadows.add()
    wait(lambda: covered(opened).sum() > (THING > 0).sum())
    found = covered(opened)
    assert found[THING > 0].all()
    assert (found & (SHADOW > 0)).sum() > 0.8 * (SHADOW > 0).sum()
    opened.editor.undo()
    assert np.array_equal(covered(opened), THING > 0)


def test_where_there_is_none_that_is_told(opened: Workshop, wait: Patience) -> None:
    heard: list[Notice] = []
    opened.editor.told.connect(heard.append)
    opened.shadows.add()
    assert heard[0].message == "Nothing is marked yet."
    patch = Mask(Box(10, 10, 20, 20), np.full((20, 20), 255, np.uint8))
    opened.editor.do("Brush", verbs.paint(opened.editor.state, LayerRole.ADD, patch))
    before = opened.editor.state
    opened.shadows.add()
    wait(lambda: len(heard) == 2)
    assert "No shadow" in heard[1].message
    assert opened.editor.state is before


def test_what_was_changed_meanwhile_stays(opened: Workshop, wait: Patience) -> None:
    heard: list[Notice] = []
    opened.editor.told.connect(heard.append)
    mark(opened)
    opened.shadows.add()
    opened.editor.clear_mask()
    wait(lambda: bool(heard))
    assert "dropped" in heard[0].message
    assert not covered(opened).any()
