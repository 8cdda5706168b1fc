"""CLIP's text encoders in single-file checkpoints: their sizes, and today's names for their tensors."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from torch import Tensor

from engines.diffusion.checkpoint import Shapes

_HEAD_WIDTH = 64
_LAYER = re.compile(r"transformer\.resblocks\.(\d+)\.(.+)")
_PARTS = {
    "ln_1": "layer_norm1",
    "ln_2": "layer_norm2",
    "mlp.c_fc": "mlp.fc1",
    "mlp.c_proj": "mlp.fc2",
    "attn.out_proj": "self_attn.out_proj",
}
_OTHERS = {
    "positional_embedding": "embeddings.position_embedding.weight",
    "token_embedding.weight": "embeddings.token_embedding.weight",
    "ln_final.weight": "final_layer_norm.weight",
    "ln_final.bias": "final_layer_norm.bias",
}


def text_config(shapes: Shapes, *, drop_last: bool) -> dict[str, Any]:
    """The configuration; ``drop_last``: Stable Diffusion 2 goes by the last layer but one, so the last is left out."""
    today = {name: shape for old, shape in shapes.items() for name, shape in _shape_by_new_name(old, shape)}
    layers = 1 + max(int(found[1]) for name in today if (found := re.match(r"encoder\.layers\.(\d+)\.", name)))
    positions, width = today["embeddings.position_embedding.weight"]
    return {
        "vocab_size": today["embeddings.token_embedding.weight"][0],
        "hidden_size": width,
        "intermediate_size": today["encoder.layers.0.mlp.fc1.weight"][0],
        "num_hidden_layers": layers - drop_last,
        "num_attention_heads": max(width // _HEAD_WIDTH, 1),
        "max_position_embeddings": positions,
        "hidden_act": "gelu" if "ln_final.weight" in shapes else "quick_gelu",
        "projection_dim": shapes["text_projection"][1] if "text_projection" in shapes else width,
        "eos_token_id": 2,  # which means: the pooled token is the one with the largest number, the end of the text
    }


def renamed(held: Mapping[str, Tensor], wanted: Mapping[str, object]) -> dict[str, Tensor]:
    """The tensors by the names that ``wanted`` has: those of transformers, wrapped in ``text_model`` or not."""
    wrapped = any(name.startswith("text_model.") for name in wanted)
    state = {}
    for old, tensor in held.items():
        for new, value in _by_new_name(old, tensor):
            inner = wrapped and not new.startswith("text_projection")
            state[f"text_model.{new}" if inner else new] = value.contiguous()
    return state


def _by_new_name(old: str, tensor: Tensor) -> Iterator[tuple[str, Tensor]]:
    if old == "text_projection":
        yield "text_projection.weight", tensor.T
        return
    layer = _LAYER.fullmatch(old)
    if layer is None:
        yield _OTHERS.get(old, old), tensor
    elif layer[2].startswith("attn.in_proj_"):
        kind = layer[2].removeprefix("attn.in_proj_")
        for name, part in zip("qkv", tensor.chunk(3), strict=True):
            yield f"encoder.layers.{layer[1]}.self_attn.{name}_proj.{kind}", part
    else:
        part_name, _, kind = layer[2].rpartition(".")
        yield f"encoder.layers.{layer[1]}.{_PARTS.get(part_name, part_name)}.{kind}", tensor


def _shape_by_new_name(old: str, shape: tuple[int, ...]) -> Iterator[tuple[str, tuple[int, ...]]]:
    layer = _LAYER.fullmatch(old)
    if layer is None:
        yield _OTHERS.get(old, old), shape
    else:
        part_name, _, kind = layer[2].rpartition(".")
        yield f"encoder.layers.{layer[1]}.{_PARTS.get(part_name, part_name)}.{kind}", shape
