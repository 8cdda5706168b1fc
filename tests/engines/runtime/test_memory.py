"""Running out of memory and losing a device become faults; other errors pass as they are."""

from __future__ import annotations

import pytest
import torch

from engines.core.faults import Cancelled, EngineError, Fault
from engines.runtime.memory import out_of_memory_told


@pytest.mark.parametrize(
    ("raised", "fault"),
    [
        (MemoryError(), Fault.OUT_OF_MEMORY),
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"), Fault.OUT_OF_MEMORY),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate"), Fault.OUT_OF_MEMORY),
        (RuntimeError("bad allocation"), Fault.OUT_OF_MEMORY),
        (RuntimeError("CUDA error: an illegal memory access was encountered"), Fault.DEVICE_LOST),
        (RuntimeError("CUDA error: device-side assert triggered"), Fault.DEVICE_LOST),
    ],
)
def test_a_failure_of_the_device_is_told(raised: Exception, fault: Fault) -> None:
    with pytest.raises(EngineError) as error, out_of_memory_told():
        raise raised
    assert error.value.fault is fault
    assert error.value.hint
    assert error.value.__cause__ is raised


@pytest.mark.parametrize("raised", [ValueError("shapes differ"), Cancelled()])
def test_other_errors_pass(raised: Exception) -> None:
    with pytest.raises(type(raised)) as error, out_of_memory_told():
        raise raised
    assert error.value is raised


def test_an_allocation_that_cannot_be_is_running_out_of_memory() -> None:
    with pytest.raises(EngineError) as error, out_of_memory_told():
        torch.empty(1 << 50)
    assert error.value.fault is Fault.OUT_OF_MEMORY
