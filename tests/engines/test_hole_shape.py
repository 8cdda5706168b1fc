"""How large a hole is, and in what kind of surface it lies."""

from __future__ import annotations

import numpy as np
import pytest

from engines.core.types import Box, Mask
from engines.pipeline.hole_shape import Surface, hole_shape
from engines.pipeline.mask_shape import SizeClass
from tests.conftest import background


def box(x: int, y: int, w: int, h: int) -> Mask:
    return Mask(Box(x, y, w, h), np.full((h, w), 255, np.uint8))


@pytest.mark.parametrize(("side", "size"), [(40, SizeClass.SMALL), (120, SizeClass.MEDIUM), (200, SizeClass.LARGE)])
def test_the_largest_part_says_how_large(side: int, size: SizeClass) -> None:
    image = background(300, 400)
    mask = box(20, 20, side, side) | box(300, 250, 10, 10)
    shape = hole_shape(image, mask)
    assert shape.side == pytest.approx(side)
    assert shape.size is size


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_the_surroundings_say_what_surface_it_is(dtype: type[np.uint8 | np.uint16]) -> None:
    for noise, surface in ((0, Surface.SMOOTH), (leaves(), Surface.ROUGH)):
        levels = np.clip(background(120, 120) + noise, 0, 255) * (np.iinfo(dtype).max / 255)
        assert hole_shape(levels.astype(dtype), box(40, 40, 30, 30)).surface is surface


def leaves() -> np.ndarray:
    return np.random.default_rng(1).normal(0, 25, (120, 120, 1))


def test_what_is_in_the_hole_does_not_count() -> None:
    image, mask = background(120, 120), box(40, 40, 30, 30)
    before = hole_shape(image, mask)
    image[40:70, 40:70] = np.random.default_rng(0).integers(0, 256, (30, 30, 3))
    assert hole_shape(image, mask) == before


def test_a_hole_as_large_as_the_picture_has_nothing_around_it() -> None:
    shape = hole_shape(background(40, 50), box(0, 0, 50, 40))
    assert (shape.step, shape.surface) == (0.0, Surface.SMOOTH)


def test_no_hole_has_no_shape() -> None:
    with pytest.raises(ValueError, match="empty"):
        hole_shape(background(40, 50), Mask.union(()))
