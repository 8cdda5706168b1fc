"""Outside the mask nothing changes, at any depth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from engines.core.types import Alpha, FloatImage, Pixels
from engines.pipeline.composite import composite, scale_of, to_unit

SHAPE = (9, 11)
units = arrays.arrays(np.float32, (*SHAPE, 3), elements=st.floats(0, 1, width=32))
masks = arrays.arrays(np.uint8, SHAPE)
sources = st.sampled_from([np.uint8, np.uint16, np.float32]).flatmap(
    lambda dtype: arrays.arrays(
        dtype, (*SHAPE, 3), elements=st.floats(-2, 40, width=32) if dtype is np.float32 else None
    )
)


@given(sources, units, masks)
def test_pixels_outside_the_mask_are_the_source_to_the_bit(source: Pixels, result: FloatImage, alpha: Alpha) -> None:
    out = composite(source, result, alpha, scale_of(source))
    assert out.dtype == source.dtype
    assert out[alpha == 0].tobytes() == source[alpha == 0].tobytes()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_result_equal_to_the_source_changes_no_integer(dtype: type[np.uint8 | np.uint16]) -> None:
    rng = np.random.default_rng(1)
    source = rng.integers(0, np.iinfo(dtype).max, (*SHAPE, 3), endpoint=True).astype(dtype)
    scale = scale_of(source)
    out = composite(source, to_unit(source, scale), np.full(SHAPE, 255, np.uint8), scale)
    assert np.array_equal(out, source)


def test_old_text_at_the_rim_does_not_show_through() -> None:
    source = np.full((30, 30, 3), 200, np.uint8)
    source[10:20, 10:20] = 0  # text right up to the mask's rim
    alpha = np.zeros((30, 30), np.uint8)
    alpha[10:20, 10:20] = 255
    out = composite(source, np.full((30, 30, 3), 200 / 255, np.float32), alpha, 255.0)
    assert np.array_equal(out, np.full_like(source, 200))


def test_a_small_difference_fades_in_from_the_rim() -> None:
    source = np.full((30, 30, 3), 100, np.uint8)
    alpha = np.zeros((30, 30), np.uint8)
    alpha[5:25, 5:25] = 255
    out = composite(source, np.full((30, 30, 3), 110 / 255, np.float32), alpha, 255.0)
    row = out[15, 5:12, 0].astype(int)
    assert row[0] < row[1] < row[2] < 110
    assert row[-1] == 110


def test_floats_brighter_than_one_keep_their_range() -> None:
    source = np.full((6, 6, 3), 8.0, np.float32)
    alpha = np.full((6, 6), 255, np.uint8)
    out = composite(source, np.full((6, 6, 3), 0.5, np.float32), alpha, scale_of(source))
    assert np.allclose(out, 4.0)


def test_values_that_are_no_numbers_do_not_reach_the_engine() -> None:
    source = np.array([[[np.nan, np.inf, -np.inf]]], np.float32)
    assert np.isfinite(to_unit(source, scale_of(source))).all()
