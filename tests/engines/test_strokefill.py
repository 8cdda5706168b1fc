"""The fill of StrokeFill, and that the network erases before it has learnt anything but where strokes are."""

from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.nets.strokefill import MULTIPLE, StrokeFill, push_pull


@given(st.integers(0, 1000), st.floats(0, 1))
@settings(max_examples=20, deadline=None)
def test_the_fill_stays_within_the_colours_it_knows(seed: int, share: float) -> None:
    generator = torch.Generator().manual_seed(seed)
    image = torch.rand(1, 3, 64, 128, generator=generator)
    weight = (torch.rand(1, 1, 64, 128, generator=generator) < share).float()
    filled = push_pull(image, weight)
    assert torch.isfinite(filled).all()
    if weight.any():
        assert filled.amax() <= image[weight.expand_as(image) > 0].amax() + 1e-3
    assert filled.amin() >= -1e-6


def test_what_is_known_stays_and_a_ramp_is_bridged() -> None:
    ramp = torch.linspace(0, 1, 128).expand(1, 3, 64, 128).contiguous()
    weight = torch.ones(1, 1, 64, 128)
    weight[..., 60:68] = 0
    filled = push_pull(ramp, weight)
    assert torch.allclose(filled[..., :60], ramp[..., :60], atol=1e-3)
    assert (filled - ramp).abs().amax() < 0.06


def test_one_colour_is_filled_with_itself() -> None:
    image = torch.full((1, 3, 64, 64), 0.37)
    weight = torch.zeros(1, 1, 64, 64)
    weight[..., 0, 0] = 1
    assert torch.allclose(push_pull(image, weight), image, atol=1e-2)


def test_a_new_network_changes_nothing_outside_the_mask_and_takes_any_multiple() -> None:
    network = StrokeFill().eval()
    image, mask = torch.rand(1, 3, MULTIPLE, 3 * MULTIPLE), torch.zeros(1, 1, MULTIPLE, 3 * MULTIPLE)
    mask[..., 20:40, 20:60] = 1
    with torch.inference_mode():
        out = network(image, mask)
    assert out.image.shape == out.fill.shape == image.shape
    assert torch.equal(out.image * (1 - mask), image * (1 - mask))


def test_a_batch_equals_its_pictures_one_by_one() -> None:
    torch.manual_seed(2)
    network = StrokeFill().eval()
    image, mask = torch.rand(2, 3, 64, 64), (torch.rand(2, 1, 64, 64) > 0.7).float()
    with torch.inference_mode():
        both = network(image, mask).image
        single = torch.cat([network(image[i : i + 1], mask[i : i + 1]).image for i in range(2)])
    assert torch.allclose(both, single, atol=1e-5)
