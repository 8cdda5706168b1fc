"""A device that is not there is told; nothing falls back silently."""

from __future__ import annotations

import pytest
import torch

from engines.core.faults import EngineError, Fault
from engines.runtime.device import devices, resolve_device


@pytest.fixture
def two_cards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda index: (3 << 30, (8 + index) << 30))
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda index: f"Card {index}")


def test_the_cpu_is_always_there_and_comes_last() -> None:
    last = devices()[-1]
    assert last.id == "cpu"
    assert 0 < last.free <= last.total


@pytest.mark.usefixtures("two_cards")
def test_graphics_cards_come_first() -> None:
    found = devices()
    assert [device.id for device in found if device.id.startswith("cuda")] == ["cuda:0", "cuda:1"]
    assert (found[1].name, found[1].free, found[1].total) == ("Card 1", 3 << 30, 9 << 30)


@pytest.mark.usefixtures("two_cards")
@pytest.mark.parametrize(
    ("name", "wanted"), [("auto", "cuda:0"), ("cuda", "cuda:0"), ("cuda:1", "cuda:1"), ("cpu", "cpu")]
)
def test_a_name_stands_for_a_device(name: str, wanted: str) -> None:
    assert resolve_device(name) == wanted


@pytest.mark.usefixtures("two_cards")
def test_a_card_beyond_the_last_is_told() -> None:
    with pytest.raises(EngineError, match="There are: cuda:0, cuda:1") as error:
        resolve_device("cuda:2")
    assert error.value.fault is Fault.NO_DEVICE


def test_cuda_without_a_card_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(EngineError, match="no device 'cuda'"):
        resolve_device("cuda")
    assert resolve_device("cpu") == "cpu"
