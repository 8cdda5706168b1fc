"""An ONNX model is kept only when it agrees with PyTorch; then the store gives it out for these very weights."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engines.core.engine import Backend, Card, Setup
from engines.core.faults import EngineError, Fault
from engines.onnx_export import TOLERANCE, export_onnx
from engines.store import Store
from tests.engines.weights import BUNDLED, file_of, with_weights
from tests.fakes import FakeEraser


class Exportable(FakeEraser):
    """Writes what its weights say, and differs from PyTorch by what they say."""

    closed = 0

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        self._content = setup.weights[BUNDLED.file].read_bytes()

    def export_onnx(self, path: Path) -> None:
        path.write_bytes(b"model of " + self._content)

    def compare_onnx(self, path: Path) -> float:
        assert path.read_bytes() == b"model of " + self._content
        return float(self._content)

    def close(self) -> None:
        Exportable.closed += 1


@pytest.fixture
def card() -> Card:
    entry = "tests.engines.test_onnx_export:Exportable"
    return replace(with_weights(BUNDLED), entry=entry, backends=(Backend.TORCH, Backend.ONNX))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "bundled", tmp_path / "user")


def give(tmp_path: Path, content: bytes) -> Path:
    return file_of(tmp_path / "bundled", content, BUNDLED.file)


def test_a_good_model_is_written_and_kept(card: Card, store: Store, tmp_path: Path) -> None:
    weights, target = give(tmp_path, b"1e-6"), tmp_path / "out" / "model.onnx"
    Exportable.closed = 0
    made = export_onnx(card, store, target, overwrite=False)
    assert (made.weight, made.target, made.difference) == (BUNDLED, target, 1e-6)
    assert target.read_bytes() == store.onnx_path(card, weights).read_bytes() == b"model of 1e-6"
    assert Exportable.closed == 1
    give(tmp_path, b"2e-6 other weights")
    assert not store.onnx_path(card, weights).exists()


@pytest.mark.parametrize("difference", [2 * TOLERANCE, float("nan"), float("inf")])
def test_a_model_that_differs_is_not_kept(card: Card, store: Store, tmp_path: Path, difference: float) -> None:
    weights, target = give(tmp_path, str(difference).encode()), tmp_path / "model.onnx"
    with pytest.raises(EngineError, match="differs from PyTorch") as error:
        export_onnx(card, store, target, overwrite=False)
    assert error.value.fault is Fault.NO_BACKEND
    assert not target.exists()
    assert not store.onnx_path(card, weights).exists()


def test_a_file_is_replaced_only_when_asked(card: Card, store: Store, tmp_path: Path) -> None:
    give(tmp_path, b"0")
    target = file_of(tmp_path, b"precious", "model.onnx")
    with pytest.raises(EngineError) as error:
        export_onnx(card, store, target, overwrite=False)
    assert error.value.fault is Fault.EXISTS
    assert target.read_bytes() == b"precious"
    export_onnx(card, store, target, overwrite=True)
    assert target.read_bytes() == b"model of 0"


def test_what_cannot_be_exported_is_told(card: Card, store: Store, tmp_path: Path) -> None:
    target = tmp_path / "model.onnx"
    with pytest.raises(EngineError, match="has no network"):
        export_onnx(replace(card, backends=(Backend.TORCH,)), store, target, overwrite=False)
    with pytest.raises(EngineError, match="has no weights on this machine"):
        export_onnx(card, store, target, overwrite=False)
    give(tmp_path, b"0")
    with pytest.raises(EngineError, match="cannot be exported"):
        export_onnx(replace(card, entry="tests.fakes:FakeEraser"), store, target, overwrite=False)
