"""The losses by which EraseLoRA learns one picture's background (arXiv 2512.21545).

Background-aware Reconstruction with Subtype Aggregation: the background must be rebuilt exactly, and the map of the
strongest background label must cover hole and background but not what is foreign.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from engines.diffusion.layers import Attention
from engines.diffusion.redirection import heads_of, projected

TEMPERATURE = 100.0
"""Attention is spread over many tokens, so differences between labels are small numbers: they are multiplied."""

_LARGEST_WEIGHT = 5.0
_EPS = 1e-6


def reconstruction(found: Tensor, clean: Tensor, background: Tensor, level: Tensor) -> Tensor:
    """``1/|M_B| sum_{p in M_B} ||found[p] - clean[p]||^2``, weighted by the signal-to-noise ratio, 5 at most.

    ``found``, ``clean``: ``(1, 4, h, w)``; ``background``: 1 or 0, ``(1, 1, h, w)``; ``level``: of the noise.
    Unweighted, nearly pure noise would outweigh all else, because there the error of a guess is largest.
    """
    weight = (level / (1 - level)).clamp_max(_LARGEST_WEIGHT)
    error = ((found - clean) ** 2).sum(1, keepdim=True) * background
    return weight * error.sum() / background.sum()


def dominant(maps: Tensor) -> Tensor:
    """``max_b softmax_b(100 maps)`` of label maps ``(labels, h, w)``: how clearly one label prevails, ``(h, w)``."""
    return (TEMPERATURE * maps).softmax(0).amax(0)


def puzzle(maps: Tensor, allowed: Tensor) -> Tensor:
    """The Dice loss ``1 - 2 sum(A Y) / (sum A + sum Y + eps)`` of the dominant map against what is ``allowed``."""
    strongest = dominant(maps)
    overlap = (strongest * allowed).sum()
    return 1 - 2 * overlap / (strongest.sum() + allowed.sum() + _EPS)


class LabelMaps:
    """Collects, while the U-Net runs, where the words of each label are looked at.

    ``runs``: the places of each label's tokens in the prompt; ``sizes``: the grids that are taken, by their tokens.
    """

    def __init__(
        self, runs: Sequence[Sequence[int]], sizes: dict[int, tuple[int, int]], latent: tuple[int, int]
    ) -> None:
        self._runs, self._sizes, self._latent = runs, sizes, latent
        self._maps: list[Tensor] = []

    def add(self, probabilities: Tensor) -> None:
        """``probabilities``: of one layer, ``(1, heads, tokens, words)``."""
        size = self._sizes.get(probabilities.shape[2])
        if size is None:
            return
        mean = probabilities[0].mean(0)
        labels = torch.stack([mean[:, list(run)].mean(1) for run in self._runs])
        grid = labels.view(1, len(self._runs), *size)
        self._maps.append(interpolate(grid, size=self._latent, mode="bilinear", align_corners=False)[0])

    def taken(self) -> Tensor:
        """The mean over the layers, ``(labels, h, w)``; collecting begins anew."""
        maps = torch.stack(self._maps).mean(0)
        self._maps.clear()
        return maps


class WatchedAttention:
    """Processor of a cross-attention layer that computes its probabilities openly and shows them."""

    def __init__(self, maps: LabelMaps) -> None:
        self._maps = maps

    def __call__(
        self,
        attn: Attention,
        hidden_states: Tensor,
        encoder_hidden_states: Tensor,
        *others: Tensor | None,
        **named: Any,
    ) -> Tensor:
        del others, named  # masks, which nobody passes here
        q = heads_of(attn.to_q(hidden_states), attn.heads)
        k, v = (heads_of(project(encoder_hidden_states), attn.heads) for project in (attn.to_k, attn.to_v))
        probabilities = (q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5).float().softmax(-1)
        self._maps.add(probabilities)
        return projected(attn, probabilities.to(v.dtype) @ v)
