"""From matches to pixels: every patch over a pixel says what it should be, and the opinion with most weight wins.

Wexler, Shechtman and Irani, *Space-Time Completion of Video* (PAMI 2007), section 3.2: votes weigh by how alike the
patches are and by how near the hole's rim they lie. A mean of votes that differ would be a blur, and every later
match would be drawn towards what is blurred: so it is the mode that is painted.
"""

from __future__ import annotations

import torch
from torch import Tensor

from engines.core.context import Context
from engines.patches.field import Field

_VOTES = 1 << 18
"""How many are held at once."""

_FADE = 0.1
"""A pixel deeper in the hole, a vote weighs less by this much (of its logarithm)."""

_AGREEING = 0.005
"""Colours (0..1) about this far apart are one opinion."""

_STRIDE = 4
"""Every so many-th vote is a candidate for the mode: neighbouring votes mostly come from one place."""


def voted(field: Field, looks: Tensor, ctx: Context) -> Tensor:
    """``(k, 3)``: the hole's pixels, given what the targets look like now (``(n, values)``)."""
    level = field.level
    pixels = level.flat_pixels
    places, lift, weights = field.places(), field.lift(looks), _weights(field)
    out = torch.empty(len(level.missing), 3, device=level.device)
    chunk = max(1, _VOTES // len(level.steps))
    for begin in range(0, len(out), chunk):
        ctx.step(begin / len(out), "copying")
        centres = level.missing[begin : begin + chunk, None] - level.steps
        # a centre beyond the picture's side lands in its border, where no target is
        rows = level.target_rows[centres.clamp(0, len(level.target_rows) - 1)]
        votes = pixels[places[rows] + level.steps]
        if lift is not None:
            votes = votes + lift[rows]
        out[begin : begin + chunk] = _mode(votes, torch.where(rows < 0, -torch.inf, weights[rows]))
    return out.clamp_(0, 1)


def _mode(votes: Tensor, weights: Tensor) -> Tensor:
    """``(b, 3)`` of ``(b, votes, 3)`` and the logarithms of their weights, by two steps of mean shift."""
    share = weights.softmax(dim=1)
    some = votes[:, ::_STRIDE]
    support = _likeness(torch.cdist(some, votes).square_()) @ share[..., None]
    mode = some.gather(1, support.argmax(dim=1)[..., None].expand(-1, 1, 3))
    for _ in range(2):
        near = weights - (votes - mode).square().sum(dim=2) / (2 * _AGREEING**2)
        mode = (votes * near.softmax(dim=1)[..., None]).sum(dim=1, keepdim=True)
    return mode[:, 0]


def _likeness(squares: Tensor) -> Tensor:
    return squares.div_(-2 * _AGREEING**2).exp_()


def _weights(field: Field) -> Tensor:
    """``(n,)`` logarithms."""
    cost = field.cost
    spread = torch.quantile(cost[:: -(-len(cost) // 100_000)], 0.75).clamp(min=1e-6)
    return -cost / (2 * spread) - _FADE * field.level.depths
