"""All that a stopped run needs to go on, in one file that is whole or absent."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from pickle import UnpicklingError
from typing import cast

import torch
from safetensors.torch import save
from torch import Tensor

from engines.core.atomic import write_bytes
from engines.core.faults import EngineError, Fault


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """``network``, ``average``: tensors by name; ``optimiser``: torch's own state; the rest says how far it is.

    ``budget``: seconds that the schedule is laid out for; ``trained``: seconds of it that are over.
    """

    engine: str
    network: Mapping[str, Tensor]
    average: Mapping[str, Tensor]
    optimiser: Mapping[str, object]
    step: int
    samples: int
    budget: float
    trained: float
    policy: Mapping[str, Tensor] = field(default_factory=dict)

    def save(self, path: Path) -> None:
        """Write it to ``path``, whole or not at all."""
        buffer = io.BytesIO()
        torch.save({name: getattr(self, name) for name in self.__slots__}, buffer)
        write_bytes(path, buffer.getvalue())

    @classmethod
    def load(cls, path: Path) -> Checkpoint:
        """Read what ``save`` wrote, running nothing in it; an ``EngineError`` where it is something else."""
        try:
            content = cast("Mapping[str, object]", torch.load(path, map_location="cpu", weights_only=True))
            return cls(**content)  # type: ignore[arg-type]
        except (OSError, UnpicklingError, RuntimeError, EOFError, ValueError, TypeError, KeyError) as error:
            raise EngineError(
                Fault.WEIGHTS_INVALID, f"{path} is no training checkpoint, or a damaged one.", "Start without --resume."
            ) from error


def save_weights(path: Path, state: Mapping[str, Tensor], *, half: bool = False) -> None:
    """Write ``state`` as safetensors (float16 where ``half``), whole or not at all."""
    kind = torch.float16 if half else torch.float32
    write_bytes(path, save({name: tensor.detach().to("cpu", kind).contiguous() for name, tensor in state.items()}))
