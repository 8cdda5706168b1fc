"""Exemplar copies textures and edges into the hole, only from where it may, and the same with the same seed."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.catalog import load_catalog
from engines.core.context import Context
from engines.core.engine import Setup
from engines.core.faults import Cancelled
from engines.core.types import Alpha, FloatImage, Mask
from engines.erasers.exemplar import Exemplar
from engines.evaluation.texture import patch_distance
from engines.pipeline import region
from engines.pipeline.job import Job
from tests.conftest import background

CARD = load_catalog()["exemplar"]
ENGINE = Exemplar(Setup(CARD, {}))


def erased(image: FloatImage, alpha: Alpha, avoid: Alpha | None = None, **options: bool | float) -> FloatImage:
    avoid = np.zeros_like(alpha) if avoid is None else avoid
    return ENGINE.erase_avoiding(image, alpha, avoid, CARD.resolve(options), Context())


def noise(h: int, w: int, seed: int = 0) -> FloatImage:
    """A picture in which no two pixels are the same: what is copied says where it is from."""
    values = np.random.default_rng(seed).permutation(h * w * 3).reshape(h, w, 3)
    return np.asarray(values / (h * w * 3), np.float32)


def gravel(h: int, w: int, seed: int = 1) -> FloatImage:
    drawn = np.random.default_rng(seed).normal(0, 1, (h, w)).astype(np.float32)
    grains = np.asarray(cv2.GaussianBlur(drawn, (0, 0), 1.5), np.float32)
    grey = 0.5 + 0.15 * grains / grains.std()
    return np.clip(grey[..., None] * np.array([1, 0.95, 0.85], np.float32), 0, 1).astype(np.float32)


def middle(h: int, w: int, share: float = 0.3) -> Alpha:
    alpha = np.zeros((h, w), np.uint8)
    cv2.ellipse(alpha, (w // 2, h // 2), (int(w * share / 2), int(h * share / 2)), 0, 0, 360, (255,), -1)
    return alpha


def stripes(h: int, w: int, every: int = 12) -> FloatImage:
    rows = np.arange(h) // (every // 2) % 2
    return np.repeat(np.repeat(rows[:, None, None], w, 1), 3, 2).astype(np.float32) * 0.6 + 0.2


def levels(image: FloatImage) -> np.ndarray:
    return np.rint(image * 255).astype(np.uint8)


def test_stripes_go_on_through_the_hole() -> None:
    image, alpha = stripes(120, 160), middle(120, 160, 0.4)
    result = erased(image, alpha)
    assert np.abs(result - image)[alpha > 0].max() < 0.02


def test_an_edge_goes_on_through_the_hole() -> None:
    rows, columns = np.mgrid[0:160, 0:160]
    image = np.where((columns > 40 + rows // 2)[..., None], 0.8, 0.2).astype(np.float32).repeat(3, 2)
    alpha = middle(160, 160, 0.3)
    wrong = (np.abs(erased(image, alpha) - image).max(axis=2) > 0.1)[alpha > 0].mean()
    assert wrong < 0.06


def test_a_texture_is_continued_not_blurred() -> None:
    truth, alpha = gravel(200, 240), middle(200, 240, 0.35)
    ours = levels(erased(truth, alpha))
    blurred = cv2.inpaint(levels(truth), alpha, 3, cv2.INPAINT_TELEA)
    assert patch_distance(ours, levels(truth), alpha) < 0.4 * patch_distance(blurred, levels(truth), alpha)
    inside = alpha > 0
    assert ours[inside].std() > 0.85 * levels(truth)[inside].std()


@pytest.mark.parametrize("size", [(40, 200), (200, 40)], ids=str)
def test_a_hole_at_the_border_is_filled(size: tuple[int, int]) -> None:
    image = gravel(*size)
    alpha = np.zeros(size, np.uint8)
    alpha[:25, -25:] = 255
    result = erased(np.where(alpha[..., None] > 0, np.float32(0), image), alpha)
    assert abs(result[:25, -25:].mean() - image.mean()) < 0.1
    assert result[:25, -25:].std() > 0.7 * image.std()


def test_the_seed_decides() -> None:
    image, alpha = gravel(220, 260), middle(220, 260, 0.4)
    first = erased(image, alpha, seed=3)
    assert np.array_equal(first, erased(image, alpha, seed=3))
    assert not np.array_equal(first, erased(image, alpha, seed=4))


def two_halves(h: int = 100, w: int = 160) -> tuple[FloatImage, Alpha, Alpha]:
    """Red gravel at the left, green at the right, the hole where they meet; and a mask of the green half."""
    image = gravel(h, w)
    image[:, : w // 2] *= np.array([1, 0.1, 0.1], np.float32)
    image[:, w // 2 :] *= np.array([0.1, 1, 0.1], np.float32)
    green = np.zeros((h, w), np.uint8)
    green[:, w // 2 :] = 255
    return image, middle(h, w, 0.3), green


def test_what_is_avoided_is_not_copied() -> None:
    image, alpha, green = two_halves()
    free, red = erased(image, alpha), erased(image, alpha, green)
    inside = alpha > 0
    assert (free[inside][:, 1] > free[inside][:, 0]).mean() > 0.3
    assert (red[inside][:, 1] < red[inside][:, 0]).all()


def test_the_pipeline_hands_on_what_to_avoid() -> None:
    image, alpha, green = two_halves()
    job = Job(ENGINE, CARD, CARD.resolve({}), Mask.of(green))
    source = levels(image)
    result = source.copy()
    for patch in region.erase(job, source, Mask.of(alpha), Context()):
        patch.paint(result)
    inner = cv2.erode(alpha, np.ones((9, 9), np.uint8)) > 0  # at the rim the seam is feathered
    assert (result[inner][:, 1] < result[inner][:, 0]).all()
    assert np.array_equal(result[alpha == 0], source[alpha == 0])


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**16), st.data())
def test_every_pixel_comes_from_where_it_may(seed: int, data: st.DataObject) -> None:
    h, w = data.draw(st.integers(20, 60)), data.draw(st.integers(20, 60))
    rng = np.random.default_rng(seed)
    image = noise(h, w, seed)
    alpha, avoid = np.zeros((h, w), np.uint8), np.zeros((h, w), np.uint8)
    for plane in (alpha, avoid):
        y, x = rng.integers(0, h - 6), rng.integers(0, w - 6)
        plane[y : y + rng.integers(1, 12), x : x + rng.integers(1, 12)] = 255
    result = erased(image, alpha, avoid)
    usable = image[(alpha == 0) & (avoid == 0)].reshape(-1, 3)
    copied = result[alpha > 0].reshape(-1, 3)
    # colours a hundredth apart are one opinion, and are averaged: among so many colours that is close to one of them
    nearest = np.abs(copied[:, None] - usable[None]).max(axis=2).min(axis=1)
    assert nearest.max() < 0.05
    assert np.array_equal(result[alpha == 0], image[alpha == 0])


@pytest.mark.parametrize("size", [(60, 1), (1, 60), (3, 50), (7, 7), (2, 2)], ids=str)
def test_thin_pictures_are_filled_from_themselves(size: tuple[int, int]) -> None:
    image = noise(*size)
    alpha = np.zeros(size, np.uint8)
    alpha[size[0] // 3 : size[0] // 3 * 2 + 1, size[1] // 3 : size[1] // 3 * 2 + 1] = 255
    result = erased(image, alpha)
    usable = image[alpha == 0].reshape(-1, 3)
    nearest = np.abs(result[alpha > 0][:, None] - usable[None]).max(axis=2).min(axis=1)
    assert nearest.max() < 0.05


def test_a_single_missing_pixel_is_filled() -> None:
    image = stripes(64, 64)
    alpha = np.zeros((64, 64), np.uint8)
    alpha[30, 31] = 1
    assert np.abs(erased(image, alpha) - image).max() < 0.02


def test_a_hole_that_leaves_only_a_rim_is_filled_from_it() -> None:
    image = gravel(90, 120)
    alpha = np.full((90, 120), 255, np.uint8)
    alpha[:4] = 0
    result = erased(image, alpha)
    assert result[4:].std() > 0.3 * image.std()


@pytest.mark.parametrize("how", ["hole", "avoid"])
def test_nothing_to_copy_from_is_told(how: str) -> None:
    image, alpha, avoid = gravel(50, 60), middle(50, 60), np.zeros((50, 60), np.uint8)
    (alpha if how == "hole" else avoid)[:] = 255
    ctx = Context()
    result = ENGINE.erase_avoiding(image, alpha, avoid, CARD.resolve({}), ctx)
    assert "nothing around the mask that may be copied" in ctx.notes[0]
    assert result.shape == image.shape
    assert np.isfinite(result).all()


def test_scattered_holes_are_filled_each_from_its_own_surroundings() -> None:
    image = gravel(120, 700)
    image[:, 350:] *= np.array([0.2, 0.3, 1], np.float32)
    alpha = np.zeros((120, 700), np.uint8)
    alpha[50:70, 50:70] = alpha[50:70, 600:620] = 255
    result = erased(image, alpha)
    left, right = result[50:70, 50:70].mean(axis=(0, 1)), result[50:70, 600:620].mean(axis=(0, 1))
    assert left[0] > left[2]
    assert right[2] > 2 * right[0]


def test_brightness_may_follow_a_gradient() -> None:
    """On a slope no patch fits as it is; with a little lift they all do."""
    ramp = np.linspace(0.1, 0.9, 200, dtype=np.float32)
    image = np.clip(gravel(120, 200) - 0.45 + ramp[None, :, None], 0, 1).astype(np.float32)
    alpha = np.zeros((120, 200), np.uint8)
    alpha[30:90, 70:130] = 255

    def wrong(result: FloatImage) -> float:
        smooth = [cv2.GaussianBlur(picture, (0, 0), 8) for picture in (result, image)]
        return float(np.abs(smooth[0] - smooth[1])[alpha > 0].mean())

    assert wrong(erased(image, alpha, gain=0.2)) < wrong(erased(image, alpha))


def test_turned_copies_are_copied_from() -> None:
    """Only a mirrored copy holds the other half of an arrow."""
    image = np.full((100, 200, 3), 0.2, np.float32)
    cv2.line(image, (100, 20), (20, 80), (0.9, 0.9, 0.9), 9)
    cv2.line(image, (100, 20), (180, 80), (0.9, 0.9, 0.9), 9)
    alpha = np.zeros((100, 200), np.uint8)
    alpha[30:95, 112:165] = 255
    wrong = [np.abs(erased(image, alpha, rotations=turn) - image)[alpha > 0].mean() for turn in (False, True)]
    assert wrong[1] < wrong[0]


def test_a_deep_picture_keeps_its_depth() -> None:
    image = (background(100, 140).astype(np.uint16) * 257) + 13
    alpha = middle(100, 140)
    result = image.copy()
    for patch in region.erase(Job(ENGINE, CARD, CARD.resolve({})), image, Mask.of(alpha), Context()):
        patch.paint(result)
    assert np.array_equal(result[alpha == 0], image[alpha == 0])
    assert len(np.unique(result[alpha > 0] % 257)) > 1 or (result[alpha > 0] % 257 == 13).all()


def test_it_reports_often_and_hears_cancel_at_every_step() -> None:
    image, alpha = gravel(300, 400), middle(300, 400, 0.5)
    told: list[tuple[float, float]] = []
    ENGINE.erase(image, alpha, CARD.resolve({}), Context(lambda done, *_: told.append((time.monotonic(), done))))
    shares = [done for _, done in told]
    assert shares == sorted(shares)
    for count in (1, len(told) // 2, len(told) - 1):
        heard = itertools.count()
        with pytest.raises(Cancelled):
            ENGINE.erase(image, alpha, CARD.resolve({}), Context(cancelled=partial(_later, heard, count)))
        assert next(heard) == count + 1  # it was not asked again


def _later(heard: Iterator[int], count: int) -> bool:
    return next(heard) >= count


def test_previews_show_the_hole_filling_up() -> None:
    seen: list[FloatImage] = []
    ctx = Context(lambda _, __, image: seen.append(image) if image is not None else None, wants_preview=True)
    image, alpha = gravel(200, 200), middle(200, 200, 0.5)
    ENGINE.erase(image, alpha, CARD.resolve({}), ctx)
    assert {picture.shape for picture in seen} == {image.shape}
    assert np.array_equal(seen[-1][alpha == 0], image[alpha == 0])
    assert len({picture.tobytes() for picture in seen}) > 3


def test_a_small_context_is_enough() -> None:
    engine = Exemplar(Setup(replace(CARD, context=4), {}))
    image, alpha = gravel(80, 80), middle(80, 80)
    assert engine.erase(image, alpha, CARD.resolve({}), Context()).shape == image.shape
