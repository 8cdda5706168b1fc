"""DeepEraser's iterations for inference: the same result as ``UpdateBlock`` with less work.

A convolution is linear in its input channels, so what it makes of the context, which never changes, is
computed once; update and reset gate look at the same input and are one convolution.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from engines.nets.deeperaser import HIDDEN, DeepEraser


class _Half(nn.Module):
    """One half of the separable GRU over ``[hidden, image features]``; the context comes in as a constant."""

    def __init__(self, network: DeepEraser, half: int) -> None:
        super().__init__()
        update, reset, candidate = (getattr(network.update_block.gru, f"conv{gate}{half}") for gate in "zrq")
        self.padding = update.padding
        weights = torch.cat([update.weight, reset.weight, candidate.weight])
        biases = torch.cat([update.bias, reset.bias, candidate.bias])
        moving = torch.cat([weights[:, :HIDDEN], weights[:, 2 * HIDDEN :]], 1)
        self.register_buffer("gates", moving[: 2 * HIDDEN].detach().clone())
        self.register_buffer("candidate", moving[2 * HIDDEN :].detach().clone())
        self.register_buffer("still", weights[:, HIDDEN : 2 * HIDDEN].detach().clone())
        self.register_buffer("bias", biases.detach().clone())
        self.gates: Tensor
        self.candidate: Tensor
        self.still: Tensor
        self.bias: Tensor

    def constant(self, context: Tensor) -> Tensor:
        """What the context adds to update, reset and candidate, 192 channels."""
        return functional.conv2d(context, self.still, self.bias, padding=self.padding)

    def forward(self, hidden: Tensor, features: Tensor, constant: Tensor) -> Tensor:
        gates = functional.conv2d(torch.cat([hidden, features], 1), self.gates, padding=self.padding)
        gates = gates.add_(constant[:, : 2 * HIDDEN]).sigmoid_()
        share, kept = gates[:, :HIDDEN], gates[:, HIDDEN:] * hidden
        wanted = functional.conv2d(torch.cat([kept, features], 1), self.candidate, padding=self.padding)
        wanted = wanted.add_(constant[:, 2 * HIDDEN :]).tanh_()
        return torch.lerp(hidden, wanted, share)


class Recurrence(nn.Module):
    """The iterations of a ``DeepEraser`` whose weights do not change any more."""

    def __init__(self, network: DeepEraser) -> None:
        super().__init__()
        self.first, self.second = _Half(network, 1), _Half(network, 2)
        self.encoder = network.update_block.encoder
        self.head = network.update_block.pre_head

    def constants(self, context: Tensor) -> tuple[Tensor, Tensor]:
        """What stays the same over the iterations."""
        return self.first.constant(context), self.second.constant(context)

    def forward(self, hidden: Tensor, first: Tensor, second: Tensor, restored: Tensor) -> tuple[Tensor, Tensor]:
        """One iteration: the next hidden state, and the correction of the original image."""
        features = self.encoder(restored)
        hidden = self.second(self.first(hidden, features, first), features, second)
        return hidden, self.head(hidden)
