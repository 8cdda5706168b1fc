"""Every metric against a case computed by hand, and against a formula written down once more."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.core.types import Alpha, Pixels
from engines.evaluation.metrics import Scores, luma, mean_scores, psnr, scores
from tests.conftest import background

GREY = np.full((16, 16, 3), 100, np.uint8)


def changed(at: tuple[slice | int, slice | int], value: tuple[int, int, int], picture: Pixels = GREY) -> Pixels:
    result = picture.copy()
    result[at] = value
    return result


def noisy(seed: int, height: int = 40, width: int = 44) -> tuple[Pixels, Pixels]:
    """A picture and a disturbed copy."""
    truth = background(height, width, seed)
    noise = np.random.default_rng(seed).normal(0, 25, truth.shape)
    return np.clip(truth + noise, 0, 255).astype(np.uint8), truth


def test_a_picture_equals_itself() -> None:
    same = scores(GREY, GREY)
    assert same == Scores(psnr=math.inf, mssim=1.0, ms_ssim=None, mse=0.0, age=0.0, peps=0.0, pceps=0.0)


def test_one_pixel_by_hand() -> None:
    """One of 256 pixels, one of its three channels, off by 51: (51 / 255)^2 / 768 = 0.04 / 768."""
    off = scores(changed((5, 7), (151, 100, 100)), GREY)
    assert off.mse == pytest.approx(0.04 / 768)
    assert off.psnr == pytest.approx(10 * math.log10(768 / 0.04))
    assert off.age == 15 / 256  # 0.299 * 51 = 15.249, rounded to 15
    assert off.peps == 0.0  # 15 is not more than 20


@pytest.mark.parametrize(("level", "counts"), [(120, False), (121, True), (79, True), (80, False)])
def test_error_pixels_differ_by_more_than_twenty(level: int, counts: bool) -> None:
    off = scores(changed((slice(2, 5), slice(2, 5)), (level, level, level)), GREY)
    assert off.peps == (9 / 256 if counts else 0)
    assert off.pceps == (1 / 256 if counts else 0)  # of 3 x 3 error pixels only the middle one has four neighbours
    assert off.age == abs(level - 100) * 9 / 256


def test_luma_weighs_green_most_and_differences_are_rounded() -> None:
    assert luma(np.array([[[10, 100, 200]]], np.uint8))[0, 0] == pytest.approx(2.99 + 58.7 + 22.8)
    green = scores(changed((3, 3), (100, 134, 100)), GREY)  # 0.587 * 34 = 19.958, rounded to 20
    assert (green.age, green.peps) == (20 / 256, 0.0)
    green = scores(changed((3, 3), (100, 135, 100)), GREY)  # 20.545, rounded to 21
    assert (green.age, green.peps) == (21 / 256, 1 / 256)


def test_errors_at_the_border_do_not_cluster() -> None:
    row = scores(changed((slice(0, 2), slice(None)), (200, 200, 200)), GREY)
    assert row.peps == 32 / 256
    assert row.pceps == 0.0
    everywhere = scores(np.full_like(GREY, 200), GREY)
    assert (everywhere.peps, everywhere.pceps) == (1.0, 14 * 14 / 256)


def test_only_the_pixels_asked_for_are_judged() -> None:
    where = np.zeros((16, 16), np.uint8)
    where[4:6, 4:6] = 255
    result = changed((slice(4, 5), slice(4, 6)), (151, 151, 151))
    result[10:] = 0  # not judged
    inside = scores(result, GREY, where)
    assert inside.mse == pytest.approx(0.04 / 2)
    assert (inside.age, inside.peps, inside.pceps) == (51 / 2, 0.5, 0.0)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.booleans())
def test_the_formulas_written_once_more(seed: int, masked: bool) -> None:
    result, truth = noisy(seed)
    where = np.random.default_rng(seed).integers(0, 2, truth.shape[:2], np.uint8) if masked else None
    got = scores(result, truth, where)
    judged = [(y, x) for y in range(truth.shape[0]) for x in range(truth.shape[1]) if where is None or where[y, x]]
    levels = {
        at: round(
            abs(sum(w * (int(a) - int(b)) for w, a, b in zip((299, 587, 114), result[at], truth[at], strict=True)))
            / 1000
        )
        for at in np.ndindex(truth.shape[:2])
    }
    wrong = {at for at, level in levels.items() if level > 20}
    inner = {(y, x) for y, x in wrong if {(y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)} <= wrong}
    squares = [((int(a) - int(b)) / 255) ** 2 for at in judged for a, b in zip(result[at], truth[at], strict=True)]
    assert got.mse == pytest.approx(sum(squares) / len(squares))
    assert got.psnr == pytest.approx(10 * math.log10(len(squares) / sum(squares)))
    assert got.age == pytest.approx(sum(levels[at] for at in judged) / len(judged))
    assert got.peps == pytest.approx(sum(at in wrong for at in judged) / len(judged))
    assert got.pceps == pytest.approx(sum(at in inner for at in judged) / len(judged))


WEIGHTS = (0.299, 0.587, 0.114)


def ssim_maps(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Contrast-structure and SSIM of every 11 x 11 window that fits, straight from the definitions."""
    reach = np.arange(-5, 6)
    line = np.exp(-(reach**2) / (2 * 1.5**2))
    window = np.outer(line, line) / line.sum() ** 2
    views_x, views_y = (np.lib.stride_tricks.sliding_window_view(each, (11, 11)) for each in (x, y))

    def mean(values: np.ndarray) -> np.ndarray:
        return np.einsum("ijkl,kl->ij", values, window)

    mean_x, mean_y = mean(views_x), mean(views_y)
    var_x = mean((views_x - mean_x[..., None, None]) ** 2)
    var_y = mean((views_y - mean_y[..., None, None]) ** 2)
    shared = mean((views_x - mean_x[..., None, None]) * (views_y - mean_y[..., None, None]))
    structure = (2 * shared + 58.5225) / (var_x + var_y + 58.5225)
    return structure, structure * (2 * mean_x * mean_y + 6.5025) / (mean_x**2 + mean_y**2 + 6.5025)


@pytest.mark.parametrize("seed", range(3))
def test_mssim_is_the_published_single_scale_one(seed: int) -> None:
    result, truth = noisy(seed)
    structure, similarity = ssim_maps(result @ np.array(WEIGHTS), truth @ np.array(WEIGHTS))
    assert scores(result, truth).mssim == pytest.approx(structure.mean() ** 0.8668 * similarity.mean() ** 0.1333)


def test_mssim_of_two_flat_pictures_by_hand() -> None:
    """No structure equals no structure; luma 100 against 120 is (2 * 100 * 120 + C1) / (100^2 + 120^2 + C1)."""
    flat = scores(np.full_like(GREY, 120), GREY)
    assert flat.mssim == pytest.approx(((24_000 + 6.5025) / (24_400 + 6.5025)) ** 0.1333)


def test_mssim_of_a_negative_is_zero_not_nan() -> None:
    truth = np.random.default_rng(1).integers(0, 256, (32, 32, 3), np.uint8)  # texture strong enough to be negated
    assert scores(255 - truth, truth).mssim == 0.0


def test_multi_scale_ssim_is_computed_at_five_scales() -> None:
    result, truth = noisy(3, 192, 180)
    x, y = result @ np.array(WEIGHTS), truth @ np.array(WEIGHTS)
    expected = 1.0
    for weight in (0.0448, 0.2856, 0.3001, 0.2363):
        expected *= ssim_maps(x, y)[0].mean() ** weight
        x, y = ((v[::2, ::2] + v[1::2, ::2] + v[::2, 1::2] + v[1::2, 1::2]) / 4 for v in (_even(x), _even(y)))
    expected *= ssim_maps(x, y)[1].mean() ** 0.1333
    got = scores(result, truth)
    assert got.ms_ssim == pytest.approx(expected)
    assert got.ms_ssim != pytest.approx(got.mssim, abs=0.02)


def _even(values: np.ndarray) -> np.ndarray:
    return values[: values.shape[0] // 2 * 2, : values.shape[1] // 2 * 2]


def test_small_pictures_have_no_five_scales_but_all_else() -> None:
    result, truth = noisy(1, 175, 200)
    assert scores(result, truth).ms_ssim is None
    tiny = scores(changed((0, 0), (0, 0, 0), GREY[:3, :2]), GREY[:3, :2])
    assert tiny.mse > 0
    assert 0 < tiny.mssim < 1


def test_similarity_inside_a_mask_sees_only_what_the_mask_is_near() -> None:
    truth = np.random.default_rng(1).integers(0, 256, (200, 200, 3), np.uint8)
    result = truth.copy()
    result[:60] = 255 - result[:60]
    near, far = np.zeros((200, 200), np.uint8), np.zeros((200, 200), np.uint8)
    near[20:40, 50:90], far[150:180, 50:90] = 255, 255
    assert scores(result, truth, far).mssim == pytest.approx(1.0)
    assert scores(result, truth, near).mssim < 0.2


@pytest.mark.parametrize("where", [np.zeros((16, 16), np.uint8)])
def test_no_pixel_to_judge_is_refused(where: Alpha) -> None:
    with pytest.raises(ValueError, match="no pixel"):
        scores(GREY, GREY, where)


def test_pictures_of_different_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot compare"):
        scores(GREY, GREY[:8])


def test_means_leave_out_pictures_that_equal_their_truth() -> None:
    one, other = scores(changed((5, 7), (151, 100, 100)), GREY), scores(changed((0, 0), (0, 0, 0)), GREY)
    mean, count = mean_scores([one, scores(GREY, GREY), other])
    assert count == 2
    assert mean is not None
    assert mean.psnr == pytest.approx((one.psnr + other.psnr) / 2)
    assert mean.age == pytest.approx((one.age + other.age) / 2)
    assert mean.ms_ssim is None
    assert mean_scores([scores(GREY, GREY)]) == (None, 0)


def test_psnr_of_known_errors() -> None:
    assert psnr(0.01) == pytest.approx(20)
    assert psnr(0) == math.inf
