"""The shadow that is proposed: a drawn one is found, and what is no shadow is left."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.core.mask_ops import grow
from engines.core.types import Alpha, Box, Mask, Pixels, whole
from engines.jobs.pairs import Pair, find_pairs
from engines.media.images import read_mask, read_picture
from engines.pipeline.shadow import shadow_of
from tests.cli.run import ROOT
from tests.conftest import background

SYNTHETIC = ROOT.parent / "shared" / "data" / "eval_object" / "synthetic"
SIZE = (240, 320)


def ellipse(centre: tuple[int, int], axes: tuple[int, int]) -> Alpha:
    canvas = np.zeros(SIZE, np.uint8)
    return np.asarray(cv2.ellipse(canvas, centre, axes, 0, 0, 360, (255,), -1), np.uint8)


THING, CAST = ellipse((150, 100), (35, 50)), ellipse((158, 152), (36, 12))
SHADOW = np.where(THING > 0, np.uint8(0), CAST)


def scene(share: float = 0.55, dtype: type[np.uint8 | np.uint16] = np.uint8) -> Pixels:
    """A red thing on a grainy ground; its shadow leaves ``share`` of the light."""
    soft = cv2.GaussianBlur(CAST, (0, 0), 2)[..., None] / 255
    picture = background(*SIZE) * (1 - (1 - share) * soft)
    picture[THING > 0] = (200, 30, 30)
    return (picture * (np.iinfo(dtype).max / 255)).astype(dtype)


def dense(mask: Mask) -> np.ndarray:
    return mask.dense(Box(0, 0, SIZE[1], SIZE[0])) > 0


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_shadow_at_the_foot_is_found(dtype: type[np.uint8 | np.uint16]) -> None:
    found = dense(shadow_of(scene(dtype=dtype), Mask.of(THING)))
    true = SHADOW > 0
    assert (found & true).sum() > 0.8 * true.sum()
    assert not (found & ~(grow(SHADOW, 12) > 0)).any()  # its soft rim, and a little more


@settings(deadline=None, max_examples=15)
@given(st.floats(0.4, 0.8), st.integers(0, 100))
def test_it_lies_outside_the_mask_and_inside_the_picture(share: float, shift: int) -> None:
    image = np.roll(scene(share), shift, axis=1)
    alpha = np.roll(THING, shift, axis=1)
    found = shadow_of(image, Mask.of(alpha))
    assert found.box.within(SIZE) == found.box
    assert not (dense(found) & (alpha > 0)).any()


def test_scale_does_not_matter() -> None:
    image, mask = scene(), THING
    large = cv2.resize(image, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC)
    wide = np.asarray(cv2.resize(mask, None, fx=3, fy=3, interpolation=cv2.INTER_NEAREST), np.uint8)
    found = shadow_of(large, Mask.of(wide))
    small = cv2.resize(found.dense(whole(large)), (SIZE[1], SIZE[0]), interpolation=cv2.INTER_AREA) > 127
    reference = dense(shadow_of(image, Mask.of(mask)))
    assert (small & reference).sum() > 0.9 * (small | reference).sum()


def test_there_is_none_where_nothing_is_dark() -> None:
    assert shadow_of(scene(1.0), Mask.of(THING)).empty


def test_another_colour_is_no_shadow() -> None:
    image = scene(1.0)
    image[SHADOW > 0] = (20, 150, 60)  # darker on the whole, but green
    assert shadow_of(image, Mask.of(THING)).empty


def test_a_dark_ground_that_goes_on_is_no_shadow() -> None:
    image = scene(1.0).astype(np.float32)
    image[120:] *= 0.6
    image[THING > 0] = (200, 30, 30)
    found = dense(shadow_of(image.astype(np.uint8), Mask.of(THING)))
    assert found.sum() < 0.2 * np.count_nonzero(THING)


def test_a_shadow_farther_off_is_another_thing_s() -> None:
    far = ellipse((260, 210), (40, 10))
    image = scene(1.0).astype(np.float32)
    image[far > 0] *= 0.5
    assert shadow_of(image.astype(np.uint8), Mask.of(THING)).empty


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (40, 1), (7, 9)])
def test_small_and_full_masks_are_taken(size: tuple[int, int]) -> None:
    image = background(*size)
    assert shadow_of(image, Mask.of(np.full(size, 255, np.uint8))).empty
    assert shadow_of(image, Mask.union(())).empty


def test_more_than_half_of_what_the_second_masks_hold_is_proposed() -> None:
    """On composites with soft shadows: recall, precision, and what mask and proposal share with the second mask."""
    if not SYNTHETIC.is_dir():
        pytest.skip("../shared/data/eval_object is not on this machine")
    figures = np.mean([_figures(pair) for pair in find_pairs(SYNTHETIC)], axis=0)
    recall, precision, iou, before = figures
    assert recall > 0.55
    assert precision > 0.55
    assert iou > before + 0.06


def _figures(pair: Pair) -> tuple[float, float, float, float]:
    image = read_picture(pair.image).pixels
    size = (image.shape[0], image.shape[1])
    assert isinstance(pair.shadow, Path)
    thing, both = (read_mask(path, size) > 0 for path in (pair.mask, pair.shadow))
    found = shadow_of(image, Mask.of((thing * 255).astype(np.uint8))).dense(whole(image)) > 0
    true = both & ~thing
    precision = (found & true).sum() / found.sum() if found.any() else 1.0
    ious = (((mask & both).sum() / (mask | both).sum()) for mask in (thing | found, thing))
    return ((found & true).sum() / true.sum(), precision, *ious)
