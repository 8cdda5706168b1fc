"""The self-attention layers of a U-Net, in the order in which they run."""

from __future__ import annotations

from typing import Any, cast

from torch import nn

UNet = Any
"""A ``UNet2DConditionModel``; diffusers is too large to be type-checked along."""

Attention = Any


def self_attentions(unet: UNet) -> list[Attention]:
    """The self-attention (``attn1``) of every transformer block: down, mid, up.

    ``named_modules`` would give down, up, mid, because the decoder is registered before the middle block.
    """
    blocks = [*unet.down_blocks, unet.mid_block, *unet.up_blocks]
    return [layer for block in blocks for layer in _of(block, "attn1")]


def cross_attentions(unet: UNet) -> list[Attention]:
    """The cross-attention (``attn2``) of every transformer block, in the same order."""
    blocks = [*unet.down_blocks, unet.mid_block, *unet.up_blocks]
    return [layer for block in blocks for layer in _of(block, "attn2")]


def decoder_layers(unet: UNet) -> tuple[int, int]:
    """The half-open range of the decoder's layers: 7-16 of Stable Diffusion 1 and 2, 34-70 of SDXL."""
    before = sum(len(_of(block, "attn1")) for block in (*unet.down_blocks, unet.mid_block))
    return before, len(self_attentions(unet))


def attending_levels(unet: UNet) -> list[int]:
    """The grids on which the decoder attends, 0 the finest."""
    kinds = list(unet.config.down_block_types)
    return [number for number, kind in enumerate(kinds) if "CrossAttn" in kind]


def levels(unet: UNet) -> int:
    """How many grids the U-Net works on; each is half as wide as the one before."""
    return len(unet.config.block_out_channels)


def _of(block: nn.Module | None, name: str) -> list[Attention]:
    found = [] if block is None else [getattr(module, name, None) for module in block.modules()]
    return [cast("Attention", layer) for layer in found if layer is not None]
