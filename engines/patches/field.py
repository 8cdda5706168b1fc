"""The nearest-neighbour field: for every patch at the hole the most alike patch that may be copied.

Barnes and others, *PatchMatch* (SIGGRAPH 2009), section 3, for all patches at once: propagation looks at neighbours
at several distances in turn (jump flooding) where the sequential method sweeps.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from engines.core.context import Context
from engines.patches.level import Level

_JUMPS = (8, 4, 2, 1)

_PAIRS = 1 << 22
"""Distances that are held at once where everything is compared with everything."""

_CHUNK = 1 << 16
"""Patches whose features are held at once."""


class Field:
    """``match``: ``(n,)`` which source each target has; ``cost``: ``(n,)`` how unlike they are.

    ``features``: ``(m, values)`` of the sources. ``gain``: by how much (of 1.0) a copy may be brighter or darker
    than its source, for nothing (Darabi and others, *Image Melding*, SIGGRAPH 2012, section 4.1).
    """

    def __init__(self, level: Level, features: Tensor, match: Tensor, gain: float) -> None:
        self.level = level
        self.match = match
        self.cost = torch.full((len(match),), torch.inf, device=level.device)
        self._features = features
        self._free = gain * level.side
        """A patch's mean, times the square root of its area, is what its first features are."""

    def places(self) -> Tensor:
        """``(n,)`` the positions of the sources that the targets have."""
        return self.level.sources[self.match]

    def lift(self, looks: Tensor) -> Tensor | None:
        """``(n, 3)``: by how much each copy is made brighter or darker; None where that is not allowed."""
        if self._free <= 0:
            return None
        apart = looks[:, :3] - self._features[self.match, :3]
        return apart.clamp(-self._free, self._free) / self.level.side

    def rate(self, looks: Tensor) -> None:
        """Take the costs anew, for targets that now look like ``looks`` (``(n, values)``)."""
        for begin in range(0, len(looks), _CHUNK):
            part = slice(begin, begin + _CHUNK)
            self.cost[part] = self._distances(looks[part], self.match[part])

    def compare(self, looks: Tensor) -> None:
        """Give each target the best of all sources."""
        lengths = self._features.square().sum(dim=1)
        chunk = max(1, _PAIRS // len(self._features))
        for begin in range(0, len(looks), chunk):
            part = slice(begin, begin + chunk)
            far = torch.addmm(lengths, looks[part], self._features.T, alpha=-2)
            if self._free > 0:
                far -= self._forgiven(looks[part])
            self.match[part] = far.argmin(dim=1)
        self.rate(looks)

    def propagate(self, looks: Tensor, ctx: Context) -> None:
        """Try what the neighbours have, moved along."""
        level = self.level
        for number, jump in enumerate(_JUMPS):
            ctx.step(number / len(_JUMPS), "matching")
            for step in (-jump, jump, -jump * level.width, jump * level.width):
                # where a step leaves the picture at a side it lands in another row: a worse guess, not a fault
                beside = level.target_rows[(level.targets + step).clamp(0, len(level.target_rows) - 1)]
                self._offer(looks, torch.where(beside < 0, -1, self.places()[beside] - step))

    def search(self, looks: Tensor, generator: torch.Generator, ctx: Context) -> None:
        """Try places at random: anywhere, then around what is known, closer and closer."""
        level, n = self.level, len(looks)
        self._try(looks, self._drawn((n,), len(self._features), generator))
        radius = widest = max(level.hole.shape) // 2
        while radius >= 1:
            ctx.step(1 - math.log1p(radius) / math.log1p(widest), "matching")
            down, across = self._drawn((2, n), 2 * radius + 1, generator) - radius
            self._offer(looks, self.places() + down * level.width + across)
            radius //= 2

    def _offer(self, looks: Tensor, places: Tensor) -> None:
        """Try positions; those that are no source are passed over."""
        inside = (places >= 0) & (places < len(self.level.source_rows))
        rows = self.level.source_rows[torch.where(inside, places, 0)]
        self._try(looks, torch.where(inside, rows, -1))

    def _drawn(self, shape: tuple[int, ...], below: int, generator: torch.Generator) -> Tensor:
        """On the CPU, so that a seed means the same on every device."""
        return torch.randint(below, shape, generator=generator).to(self.level.device)

    def _try(self, looks: Tensor, rows: Tensor) -> None:
        """Take the sources ``rows`` (``(n,)``, -1: none) wherever they are better than what is there."""
        new = ((rows >= 0) & (rows != self.match)).nonzero()[:, 0]
        for some in torch.split(new, _CHUNK):
            cost = self._distances(looks[some], rows[some])
            better = cost < self.cost[some]
            at = some[better]
            self.match[at] = rows[at]
            self.cost[at] = cost[better]

    def _distances(self, looks: Tensor, rows: Tensor) -> Tensor:
        apart = looks - self._features[rows]
        if self._free > 0:
            apart[:, :3] -= apart[:, :3].clamp(-self._free, self._free)
        return apart.square_().sum(dim=1)

    def _forgiven(self, looks: Tensor) -> Tensor:
        """``(b, m)``: what allowing another brightness takes off the squared distance."""
        apart = (looks[:, None, :3] - self._features[None, :, :3]).abs()
        return (apart.square() - (apart - self._free).clamp(min=0).square()).sum(dim=2)
