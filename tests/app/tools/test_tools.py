"""Every tool through real pointer sequences."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest

from app.document import verbs
from app.document.codec import same
from app.document.coverage import Combine
from app.document.state import LayerRole
from app.tools import TOOLS, ToolRow, tool_row
from app.tools.pointer import ToolSettings
from app.tools.stroke import Stroke
from engines.core.engine import Task
from engines.core.types import Box, Pixels
from tests.app.support import FakeDesk, Hand, box, document, fresh, line, picture, variant

WHOLE = Box(0, 0, 400, 300)
FLAT = ToolSettings(size=20, hardness=1, smoothing=0)


def desk_of(name: str, settings: ToolSettings = FLAT, pixels: Pixels | None = None) -> tuple[FakeDesk, Hand]:
    doc = document()
    if pixels is not None:
        doc.pixels = pixels
    desk = FakeDesk(doc, settings)
    return desk, Hand(tool_row(name).make(desk))


def covered(desk: FakeDesk) -> np.ndarray:
    return desk.state.masks.coverage(WHOLE)


@pytest.mark.parametrize("row", TOOLS, ids=lambda row: row.id)
def test_press_move_release_ends_in_at_most_one_step(row: ToolRow) -> None:
    desk, hand = desk_of(row.id)
    hand.drag((50, 50), (90, 60), (120, 110), (60, 120))
    assert len(desk.document.labels) <= 2
    assert desk.live is None
    hand.hover(10, 10)
    hand.drag((50, 50), (90, 60))


@pytest.mark.parametrize("row", TOOLS, ids=lambda row: row.id)
def test_giving_up_leaves_no_trace(row: ToolRow) -> None:
    desk, hand = desk_of(row.id)
    before = desk.state
    hand.press(50, 50)
    hand.move(90, 60)
    hand.move(120, 110)
    hand.abort()
    assert same(desk.state, before)
    assert desk.live is None
    assert desk.guide.points == ()
    hand.release(120, 110)
    assert same(desk.state, before)


@pytest.mark.parametrize("row", TOOLS, ids=lambda row: row.id)
def test_beside_the_picture_nothing_breaks(row: ToolRow) -> None:
    desk, hand = desk_of(row.id)
    hand.drag((-80, -80), (-20, 500), (900, 310))
    assert covered(desk).shape == (300, 400)


def test_shortcuts_and_names_are_different() -> None:
    for part in ("id", "name", "shortcut"):
        assert len({getattr(row, part) for row in TOOLS}) == len(TOOLS)


def test_a_dot_is_round_and_as_large_as_the_brush() -> None:
    desk, hand = desk_of("brush")
    hand.drag((100.5, 100.5))
    area = covered(desk).sum() / 255
    assert area == pytest.approx(math.pi * 100, rel=0.03)
    assert desk.state.masks.erase_mask().box == Box(90, 90, 21, 21)


def test_a_stroke_covers_its_way_without_gaps() -> None:
    desk, hand = desk_of("brush")
    hand.drag((50, 50), (350, 250))
    for share in np.linspace(0, 1, 100):
        assert covered(desk)[int(50 + 200 * share), int(50 + 300 * share)] == 255


def test_each_move_tells_the_box_it_touched() -> None:
    desk, hand = desk_of("brush")
    first = hand.press(50, 50)
    second = hand.move(120, 50)
    assert first.holds(Box(40, 40, 20, 20))
    assert second.holds(Box(60, 40, 70, 20))
    assert desk.live is not None
    assert (first | second).holds(desk.live.stroke.box)


def test_hardness_softens_the_rim() -> None:
    desk, hand = desk_of("brush", ToolSettings(size=60, hardness=0.2, smoothing=0))
    hand.drag((100, 100))
    row = covered(desk)[100, 70:131].astype(int)
    assert row[30] == 255
    assert 0 < row[8] < 128
    assert (np.diff(row[:30]) >= 0).all()


def test_pressure_changes_the_size() -> None:
    for settings, expected in ((FLAT, 10), (ToolSettings(size=20, hardness=1, pressure=False), 20)):
        desk, hand = desk_of("brush", settings)
        hand.press(100, 100, pressure=0.5)
        hand.release(100, 100)
        assert desk.state.masks.erase_mask().box.w == pytest.approx(expected, abs=1.5)


def test_shift_goes_straight_on_from_the_last_stroke() -> None:
    desk, hand = desk_of("brush")
    hand.drag((50, 50))
    hand.drag((350, 250), shift=True)
    assert covered(desk)[150, 200] == 255


def test_a_closed_loop_is_filled() -> None:
    circle = [(150 + 80 * math.cos(a), 150 + 80 * math.sin(a)) for a in np.linspace(0, 6.2, 60)]
    desk, hand = desk_of("brush")
    hand.drag(*circle)
    assert covered(desk)[150, 150] == 255
    desk, hand = desk_of("brush")
    hand.drag(*circle[:40])
    assert covered(desk)[150, 150] == 0
    desk, hand = desk_of("brush", ToolSettings(size=20, hardness=1, smoothing=0, close_loops=False))
    hand.drag(*circle)
    assert covered(desk)[150, 150] == 0


def test_smoothing_calms_a_shaking_hand() -> None:
    path = [(50 + x, 150 + 6 * (-1) ** x) for x in range(0, 300, 5)]
    heights = []
    for smoothing in (0.0, 0.9):
        desk, hand = desk_of("brush", ToolSettings(size=8, hardness=1, smoothing=smoothing))
        hand.drag(*path)
        heights.append(np.flatnonzero(covered(desk)[:, 150:250].any(axis=1)).size)
    assert heights[1] < heights[0]


def test_the_eraser_takes_and_alt_turns_it_round() -> None:
    desk, hand = desk_of("eraser")
    desk.document.do("", verbs.paint(desk.state, LayerRole.ADD, box(0, 0, 400, 300)))
    hand.drag((100, 100), (200, 100))
    assert covered(desk)[100, 150] == 0
    hand.drag((150, 100), alt=True)
    assert covered(desk)[100, 150] == 255


def test_alt_makes_the_brush_take_away() -> None:
    desk, hand = desk_of("brush")
    hand.drag((100, 100), (200, 100))
    hand.drag((150, 100), alt=True)
    assert covered(desk)[100, 150] == 0


def test_tools_paint_on_the_chosen_role() -> None:
    desk, hand = desk_of("rectangle", ToolSettings(role=LayerRole.PROTECT))
    hand.drag((10, 10), (50, 40))
    assert desk.state.masks.layers[0].role is LayerRole.PROTECT
    assert desk.state.masks.blank


def test_a_rectangle_is_what_was_dragged_in_any_direction() -> None:
    for points in (((10, 20), (110, 80)), ((110, 80), (10, 20))):
        desk, hand = desk_of("rectangle")
        hand.drag(*points)
        assert desk.state.masks.erase_mask().box == Box(10, 20, 100, 60)
        assert covered(desk).sum() == 6000 * 255


def test_shift_during_the_drag_makes_a_square() -> None:
    desk, hand = desk_of("rectangle")
    hand.press(10, 10)
    hand.move(60, 30, shift=True)
    assert desk.guide.closed
    hand.release(60, 30, shift=True)
    assert desk.state.masks.erase_mask().box == Box(10, 10, 50, 50)


def test_a_click_is_no_rectangle() -> None:
    desk, hand = desk_of("rectangle")
    hand.drag((10, 20))
    assert len(desk.document.labels) == 1


def test_an_ellipse_has_its_area() -> None:
    desk, hand = desk_of("ellipse")
    hand.drag((100, 100), (300, 200))
    assert covered(desk).sum() / 255 == pytest.approx(math.pi * 100 * 50, rel=0.02)


def test_shapes_subtract_with_alt_and_intersect_by_mode() -> None:
    desk, hand = desk_of("rectangle")
    hand.drag((0, 0), (100, 100))
    hand.drag((0, 0), (50, 100), alt=True)
    assert desk.state.masks.erase_mask().box == Box(50, 0, 50, 100)
    desk.settings = ToolSettings(mode=Combine.INTERSECT)
    hand.drag((0, 0), (70, 100))
    assert desk.state.masks.erase_mask().box == Box(50, 0, 20, 100)
    hand.drag((200, 200), (250, 250), shift=True)
    assert covered(desk)[220, 220] == 255


def test_a_lasso_closes_by_itself() -> None:
    desk, hand = desk_of("lasso")
    hand.drag((100, 100), (200, 100), (200, 200), (100, 200))
    assert covered(desk)[150, 110] == 255
    assert covered(desk).sum() / 255 == pytest.approx(10000, rel=0.03)


def test_a_polygon_takes_corners_until_it_is_closed() -> None:
    for close in ("double", "first corner"):
        desk, hand = desk_of("polygon")
        for x, y in ((100, 100), (200, 100), (200, 200)):
            hand.press(x, y)
            hand.release(x, y)
            hand.hover(x + 5, y)
        assert len(desk.guide.points) == 4
        if close == "double":
            hand.double(200, 200)
        else:
            hand.press(103, 103)
        assert covered(desk)[110, 150] == 255
        assert not desk.guide.points


def test_the_wand_takes_what_is_connected() -> None:
    pixels = np.zeros((300, 400, 3), np.uint8)
    pixels[50:100, 50:100] = pixels[200:250, 50:100] = (200, 30, 30)
    desk, hand = desk_of("wand", ToolSettings(tolerance=20), pixels)
    hand.drag((60, 60))
    assert covered(desk).sum() == 255 * 2500
    desk.settings = ToolSettings(tolerance=20, contiguous=False)
    hand.drag((60, 60))
    assert covered(desk).sum() == 255 * 5000


def test_colour_range_fades() -> None:
    pixels = np.zeros((300, 400, 3), np.uint8)
    pixels[..., :] = np.linspace(0, 255, 400).astype(np.uint8)[None, :, None]
    desk, hand = desk_of("colour", ToolSettings(tolerance=30), pixels)
    hand.drag((200, 60))
    row = covered(desk)[60].astype(int)
    assert row[200] == 255
    assert row[0] == row[399] == 0
    assert ((row > 0) & (row < 255)).any()


def test_smart_select_finds_the_rim_of_a_rough_stroke() -> None:
    pixels = np.random.default_rng(0).normal(90, 6, (300, 400, 3)).clip(0, 255).astype(np.uint8)
    rows, columns = np.mgrid[:300, :400]
    disc = np.hypot(rows - 150, columns - 200) < 50
    pixels[disc] = np.random.default_rng(1).normal((200, 60, 40), 6, (int(disc.sum()), 3)).clip(0, 255)
    desk, hand = desk_of("smart", ToolSettings(size=30), pixels)
    hand.drag((170, 150), (230, 150))
    found = covered(desk) > 0
    overlap = (found & disc).sum() / (found | disc).sum()
    assert overlap > 0.95


def test_text_is_found_first_and_then_switched() -> None:
    desk, hand = desk_of("text")
    hand.drag((50, 50))
    hand.drag((50, 50), (150, 60))
    assert desk.asked[0] is None
    assert desk.asked[1] is not None
    desk.document.do("", verbs.set_text(desk.state, [line(40, 40, 100, 20), line(40, 90, 100, 20)]))
    hand.hover(60, 50)
    assert desk.hovered == 0
    hand.drag((60, 50))
    assert desk.state.masks.text.chosen == {0}
    hand.drag((60, 50))
    assert desk.state.masks.text.chosen == frozenset()
    hand.drag((45, 100), (135, 100))
    assert desk.state.masks.text.chosen == {1}
    hand.drag((45, 50), (135, 50), (135, 100), (45, 100), alt=True)
    assert desk.state.masks.text.chosen == frozenset()


def test_restore_brings_the_original_back() -> None:
    desk, hand = desk_of("restore")
    desk.document = type(desk.document)(fresh(picture()), picture())
    desk.document.do("", verbs.erase(desk.state, Task.TEXT, variant(box(50, 50, 100, 100))))
    hand.drag((60, 100), (140, 100))
    assert np.array_equal(desk.document.composite(WHOLE)[100, 60:140], picture()[100, 60:140])
    assert (desk.document.composite(WHOLE)[60, 60:140] == 7).all()
    hand.drag((100, 100), alt=True)
    assert (desk.document.composite(WHOLE)[100, 100] == 7).all()


def test_a_stroke_on_a_huge_picture_costs_what_it_touches() -> None:
    stroke = Stroke((6000, 9000), 0.8)
    stroke.to(1000, 1000, 60)
    times = []
    for step in range(1, 30):
        begin = time.perf_counter()
        stroke.to(1000 + 40 * step, 1000 + 30 * step, 60)
        times.append(time.perf_counter() - begin)
    assert sorted(times)[15] < 0.008
