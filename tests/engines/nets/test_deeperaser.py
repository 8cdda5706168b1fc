"""DeepEraser's parameters by name, what its normalisation implies, and that it can be trained."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from engines.nets.deeperaser import (
    ENCODER_REACH,
    ITERATION_REACH,
    NORMALISATIONS,
    NORMALISED_CHANNELS,
    DeepEraser,
    Statistics,
    replaying,
)
from engines.nets.deeperaser_stages import Stages
from tests.parity.golden import fill_by_rule


def _weights() -> Iterator[tuple[str, tuple[int, ...]]]:
    """The table of the checkpoint: every convolution and the shape of its weight."""
    yield "fnet.conv1", (16, 4, 7, 7)
    inputs = 16
    for layer, channels in enumerate((16, 32, 32, 64, 64, 128), 1):
        yield f"fnet.layer{layer}.0.conv1", (channels, inputs, 3, 3)
        for conv in ("0.conv2", "1.conv1", "1.conv2"):
            yield f"fnet.layer{layer}.{conv}", (channels, channels, 3, 3)
        if channels != inputs:
            yield f"fnet.layer{layer}.0.downsample.0", (channels, inputs, 1, 1)
        inputs = channels
    yield "fnet.conv2", (128, 128, 1, 1)
    yield "update_block.encoder.convf1", (128, 3, 7, 7)
    yield "update_block.encoder.convf2", (61, 128, 3, 3)
    for gate in "zrq":
        yield f"update_block.gru.conv{gate}1", (64, 192, 1, 5)
        yield f"update_block.gru.conv{gate}2", (64, 192, 5, 1)
    yield "update_block.pre_head.conv1", (128, 64, 3, 3)
    yield "update_block.pre_head.conv2", (3, 128, 3, 3)


@pytest.fixture(scope="module")
def network() -> DeepEraser:
    made = DeepEraser()
    fill_by_rule(made)
    return made


def test_names_and_shapes_are_those_of_the_published_checkpoint() -> None:
    table = {f"{name}.weight": shape for name, shape in _weights()}
    table |= {f"{name}.bias": shape[:1] for name, shape in _weights()}
    network = DeepEraser()
    assert {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()} == table
    assert len(table) == 78
    assert sum(parameter.numel() for parameter in network.parameters()) == 1_438_512


def test_every_live_parameter_learns_and_the_dead_biases_do_not() -> None:
    """28 biases stand before a normalisation, which takes them away again."""
    torch.manual_seed(0)
    network = DeepEraser()
    image, mask = torch.rand(1, 3, 16, 20), (torch.rand(1, 1, 16, 20) > 0.5).float()
    for restored in network(image, mask, 2):
        restored.abs().mean().backward(retain_graph=True)
    gradients = {name: float(p.grad.abs().max()) for name, p in network.named_parameters() if p.grad is not None}
    dead = {name for name in gradients if name.startswith("fnet") and name.endswith("bias")} - {"fnet.conv2.bias"}
    assert len(gradients) == 78
    assert len(dead) == NORMALISATIONS
    assert max(gradients[name] for name in dead) < 1e-5
    assert all(value > 1e-7 for name, value in gradients.items() if name not in dead)


def test_a_batch_equals_its_pictures_one_by_one(network: DeepEraser) -> None:
    torch.manual_seed(1)
    image, mask = torch.rand(2, 3, 20, 24), (torch.rand(2, 1, 20, 24) > 0.5).float()
    with torch.inference_mode():
        both = network(image, mask, 2)[-1]
        single = torch.cat([network(image[i : i + 1], mask[i : i + 1], 2)[-1] for i in range(2)])
    assert torch.allclose(both, single, atol=3e-5)


def test_measured_moments_replay_to_the_same_features(network: DeepEraser) -> None:
    value, statistics = torch.rand(1, 4, 24, 30), Statistics()
    with torch.inference_mode():
        recorded = network.fnet(value, statistics.record)
        assert statistics.moments.shape == (2, NORMALISED_CHANNELS)
        assert torch.equal(network.fnet(value, replaying(statistics.moments)), recorded)
        assert torch.allclose(recorded, network.fnet(value), atol=1e-4)


def test_the_encoder_looks_no_further_than_its_reach(network: DeepEraser) -> None:
    value, statistics = torch.rand(1, 4, 24, 2 * ENCODER_REACH + 9), Statistics()
    with torch.inference_mode():
        network.fnet(value, statistics.record)
        changed = value.clone()
        changed[..., 0] += 1
        before, after = (network.fnet(v, replaying(statistics.moments)) for v in (value, changed))
    moved = (before != after).any(dim=2).any(dim=1)[0]
    assert moved[: ENCODER_REACH + 1].any()
    assert not moved[ENCODER_REACH + 1 :].any()


def test_one_iteration_looks_no_further_than_its_reach(network: DeepEraser) -> None:
    stages = Stages(network)
    hidden, context = torch.zeros(1, 64, 30, 30), torch.rand(1, 64, 30, 30)
    restored = torch.rand(1, 3, 30, 30)
    changed = restored.clone()
    changed[..., 0, 0] += 1
    with torch.inference_mode():
        constants = stages.prepare(context)
        before, after = (stages.iterate(hidden, *constants, value)[1] for value in (restored, changed))
    rows, columns = (before - after).abs().amax((0, 1)).nonzero(as_tuple=True)
    assert 1 <= max(int(rows.max()), int(columns.max())) <= ITERATION_REACH


def test_a_single_pixel_is_no_error(network: DeepEraser) -> None:
    with torch.inference_mode():
        hidden, _ = Stages(network).encode(torch.rand(1, 4, 1, 1), Statistics().record)
    assert torch.isfinite(hidden).all()
