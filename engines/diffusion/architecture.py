"""How the networks of a single-file checkpoint are built, from the shapes of its tensors."""

from __future__ import annotations

import re
from typing import Any

from engines.diffusion.checkpoint import Shapes

ENCODER_SD = "cond_stage_model.transformer.text_model."
OPEN_CLIP_SD = "cond_stage_model.model."
ENCODER_1 = "conditioner.embedders.0.transformer.text_model."
ENCODER_2 = "conditioner.embedders.1.model."

_SD1_HEADS, _HEAD_WIDTH = 8, 64
_SD1_TEXT = 768
_SIDES = {"sd": 64, "sdxl": 128}
_VAE_SCALES = {"sd": 0.18215, "sdxl": 0.13025}


def unet_config(shapes: Shapes, pooled: int) -> dict[str, Any]:
    """The configuration of the U-Net; ``pooled``: the width of SDXL's pooled text embedding, else 0."""
    blocks = _levels(shapes)
    channels = [width for width, _, _ in blocks]
    depths = [depth for _, depth, _ in blocks]
    text = shapes[next(name for name in shapes if name.endswith("attn2.to_k.weight"))][1]
    linear = len(shapes[next(name for name in shapes if name.endswith("1.proj_in.weight"))]) == 2
    old = not linear and text <= _SD1_TEXT
    attended = ["CrossAttn" if depth else "" for depth in depths]
    config: dict[str, Any] = {
        "in_channels": shapes["input_blocks.0.0.weight"][1],
        "out_channels": shapes["out.2.weight"][0],
        "block_out_channels": channels,
        "layers_per_block": blocks[0][2],
        "down_block_types": [f"{kind}DownBlock2D" for kind in attended],
        "up_block_types": [f"{kind}UpBlock2D" for kind in reversed(attended)],
        "transformer_layers_per_block": [max(depth, 1) for depth in depths],
        "cross_attention_dim": text,
        "use_linear_projection": linear,
        # this field has always held the number of heads, whatever it is called
        "attention_head_dim": _SD1_HEADS if old else [max(width // _HEAD_WIDTH, 1) for width in channels],
        "sample_size": _SIDES["sd"],
    }
    if "label_emb.0.0.weight" in shapes:
        told = shapes["label_emb.0.0.weight"][1]
        config |= {
            "addition_embed_type": "text_time",
            "addition_time_embed_dim": (told - pooled) // 6,
            "projection_class_embeddings_input_dim": told,
            "sample_size": _SIDES["sdxl"],
        }
    return config


def vae_config(shapes: Shapes, *, sdxl: bool) -> dict[str, Any]:
    """The configuration of the autoencoder."""
    levels = _count(r"encoder\.down\.(\d+)\.", shapes)
    channels = [shapes[f"encoder.down.{n}.block.0.conv1.weight"][0] for n in range(levels)]
    return {
        "block_out_channels": channels,
        "down_block_types": ["DownEncoderBlock2D"] * levels,
        "up_block_types": ["UpDecoderBlock2D"] * levels,
        "layers_per_block": _count(r"encoder\.down\.0\.block\.(\d+)\.", shapes),
        "latent_channels": shapes["quant_conv.weight"][0] // 2,
        "scaling_factor": _VAE_SCALES["sdxl" if sdxl else "sd"],
    }


def _levels(shapes: Shapes) -> list[tuple[int, int, int]]:
    """For each level of the encoder: channels, transformer blocks to a layer, layers."""
    levels: list[list[tuple[int, int]]] = [[]]
    for number in range(1, _count(r"input_blocks\.(\d+)\.", shapes)):
        if f"input_blocks.{number}.0.op.weight" in shapes:
            levels.append([])
            continue
        width = shapes[f"input_blocks.{number}.0.out_layers.3.weight"][0]
        depth = _count(rf"input_blocks\.{number}\.1\.transformer_blocks\.(\d+)\.", shapes)
        levels[-1].append((width, depth))
    return [(layers[0][0], layers[0][1], len(layers)) for layers in levels]


def _count(pattern: str, shapes: Shapes) -> int:
    """One more than the largest number that ``pattern`` finds at the beginning of a name."""
    return max((int(found[1]) for name in shapes if (found := re.match(pattern, name))), default=-1) + 1
