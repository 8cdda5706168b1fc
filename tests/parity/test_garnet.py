"""GaRNet against the recorded tensors: the mask pyramid first, then attention, then the images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
import pytest
import torch
from torch import Tensor

from engines.nets.garnet import GaRNet, GaRNetOutput
from tests.parity.golden import Archive, assert_close, fill_by_rule, golden

TOLERANCE, MASK_TOLERANCE = 2e-5, 2e-6
LAYER_2 = 1
"""Place of the block ``layer2`` among the eight that attend."""

FILES = ("garnet_128x128", "garnet_256x192", "garnet_photo_256x192", "garnet_emptymask_128x128")


@dataclass(frozen=True)
class Run:
    """What our network makes of one archive's input, by both ways."""

    recorded: Archive
    output: GaRNetOutput
    restored: Tensor


@pytest.fixture(scope="module")
def network() -> GaRNet:
    return cast("GaRNet", fill_by_rule(GaRNet()))


@pytest.fixture(scope="module", params=FILES)
def run(request: pytest.FixtureRequest, network: GaRNet) -> Run:
    recorded = golden(request.param)
    picture = recorded["image_u8"].astype(np.float32) / 127.5 - 1
    value = np.concatenate([picture, recorded["mask_u8"][..., None]], axis=2, dtype=np.float32)
    tensor = torch.from_numpy(value.transpose(2, 0, 1)[None].copy())
    with torch.inference_mode():
        return Run(recorded, network(tensor), network.restore(tensor)[0])


def test_the_mask_pyramid(run: Run) -> None:
    for level, mask in enumerate(run.output.masks):
        assert_close(f"mask {level}", mask[0], run.recorded[f"maskpyr{level}"], MASK_TOLERANCE)


@pytest.mark.parametrize("name", ["stroke", "surround", "gate"])
def test_the_attention_of_a_block(run: Run, name: str) -> None:
    ours = torch.sigmoid(getattr(run.output.attention[LAYER_2], name))[0]
    assert_close(f"layer2 {name}", ours, run.recorded[f"layer2_{name}"], TOLERANCE)


def test_the_small_images(run: Run) -> None:
    if "up3_o" not in run.recorded:
        pytest.skip("this archive holds the full size only")
    assert_close("quarter", run.output.quarter[0], run.recorded["up3_o"], TOLERANCE)
    assert_close("half", run.output.half[0], run.recorded["up4_o"], TOLERANCE)


def test_the_image(run: Run) -> None:
    assert_close("image", run.output.image[0], run.recorded["up5"], TOLERANCE)
    assert_close("image by the short way", run.restored, run.recorded["up5"], TOLERANCE)


def test_the_composite(run: Run) -> None:
    if "composite_u8" not in run.recorded:
        pytest.skip("this archive holds no composite")
    image = run.recorded["image_u8"].astype(np.float32) / 127.5 - 1
    inside = run.recorded["mask_u8"][..., None].astype(np.float32)
    mixed = (1 - inside) * image + inside * run.restored.permute(1, 2, 0).numpy()
    written = (127.5 * np.clip(mixed + 1, 0, 2)).astype(np.uint8)
    assert_close("composite", written, run.recorded["composite_u8"], 1)
    assert (written != run.recorded["composite_u8"]).mean() < 1e-2
