"""Where smart select looks, what it tells a segmenter, and what comes of the answer."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.tools.rough import Rough, along, prompt_of, selected, shrunk, view_of, with_rim
from app.tools.stroke import Stroke
from engines.core.mask_ops import box_mask
from engines.core.types import Box

sides = st.integers(1, 20_000)


@st.composite
def gestures(draw: st.DrawFn) -> tuple[Rough, tuple[int, int]]:
    size = draw(sides), draw(sides)
    x, y = draw(st.integers(0, size[1] - 1)), draw(st.integers(0, size[0] - 1))
    box = Box(x, y, draw(st.integers(1, 400)), draw(st.integers(1, 400))).within(size)
    path = ((float(box.x), float(box.y)), (float(box.right), float(box.bottom)))
    return Rough(box_mask(box, size), path, draw(st.booleans()), draw(st.sampled_from([0.05, 1.0, 7.0]))), size


@given(gestures())
def test_the_view_holds_the_gesture_and_lies_in_the_picture(case: tuple[Rough, tuple[int, int]]) -> None:
    rough, size = case
    view = view_of(rough, size)
    assert view.within(size) == view
    assert view.holds(rough.mask.box)
    points, box = prompt_of(rough, view, (min(view.h, 1024), min(view.w, 1024)))
    assert (box is not None) == rough.around
    for point in points:
        assert 0 <= point.x <= min(view.w, 1024)
        assert 0 <= point.y <= min(view.h, 1024)
    if box is not None:
        assert not box.empty
        assert Box(0, 0, min(view.w, 1024), min(view.h, 1024)).holds(box)


def test_neighbouring_clicks_see_the_same() -> None:
    size = (6000, 9000)
    views = {
        view_of(Rough(box_mask(Box(x, 3000, 30, 30), size), ((x, 3000),), scale=1.0), size) for x in range(4000, 4100)
    }
    assert len(views) <= 2


def test_the_further_away_the_more_is_seen() -> None:
    size = (6000, 9000)
    for scale, side in ((0.2, 1024), (1.0, 1024), (2.0, 2048), (6.0, 6000)):
        view = view_of(Rough(box_mask(Box(4000, 3000, 30, 30), size), ((4015, 3015),), scale=scale), size)
        assert view.h == side


def test_points_lie_evenly_along_the_stroke() -> None:
    path = [(float(x), 0.0) for x in range(101)]
    assert along(path, 5) == [(10.0, 0.0), (30.0, 0.0), (50.0, 0.0), (70.0, 0.0), (90.0, 0.0)]
    assert along([(3.0, 4.0)], 5) == [(3.0, 4.0)]
    assert along([(3.0, 4.0), (3.5, 4.0)], 5) == [(3.0, 4.0)]


def test_only_what_the_gesture_touches_is_taken_and_in_the_picture_s_size() -> None:
    likelihood = np.zeros((100, 100), np.uint8)
    likelihood[20:40, 20:40] = likelihood[70:80, 70:80] = 255
    view, stroke = Box(1000, 500, 400, 400), Stroke((2000, 3000))
    stroke.to(1110, 610, 8)
    mask = selected(likelihood, view, Rough(stroke.mask(), stroke.path))
    assert abs(mask.box.x - 1080) <= 4
    assert abs(mask.box.y - 580) <= 4
    assert math.isclose(mask.alpha.astype(bool).sum(), 80 * 80, rel_tol=0.1)
    stroke.to(1300, 800, 8)
    assert selected(likelihood, view, Rough(stroke.mask(), stroke.path)).box.h > 200


def test_what_is_small_is_shown_as_it_is() -> None:
    picture = np.random.default_rng(0).integers(0, 255, (300, 1024, 3), np.uint8)
    assert shrunk(picture) is picture
    assert shrunk(np.zeros((3000, 1500, 3), np.uint8)).shape == (1024, 512, 3)


def test_a_selection_has_a_rim_that_grows_with_the_thing() -> None:
    for side, rim in ((40, 2), (1000, 8)):
        mask = with_rim(box_mask(Box(500, 500, side, side), (2000, 2000)), (2000, 2000))
        assert mask.box == Box(500 - rim, 500 - rim, side + 2 * rim, side + 2 * rim)
    assert with_rim(box_mask(Box(0, 0, 40, 30), (30, 40)), (30, 40)).box == Box(0, 0, 40, 30)
