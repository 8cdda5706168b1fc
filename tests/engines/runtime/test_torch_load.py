"""Weights are read without running anything, and every key must fit."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from engines.core.faults import EngineError, Fault
from engines.runtime.torch_load import load_network, load_strictly, read_state


class Small(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2, 3, 3)


def state(seed: int = 0) -> dict[str, Tensor]:
    torch.manual_seed(seed)
    return Small().state_dict()


def test_a_network_is_ready_for_inference(tmp_path: Path) -> None:
    save_file(state(), tmp_path / "w.safetensors")
    network = load_network(Small, tmp_path / "w.safetensors", "cpu")
    assert torch.equal(network.conv.weight, state()["conv.weight"])
    assert not network.training
    assert not any(parameter.requires_grad for parameter in network.parameters())


@pytest.mark.parametrize("wrapper", [None, "model_state_dict", "state_dict"])
@pytest.mark.parametrize("prefix", ["", "module."])
def test_published_layouts_are_unwrapped(tmp_path: Path, wrapper: str | None, prefix: str) -> None:
    table = {prefix + name: tensor for name, tensor in state().items()}
    torch.save({wrapper: table, "epoch": 3} if wrapper else table, tmp_path / "w.pth")
    read = read_state(tmp_path / "w.pth")
    assert set(read) == {"conv.weight", "conv.bias"}
    assert torch.equal(read["conv.bias"], state()["conv.bias"])


def test_a_prefix_that_only_some_keys_have_is_part_of_their_names(tmp_path: Path) -> None:
    torch.save({"module.a": torch.zeros(1), "b": torch.zeros(1)}, tmp_path / "w.pth")
    assert set(read_state(tmp_path / "w.pth")) == {"module.a", "b"}


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16])
def test_half_precision_becomes_single(tmp_path: Path, kind: torch.dtype) -> None:
    save_file({name: tensor.to(kind) for name, tensor in state().items()}, tmp_path / "w.safetensors")
    assert {tensor.dtype for tensor in read_state(tmp_path / "w.safetensors").values()} == {torch.float32}


class Bomb:
    """Leaves a file behind where it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.mark,)


@pytest.mark.parametrize("by_torch", [True, False])
def test_a_pickle_is_refused_and_nothing_in_it_runs(tmp_path: Path, by_torch: bool) -> None:
    mark, path = tmp_path / "ran", tmp_path / "w.pth"
    content = {"conv.weight": torch.zeros(1), "bomb": Bomb(mark)}
    if by_torch:
        torch.save(content, path)
    else:
        path.write_bytes(pickle.dumps(content))
    with pytest.raises(EngineError, match=r"w\.pth is no file of weights") as error:
        read_state(path)
    assert error.value.fault is Fault.WEIGHTS_INVALID
    assert not mark.exists()


@pytest.mark.parametrize("name", ["w.pth", "w.safetensors"])
@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 broken", b"\x00" * 64, b"no weights at all"])
def test_a_damaged_file_is_told(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(EngineError, match="no file of weights") as error:
        read_state(tmp_path / name)
    assert error.value.fault is Fault.WEIGHTS_INVALID


def test_a_truncated_file_is_told(tmp_path: Path) -> None:
    for name, save in (("w.pth", torch.save), ("w.safetensors", save_file)):
        path = tmp_path / name
        save(state(), path)
        path.write_bytes(path.read_bytes()[:-40])
        with pytest.raises(EngineError, match="no file of weights"):
            read_state(path)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    for name in ("w.pth", "w.safetensors"):
        with pytest.raises(EngineError, match="There is no file") as error:
            read_state(tmp_path / name)
        assert error.value.fault is Fault.WEIGHTS_MISSING


@pytest.mark.parametrize("content", [{}, {"a": 3}, [torch.zeros(1)], torch.zeros(1)])
def test_what_is_no_table_of_tensors_is_told(tmp_path: Path, content: object) -> None:
    torch.save(content, tmp_path / "w.pth")
    with pytest.raises(EngineError, match="holds no table of tensors"):
        read_state(tmp_path / "w.pth")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"conv.bias": None}, "lacks conv.bias"),
        ({"extra": torch.zeros(1)}, "has the unknown extra"),
        ({"conv.bias": torch.zeros(5)}, r"has conv.bias of shape \(5,\) instead of \(3,\)"),
    ],
)
def test_every_key_must_fit(change: dict[str, Tensor | None], told: str) -> None:
    given = {name: tensor for name, tensor in {**state(), **change}.items() if tensor is not None}
    network = Small()
    with pytest.raises(EngineError, match=told) as error:
        load_strictly(network, given, Path("w.pth"))
    assert error.value.fault is Fault.WEIGHTS_INVALID
    assert "does not fit Small" in str(error.value)


def test_of_many_wrong_keys_the_first_are_named() -> None:
    with pytest.raises(EngineError, match="and 4 more"):
        load_strictly(Small(), {f"x{i}": torch.zeros(1) for i in range(5)}, Path("w.pth"))
