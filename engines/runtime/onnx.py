"""Exports networks to ONNX files and runs them with the execution providers there are."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from engines.core.atomic import replacing
from engines.core.engine import Backend, Setup
from engines.core.faults import EngineError, Fault
from engines.runtime.memory import out_of_memory_told

_BY_DEVICE = {
    "cuda": ("TensorrtExecutionProvider", "CUDAExecutionProvider"),
    "mps": ("CoreMLExecutionProvider",),
    "dml": ("DmlExecutionProvider",),
}
_CPU = "CPUExecutionProvider"
_OPSET = 20


@runtime_checkable
class OnnxExportable(Protocol):
    """An engine whose network can be written as an ONNX model."""

    def export_onnx(self, path: Path) -> None:
        """Write the model to ``path``, whole or not at all."""
        ...

    def compare_onnx(self, path: Path) -> float:
        """The largest difference between the model in ``path`` and PyTorch, at a size not used at the export."""
        ...


def providers() -> list[str]:
    """The execution providers that this build of ONNX Runtime has, by its own preference."""
    return list(onnxruntime.get_available_providers())


def providers_for(device: str) -> list[str]:
    """The providers to try for a torch device name, best first; always ends with the CPU."""
    there = providers()
    wanted = _BY_DEVICE.get(device.partition(":")[0], ())
    return [name for name in wanted if name in there] + [_CPU]


def chosen_model(setup: Setup, tell: Callable[[str], None]) -> OnnxModel | None:
    """The ONNX model that ``setup`` asks for, ready to run; None where it asks for PyTorch.

    Raises ``EngineError(NO_BACKEND)`` where there is none: PyTorch never takes over silently.
    """
    if setup.backend is not Backend.ONNX:
        return None
    if setup.onnx is None:
        raise EngineError(
            Fault.NO_BACKEND,
            f"{setup.card.name} has not been exported to ONNX on this machine.",
            f"Run: cleanplate models export-onnx {setup.card.id} {setup.card.id}.onnx",
        )
    return OnnxModel(setup.onnx, setup.device, tell)


class OnnxModel:
    """An ONNX file, ready to run. ``tell`` hears of every fallback, in a sentence for the person."""

    def __init__(self, path: Path, device: str, tell: Callable[[str], None]) -> None:
        wanted = providers_for(device)
        if device != "cpu" and wanted == [_CPU]:
            tell(f"ONNX Runtime has no provider for {device} here (it has {', '.join(providers())}); the CPU is used.")
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        options.intra_op_num_threads = usable_cores()
        try:
            with out_of_memory_told():
                self._session = onnxruntime.InferenceSession(str(path), options, providers=_with_index(wanted, device))
        except EngineError:
            raise
        except Exception as error:
            raise EngineError(
                Fault.WEIGHTS_INVALID, f"{path.name} cannot be run by ONNX Runtime.", "Export it again."
            ) from error
        self._idle = self._least_inputs()
        if self._session.get_providers()[0] != wanted[0]:
            tell(f"{wanted[0]} did not start; {self._session.get_providers()[0]} is used.")

    def run(self, feeds: Mapping[str, NDArray[Any]], outputs: Sequence[str] | None = None) -> list[NDArray[Any]]:
        """The outputs (all, where None) as arrays.

        Inputs that the wanted outputs do not depend on may be left out; they get the least that their shape allows.
        """
        with out_of_memory_told():
            results: list[NDArray[Any]] = self._session.run(outputs, {**self._idle, **feeds})
        return results

    def _least_inputs(self) -> dict[str, NDArray[np.float32]]:
        shapes = {given.name: given.shape for given in self._session.get_inputs() if given.type == "tensor(float)"}
        return {
            name: np.zeros([side if isinstance(side, int) else 1 for side in shape], np.float32)
            for name, shape in shapes.items()
        }


def _with_index(names: Sequence[str], device: str) -> list[str | tuple[str, dict[str, str]]]:
    index = device.partition(":")[2] or "0"
    return [(name, {"device_id": index}) if name in _BY_DEVICE["cuda"] else name for name in names]


def usable_cores() -> int:
    """The cores that this process may use: in a container fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def export(
    module: Any,
    inputs: Mapping[str, Any],
    outputs: Sequence[str],
    path: Path,
    dynamic_shapes: Mapping[str, Any],
) -> None:
    """Write ``module`` (torch, in eval mode) as an ONNX file, whole or not at all, with nothing printed.

    ``inputs``: example tensors by the names of ``forward``'s parameters. ``dynamic_shapes``: for each input,
    dimensions that may vary, as ``torch.export`` wants them.
    """
    import torch

    with _quiet():
        program = torch.onnx.export(
            module,
            (),
            kwargs=dict(inputs),
            input_names=list(inputs),
            output_names=list(outputs),
            dynamic_shapes=dict(dynamic_shapes),
            opset_version=_OPSET,
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    with replacing(path) as beside:
        program.save(str(beside))


@contextlib.contextmanager
def _quiet() -> Any:
    """The exporter reports on stdout, by logging and by warnings; none of it is for the person."""
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(level)


def largest_difference(ours: NDArray[Any], theirs: NDArray[Any]) -> float:
    return float(np.abs(ours.astype(np.float64) - theirs).max())
