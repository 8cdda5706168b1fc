"""A pixel mask on the grids on which a U-Net works.

A token is covered if any of its pixels is: nearest or mean pooling would lose what is thin.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.nn.functional import adaptive_max_pool2d

from engines.core.types import Alpha


def pooled(alpha: Alpha, size: tuple[int, int]) -> Tensor:
    """``alpha`` (``(h, w)``, more than 0 = covered) as a boolean grid of ``size`` = (rows, columns)."""
    covered = torch.from_numpy((alpha > 0).astype("float32"))
    return adaptive_max_pool2d(covered[None, None], size)[0, 0] > 0


def grid_sizes(latent: tuple[int, int], levels: int) -> list[tuple[int, int]]:
    """The sizes of the grids, from the latent's own on: each step is a convolution of stride 2, rounding up."""
    sizes = [latent]
    for _ in range(levels - 1):
        rows, columns = sizes[-1]
        sizes.append((-(-rows // 2), -(-columns // 2)))
    return sizes


def shares_left(alpha: Alpha, latent: tuple[int, int], levels: Sequence[int]) -> list[float]:
    """The share of tokens that ``alpha`` leaves uncovered, 0..1, on each of the grids ``levels``."""
    sizes = grid_sizes(latent, max(levels, default=0) + 1)
    return [1 - float(pooled(alpha, sizes[level]).float().mean()) for level in levels]


def by_tokens(alpha: Alpha, latent: tuple[int, int], levels: int) -> Mapping[int, Tensor]:
    """For every grid, found by its number of tokens, the covered tokens: booleans, row by row."""
    sizes = grid_sizes(latent, levels)
    return {rows * columns: pooled(alpha, (rows, columns)).flatten() for rows, columns in reversed(sizes)}
