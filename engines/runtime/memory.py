"""Running out of memory, and losing a device, told in words."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from engines.core.faults import EngineError, Fault

_NO_MEMORY = (
    "out of memory",
    "can't allocate memory",
    "failed to allocate",
    "not enough memory",
    "cuda_error_out_of_memory",
    "bad_alloc",
    "bad allocation",
)
_POISONED = (
    "illegal memory access",
    "device-side assert",
    "unspecified launch failure",
    "misaligned address",
    "cudnn_status_execution_failed",
    "device lost",
    "device removed",
)


@contextmanager
def out_of_memory_told() -> Iterator[None]:
    """Turn what torch and ONNX Runtime raise into ``EngineError``: OUT_OF_MEMORY, or DEVICE_LOST.

    After DEVICE_LOST the device's context is dead until this process ends. Other errors pass.
    """
    try:
        yield
    except MemoryError as error:
        raise _no_memory() from error
    except Exception as error:
        told = _told(error)
        if told is None:
            raise
        raise told from error


def _told(error: Exception) -> EngineError | None:
    words = str(error).lower()
    if isinstance(error, torch.OutOfMemoryError) or any(part in words for part in _NO_MEMORY):
        return _no_memory()
    if any(part in words for part in _POISONED):
        return EngineError(
            Fault.DEVICE_LOST,
            "The graphics device stopped working in the middle of the job.",
            "Try again; if it happens again, update the driver or use --device cpu.",
        )
    return None


def _no_memory() -> EngineError:
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    return EngineError(
        Fault.OUT_OF_MEMORY,
        "There is not enough memory for this region, even in small tiles.",
        "Close other programs, use a smaller mask, or add --allow-cpu.",
    )
