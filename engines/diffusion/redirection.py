"""Self-attention that cannot look at the object: attention activation and suppression.

Attentive Eraser (AAAI 2025, arXiv 2412.12974), section "Attention Activation and Suppression": for head h, with
logits ``S = QK'/sqrt(d)``, the redirected branch is ``softmax_j(rho_i S_ij + kappa_j) V``, where ``kappa_j`` is -inf
at object keys (for all rows), and ``rho_i`` is the suppression scale in object rows of the early steps, else 1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from engines.diffusion.layers import Attention


@dataclass(slots=True)
class Redirection:
    """What the layers of one run need to know; ``step`` is set by the loop, from 0 on; before that they are plain.

    ``rows`` and ``keys``: by number of tokens, booleans: the object's tokens, whose rows are suppressed, and the
    tokens that nobody may look at (the object, and what else must not be copied). The layers redirect in steps
    ``first <= step < last``; suppression is on in the first ``suppressed`` of all steps. ``chunk``: rows that are
    computed at once, 0 for all.
    """

    rows: Mapping[int, Tensor]
    keys: Mapping[int, Tensor]
    last: int
    suppressed: int = 10
    scale: float = 0.3
    first: int = 0
    step: int = -1
    chunk: int = 0

    @property
    def active(self) -> bool:
        return self.first <= self.step < self.last

    def redirected(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """Attention of ``(batch, heads, tokens, width)`` that looks at no token of ``keys``.

        Scaling a logit's row is scaling its query, and forbidding a key is leaving it out: so one call of the
        fused kernels does it, and no matrix of logits is ever held.
        """
        tokens = q.shape[2]
        if tokens not in self.rows:
            msg = f"no grid of {tokens} tokens; there are {sorted(self.rows)}"
            raise ValueError(msg)
        seen = torch.nonzero(~self.keys[tokens].to(q.device))[:, 0]
        if seen.numel() == 0:  # nothing may be looked at: everything is, alike, as the published code does
            return v.mean(dim=2, keepdim=True).expand_as(q)
        if self.step < self.suppressed:
            rows = self.rows[tokens].to(q.device)
            q = q * torch.where(rows, self.scale, 1.0).to(q.dtype)[:, None]
        return attend(q, k[:, :, seen], v[:, :, seen], self.chunk)


def attend(q: Tensor, k: Tensor, v: Tensor, chunk: int = 0) -> Tensor:
    """Scaled dot-product attention; ``chunk`` rows at once where more than 0, with the same result."""
    if not 0 < chunk < q.shape[2]:
        return scaled_dot_product_attention(q, k, v)
    parts = [scaled_dot_product_attention(rows, k, v) for rows in torch.split(q, chunk, dim=2)]
    return torch.cat(parts, dim=2)


class RedirectedAttention:
    """Processor of one self-attention layer for batches of [plain, redirected], in equal halves.

    ``before``: the processor that was there; it does the work in the steps in which nothing is redirected.
    """

    def __init__(self, state: Redirection, before: Any) -> None:
        self._state = state
        self._before = before

    def __call__(
        self,
        attn: Attention,
        hidden_states: Tensor,
        encoder_hidden_states: Tensor | None = None,
        attention_mask: Tensor | None = None,
        temb: Tensor | None = None,
    ) -> Tensor:
        state = self._state
        if not state.active:
            return _tensor(self._before(attn, hidden_states, encoder_hidden_states, attention_mask, temb))
        q, k, v = (_heads(project(hidden_states), attn.heads) for project in (attn.to_q, attn.to_k, attn.to_v))
        (q, q_), (k, k_), (v, v_) = (part.chunk(2) for part in (q, k, v))
        out = torch.cat([attend(q, k, v, state.chunk), state.redirected(q_, k_, v_)])
        return _projected(attn, out)


class PlainAttention:
    """Processor that computes an ordinary self-attention some rows at a time."""

    def __init__(self, chunk: int) -> None:
        self._chunk = chunk

    def __call__(self, attn: Attention, hidden_states: Tensor, *others: Tensor | None, **named: Any) -> Tensor:
        del others, named  # a self-attention of Stable Diffusion is given nothing else
        q, k, v = (_heads(project(hidden_states), attn.heads) for project in (attn.to_q, attn.to_k, attn.to_v))
        return _projected(attn, attend(q, k, v, self._chunk))


@contextmanager
def processors(layers: Sequence[Attention], make: Any) -> Iterator[None]:
    """Give every layer the processor ``make(the one it has)``; whatever happens, they get theirs back."""
    before = [layer.processor for layer in layers]
    try:
        for layer, processor in zip(layers, before, strict=True):
            layer.set_processor(make(processor))
        yield
    finally:
        for layer, processor in zip(layers, before, strict=True):
            layer.set_processor(processor)


@contextmanager
def redirecting(layers: Sequence[Attention], state: Redirection) -> Iterator[None]:
    """Redirect ``layers`` as ``state`` says while the block lasts."""
    with processors(layers, lambda before: RedirectedAttention(state, before)):
        yield


def _heads(projected: Tensor, heads: int) -> Tensor:
    """From ``(batch, tokens, channels)`` to ``(batch, heads, tokens, width)``."""
    batch, tokens, channels = projected.shape
    return projected.view(batch, tokens, heads, channels // heads).transpose(1, 2)


def _projected(attn: Attention, out: Tensor) -> Tensor:
    """The heads side by side again, through the layer's own output projection."""
    return _tensor(attn.to_out[1](attn.to_out[0](out.transpose(1, 2).flatten(2))))


def _tensor(value: Any) -> Tensor:
    assert isinstance(value, Tensor)
    return value
