"""What each verb does to what would be erased, and to what is seen."""

from __future__ import annotations

import numpy as np
import pytest

from app.document import operations, verbs
from app.document.coverage import Combine
from app.document.render import composite, unlike
from app.document.state import LayerRole, State, diff
from engines.core.engine import Task
from engines.core.types import Box, Mask
from tests.app.support import box, fresh, line, picture, variant

PIXELS = picture()
WHOLE = Box(0, 0, 400, 300)


@pytest.fixture
def state() -> State:
    return fresh(PIXELS)


def erased(state: State, *boxes: Mask) -> bool:
    """Whether exactly ``boxes`` would be erased."""
    return np.array_equal(state.masks.coverage(WHOLE), Mask.union(boxes).dense(WHOLE))


def test_painting_adds_to_one_layer(state: State) -> None:
    a, b = box(10, 10, 50, 50), box(300, 200, 40, 40)
    state = verbs.paint(verbs.paint(state, LayerRole.ADD, a), LayerRole.ADD, b)
    assert len(state.masks.layers) == 1
    assert erased(state, a, b)
    assert state.masks.erase_mask().box == Box(10, 10, 330, 230)


def test_a_subtract_layer_uncovers_only_what_lies_below(state: State) -> None:
    state = verbs.paint(state, LayerRole.ADD, box(0, 0, 100, 100))
    state = verbs.paint(state, LayerRole.SUBTRACT, box(0, 0, 100, 50))
    state = verbs.paint(verbs.add_layer(state, LayerRole.ADD), LayerRole.ADD, box(0, 0, 20, 20))
    assert erased(state, box(0, 50, 100, 50), box(0, 0, 20, 20))


def test_protect_always_wins(state: State) -> None:
    state = verbs.paint(state, LayerRole.PROTECT, box(0, 0, 100, 50))
    state = verbs.paint(state, LayerRole.ADD, box(0, 0, 100, 100))
    assert erased(state, box(0, 50, 100, 50))
    assert erased(verbs.show_layer(state, 0, False), box(0, 0, 100, 100))
    assert erased(verbs.remove_layer(state, 0), box(0, 0, 100, 100))


def test_no_sample_erases_nothing(state: State) -> None:
    state = verbs.paint(state, LayerRole.NO_SAMPLE, box(0, 0, 100, 50))
    assert state.masks.blank
    assert state.masks.erase_mask().empty
    assert state.masks.of_role(LayerRole.NO_SAMPLE, WHOLE).sum() == 255 * 5000


def test_a_layer_can_change_its_role(state: State) -> None:
    state = verbs.paint(state, LayerRole.PROTECT, box(0, 0, 100, 50))
    assert erased(verbs.set_role(state, 0, LayerRole.ADD), box(0, 0, 100, 50))


def test_text_is_chosen_line_by_line(state: State) -> None:
    lines = [line(10, 10, 80, 20, "one"), line(10, 50, 80, 20, "two")]
    state = verbs.set_text(state, lines, [0, 1])
    assert erased(state, lines[0].mask, lines[1].mask)
    state = verbs.choose_text(state, [0], on=False)
    assert erased(state, lines[1].mask)
    assert erased(verbs.choose_text(state, [0, 7], on=True), lines[0].mask, lines[1].mask)


def test_the_mask_eraser_bites_into_chosen_text(state: State) -> None:
    state = verbs.set_text(state, [line(10, 10, 80, 20), line(10, 50, 80, 20)], [0, 1])
    state = verbs.paint(state, LayerRole.ADD, box(0, 0, 50, 100), Combine.SUBTRACT)
    assert erased(state, box(50, 10, 40, 20), box(50, 50, 40, 20))
    assert state.masks.text.chosen == frozenset()


@pytest.mark.parametrize("how", [Combine.INTERSECT, Combine.REPLACE])
def test_intersecting_and_replacing_mean_text_too(state: State, how: Combine) -> None:
    state = verbs.set_text(state, [line(10, 10, 80, 20)], [0])
    state = verbs.paint(state, LayerRole.ADD, box(0, 0, 50, 100), how)
    assert erased(state, box(10, 10, 40, 20) if how is Combine.INTERSECT else box(0, 0, 50, 100))


def test_erasing_from_nothing_makes_no_layer(state: State) -> None:
    assert verbs.paint(state, LayerRole.ADD, box(0, 0, 9, 9), Combine.SUBTRACT).masks.layers == ()


def test_flatten_keeps_what_would_be_erased(state: State) -> None:
    state = verbs.set_text(state, [line(10, 10, 80, 20)], [0])
    state = verbs.paint(state, LayerRole.ADD, box(5, 5, 200, 200))
    state = verbs.paint(state, LayerRole.SUBTRACT, box(50, 50, 30, 30))
    state = verbs.paint(state, LayerRole.PROTECT, box(100, 100, 30, 30))
    flat = verbs.flatten(state)
    assert np.array_equal(flat.masks.coverage(WHOLE), state.masks.coverage(WHOLE))
    assert [layer.role for layer in flat.masks.layers] == [LayerRole.ADD, LayerRole.PROTECT]


OPERATIONS = {
    "grow": (operations.grow(3, (300, 400)), 1),
    "shrink": (operations.grow(-3, (300, 400)), -1),
    "feather": (operations.feather(4, (300, 400)), 1),
    "fill": (operations.fill_holes(), 1),
    "invert": (operations.invert((300, 400)), 0),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_operations(state: State, name: str) -> None:
    ring = box(50, 50, 100, 100) - box(80, 80, 30, 30)
    state = verbs.paint(state, LayerRole.ADD, ring)
    operation, direction = OPERATIONS[name]
    before = state.masks.coverage(WHOLE).astype(int)
    after = verbs.alter(state, 0, operation).masks.coverage(WHOLE).astype(int)
    if name == "invert":
        assert np.array_equal(after, 255 - before)
    else:
        assert np.sign((after > 0).sum() - (before > 0).sum()) == direction


def test_smoothing_removes_specks(state: State) -> None:
    state = verbs.paint(state, LayerRole.ADD, Mask.union([box(50, 50, 100, 100), box(300, 20, 1, 1)]))
    smooth = verbs.alter(state, 0, operations.smooth(3, (300, 400))).masks.coverage(WHOLE)
    assert smooth[20, 300] == 0
    assert smooth[100, 100] == 255


def test_erasing_takes_the_mask_and_keeps_what_is_protected(state: State) -> None:
    hole = box(20, 20, 30, 30)
    state = verbs.paint(verbs.paint(state, LayerRole.PROTECT, box(0, 0, 9, 9)), LayerRole.ADD, hole)
    after = verbs.erase(state, Task.TEXT, variant(hole))
    assert [layer.role for layer in after.masks.layers] == [LayerRole.PROTECT]
    assert diff(state, after).pixels == hole.box
    shown = composite(after, PIXELS, WHOLE)
    assert (shown[20:50, 20:50] == 7).all()
    shown = shown.copy()
    shown[20:50, 20:50] = PIXELS[20:50, 20:50]
    assert np.array_equal(shown, PIXELS)


def test_edits_are_hidden_deleted_and_varied(state: State) -> None:
    hole = box(20, 20, 30, 30)
    one = verbs.erase(state, Task.TEXT, variant(hole, 7))
    two = verbs.add_variant(one, 1, variant(hole, 9))
    assert composite(two, PIXELS, WHOLE)[30, 30, 0] == 9
    assert composite(verbs.choose_variant(two, 1, 0), PIXELS, WHOLE)[30, 30, 0] == 7
    for gone in (verbs.show_edit(two, 1, False), verbs.delete_edit(two, 1)):
        assert np.array_equal(composite(gone, PIXELS, WHOLE), PIXELS)
        assert diff(two, gone).pixels == hole.box
    with pytest.raises(IndexError):
        verbs.choose_variant(two, 1, 2)
    with pytest.raises(KeyError):
        verbs.delete_edit(two, 2)


def test_a_later_edit_sees_what_lies_below(state: State) -> None:
    state = verbs.erase(state, Task.TEXT, variant(box(20, 20, 30, 30), 7))
    state = verbs.erase(state, Task.TEXT, variant(box(30, 30, 30, 30), 9))
    assert composite(state, PIXELS, WHOLE)[40, 40, 0] == 9
    assert composite(state, PIXELS, WHOLE, below=2)[40, 40, 0] == 7
    assert np.array_equal(composite(state, PIXELS, WHOLE, below=1), PIXELS)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_the_original_is_painted_back_to_the_bit(dtype: str) -> None:
    pixels = picture(dtype=dtype)
    hole = box(20, 20, 60, 60)
    state = verbs.erase(fresh(pixels), Task.TEXT, variant(hole, 0, dtype))
    half = Mask(Box(20, 20, 60, 10), np.full((10, 60), 128, np.uint8))
    back = verbs.restore(verbs.restore(state, box(20, 40, 60, 10)), half)
    shown = composite(back, pixels, WHOLE)
    assert np.array_equal(shown[40:50, 20:80], pixels[40:50, 20:80])
    assert (shown[50:80, 20:80] == 0).all()
    expected = pixels[20:30, 20:80].astype(np.float64) * 128 / 255
    assert np.allclose(shown[20:30, 20:80], np.rint(expected) if dtype != "float32" else expected)
    again = verbs.restore(back, box(0, 0, 400, 300), Combine.SUBTRACT)
    assert np.array_equal(composite(again, pixels, WHOLE), composite(state, pixels, WHOLE))
    assert hole.box.holds(diff(state, back).pixels)


def test_the_difference_is_the_largest_of_the_channels() -> None:
    a = np.zeros((1, 2, 3), np.uint8)
    b = np.array([[[1, 200, 3], [0, 0, 0]]], np.uint8)
    assert unlike(a, b).tolist() == [[200, 0]]
