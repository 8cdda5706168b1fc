"""DeepEraser against the recorded tensors: the encoder first, then the recurrence, then the image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
import pytest
import torch
from torch import Tensor

from engines.nets.deeperaser import DeepEraser, Statistics
from engines.nets.deeperaser_stages import Stages
from tests.parity.golden import Archive, assert_close, fill_by_rule, golden

TOLERANCE = 3e-5


@dataclass(frozen=True)
class Run:
    """What our network makes of one archive's input. ``restored``: the image after each iteration."""

    recorded: Archive
    features: Tensor
    first_hidden: Tensor
    restored: list[Tensor]
    by_stages: list[Tensor]


@pytest.fixture(scope="module")
def network() -> DeepEraser:
    return cast("DeepEraser", fill_by_rule(DeepEraser()))


@pytest.fixture(scope="module", params=["deeperaser_64x64", "deeperaser_photo_96x80", "deeperaser_96x80"])
def run(request: pytest.FixtureRequest, network: DeepEraser) -> Run:
    recorded = golden(request.param)
    image = torch.from_numpy((recorded["image_u8"] / 255).astype(np.float32).transpose(2, 0, 1)[None].copy())
    mask = torch.from_numpy(recorded["mask_u8"].astype(np.float32)[None, None])
    with torch.inference_mode():
        hidden, context = network.encode(image, mask)
        return Run(
            recorded,
            network.fnet(torch.cat([image, mask], 1))[0],
            network.update_block(hidden, context, image)[0][0],
            [restored[0] for restored in network(image, mask)],
            _by_stages(Stages(network), image, mask),
        )


def _by_stages(stages: Stages, image: Tensor, mask: Tensor) -> list[Tensor]:
    hidden, context = stages.encode(torch.cat([image, mask], 1), Statistics().record)
    first, second = stages.prepare(context)
    restored, results = image, []
    for _ in range(8):
        hidden, correction = stages.iterate(hidden, first, second, restored)
        restored = image + correction
        results.append(restored[0])
    return results


def test_the_encoder(run: Run) -> None:
    assert_close("patch of F", run.features[:, 20:24, 20:24], run.recorded["fmap_patch"], TOLERANCE)
    assert_close("mean of F", run.features.mean((1, 2)), run.recorded["fmap_mean"], TOLERANCE)
    assert_close("deviation of F", run.features.std((1, 2), correction=0), run.recorded["fmap_std"], TOLERANCE)


def test_the_hidden_state_after_one_iteration(run: Run) -> None:
    assert_close("mean of h_1", run.first_hidden.mean((1, 2)), run.recorded["net1_mean"], TOLERANCE)
    deviation = run.first_hidden.std((1, 2), correction=0)
    assert_close("deviation of h_1", deviation, run.recorded["net1_std"], TOLERANCE)


@pytest.mark.parametrize("iteration", [1, 4, 8])
def test_the_image_after_an_iteration(run: Run, iteration: int) -> None:
    wanted = run.recorded[f"rec_iter{iteration}"]
    assert_close(f"R_{iteration}", run.restored[iteration - 1], wanted, TOLERANCE)
    assert_close(f"R_{iteration} by stages", run.by_stages[iteration - 1], wanted, TOLERANCE)


def test_the_picture_that_is_written(run: Run) -> None:
    written = (255 * run.restored[-1].clamp(0, 1)).to(torch.uint8).permute(1, 2, 0).numpy()
    assert_close("final picture", written, run.recorded["final_u8"], 1)
    assert (written != run.recorded["final_u8"]).mean() < 1e-3
