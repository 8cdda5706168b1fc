"""Losses look into the hole only, and count small holes as much as large ones."""

from __future__ import annotations

import pytest
import torch

from engines.training import losses


def hole(side: int, reach: int) -> torch.Tensor:
    mask = torch.zeros(1, 1, side, side)
    mask[..., 8 : 8 + reach, 8 : 8 + reach] = 1
    return mask


def test_the_same_error_weighs_the_same_in_small_and_large_holes() -> None:
    truth = torch.full((1, 3, 128, 128), 0.5)
    small = losses.hole_l1(truth + 0.1, truth, hole(128, 12))
    large = losses.hole_l1(truth + 0.1, truth, hole(128, 100))
    assert small.item() == pytest.approx(0.1, abs=0.002)
    assert large.item() == pytest.approx(small.item(), abs=0.001)


@pytest.mark.parametrize("loss", [losses.hole_l1, losses.gradient_l1, losses.pyramid_l1])
def test_errors_outside_the_hole_cost_nothing(loss: object) -> None:
    assert callable(loss)
    truth = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    mask = hole(64, 24).expand(2, 1, 64, 64)
    out = truth + 0.7 * (1 - mask)
    assert loss(out, truth, mask).item() < 2e-3
    assert loss(out + 0.2 * mask * torch.rand_like(mask), truth, mask).item() > 1e-2


def test_an_empty_hole_costs_nothing_and_is_finite() -> None:
    truth = torch.rand(1, 3, 32, 32)
    assert losses.hole_l1(truth + 1, truth, torch.zeros(1, 1, 32, 32)).item() == 0


def test_gradient_loss_hears_lost_grain_that_l1_hardly_does() -> None:
    generator = torch.Generator().manual_seed(4)
    truth = 0.5 + 0.05 * torch.randn(1, 3, 64, 64, generator=generator)
    mask = hole(64, 40)
    blurred, shifted = torch.full_like(truth, 0.5), truth + 0.05
    assert losses.gradient_l1(blurred, truth, mask) > 10 * losses.gradient_l1(shifted, truth, mask)


def test_pyramid_loss_hears_a_wrong_shade_more_than_grain() -> None:
    generator = torch.Generator().manual_seed(4)
    truth, mask = torch.full((1, 3, 64, 64), 0.5), hole(64, 40)
    grainy = truth + 0.05 * torch.randn(1, 3, 64, 64, generator=generator)
    assert losses.pyramid_l1(truth + 0.05, truth, mask) > 2 * losses.pyramid_l1(grainy, truth, mask)


def test_the_triplet_pulls_towards_the_truth_and_never_towards_the_coarse_result() -> None:
    truth, coarse = torch.full((1, 3, 32, 32), 0.8), torch.full((1, 3, 32, 32), 0.2)
    out = torch.full((1, 3, 32, 32), 0.5, requires_grad=True)
    losses.triplet(out, coarse, truth, hole(32, 16)).backward()
    assert out.grad is not None
    inside = hole(32, 16).bool().expand_as(out)
    assert (out.grad[inside] < 0).all()  # descending raises the value, towards the truth


def test_text_that_is_left_standing_costs_and_any_way_off_it_helps() -> None:
    image, truth, stroke = torch.zeros(1, 3, 32, 32), torch.full((1, 3, 32, 32), 0.6), hole(32, 16)
    left = torch.zeros_like(image).requires_grad_()
    assert losses.ghost(image, image, truth, stroke).item() == pytest.approx(0.3, abs=0.01)
    assert losses.ghost(truth, image, truth, stroke).item() == 0
    losses.ghost(left + 0.1, image, truth, stroke).backward()
    assert left.grad is not None
    assert (left.grad[stroke.bool().expand_as(left)] < 0).all()


def test_the_triplet_lets_a_coarse_result_alone_that_is_right_already() -> None:
    truth = torch.full((1, 3, 32, 32), 0.8)
    out = truth.clone().requires_grad_()
    loss = losses.triplet(out, truth + 0.001, truth, hole(32, 16))
    assert loss.item() == 0


def test_a_composite_is_the_picture_outside_the_hole() -> None:
    image, out, mask = torch.rand(1, 3, 16, 16), torch.rand(1, 3, 16, 16), hole(16, 4)
    shown = losses.composite(out, image, mask)
    assert torch.equal(shown * (1 - mask), image * (1 - mask))
    assert torch.allclose(shown * mask, out * mask)
