"""Growing, filling, feathering and drawing coverage."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from engines.core.mask_ops import box_mask, fill_holes, grow, grown, inward_ramp, polygon_mask
from engines.core.types import Alpha, Box, Mask

alphas = arrays.arrays(np.uint8, st.tuples(st.integers(1, 14), st.integers(1, 14)), elements=st.sampled_from([0, 255]))


@given(alphas, st.integers(0, 5))
def test_growing_reaches_exactly_the_pixels_within_the_radius(alpha: Alpha, px: int) -> None:
    ys, xs = np.nonzero(alpha)
    rows, columns = np.indices(alpha.shape)[:, :, :, None]
    if ys.size:
        nearest = np.min((rows - ys) ** 2 + (columns - xs) ** 2, axis=2)
        expected = nearest <= (px + 0.25) ** 2
    else:
        expected = np.zeros(alpha.shape, bool)
    assert np.array_equal(grow(alpha, px) > 0, expected)


@given(alphas, st.integers(1, 5))
def test_shrinking_stays_inside_and_never_starts_at_the_border(alpha: Alpha, px: int) -> None:
    assert (grow(alpha, -px) <= alpha).all()
    full = np.full_like(alpha, 255)
    assert np.array_equal(grow(full, -px), full)


def test_a_grown_mask_ends_at_the_picture() -> None:
    mask = grown(Mask(Box(0, 0, 2, 2), np.full((2, 2), 255, np.uint8)), 5, (4, 6))
    assert Box(0, 0, 6, 4).holds(mask.box)


def test_enclosed_gaps_are_filled_and_open_ones_are_not() -> None:
    ring = np.zeros((7, 7), np.uint8)
    ring[1:6, 1:6] = 255
    ring[3, 3] = 0
    assert fill_holes(ring)[3, 3] == 255
    ring[3, 3:] = 0  # a channel to the outside
    assert fill_holes(ring)[3, 3] == 0


def test_the_ramp_rises_from_the_rim_but_not_from_the_picture_border() -> None:
    alpha = np.zeros((20, 20), np.uint8)
    alpha[:, 10:] = 255
    ramp = inward_ramp(alpha, 3)
    assert (ramp[:, :10] == 0).all()
    assert np.all(np.diff(ramp[10, 10:14]) > 0)
    assert (ramp[:, 14:] == 1).all()


@given(alphas)
def test_the_ramp_is_zero_outside_and_positive_inside(alpha: Alpha) -> None:
    assert np.array_equal(inward_ramp(alpha, 3) > 0, alpha > 0)


def test_polygons_and_boxes_are_cut_at_the_picture() -> None:
    triangle = polygon_mask([(-5, -5), (20, -5), (-5, 20)], (8, 8))
    assert Box(0, 0, 8, 8).holds(triangle.box)
    assert triangle.alpha[0, 0] == 255
    assert polygon_mask([(50, 50), (60, 50), (60, 60)], (8, 8)).empty
    assert box_mask(Box(6, 6, 10, 10), (8, 8)).box == Box(6, 6, 2, 2)


def test_a_polygon_covers_what_the_same_box_covers() -> None:
    drawn = polygon_mask([(2, 3), (6, 3), (6, 7), (2, 7)], (20, 20)).dense(Box(0, 0, 20, 20))
    assert (drawn[3:7, 2:6] == 255).all()
    assert drawn.sum() <= 255 * 25
