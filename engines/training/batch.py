"""What a training step is given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engines.training.synthesis import Sample


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """``image``, ``truth``: ``(n, 3, h, w)`` in 0..1; ``mask``, ``stroke``: ``(n, 1, h, w)``, 0 or 1.

    Inside ``mask`` the network must turn ``image`` into ``truth``; ``stroke`` is where they differ.
    """

    image: Tensor
    truth: Tensor
    mask: Tensor
    stroke: Tensor

    def to(self, device: str) -> Batch:
        return Batch(*(self._on(value, device) for value in (self.image, self.truth, self.mask, self.stroke)))

    @staticmethod
    def _on(value: Tensor, device: str) -> Tensor:
        return value.to(device, memory_format=torch.channels_last, non_blocking=True)


def collate(samples: Sequence[Sample]) -> Batch:
    """Samples of one size as a batch."""
    image = _stack([sample.image.transpose(2, 0, 1) for sample in samples])
    truth = _stack([sample.truth.transpose(2, 0, 1) for sample in samples])
    mask = _stack([(sample.mask > 0)[None] for sample in samples])
    stroke = _stack([(sample.stroke > 0)[None] for sample in samples])
    return Batch(image, truth, mask, stroke)


def _stack(arrays: Sequence[NDArray[np.generic]]) -> Tensor:
    return torch.from_numpy(np.stack(arrays).astype(np.float32))
