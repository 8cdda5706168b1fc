"""Checkpoints of Stable Diffusion that are small and know nothing, saved as real ones are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from engines.diffusion.packages import quiet

WORDS = ("grass", "road", "sky", "water")
"""The only words that the tiny tokenizer knows as such."""


def sd_unet(**other: Any) -> Any:
    """The layers of Stable Diffusion 1.5 on pictures of 64 x 64 pixels."""
    from diffusers import UNet2DConditionModel

    attention, plain = "CrossAttn", ""
    config: dict[str, Any] = {
        "sample_size": 8,
        "layers_per_block": 2,
        "block_out_channels": (32, 32, 64, 64),
        "down_block_types": [f"{kind}DownBlock2D" for kind in (attention, attention, attention, plain)],
        "up_block_types": [f"{kind}UpBlock2D" for kind in (plain, attention, attention, attention)],
        "cross_attention_dim": 64,
        "attention_head_dim": 8,
        **other,
    }
    with quiet():
        return _seeded(UNet2DConditionModel, **config)


def sdxl_unet(**other: Any) -> Any:
    """The arrangement of SDXL, with fewer layers, on pictures of 64 x 64 pixels."""
    from diffusers import UNet2DConditionModel

    config: dict[str, Any] = {
        "sample_size": 8,
        "layers_per_block": 2,
        "block_out_channels": (32, 64, 64),
        "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
        "up_block_types": ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
        "transformer_layers_per_block": [1, 1, 2],
        "use_linear_projection": True,
        "cross_attention_dim": 128,
        "attention_head_dim": [1, 1, 1],
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": 8,
        "projection_class_embeddings_input_dim": 64 + 6 * 8,
        **other,
    }
    with quiet():
        return _seeded(UNet2DConditionModel, **config)


def tiny_vae(scaling: float = 0.18215) -> Any:
    from diffusers import AutoencoderKL

    blocks = 4
    with quiet():
        return _seeded(
            AutoencoderKL,
            block_out_channels=(32,) * blocks,
            down_block_types=("DownEncoderBlock2D",) * blocks,
            up_block_types=("UpDecoderBlock2D",) * blocks,
            layers_per_block=1,
            latent_channels=4,
            scaling_factor=scaling,
            sample_size=64,
        )


def text_encoder(*, projected: bool = False, act: str = "quick_gelu") -> Any:
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

    config = CLIPTextConfig(
        vocab_size=len(_vocabulary()),
        hidden_size=64,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=1,
        max_position_embeddings=20,
        projection_dim=64,
        hidden_act=act,
        bos_token_id=len(_vocabulary()) - 2,
        eos_token_id=len(_vocabulary()) - 1,
    )
    with quiet():
        return _seeded(CLIPTextModelWithProjection if projected else CLIPTextModel, config)


def save_folder(folder: Path, kind: str = "sd", *, tokenizer: bool = True) -> Path:
    """A diffusers folder in ``folder``: ``sd`` or ``sdxl``."""
    sdxl = kind == "sdxl"
    encoders = {"": text_encoder(), "_2": text_encoder(projected=True, act="gelu")} if sdxl else {"": text_encoder()}
    with quiet():
        (sdxl_unet() if sdxl else sd_unet()).save_pretrained(folder / "unet")
        tiny_vae().save_pretrained(folder / "vae")
        for suffix, encoder in encoders.items():
            encoder.save_pretrained(folder / f"text_encoder{suffix}")
            if tokenizer:
                save_tokenizer(folder / f"tokenizer{suffix}", pad="!" if suffix else "<|endoftext|>")
    scheduler = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
    _write(folder / "scheduler" / "scheduler_config.json", {**scheduler, "prediction_type": "epsilon"})
    _write(
        folder / "model_index.json", {"_class_name": "StableDiffusionXLPipeline" if sdxl else "StableDiffusionPipeline"}
    )
    return folder


def save_tokenizer(folder: Path, pad: str) -> None:
    """CLIP's byte-pair encoding with a handful of merges: letters, and the words of ``WORDS``."""
    folder.mkdir(parents=True)
    _write(folder / "vocab.json", {word: number for number, word in enumerate(_vocabulary())})
    (folder / "merges.txt").write_text("#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in _merges()))
    marks = {
        "bos_token": "<|startoftext|>",
        "eos_token": "<|endoftext|>",
        "unk_token": "<|endoftext|>",
        "pad_token": pad,
    }
    _write(folder / "special_tokens_map.json", marks)
    _write(folder / "tokenizer_config.json", {**marks, "tokenizer_class": "CLIPTokenizer", "model_max_length": 20})


def save_tensors(module: torch.nn.Module, path: Path) -> Path:
    save_file({name: tensor.contiguous() for name, tensor in module.state_dict().items()}, path)
    return path


def _vocabulary() -> list[str]:
    letters = ["!", ",", *"abcdefghijklmnopqrstuvwxyz"]
    merged = [a + b for a, b in _merges()]
    return [*letters, *(f"{letter}</w>" for letter in letters), *merged, "<|startoftext|>", "<|endoftext|>"]


def _merges() -> list[tuple[str, str]]:
    """Each word is built from its first letters on."""
    merges: dict[tuple[str, str], None] = {}
    for word in WORDS:
        parts = [*word[:-1], f"{word[-1]}</w>"]
        while len(parts) > 1:
            merges[parts[0], parts[1]] = None
            parts = [parts[0] + parts[1], *parts[2:]]
    return list(merges)


def _seeded(kind: Any, *given: Any, **named: Any) -> Any:
    with torch.random.fork_rng():
        torch.manual_seed(11)
        return kind(*given, **named).eval()


def _write(path: Path, table: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(table))
