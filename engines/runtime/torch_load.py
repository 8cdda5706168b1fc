"""Reads weights without ever running a pickle, and loads them with every key accounted for."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import TypeVar

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from engines.core.faults import EngineError, Fault

Network = TypeVar("Network", bound=nn.Module)

_WRAPPERS = ("model_state_dict", "state_dict")
_PARALLEL = "module."
"""What DataParallel puts before every key."""


def read_state(path: Path) -> dict[str, Tensor]:
    """The tensors in ``path`` (.safetensors, else a torch file), by name, float16 and bfloat16 as float32.

    A torch file is read with ``weights_only``: what is not plain tensors is refused and nothing in it is run.
    Raises ``EngineError(WEIGHTS_INVALID)``.
    """
    try:
        content: object = load_file(path) if path.suffix == ".safetensors" else _read_torch(path)
    except FileNotFoundError as error:
        raise EngineError(Fault.WEIGHTS_MISSING, f"There is no file {path}.") from error
    except (SafetensorError, UnpicklingError, RuntimeError, OSError, EOFError, ValueError, KeyError) as error:
        raise EngineError(
            Fault.WEIGHTS_INVALID,
            f"{path.name} is no file of weights, or a damaged one.",
            "Safetensors and plain torch files are read; anything that would have to be executed is refused.",
        ) from error
    return _tensors(_unwrapped(content), path)


def _read_torch(path: Path) -> object:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about pickle protocols, which nobody here can choose
        return torch.load(path, map_location="cpu", weights_only=True)


def _unwrapped(content: object) -> object:
    for key in _WRAPPERS:
        if isinstance(content, Mapping) and isinstance(content.get(key), Mapping):
            return content[key]
    return content


def _tensors(content: object, path: Path) -> dict[str, Tensor]:
    if not isinstance(content, Mapping) or not content or not all(isinstance(v, Tensor) for v in content.values()):
        raise EngineError(Fault.WEIGHTS_INVALID, f"{path.name} holds no table of tensors.")
    prefix = _PARALLEL if all(str(key).startswith(_PARALLEL) for key in content) else ""
    return {
        str(key).removeprefix(prefix): value.float() if value.is_floating_point() else value
        for key, value in content.items()
    }


def load_strictly(module: nn.Module, state: Mapping[str, Tensor], path: Path) -> None:
    """Make ``state`` the weights of ``module``, which may be on the meta device; every key must fit.

    Raises ``EngineError(WEIGHTS_INVALID)`` that names the first keys that do not.
    """
    own = module.state_dict()
    wrong = [
        *(f"lacks {key}" for key in own if key not in state),
        *(f"has the unknown {key}" for key in state if key not in own),
        *(
            f"has {key} of shape {tuple(state[key].shape)} instead of {tuple(tensor.shape)}"
            for key, tensor in own.items()
            if key in state and state[key].shape != tensor.shape
        ),
    ]
    if wrong:
        more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        kind = type(module).__name__
        raise EngineError(
            Fault.WEIGHTS_INVALID,
            f"{path.name} does not fit {kind}: it {'; it '.join(wrong[:3])}{more}.",
            "Take the file that was made for this engine.",
        )
    module.load_state_dict(dict(state), strict=True, assign=True)


def load_network(kind: type[Network], path: Path, device: str) -> Network:
    """A network of class ``kind`` with the weights in ``path``, on ``device``, ready for inference.

    It is built on the meta device: random weights that are thrown away at once would cost as much as loading.
    Its weights lie channels last, which measures best for these networks (``docs/benchmarks.md``).
    """
    with torch.device("meta"):
        network = kind()
    load_strictly(network, read_state(path), path)
    network.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network.eval().requires_grad_(False)
