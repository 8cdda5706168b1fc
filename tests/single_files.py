"""Writes a checkpoint as one file with the tensor names of CompVis' and Stability's code: the way back of ours."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

_RESNET = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "time_emb_proj": "emb_layers.1",
    "conv_shortcut": "skip_connection",
}
_TOP = {
    "conv_in": "input_blocks.0.0",
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
}
_LAYER = {"layer_norm1": "ln_1", "layer_norm2": "ln_2", "mlp.fc1": "mlp.c_fc", "mlp.fc2": "mlp.c_proj"}


def save_single_file(path: Path, unet: Any, vae: Any, encoders: Mapping[str, Any], **extra: Tensor) -> Path:
    """``encoders``: the text models by their prefix; those whose prefix ends in ``model.`` in OpenCLIP's names."""
    state = {f"model.diffusion_model.{_unet_name(name, unet)}": t for name, t in unet.state_dict().items()}
    for name, tensor in vae.state_dict().items():
        old, convolution = _vae_name(name, len(vae.config.block_out_channels))
        state[f"first_stage_model.{old}"] = tensor[:, :, None, None] if convolution and tensor.ndim == 2 else tensor
    for prefix, encoder in encoders.items():
        own = {name.removeprefix("text_model."): tensor for name, tensor in encoder.state_dict().items()}
        state |= {
            f"{prefix}{name}": t for name, t in (own if prefix.endswith("text_model.") else _open_clip(own)).items()
        }
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({name: tensor.contiguous().clone() for name, tensor in (state | extra).items()}, path)
    return path


def _unet_name(name: str, unet: Any) -> str:
    layers = unet.config.layers_per_block + 1
    found = re.match(r"(down|up)_blocks\.(\d+)\.(resnets|attentions|downsamplers|upsamplers)\.(\d+)\.(.*)", name)
    if found:
        way, block, kind, number, rest = found[1], int(found[2]), found[3], int(found[4]), found[5]
        side, first = ("input", 1) if way == "down" else ("output", 0)
        if kind == "downsamplers":
            return f"input_blocks.{1 + block * layers + layers - 1}.0.op.{rest.removeprefix('conv.')}"
        if kind == "upsamplers":
            attended = "CrossAttn" in unet.config.up_block_types[block]
            return f"output_blocks.{block * layers + layers - 1}.{1 + attended}.{rest}"
        place = f"{side}_blocks.{first + block * layers + number}.{int(kind == 'attentions')}"
        return f"{place}.{_resnet(rest) if kind == 'resnets' else rest}"
    found = re.match(r"mid_block\.(resnets|attentions)\.(\d+)\.(.*)", name)
    if found:
        middle = 1 if found[1] == "attentions" else 2 * int(found[2])
        return f"middle_block.{middle}.{_resnet(found[3]) if found[1] == 'resnets' else found[3]}"
    stem, _, last = name.rpartition(".")
    return f"{_TOP[stem]}.{last}"


def _resnet(rest: str) -> str:
    stem, _, last = rest.rpartition(".")
    return f"{_RESNET[stem]}.{last}"


def _vae_name(name: str, levels: int) -> tuple[str, bool]:
    """The old name, and whether the tensor was a convolution of one pixel."""
    name = re.sub(r"down_blocks\.(\d+)\.resnets\.", r"down.\1.block.", name)
    name = re.sub(r"down_blocks\.(\d+)\.downsamplers\.0", r"down.\1.downsample", name)
    name = re.sub(r"up_blocks\.(\d+)\.resnets\.", lambda m: f"up.{levels - 1 - int(m[1])}.block.", name)
    name = re.sub(r"up_blocks\.(\d+)\.upsamplers\.0", lambda m: f"up.{levels - 1 - int(m[1])}.upsample", name)
    name = re.sub(r"mid_block\.resnets\.(\d)", lambda m: f"mid.block_{int(m[1]) + 1}", name)
    name = name.replace("conv_norm_out", "norm_out").replace("conv_shortcut", "nin_shortcut")
    if "mid_block.attentions.0" not in name:
        return name, False
    name = name.replace("mid_block.attentions.0", "mid.attn_1").replace("group_norm", "norm")
    return name.replace("to_out.0", "proj_out").replace("to_", ""), True


def _open_clip(own: dict[str, Tensor]) -> dict[str, Tensor]:
    state: dict[str, Tensor] = {}
    for name, tensor in own.items():
        found = re.match(r"encoder\.layers\.(\d+)\.(.*)\.(weight|bias)$", name)
        if found is None:
            state |= _open_clip_top(name, tensor)
        elif not re.match(r"self_attn\.[qkv]_proj", found[2]):
            part = _LAYER.get(found[2], found[2].replace("self_attn", "attn"))
            state[f"transformer.resblocks.{found[1]}.{part}.{found[3]}"] = tensor
        elif found[2].endswith("q_proj"):
            parts = [own[name.replace("q_proj", f"{letter}_proj")] for letter in "qkv"]
            state[f"transformer.resblocks.{found[1]}.attn.in_proj_{found[3]}"] = torch.cat(parts)
    return state


def _open_clip_top(name: str, tensor: Tensor) -> dict[str, Tensor]:
    tops = {
        "embeddings.position_embedding.weight": "positional_embedding",
        "embeddings.token_embedding.weight": "token_embedding.weight",
        "final_layer_norm.weight": "ln_final.weight",
        "final_layer_norm.bias": "ln_final.bias",
    }
    return {"text_projection": tensor.T} if name == "text_projection.weight" else {tops[name]: tensor}
