"""Patches as short vectors whose distance is nearly that of the patches: what makes trying a match cheap."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from engines.patches.level import Level

_SAMPLES = 20_000
_STRIP = 1 << 17
"""Positions that are filtered at once: bounds memory."""


@dataclass(frozen=True, eq=False)
class Basis:
    """The principal directions of a level's source patches: filters ``(values, 3, side, side)``.

    The first three are the means of the channels, so that brightness can be told from pattern; the others are
    orthogonal to them. Distances are sums over a patch's pixels of squared differences of 0..1.
    """

    filters: Tensor

    @classmethod
    def of(cls, level: Level, values: int) -> Basis:
        """Of at most 20,000 of the sources, evenly chosen; principal component analysis as in any textbook."""
        some = level.sources[:: -(-len(level.sources) // _SAMPLES)]
        area = level.side**2
        patches = level.flat_pixels[some[:, None] + level.steps].double()
        patterns = (patches - patches.mean(dim=1, keepdim=True)).transpose(1, 2).reshape(len(some), -1)
        _, vectors = torch.linalg.eigh((patterns.T @ patterns).cpu())
        means = torch.kron(torch.eye(3, dtype=torch.float64), torch.full((1, area), area**-0.5, dtype=torch.float64))
        kept = min(values, 3 * area) - 3
        filters = torch.cat([means, vectors.flip(1).T[:kept]]) if kept > 0 else means
        return cls(filters.reshape(-1, 3, level.side, level.side).float().to(level.device))

    def sources(self, level: Level) -> Tensor:
        """``(m, values)`` of all sources of ``level``."""
        return self._at(level, level.flat_pixels.reshape(*level.usable.shape, 3), level.sources)

    def targets(self, level: Level, picture: Tensor) -> Tensor:
        """``(n, values)`` of all targets, as they look in ``picture`` (``(h * w, 3)``)."""
        return self._at(level, picture.reshape(*level.hole.shape, 3), level.targets)

    def _at(self, level: Level, picture: Tensor, centres: Tensor) -> Tensor:
        """Filters the rows that hold the centres, a strip at a time."""
        out = torch.empty(len(centres), len(self.filters), device=level.device)
        if not len(centres):
            return out
        rows, reach = centres // level.width, level.reach
        columns = centres % level.width
        left, right = int(columns.min()), int(columns.max())
        strip = max(1, _STRIP // (right - left + 1))
        for top in range(int(rows[0]), int(rows[-1]) + 1, strip):
            begin, end = (int(n) for n in torch.searchsorted(rows, torch.tensor([top, top + strip]).to(rows)))
            if begin == end:
                continue
            seen = picture[top - reach : top + strip + reach, left - reach : right + 1 + reach].to(level.device)
            values = functional.conv2d(seen.permute(2, 0, 1)[None], self.filters)[0].flatten(1)
            at = (rows[begin:end] - top) * (right - left + 1) + columns[begin:end] - left
            out[begin:end] = values[:, at].T
        return out
