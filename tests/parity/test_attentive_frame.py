"""Masks, compositing and FreeU's filter of Attentive Eraser against recorded arrays."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn.functional import interpolate

from engines.diffusion.frame import blended, kernel_for, spread_out
from tests.parity.golden import assert_close, golden
from tests.parity.tiny_diffusion import tensor


@pytest.mark.parametrize(
    ("name", "side", "kernel"), [("sd_data_k13", 512, 13), ("sd_nb_k7", 512, 7), ("xl_main_k77", 1024, 77)]
)
def test_masks_are_spread_as_published(name: str, side: int, kernel: int) -> None:
    recorded = golden("ae_prepost")
    raw = tensor(recorded, "raw").float()[None, None] / 255
    bicubic = side == 512
    named = {"align_corners": False} if bicubic else {}
    resized = interpolate(raw, size=(side, side), mode="bicubic" if bicubic else "nearest", **named)[0, 0]
    ours = spread_out(resized.numpy().astype(np.float32), kernel)
    theirs = np.unpackbits(recorded[name])[: side * side].reshape(side, side)
    assert np.count_nonzero(ours != theirs) <= 8


def test_a_spread_in_pixels_is_the_published_blur() -> None:
    assert [kernel_for(pixels) for pixels in (0.0, 1.8, 2.9)] == [1, 7, 13]
    edge = np.zeros((9, 200), np.float32)
    edge[:, :100] = 1
    for pixels in (2, 3, 8, 15):
        moved = int(spread_out(edge, kernel_for(pixels))[4].sum()) - 100
        assert abs(moved - pixels) <= 1


def test_the_hole_fades_into_its_surroundings_as_published() -> None:
    recorded = golden("ae_prepost")
    image, generated = (recorded[name].transpose(1, 2, 0) for name in ("comp_img", "comp_gen"))
    mask = np.asarray(recorded["comp_mask"] > 0, np.uint8) * np.uint8(255)
    out = blended(np.ascontiguousarray(generated), np.ascontiguousarray(image), mask)
    assert_close("composite", out.transpose(2, 0, 1), recorded["comp_out"], 2e-3)


def test_the_filter_of_freeu() -> None:
    from diffusers.utils.torch_utils import fourier_filter

    recorded = golden("ae_freeu")
    for size in ("p2", "np2"):
        for scale, name in ((0.2, "s02"), (0.9, "s09")):
            with torch.inference_mode():
                out = fourier_filter(tensor(recorded, f"x_{size}"), threshold=1, scale=scale)
            assert_close(f"{name} {size}", out, recorded[f"y_{name}_{size}"], 1e-5)
