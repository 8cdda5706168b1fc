"""Attentive Eraser against tensors recorded from the published code: layer, U-Net, loops, masks.

Tolerances are those of the recording; ``tests/parity/tiny_diffusion`` has the networks.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from diffusers.models.attention_processor import Attention
from torch import Tensor

from engines.diffusion.denoiser import Condition, Denoiser
from engines.diffusion.grids import by_tokens, pooled
from engines.diffusion.layers import decoder_layers, levels, self_attentions
from engines.diffusion.redirection import Redirection, redirecting
from engines.diffusion.sampling import Plan, Sampler, Scene
from engines.diffusion.schedule import Noising, Schedule
from tests.parity.golden import Archive, assert_close, golden
from tests.parity.tiny_diffusion import CONFIGS, alpha, drawn, sha256_of, tensor, tiny_unet

UNIT, UNET, EPS, LATENT = 2e-5, 5e-5, 2e-4, 1e-3


@pytest.fixture(scope="module")
def sd() -> Any:
    return tiny_unet("sd")


@pytest.fixture(scope="module")
def sdxl() -> Any:
    return tiny_unet("sdxl")


def state_of(recorded: Archive, mask: np.ndarray, latent: int | tuple[int, int], depth: int) -> Redirection:
    """The state that an archive was recorded with; its ``ss_steps`` counts from 0 and is inclusive."""
    size = latent if isinstance(latent, tuple) else (latent, latent)
    grids = by_tokens(mask, size, depth)
    last = int(recorded["end_step"]) if "end_step" in recorded else 1000
    suppressed, scale = int(recorded["ss_steps"]) + 1, float(recorded["ss_scale"])
    return Redirection(grids, grids, last=last, suppressed=suppressed, scale=scale)


def condition_of(recorded: Archive, time_ids: Tensor | None = None) -> Condition:
    if time_ids is None:
        return Condition(tensor(recorded, "ctx"))
    return Condition(tensor(recorded, "ctx"), {"text_embeds": tensor(recorded, "pooled"), "time_ids": time_ids})


@pytest.mark.parametrize("kind", ["sd", "sdxl"])
def test_the_small_networks_are_those_of_the_recording(kind: str, sd: Any, sdxl: Any) -> None:
    unet, facts = {"sd": sd, "sdxl": sdxl}[kind], CONFIGS[kind]
    assert sha256_of(unet) == facts["sha256_sorted_f32le"]
    assert len(self_attentions(unet)) == facts["n_self_attention"]
    side = facts["config"]["sample_size"]
    added = None
    if kind == "sdxl":
        time_ids = torch.tensor([[1024.0, 1024, 0, 0, 1024, 1024]] * 2)
        added = {"text_embeds": drawn("selftest/pool", (2, 16)), "time_ids": time_ids}
    x, context = drawn("selftest/x", (2, 4, side, side)), drawn("selftest/ctx", (2, 77, 24))
    with torch.inference_mode():
        out = unet(x, 501, context, added_cond_kwargs=added).sample
    assert_close("first values", out.flatten()[:4], facts["selftest"]["out_first4"], UNET)
    assert float(out.std()) == pytest.approx(facts["selftest"]["out_std"], abs=1e-5)


@pytest.mark.parametrize("side", [512, 768, 1024])
def test_masks_on_every_grid(side: int) -> None:
    recorded = golden("ae_mask_pool")
    mask = recorded[f"mask{side}"]
    prefix = {512: "sd_", 768: "sd768_", 1024: "xl_"}[side]
    for name in (name for name in recorded if name.startswith(prefix)):
        cells = int(name.removeprefix(prefix))
        assert np.array_equal(pooled(mask, (cells, cells)).numpy(), recorded[name] > 0), name


@pytest.mark.parametrize("chunk", [0, 100])
@pytest.mark.parametrize(
    ("name", "latent", "depth", "mask_side"),
    [("sd16", 64, 4, 512), ("sd8", 64, 4, 512), ("xl32", 128, 3, 1024), ("full", 64, 4, 0)],
)
def test_one_layer(name: str, latent: int, depth: int, mask_side: int, chunk: int) -> None:
    recorded = golden(f"ae_unit_{name}")
    mask = alpha(recorded, mask_side) if mask_side else np.ones((512, 512), np.uint8)
    state = state_of(recorded, mask, latent, depth)
    state.chunk = chunk
    x, heads = tensor(recorded, "x"), int(recorded["heads"])
    layer = Attention(query_dim=x.shape[2], heads=heads, dim_head=x.shape[2] // heads)
    weights = {"to_q.weight": "wq", "to_k.weight": "wk", "to_v.weight": "wv", "to_out.0.weight": "wo"}
    layer.load_state_dict({key: tensor(recorded, of) for key, of in {**weights, "to_out.0.bias": "bo"}.items()})
    for key in (key for key in recorded if key.startswith("out_step")):
        state.step = int(key.removeprefix("out_step"))
        with torch.inference_mode(), redirecting([layer], state):
            assert_close(key, layer(x), recorded[key], UNIT)


@pytest.mark.parametrize("shared", [False, True])
def test_the_unet_of_stable_diffusion(sd: Any, shared: bool) -> None:
    recorded = golden("ae_sd_unet")
    state = state_of(recorded, alpha(recorded, 512), 64, levels(sd))
    denoiser = Denoiser(sd, condition_of(recorded), shared=shared)
    layers = self_attentions(sd)
    assert decoder_layers(sd) == (7, 16)
    x, t = tensor(recorded, "x"), int(recorded["t"])
    for first in (7, 0) if not shared else (7,):
        with torch.inference_mode(), redirecting(layers[first:16], state):
            for step in (1, 2):
                state.step = step
                both = torch.cat(denoiser.branches(x, t))
                assert_close(f"L{first} {step}", both, recorded[f"L{first}_16_step{step}"], UNET)
            state.step = 3
            plain, redirected = denoiser.branches(x, t)
    assert_close("plain", plain, recorded["inactive_step3"], UNET)
    assert_close("redirected", redirected, recorded["inactive_step3"], UNET)


def test_a_picture_that_is_not_square(sd: Any) -> None:
    recorded = golden("ae_nonsquare")
    state = state_of(recorded, recorded["mask"], (64, 48), levels(sd))
    denoiser = Denoiser(sd, condition_of(recorded), shared=False)
    with torch.inference_mode(), redirecting(self_attentions(sd)[5:16], state):
        for step in (0, 1):
            state.step = step
            both = torch.cat(denoiser.branches(tensor(recorded, "x"), int(recorded["t"])))
            assert_close(f"step {step}", both, recorded[f"step{step}"], UNET)


def test_the_unet_of_sdxl(sdxl: Any) -> None:
    recorded = golden("ae_xl_unet")
    state = state_of(recorded, alpha(recorded, 1024), 128, levels(sdxl))
    denoiser = Denoiser(sdxl, condition_of(recorded, tensor(recorded, "time_ids")), shared=True)
    assert decoder_layers(sdxl) == (34, 70)
    with torch.inference_mode(), redirecting(self_attentions(sdxl)[34:70], state):
        for step in (0, 1):
            state.step = step
            plain, redirected = denoiser.branches(tensor(recorded, "x"), int(recorded["t"]))
            assert_close("plain", plain, recorded["wo"], UNET)
            assert_close(f"redirected {step}", redirected, recorded[f"w_step{step}"], UNET)


class Watcher:
    """Keeps every guess of the clean latent."""

    def __init__(self) -> None:
        self.guesses: list[Tensor] = []

    def __call__(self, done: int, total: int, clean: Tensor) -> None:
        self.guesses.append(clean)
        assert 0 < done <= total


class Recording(Denoiser):
    """Keeps what goes in and what comes out."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.inputs: list[Tensor] = []
        self.outputs: list[Tensor] = []
        self.inverted: list[Tensor] = []

    def branches(self, x: Tensor, t: int) -> tuple[Tensor, Tensor]:
        both = super().branches(x, t)
        self.inputs.append(x)
        self.outputs.append(torch.cat(both))
        return both

    def plain(self, x: Tensor, t: int) -> Tensor:
        self.inverted.append(x)
        return super().plain(x, t)


def scene_of(recorded: Archive, mask: np.ndarray, side: int) -> Scene:
    hole = pooled(mask, (side, side)).float()[None, None]
    weight = float(recorded["rm_guidance_scale"]) if "rm_guidance_scale" in recorded else 9.0
    return Scene(tensor(recorded, "z0"), hole, weight)


def test_the_stochastic_loop(sd: Any) -> None:
    recorded = golden("ae_sd_sip")
    mask = alpha(recorded, 512)
    schedule, plan = Schedule(Noising()), Plan(int(recorded["num_inference_steps"]), float(recorded["strength"]))
    assert plan.timesteps(schedule) == recorded["timesteps"].tolist()
    state = state_of(recorded, mask, 64, levels(sd))
    denoiser, watcher = Recording(sd, condition_of(recorded), shared=True), Watcher()
    with torch.inference_mode(), redirecting(self_attentions(sd)[7:16], state):
        scene = scene_of(recorded, mask, 64)
        sampler = Sampler(denoiser, schedule, scene, state, watcher)
        final = sampler.stochastic(plan, lambda: tensor(recorded, "noise"))
    assert_close("first input", denoiser.inputs[0], recorded["x_first"], LATENT)
    assert_close("first prediction", denoiser.outputs[0], recorded["eps_step0"], EPS)
    assert_close("fifth input", denoiser.inputs[4], recorded["x_step4_in"], LATENT)
    assert_close("last prediction", denoiser.outputs[-1], recorded["eps_last"], EPS)
    assert_close("last guess", watcher.guesses[-1], recorded["pred_x0_last"], LATENT)
    assert_close("result", final, recorded["final"], LATENT)


def test_the_inverting_loop(sd: Any) -> None:
    recorded = golden("ae_sd_dip")
    mask = alpha(recorded, 512)
    schedule, steps = Schedule(Noising()), int(recorded["num_inference_steps"])
    assert schedule.timesteps(steps) == recorded["t_den"].tolist()
    state = state_of(recorded, mask, 64, levels(sd))
    denoiser = Recording(sd, condition_of(recorded), shared=True)
    with torch.inference_mode(), redirecting(self_attentions(sd)[7:16], state):
        final = Sampler(denoiser, schedule, scene_of(recorded, mask, 64), state, Watcher()).inverting(steps)
    assert_close("first inversion", denoiser.inverted[1], recorded["inv_1"], LATENT)
    assert_close("half way", denoiser.inverted[steps // 2], recorded["inv_mid"], LATENT)
    assert_close("third input", denoiser.inputs[2], recorded["x_den_step2_in"], LATENT)
    assert_close("result", final, recorded["final"], LATENT)


@pytest.mark.parametrize("name", ["ae_xl_sip", "ae_xl_dip"])
def test_the_loops_on_sdxl(sdxl: Any, name: str) -> None:
    recorded = golden(name)
    mask = alpha(recorded, 1024)
    schedule, steps = Schedule(Noising(), offset=0), int(recorded["num_inference_steps"])
    time_ids = torch.tensor([[1024.0, 1024, 0, 0, 1024, 1024]])
    denoiser = Denoiser(sdxl, condition_of(recorded, time_ids), shared=True)
    state, scene = state_of(recorded, mask, 128, levels(sdxl)), scene_of(recorded, mask, 128)
    with torch.inference_mode(), redirecting(self_attentions(sdxl)[34:70], state):
        sampler = Sampler(denoiser, schedule, scene, state, Watcher())
        if name.endswith("dip"):
            final = sampler.inverting(steps)
        else:
            plan = Plan(steps, float(recorded["strength"]))
            final = sampler.stochastic(plan, lambda: tensor(recorded, "noise"))
    assert_close("result", final, recorded["final"], LATENT)
