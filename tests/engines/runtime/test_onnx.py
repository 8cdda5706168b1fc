"""Models are written whole and quietly, run by part, and every fallback is told."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from torch import Tensor, nn

from engines.core.faults import EngineError, Fault
from engines.runtime.onnx import OnnxModel, export, largest_difference, providers_for, usable_cores

CPU = "CPUExecutionProvider"


class Apart(nn.Module):
    """Two results that have nothing to do with each other."""

    def forward(self, left: Tensor, right: Tensor) -> tuple[Tensor, Tensor]:
        return left * 2, right + 1


def export_apart(path: Path) -> None:
    inputs = {"left": torch.zeros(2, 3), "right": torch.zeros(2, 4)}
    shapes = {"left": {0: torch.export.Dim("rows", min=1, max=99)}, "right": {}}
    export(Apart(), inputs, ["doubled", "raised"], path, shapes)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("onnx") / "apart.onnx"
    export_apart(path)
    return path


def test_export_prints_nothing_and_leaves_nothing_else(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    export_apart(tmp_path / "made" / "apart.onnx")
    assert capfd.readouterr() == ("", "")
    assert [path.name for path in (tmp_path / "made").iterdir()] == ["apart.onnx"]


def test_a_failed_export_keeps_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "kept.onnx"
    path.write_bytes(b"kept")
    with pytest.raises(Exception, match="left"):
        export(Apart(), {"right": torch.zeros(1)}, ["a"], path, {"right": {}})
    assert path.read_bytes() == b"kept"


@pytest.fixture
def running(model: Path) -> tuple[OnnxModel, list[str]]:
    told: list[str] = []
    return OnnxModel(model, "cpu", told.append), told


def test_a_part_runs_by_itself(running: tuple[OnnxModel, list[str]]) -> None:
    left = np.arange(15, dtype=np.float32).reshape(5, 3)
    (doubled,) = running[0].run({"left": left}, ["doubled"])
    assert np.array_equal(doubled, left * 2)
    (raised,) = running[0].run({"right": np.ones((2, 4), np.float32)}, ["raised"])
    assert np.array_equal(raised, np.full((2, 4), 2))
    assert running[1] == []


def test_the_cpu_is_the_last_resort_of_every_device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CUDAExecutionProvider", "Other", CPU])
    assert providers_for("cuda:1") == ["CUDAExecutionProvider", CPU]
    assert providers_for("mps") == [CPU]
    assert providers_for("cpu") == [CPU]


def test_a_device_without_a_provider_is_told(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [CPU])
    told: list[str] = []
    OnnxModel(model, "cuda:0", told.append)
    assert len(told) == 1
    assert "no provider for cuda:0" in told[0]
    assert "the CPU is used" in told[0]


def test_a_provider_that_does_not_start_is_told(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    class Session(onnxruntime.InferenceSession):  # type: ignore[misc]
        def __init__(self, path: str, options: object, providers: list[object]) -> None:
            asked.extend(providers)
            super().__init__(path, options, providers=[CPU])

    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CUDAExecutionProvider", CPU])
    monkeypatch.setattr(onnxruntime, "InferenceSession", Session)
    told: list[str] = []
    OnnxModel(model, "cuda:1", told.append)
    assert asked == [("CUDAExecutionProvider", {"device_id": "1"}), CPU]
    assert told == [f"CUDAExecutionProvider did not start; {CPU} is used."]


def test_a_file_that_is_no_model_is_told(tmp_path: Path) -> None:
    (tmp_path / "broken.onnx").write_bytes(b"no model")
    with pytest.raises(EngineError, match=r"broken\.onnx cannot be run") as error:
        OnnxModel(tmp_path / "broken.onnx", "cpu", lambda _: None)
    assert error.value.fault is Fault.WEIGHTS_INVALID


def test_running_out_of_memory_is_told(running: tuple[OnnxModel, list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("bfc_arena: Failed to allocate memory for requested buffer of size 99")

    monkeypatch.setattr(running[0], "_session", type("Session", (), {"run": fail})())
    with pytest.raises(EngineError) as error:
        running[0].run({})
    assert error.value.fault is Fault.OUT_OF_MEMORY


def test_the_cores_are_those_this_process_may_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {1, 5, 7}, raising=False)
    assert usable_cores() == 3


def test_the_largest_difference() -> None:
    assert largest_difference(np.array([1, 2], np.float32), np.array([1, 5], np.float32)) == 3
