"""A Segment Anything 2 of a hundred thousand random weights, written as the real ones are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from transformers import Sam2Config, Sam2Model

SIDE = 128


def tiny_config() -> Any:
    """Of the published models' layout, with few channels and a square of ``SIDE`` pixels."""
    backbone = {
        "model_type": "sam2_hiera_det_model",
        "hidden_size": 8,
        "image_size": [SIDE, SIDE],
        "blocks_per_stage": [1, 1, 2, 1],
        "embed_dim_per_stage": [8, 16, 32, 64],
        "num_attention_heads_per_stage": [1, 2, 4, 8],
        "global_attention_blocks": [3],
    }
    vision = {
        "backbone_config": backbone,
        "backbone_channel_list": [64, 32, 16, 8],
        "backbone_feature_sizes": [[32, 32], [16, 16], [8, 8]],
        "fpn_hidden_size": 32,
    }
    decoder = {"hidden_size": 32, "mlp_dim": 32, "iou_head_hidden_dim": 32, "num_attention_heads": 2}
    prompts = {"hidden_size": 32, "image_size": SIDE}
    return Sam2Config(vision_config=vision, prompt_encoder_config=prompts, mask_decoder_config=decoder)


def tiny_folder(folder: Path, seed: int = 20) -> Path:
    """``save_pretrained`` of a random model; always the same one."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = Sam2Model(tiny_config())
        for name, weight in model.named_parameters():
            if "norm" not in name:
                torch.nn.init.normal_(weight, std=0.3)  # far from flat, so that prompts and pictures matter
    model.save_pretrained(folder)
    return folder
