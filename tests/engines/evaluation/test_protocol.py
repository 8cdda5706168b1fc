"""Which mask is erased, and which pixels are scored."""

from __future__ import annotations

import numpy as np
import pytest

from engines.core.types import Alpha, Pixels
from engines.evaluation.protocol import PROTOCOL, MaskChoice, Scope, make_mask, score_scopes
from tests.conftest import background, with_text


@pytest.fixture(scope="module")
def pair() -> tuple[Pixels, Pixels, Alpha]:
    """A picture with text, its truth, and a mask of the exact glyphs, a pixel wider."""
    truth = background(90, 160)
    image = with_text(truth, "SALE", (30, 25), 40)
    glyphs = (np.abs(image.astype(int) - truth).max(axis=2) > 0).astype(np.uint8) * 255
    return image, truth, glyphs.astype(np.uint8)


def test_the_given_mask_is_taken_as_it_is(pair: tuple[Pixels, Pixels, Alpha]) -> None:
    image, truth, given = pair
    assert make_mask(MaskChoice.GIVEN, image, truth, given) is given


def test_boxes_hold_the_text_and_strokes_follow_it(pair: tuple[Pixels, Pixels, Alpha]) -> None:
    image, truth, given = pair
    boxes, strokes = (make_mask(choice, image, truth, given) for choice in (MaskChoice.BOXES, MaskChoice.STROKES))
    changed = np.abs(image.astype(int) - truth).mean(axis=2) > 15
    for mask in (boxes, strokes):
        assert (mask[changed] == 255).all()
        assert mask.dtype == np.uint8
    assert np.count_nonzero(strokes) < 0.8 * np.count_nonzero(boxes)


def test_what_differs_outside_the_given_mask_is_no_stroke(pair: tuple[Pixels, Pixels, Alpha]) -> None:
    image, truth, given = pair
    noisy = image.copy()
    noisy[80:, :20] = 0
    assert np.array_equal(
        make_mask(MaskChoice.STROKES, noisy, truth, given), make_mask(MaskChoice.STROKES, image, truth, given)
    )


def test_a_faint_mark_is_erased_with_the_given_mask(pair: tuple[Pixels, Pixels, Alpha]) -> None:
    _, truth, given = pair
    assert make_mask(MaskChoice.STROKES, truth, truth, given) is given


def test_scopes_differ_by_what_is_outside(pair: tuple[Pixels, Pixels, Alpha]) -> None:
    _, truth, given = pair
    result = truth.copy()
    result[given > 0] += 10
    result[:5] += 10
    scored = score_scopes(result, truth, given)
    share = float((given > 0).mean())
    assert scored[Scope.INSIDE].mse == pytest.approx((10 / 255) ** 2)
    assert scored[Scope.TRUTH_OUTSIDE].mse == pytest.approx(share * (10 / 255) ** 2)
    assert scored[Scope.PICTURE].mse == pytest.approx((share + 5 / 90) * (10 / 255) ** 2)
    assert scored[Scope.INSIDE].psnr < scored[Scope.PICTURE].psnr < scored[Scope.TRUTH_OUTSIDE].psnr


def test_every_choice_and_scope_is_explained() -> None:
    assert {choice.value for choice in MaskChoice} | {scope.value for scope in Scope} <= set(PROTOCOL)
