"""Checkpoints from folders and single files: the same networks, every tensor in its place, no pickle opened."""

from __future__ import annotations

import json
import pickle
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from engines.core.faults import EngineError, Fault
from engines.diffusion.checkpoint import open_checkpoint
from engines.diffusion.packages import quiet
from engines.diffusion.schedule import Prediction
from engines.diffusion.studio import recognised
from engines.diffusion.text import embedded, token_runs
from tests.single_files import save_single_file
from tests.tiny_checkpoints import sd_unet, sdxl_unet, text_encoder, tiny_vae

SD1 = "cond_stage_model.transformer.text_model."
SD2 = "cond_stage_model.model."
XL = ("conditioner.embedders.0.transformer.text_model.", "conditioner.embedders.1.model.")


def same(ours: Any, theirs: Any) -> bool:
    a, b = ours.state_dict(), theirs.state_dict()
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


@pytest.fixture(scope="module")
def sd1_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("files") / "community-model.safetensors"
    return save_single_file(path, sd_unet(), tiny_vae(), {SD1: text_encoder()})


@pytest.fixture(scope="module")
def sdxl_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("files") / "xl.safetensors"
    encoders = {XL[0]: text_encoder(), XL[1]: text_encoder(projected=True, act="gelu")}
    return save_single_file(path, sdxl_unet(), tiny_vae(), encoders)


def test_a_folder(sd_folder: Path, sdxl_folder: Path) -> None:
    for folder, name in ((sd_folder, "sd1"), (sdxl_folder, "sdxl")):
        checkpoint = open_checkpoint(folder)
        facts = checkpoint.facts()
        assert recognised(folder) == name
        assert (facts.sdxl, facts.side, facts.factor) == (name == "sdxl", 64, 8)
        assert facts.unit == (32 if facts.sdxl else 64)
        assert facts.noising.prediction is Prediction.EPSILON
        unet = checkpoint.unet(torch.float32)
        assert same(unet, sdxl_unet() if facts.sdxl else sd_unet())
        assert facts.unet_parameters == sum(p.numel() for p in unet.parameters())
        assert not unet.training
        assert not any(p.requires_grad for p in unet.parameters())
        assert checkpoint.vae(torch.float16).dtype == torch.float16


def test_a_single_file_is_the_same_as_its_folder(
    sd_folder: Path, sdxl_folder: Path, sd1_file: Path, sdxl_file: Path
) -> None:
    for folder, path in ((sd_folder, sd1_file), (sdxl_folder, sdxl_file)):
        ours, theirs = open_checkpoint(path), open_checkpoint(folder)
        assert same(ours.unet(torch.float32), theirs.unet(torch.float32))
        assert same(ours.vae(torch.float32), theirs.vae(torch.float32))
        assert ours.facts().unet_parameters == theirs.facts().unet_parameters
        assert recognised(path) == recognised(folder)
        for a, b in zip(embedded(ours), embedded(theirs), strict=True):
            assert (a is None) == (b is None)
            if a is not None and b is not None:
                torch.testing.assert_close(a, b)


def test_the_sizes_that_a_file_cannot_say_are_those_of_its_family(sd1_file: Path, sdxl_file: Path) -> None:
    assert open_checkpoint(sd1_file).facts().side == 512
    assert open_checkpoint(sdxl_file).facts().side == 1024
    vae = open_checkpoint(sdxl_file).vae(torch.float32)
    assert vae.config.scaling_factor == 0.13025


def test_stable_diffusion_2_in_one_file_goes_by_the_last_layer_but_one(tmp_path: Path) -> None:
    unet = sd_unet(cross_attention_dim=1024, use_linear_projection=True, attention_head_dim=[1, 1, 1, 1])
    encoder = text_encoder(act="gelu")
    path = save_single_file(tmp_path / "sd2.safetensors", unet, tiny_vae(), {SD2: encoder})
    assert recognised(path) == "sd2"
    checkpoint = open_checkpoint(path)
    assert same(checkpoint.unet(torch.float32), unet)
    (read,) = checkpoint.encoders()
    assert read.model.config.num_hidden_layers == 1
    assert read.pad == 0
    context, _ = embedded(checkpoint)
    ids = torch.tensor([[encoder.config.vocab_size - 2, encoder.config.vocab_size - 1] + [0] * 18])
    with torch.inference_mode():
        out = encoder(ids, output_hidden_states=True)
        expected = encoder.final_layer_norm(out.hidden_states[-2])
    torch.testing.assert_close(context, expected)


def test_a_file_that_says_it_predicts_velocities_is_believed(tmp_path: Path) -> None:
    parts = (sdxl_unet(), tiny_vae(), {XL[0]: text_encoder(), XL[1]: text_encoder(projected=True)})
    path = save_single_file(tmp_path / "v.safetensors", *parts, v_pred=torch.zeros(1))
    assert open_checkpoint(path).facts().noising.prediction is Prediction.VELOCITY


def test_a_scheduler_s_training_is_read_and_its_spacing_is_not(sd_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "v"
    shutil.copytree(sd_folder, folder)
    config = {"prediction_type": "v_prediction", "steps_offset": 7, "rescale_betas_zero_snr": True}
    (folder / "scheduler" / "scheduler_config.json").write_text(json.dumps(config))
    noising = open_checkpoint(folder).facts().noising
    assert (noising.prediction, noising.zero_end, noising.beta_end) == (Prediction.VELOCITY, True, 0.012)


def _without(folder: Path, *parts: str) -> None:
    for part in parts:
        path = folder / part
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def _inpainting(folder: Path) -> None:
    with quiet():
        sd_unet(in_channels=9).save_pretrained(folder / "unet")


def _truncated(folder: Path) -> None:
    path = folder / "unet" / "diffusion_pytorch_model.safetensors"
    path.write_bytes(path.read_bytes()[:1000])


def _lacking(folder: Path) -> None:
    path = folder / "unet" / "diffusion_pytorch_model.safetensors"
    state = load_file(path)
    del state["conv_in.weight"]
    save_file(state, path)


def _pickled(folder: Path) -> None:
    path = folder / "unet" / "diffusion_pytorch_model.safetensors"
    path.rename(path.with_suffix(".bin"))


CASES: Mapping[str, tuple[Any, str]] = {
    "no unet": (lambda folder: _without(folder, "unet"), "it has no unet/config.json"),
    "no text": (lambda folder: _without(folder, "text_encoder"), "it has no text_encoder/config.json"),
    "inpainting": (_inpainting, "takes 9 channels instead of 4"),
    "truncated": (_truncated, "no safetensors file, or a damaged one"),
    "lacking": (_lacking, "it lacks conv_in.weight"),
    "pickled": (_pickled, "holds no safetensors; other kinds of file could hold programs"),
    "no json": (lambda folder: (folder / "vae" / "config.json").write_text("{"), "config.json is damaged"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_folder_that_cannot_be_used_is_told(sd_folder: Path, tmp_path: Path, case: str) -> None:
    harm, words = CASES[case]
    folder = tmp_path / "harmed"
    shutil.copytree(sd_folder, folder)
    harm(folder)
    with pytest.raises(EngineError, match=words) as error:
        open_checkpoint(folder).facts()
    assert error.value.fault is Fault.WEIGHTS_INVALID


def test_a_file_that_cannot_be_used_is_told(sd1_file: Path, tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="There is no file or folder"):
        open_checkpoint(tmp_path / "none.safetensors")
    pickled = tmp_path / "model.ckpt"
    pickled.write_bytes(pickle.dumps({"state_dict": 1}))
    with pytest.raises(EngineError, match="only safetensors files are read"):
        open_checkpoint(pickled)
    other = tmp_path / "other.safetensors"
    save_file({"a": torch.zeros(2)}, other)
    with pytest.raises(EngineError, match="no whole checkpoint"):
        open_checkpoint(other)
    state = load_file(sd1_file)
    state.pop("model.diffusion_model.output_blocks.3.0.in_layers.0.bias")
    lacking = tmp_path / "lacking.safetensors"
    save_file(state, lacking)
    with pytest.raises(EngineError, match=r"lacking.safetensors cannot be used: it lacks up_blocks.1.resnets.0.norm1"):
        open_checkpoint(lacking).facts()


def test_words_need_a_tokenizer(sd_folder: Path, sd1_file: Path) -> None:
    checkpoint = open_checkpoint(sd_folder)
    plain, named = embedded(checkpoint)[0], embedded(checkpoint, "grass, sky")[0]
    assert not torch.equal(plain, named)
    (encoder,) = checkpoint.encoders()
    assert token_runs(encoder, ["grass", "sky", "road"]) == [[1], [3], [5]]
    with pytest.raises(EngineError, match="has no tokenizer"):
        embedded(open_checkpoint(sd1_file), "grass")


def test_the_empty_prompt_is_the_one_of_the_tokenizer(sd_folder: Path, sdxl_folder: Path) -> None:
    for folder in (sd_folder, sdxl_folder):
        for encoder in open_checkpoint(folder).encoders():
            ids = encoder.tokenizer("", padding="max_length", max_length=20)["input_ids"]
            last = encoder.model.config.vocab_size - 1
            assert ids == [last - 1, last, *[encoder.pad] * 18]
