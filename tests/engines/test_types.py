"""Boxes and masks behave like sets of pixels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from engines.core.types import Alpha, Box, Mask, Patch

boxes = st.builds(Box, *[st.integers(-20, 20)] * 2, *[st.integers(0, 30)] * 2)
CANVAS = Box(-60, -60, 160, 160)


def pixels(box: Box) -> set[tuple[int, int]]:
    return {(x, y) for x in range(box.x, box.right) for y in range(box.y, box.bottom)}


@given(boxes, boxes)
def test_intersection_is_that_of_the_pixels(a: Box, b: Box) -> None:
    assert pixels(a & b) == pixels(a) & pixels(b)


@given(boxes, boxes)
def test_union_is_the_smallest_box_that_holds_both(a: Box, b: Box) -> None:
    union = a | b
    for box in (a, b):
        assert box.empty or union.holds(box)
    both = pixels(a) | pixels(b)
    if both:
        assert union.w == 1 + max(x for x, _ in both) - min(x for x, _ in both)
        assert union.h == 1 + max(y for _, y in both) - min(y for _, y in both)


@given(boxes, st.integers(0, 10))
def test_growing_and_shrinking_cancel(box: Box, px: int) -> None:
    assert box.grown(px).grown(-px) == box


alphas = arrays.arrays(np.uint8, st.tuples(st.integers(1, 12), st.integers(1, 12)))


@given(alphas)
def test_trimming_keeps_every_value(alpha: Alpha) -> None:
    mask = Mask.of(alpha)
    assert np.array_equal(mask.dense(Box(0, 0, alpha.shape[1], alpha.shape[0])), alpha)
    assert mask.empty == (not alpha.any())


@given(alphas, alphas, st.integers(-8, 8), st.integers(-8, 8))
def test_union_and_difference_of_masks_are_per_pixel(a: Alpha, b: Alpha, dx: int, dy: int) -> None:
    first = Mask(Box(0, 0, a.shape[1], a.shape[0]), a)
    second = Mask(Box(dx, dy, b.shape[1], b.shape[0]), b)
    left, right = first.dense(CANVAS), second.dense(CANVAS)
    assert np.array_equal((first | second).dense(CANVAS), np.maximum(left, right))
    assert np.array_equal((first - second).dense(CANVAS), np.minimum(left, 255 - right))


def test_a_mask_that_does_not_fit_its_box_is_refused() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        Mask(Box(0, 0, 3, 2), np.zeros((3, 2), np.uint8))


def test_a_patch_paints_inside_its_mask_only() -> None:
    image = np.zeros((4, 4, 3), np.uint8)
    alpha = np.array([[255, 0], [1, 255]], np.uint8)
    Patch(Box(1, 2, 2, 2), np.full((2, 2, 3), 9, np.uint8), alpha).paint(image)
    changed = {(int(y), int(x)) for y, x in np.argwhere(image.any(axis=2))}
    assert changed == {(2, 1), (3, 1), (3, 2)}
