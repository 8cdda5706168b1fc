"""What is easily got wrong in Attentive Eraser, each by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from engines.core.context import Context
from engines.diffusion.checkpoint import open_checkpoint
from engines.diffusion.denoiser import Condition, Denoiser
from engines.diffusion.frame import frame_for
from engines.diffusion.grids import by_tokens, grid_sizes, pooled
from engines.diffusion.layers import cross_attentions, decoder_layers, self_attentions
from engines.diffusion.redirection import PlainAttention, Redirection, attend, processors, redirecting
from engines.diffusion.sampling import Plan, Sampler, Scene, noise_like
from engines.diffusion.schedule import Noising, Prediction, Schedule, few_timesteps
from engines.erasers.attentive import Settings
from tests.tiny_checkpoints import sd_unet, sdxl_unet

TOKENS = 16
ALPHABARS = {0: 0.99914998, 1: 0.99829602, 21: 0.98038065, 601: 0.15981632, 781: 0.04345597}
"""Noise levels of the training of all families, as published."""


def options(**other: Any) -> dict[str, Any]:
    from engines.catalog import load_catalog

    return load_catalog()["attentive-eraser"].resolve(other)


def qkv(seed: int = 1) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    q, k, v = (torch.randn(1, 2, TOKENS, 8, generator=generator) for _ in range(3))
    return q, k, v


def by_the_formula(q: Tensor, k: Tensor, v: Tensor, rows: Tensor, keys: Tensor, scale: float) -> Tensor:
    """The attention written out, with its whole matrix of logits."""
    logits = q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5
    logits = torch.where(rows[:, None], scale * logits, logits).masked_fill(keys[None, :], -torch.inf)
    return logits.softmax(-1) @ v


@settings(deadline=None, max_examples=60)
@given(
    rows=st.lists(st.booleans(), min_size=TOKENS, max_size=TOKENS),
    more=st.lists(st.booleans(), min_size=TOKENS, max_size=TOKENS),
    step=st.integers(0, 4),
    chunk=st.sampled_from([0, 1, 5, 16, 100]),
)
def test_object_keys_are_forbidden_to_all_rows_and_object_rows_alone_suppressed(
    rows: list[bool], more: list[bool], step: int, chunk: int
) -> None:
    object_rows = torch.tensor(rows)
    keys = object_rows | torch.tensor(more)
    state = Redirection({TOKENS: object_rows}, {TOKENS: keys}, last=9, suppressed=2, scale=0.3, step=step, chunk=chunk)
    out = state.redirected(*qkv())
    if keys.all():  # then everything is looked at, alike
        assert torch.allclose(out, qkv()[2].mean(2, keepdim=True).expand_as(out))
        return
    expected = by_the_formula(*qkv(), object_rows, keys, 0.3 if step < 2 else 1.0)
    torch.testing.assert_close(out, expected, atol=2e-6, rtol=1e-5)


def test_suppression_lasts_ten_evaluations_of_the_published_forty() -> None:
    published = Settings.of(options())
    assert (published.plan, published.guidance, published.suppression) == (Plan(50, 0.8), 9.0, 0.3)
    assert published.evaluations == 40
    assert published.suppressed == 10
    rows = torch.arange(TOKENS) < 4
    state = Redirection({TOKENS: rows}, {TOKENS: rows}, last=40, suppressed=published.suppressed)
    outs = []
    for step in range(12):
        state.step = step
        outs.append(state.redirected(*qkv()))
    assert all(torch.equal(outs[step], outs[0]) for step in range(10))
    assert torch.equal(outs[10], outs[11])
    assert not torch.allclose(outs[9], outs[10])


def test_redirection_ends_with_the_run_and_has_not_begun_before_its_first_step() -> None:
    state = Redirection({}, {}, last=3)
    assert not state.active
    active = []
    for state.step in range(-1, 5):
        active.append(state.active)
    assert active == [False, True, True, True, False, False]


@pytest.mark.parametrize(("make", "published"), [(sd_unet, (7, 16)), (sdxl_unet, None)])
def test_layers_are_counted_down_middle_up(make: Any, published: tuple[int, int] | None) -> None:
    unet = make()
    ran: list[Any] = []
    layers = self_attentions(unet)
    hooks = [layer.register_forward_pre_hook(lambda module, given: ran.append(module)) for layer in layers]
    added = None
    if unet.config.addition_embed_type:
        added = {"text_embeds": torch.zeros(1, 64), "time_ids": torch.zeros(1, 6)}
    with torch.inference_mode():
        context = torch.zeros(1, 3, unet.config.cross_attention_dim)
        unet(torch.zeros(1, 4, 8, 8), 1, context, added_cond_kwargs=added)
    for hook in hooks:
        hook.remove()
    assert len(layers) == len(ran)
    assert all(a is b for a, b in zip(layers, ran, strict=True))
    decoder = {id(m.attn1) for m in unet.up_blocks.modules() if hasattr(m, "attn1")}
    first, last = decoder_layers(unet)
    assert {id(layer) for layer in layers[first:last]} == decoder
    if published:
        assert (first, last) == published
    assert len(cross_attentions(unet)) == len(layers)


@settings(deadline=None, max_examples=50)
@given(h=st.integers(1, 40), w=st.integers(1, 40), data=st.data())
def test_no_covered_pixel_is_lost_on_any_grid(h: int, w: int, data: st.DataObject) -> None:
    alpha = np.zeros((8 * h, 8 * w), np.uint8)
    y, x = data.draw(st.integers(0, 8 * h - 1)), data.draw(st.integers(0, 8 * w - 1))
    alpha[y, x] = 1
    for rows, columns in grid_sizes((h, w), 4):
        grid = pooled(alpha, (rows, columns))
        assert grid.any()
        assert grid[y * rows // (8 * h), x * columns // (8 * w)]
    tables = by_tokens(alpha, (h, w), 4)
    assert all(len(grid) == tokens and grid.any() for tokens, grid in tables.items())


def test_noise_levels_and_timesteps_are_the_published_ones() -> None:
    schedule = Schedule(Noising())
    for t, level in ALPHABARS.items():
        assert float(schedule.level(t)) == pytest.approx(level, abs=1e-6)
    assert float(schedule.level(-19)) == pytest.approx(ALPHABARS[0], abs=1e-7)
    times = Plan(50, 0.8).timesteps(schedule)
    assert (times[0], times[1], times[-2], times[-1], len(times)) == (781, 761, 21, 1, 40)
    suppressed = times[: Settings.of(options()).suppressed]
    assert (suppressed[0], suppressed[-1]) == (781, 601)
    sdxl = Plan(50, 0.8).timesteps(Schedule(Noising(), offset=0))
    assert (sdxl[0], sdxl[-1], len(sdxl)) == (780, 0, 40)


def test_few_steps_end_at_the_training_s_end() -> None:
    assert few_timesteps(4, 1.0) == [999, 749, 499, 249]
    assert few_timesteps(2, 0.5) == [499, 249]


@pytest.mark.parametrize("prediction", list(Prediction))
@pytest.mark.parametrize("zero_end", [False, True])
def test_what_is_predicted_does_not_matter(prediction: Prediction, zero_end: bool) -> None:
    """A network that knows the truth gives it back, whatever it was trained to say."""
    schedule = Schedule(Noising(prediction=prediction, zero_end=zero_end))
    clean, noise = torch.randn(1, 4, 5, 5), torch.randn(1, 4, 5, 5)
    for t in (1, 400, 981):
        level = schedule.level(t)
        says = {
            Prediction.EPSILON: noise,
            Prediction.VELOCITY: level.sqrt() * noise - (1 - level).sqrt() * clean,
            Prediction.SAMPLE: clean,
        }[prediction]
        found, rest = schedule.split(schedule.noised(clean, noise, t), says, t)
        torch.testing.assert_close(found, clean, atol=5e-3 if zero_end else 1e-4, rtol=1e-2)
        torch.testing.assert_close(rest, noise, atol=1e-2, rtol=1e-2)


class Oracle:
    """Predicts the noise that leads to ``goal``; the redirected branch to ``other``."""

    def __init__(self, schedule: Schedule, goal: Tensor, other: Tensor) -> None:
        self._schedule, self._goals = schedule, (goal, other)

    def plain(self, x: Tensor, t: int) -> Tensor:
        return self._noise(x, t, self._goals[0])

    def branches(self, x: Tensor, t: int) -> tuple[Tensor, Tensor]:
        return self._noise(x, t, self._goals[0]), self._noise(x, t, self._goals[1])

    def _noise(self, x: Tensor, t: int, goal: Tensor) -> Tensor:
        level = self._schedule.level(t)
        return (x - level.sqrt() * goal) / (1 - level).sqrt()


@pytest.mark.parametrize("way", ["stochastic", "inverting", "few steps"])
def test_every_loop_fills_the_hole_and_keeps_the_rest(way: str) -> None:
    schedule = Schedule(Noising())
    clean, fill = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(3)), torch.full((1, 4, 8, 8), 0.5)
    hole = torch.zeros(1, 1, 8, 8)
    hole[..., 2:5, 3:6] = 1
    watched: list[tuple[int, int]] = []
    sampler = Sampler(
        Oracle(schedule, clean, fill),
        schedule,
        Scene(clean, hole, 1.0),
        Redirection({}, {}, last=9),
        lambda done, total, guess: watched.append((done, total)),
    )
    if way == "inverting":
        out = sampler.inverting(6)
    elif way == "stochastic":
        out = sampler.stochastic(Plan(10, 0.8), noise_like(clean, 0))
    else:
        out = sampler.few_steps(Plan(4, 1.0), noise_like(clean, 0))
    kept = (hole == 0).expand_as(clean)
    assert torch.equal(out[kept], clean[kept])
    torch.testing.assert_close(out[~kept], fill[~kept], atol=0.15, rtol=0.05)
    assert watched == [(n, watched[-1][1]) for n in range(1, watched[-1][1] + 1)]


def test_the_object_leaves_no_trace_in_few_steps_from_noise() -> None:
    """From noise alone, with the hole's content unseen: what was there cannot matter to the redirected branch."""
    unet = sd_unet()
    layers = self_attentions(unet)
    hole = np.zeros((64, 64), np.uint8)
    hole[16:40, 24:48] = 255
    grids = by_tokens(hole, (8, 8), 4)
    latent_hole = pooled(hole, (8, 8)).float()[None, None]
    clean = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(2))
    results = []
    for content in (0.0, 3.0):
        state = Redirection(grids, grids, last=6)
        scene = Scene(clean * (1 - latent_hole) + content * latent_hole, latent_hole, 3.0)
        denoiser = Denoiser(unet, Condition(torch.zeros(1, 5, 64)), shared=True)
        with torch.inference_mode(), redirecting(layers[7:16], state):
            sampler = Sampler(denoiser, Schedule(Noising()), scene, state, lambda done, total, guess: None)
            results.append(sampler.few_steps(Plan(6, 1.0), noise_like(clean, 4)))
    inside = latent_hole.expand_as(clean) > 0
    torch.testing.assert_close(results[0][inside], results[1][inside])
    assert results[0].isfinite().all()


def test_the_shared_encoder_is_exact(sdxl_folder: Path) -> None:
    unet = open_checkpoint(sdxl_folder).unet(torch.float32)
    first, last = decoder_layers(unet)
    grids = by_tokens(np.eye(64, dtype=np.uint8), (8, 8), 3)
    state = Redirection(grids, grids, last=5, step=0)
    added = {"text_embeds": torch.randn(1, 64), "time_ids": torch.rand(1, 6) * 64}
    condition = Condition(torch.randn(1, 20, 128), added)
    x = torch.randn(1, 4, 8, 8)
    with torch.inference_mode(), redirecting(self_attentions(unet)[first:last], state):
        outs = [torch.cat(Denoiser(unet, condition, shared=shared).branches(x, 500)) for shared in (False, True)]
    torch.testing.assert_close(outs[0], outs[1], atol=1e-5, rtol=1e-5)


def test_attention_by_rows_is_the_same(sd_folder: Path) -> None:
    unet = open_checkpoint(sd_folder).unet(torch.float32)
    x, context = torch.randn(1, 4, 8, 8), torch.randn(1, 20, 64)
    with torch.inference_mode():
        usual = unet(x, 5, context).sample
        with processors(self_attentions(unet), lambda _: PlainAttention(7)):
            chunked = unet(x, 5, context).sample
    torch.testing.assert_close(chunked, usual, atol=2e-4, rtol=1e-4)  # sums in another order
    q, k, v = qkv()
    torch.testing.assert_close(attend(q, k, v, 3), attend(q, k, v))


def test_processors_are_given_back_whatever_happens() -> None:
    unet = sd_unet()
    layers = self_attentions(unet)
    before = [layer.processor for layer in layers]
    with pytest.raises(KeyboardInterrupt), redirecting(layers, Redirection({}, {}, last=1)):
        raise KeyboardInterrupt
    assert [layer.processor for layer in layers] == before


def test_a_grid_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ValueError, match="no grid of 16 tokens"):
        Redirection({}, {}, last=1).redirected(*qkv())


@settings(deadline=None, max_examples=200)
@given(h=st.integers(1, 5000), w=st.integers(1, 5000), model=st.sampled_from([(512, 64), (768, 64), (1024, 32)]))
def test_working_sizes_fit_the_network_and_the_picture(h: int, w: int, model: tuple[int, int]) -> None:
    side, unit = model
    frame = frame_for((h, w), side, unit)
    assert all(length % unit == 0 and length >= unit for length in frame.work)
    assert frame.work[0] * frame.work[1] <= side**2
    if min(frame.work) >= 4 * unit:  # narrower ones cannot keep their aspect in such large units
        y, x = (length / given for length, given in zip(frame.work, (h, w), strict=True))
        assert 0.84 < y / x < 1.19


def test_progress_of_a_part_stays_inside_it() -> None:
    seen: list[float] = []
    part = Context(report=lambda done, note, preview: seen.append(done)).part(0.2, 0.5)
    part.step(1.0)
    assert seen == [0.7]
