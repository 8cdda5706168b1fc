"""GaRNet's parameters by name, masks normalised per image, the shorter way, and that it can be trained."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import pytest
import torch
from torch import Tensor

from engines.nets.garnet import GaRNet
from tests.parity.golden import fill_by_rule

BLOCKS = {
    "layer1_block": (64, 64),
    "layer2": (64, 64),
    "layer2_block": (64, 128),
    "layer3": (128, 128),
    "layer3_block": (128, 256),
    "layer4": (256, 256),
    "layer4_block": (256, 512),
    "layer5": (512, 512),
}
BOXES = ("layer1_out", "layer2_in", "layer2_out", "layer3_in", "layer3_out", "layer4_in", "layer4_out", "layer5")
WITHOUT_BIAS = ("convs_1", "convs_2", "mask_branch", "att_layer")


def _weights() -> Iterator[tuple[str, tuple[int, ...]]]:
    """The table of the checkpoint: every convolution and the shape of its weight."""
    yield "layer1", (64, 4, 4, 4)
    yield "layer6", (2, 512, 1, 1)
    for layer, channels in enumerate((64, 64, 128, 256), 1):
        half = channels // 2
        yield f"layer{layer}_lc.0.model.0", (half, channels, 1, 1)
        yield f"layer{layer}_lc.0.model.1", (half, half, 3, 3)
        yield f"layer{layer}_lc.0.model.2", (half, half, 3, 3)
        yield f"layer{layer}_lc.1", (channels, half, 1, 1)
    for name, (inputs, channels) in BLOCKS.items():
        yield f"{name}.conv1", (channels, inputs, 3, 3)
        yield f"{name}.conv2", (channels, channels, 3, 3)
        yield f"{name}.att_layer.conv", (1, 3, 7, 7)
        yield f"{name}.att_layer.conv2", (1, 3, 7, 7)
        if inputs != channels:
            yield f"{name}.conv3", (channels, inputs, 1, 1)
    for number, sides in enumerate(((2, 256), (256, 128), (128, 64), (64, 64), (64, 3)), 1):
        yield f"uplayer{number}.0", (*sides, 4, 4)
    yield "convs_1", (3, 64, 1, 1)
    yield "convs_2", (3, 64, 1, 1)
    yield "mask_branch.initial.0", (1, 1, 4, 4)
    for box in BOXES:
        yield f"mask_branch.{box}.0", (1, 1, 3, 3)
        yield f"mask_branch.{box}.1", (1, 1, 3, 3)


def _bias(name: str, shape: tuple[int, ...]) -> tuple[int, ...]:
    return shape[1:2] if name.startswith("uplayer") else shape[:1]


@pytest.fixture(scope="module")
def network() -> GaRNet:
    return cast("GaRNet", fill_by_rule(GaRNet()))


def pair(height: int = 64, width: int = 96) -> Tensor:
    """Two pictures: one with a tiny hole, one with a large hole, ``(2, 4, h, w)``."""
    torch.manual_seed(3)
    value = torch.rand(2, 4, height, width) * 2 - 1
    value[:, 3] = 0
    value[0, 3, 10:14, 20:26] = 1
    value[1, 3, 5:60, 8:90] = 1
    return value


def test_names_and_shapes_are_those_of_the_published_checkpoint() -> None:
    table = {f"{name}.weight": shape for name, shape in _weights()}
    table |= {f"{name}.bias": _bias(name, shape) for name, shape in _weights() if not _has_no_bias(name)}
    table |= {f"{name}.att_layer.{scalar}": () for name in BLOCKS for scalar in ("alpha", "beta")}
    network = GaRNet()
    assert {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()} == table
    assert len(table) == 135
    assert sum(parameter.numel() for parameter in network.parameters()) == 12_399_909
    assert sum(parameter.numel() for parameter in network.parameters() if not parameter.requires_grad) == 160


def _has_no_bias(name: str) -> bool:
    return any(part in name for part in WITHOUT_BIAS)


def test_a_batch_equals_its_pictures_one_by_one(network: GaRNet) -> None:
    value = pair()
    with torch.inference_mode():
        both = network(value)
        single = [network(value[i : i + 1]) for i in range(2)]
    for i, alone in enumerate(single):
        assert torch.allclose(both.image[i], alone.image[0], atol=2e-5)
        for ours, theirs in zip(both.masks, alone.masks, strict=True):
            assert torch.allclose(ours[i], theirs[0], atol=2e-6)


def test_every_hole_however_small_is_stretched_to_one(network: GaRNet) -> None:
    for mask in network.mask_branch(pair()[:, 3:]):
        assert mask.amax((1, 2, 3)).sub(1).abs().max() < 1e-4


def test_no_hole_gives_no_mask_and_no_nan(network: GaRNet) -> None:
    value = pair()[:1].clone()
    value[:, 3] = 0
    with torch.inference_mode():
        output = network(value)
    assert all(not mask.any() for mask in output.masks)
    assert torch.isfinite(output.image).all()


def test_the_shorter_way_gives_the_same_image(network: GaRNet) -> None:
    with torch.inference_mode():
        assert torch.allclose(network.restore(pair()), network(pair()).image, atol=2e-5)


def test_everything_but_the_mask_branch_learns() -> None:
    torch.manual_seed(0)
    network = GaRNet()
    output = network(pair())
    maps = [torch.sigmoid(logits).mean() for block in output.attention for logits in block]
    (output.image.abs().mean() + output.half.abs().mean() + output.quarter.abs().mean() + sum(maps)).backward()
    for name, parameter in network.named_parameters():
        learns = parameter.grad is not None and bool(parameter.grad.abs().max() > 0)
        assert learns is not name.startswith("mask_branch."), name
