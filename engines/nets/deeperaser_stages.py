"""DeepEraser taken apart for inference: the stages that an eraser, and an ONNX file, run one at a time."""

from __future__ import annotations

from torch import Tensor, nn

from engines.nets.deeperaser import DeepEraser, Normalise, Statistics, replaying
from engines.nets.deeperaser_recurrence import Recurrence


class Stages(nn.Module):
    """A ``DeepEraser`` whose weights do not change any more.

    Shapes: ``value`` ``(1, 4, h, w)``, image and mask in 0..1; ``hidden`` and ``context`` ``(1, 64, h, w)``;
    ``restored`` and ``correction`` ``(1, 3, h, w)``, unbounded.
    """

    def __init__(self, network: DeepEraser) -> None:
        super().__init__()
        self.network = network
        self.recurrence = Recurrence(network)

    def encode(self, value: Tensor, norm: Normalise) -> tuple[Tensor, Tensor]:
        """The first ``hidden`` and the ``context``."""
        return self.network.encode(value[:, :3], value[:, 3:], norm)

    def prepare(self, context: Tensor) -> tuple[Tensor, Tensor]:
        """What stays the same over the iterations, ``(1, 192, h, w)`` for each half of the GRU."""
        return self.recurrence.constants(context)

    def iterate(self, hidden: Tensor, first: Tensor, second: Tensor, restored: Tensor) -> tuple[Tensor, Tensor]:
        """The next ``hidden``, and the ``correction`` that added to the image gives the next ``restored``."""
        return self.recurrence(hidden, first, second, restored)


class SideBySide(nn.Module):
    """All stages in one graph, sharing nothing but the weights, so that one ONNX file holds them.

    Whoever wants one stage asks for its outputs only, and gives the inputs of the others in the least size.
    """

    ENCODED = ("first_hidden", "first_context", "measured")
    ENCODED_TILE = ("tile_hidden", "tile_context")
    PREPARED = ("constant_1", "constant_2")
    ITERATED = ("next_hidden", "correction")
    OUTPUTS = (*ENCODED, *ENCODED_TILE, *PREPARED, *ITERATED)

    def __init__(self, stages: Stages) -> None:
        super().__init__()
        self.stages = stages

    def forward(
        self,
        *,
        value: Tensor,
        tile: Tensor,
        moments: Tensor,
        context: Tensor,
        hidden: Tensor,
        first: Tensor,
        second: Tensor,
        restored: Tensor,
    ) -> tuple[Tensor, ...]:
        """The ``OUTPUTS``: encode, measuring the moments; encode with given ones; prepare; iterate."""
        statistics = Statistics()
        return (
            *self.stages.encode(value, statistics.record),
            statistics.moments,
            *self.stages.encode(tile, replaying(moments)),
            *self.stages.prepare(context),
            *self.stages.iterate(hidden, first, second, restored),
        )
