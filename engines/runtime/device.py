"""Which devices there are, and which one a name stands for."""

from __future__ import annotations

from dataclasses import dataclass

import psutil
import torch

from engines.core.faults import EngineError, Fault


@dataclass(frozen=True, slots=True)
class DeviceInfo:
    """One device: its torch name, what it is called, and its memory in bytes (in all, and free now)."""

    id: str
    name: str
    total: int
    free: int


def devices() -> list[DeviceInfo]:
    """All devices, the quickest first; the CPU is always the last."""
    found = [_cuda(index) for index in range(torch.cuda.device_count())] if torch.cuda.is_available() else []
    memory = psutil.virtual_memory()
    if torch.backends.mps.is_available():
        found.append(DeviceInfo("mps", "Apple GPU (shares the main memory)", memory.total, memory.available))
    return [*found, DeviceInfo("cpu", f"CPU, {torch.get_num_threads()} threads", memory.total, memory.available)]


def _cuda(index: int) -> DeviceInfo:
    free, total = torch.cuda.mem_get_info(index)
    return DeviceInfo(f"cuda:{index}", torch.cuda.get_device_name(index), total, free)


def resolve_device(name: str) -> str:
    """The torch device that ``name`` stands for: ``auto`` is the quickest, ``cuda`` the first of its kind.

    Raises ``EngineError(NO_DEVICE)`` where it is not on this machine: nothing falls back to the CPU silently.
    """
    there = [device.id for device in devices()]
    if name == "auto":
        return there[0]
    wanted = "cuda:0" if name == "cuda" else name
    if wanted not in there:
        raise EngineError(
            Fault.NO_DEVICE,
            f"There is no device {name!r} that PyTorch {torch.__version__} can use here.",
            f"There are: {', '.join(there)}.",
        )
    return wanted
