"""What is missing or broken is found, and said with what helps."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable
from pathlib import Path

import pytest

import engines.diagnosis
from engines.catalog import Catalog
from engines.diagnosis import PACKAGES, Problem, diagnose, in_child, onnx_providers, torch_devices
from engines.store import Store
from tests.engines.weights import PUBLISHED, file_of, with_weights

GIB = 1 << 30
CPU, CUDA = ("cpu", "CPU", 8 * GIB, GIB), ("cuda:0", "Card", 80 * GIB, GIB)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., None]:
    """Sets what the runtimes are found to offer, and whether there is an NVIDIA driver."""
    monkeypatch.setenv("CLEANPLATE_DATA", str(tmp_path / "data"))

    def offers(devices: object, providers: object, driver: bool = False, fault: str = "") -> None:
        results = {torch_devices: (devices, fault), onnx_providers: (providers, "")}
        monkeypatch.setattr(engines.diagnosis, "in_child", results.__getitem__)
        monkeypatch.setattr("shutil.which", lambda name: "/usr/bin/nvidia-smi" if driver else None)

    return offers


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "bundled", tmp_path / "data" / "models")


def problems(store: Store, catalog: Catalog | None = None) -> tuple[Problem, ...]:
    return diagnose(catalog or Catalog({}), store).problems


def test_nothing_is_said_where_nothing_is_wrong(machine: Callable[..., None], store: Store) -> None:
    machine([CPU], ["CPUExecutionProvider"])
    found = diagnose(Catalog({}), store)
    assert found.problems == ()
    assert [device.id for device in found.devices] == ["cpu"]
    assert set(found.packages) == set(PACKAGES)


def test_a_card_that_lies_idle_is_told(machine: Callable[..., None], store: Store) -> None:
    machine([CPU], ["CPUExecutionProvider"], driver=True)
    (problem,) = problems(store)
    assert "--torch-backend" in problem.remedy
    machine([CUDA, CPU], ["CPUExecutionProvider"], driver=True)
    (problem,) = problems(store)
    assert "onnxruntime-gpu" in problem.remedy
    assert not problem.serious
    machine([CUDA, CPU], ["CUDAExecutionProvider", "CPUExecutionProvider"], driver=True)
    assert problems(store) == ()


def test_a_runtime_that_does_not_load_is_serious(machine: Callable[..., None], store: Store) -> None:
    machine(None, ["CPUExecutionProvider"], driver=True, fault="OSError: WinError 1114")
    (problem,) = problems(store)
    assert problem.serious
    assert "WinError 1114" in problem.what


def test_absent_and_clashing_packages_are_told(
    machine: Callable[..., None], store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def version(name: str) -> str:
        if name == "rapidocr":
            raise importlib.metadata.PackageNotFoundError(name)
        return "1.0"  # also of the OpenCV builds that must not be there

    machine([CPU], ["CPUExecutionProvider"])
    monkeypatch.setattr("importlib.metadata.version", version)
    found = problems(store)
    assert all(problem.serious for problem in found)
    assert "pip install --no-deps rapidocr" in found[0].remedy
    assert [problem.what.split()[0] for problem in found[1:]] == list(engines.diagnosis._OTHER_OPENCV)


def test_missing_and_damaged_weights_are_told(machine: Callable[..., None], store: Store, tmp_path: Path) -> None:
    machine([CPU], ["CPUExecutionProvider"])
    card = with_weights(PUBLISHED)
    catalog = Catalog({card.id: card})
    (problem,) = problems(store, catalog)
    assert "cleanplate models import fake published.pth" in problem.remedy
    kept = store.import_file(card, file_of(tmp_path, b"weights"), lambda path: None, lambda weight: True)
    assert problems(store, catalog) == ()
    kept.path.write_bytes(b"damage!")
    (problem,) = problems(store, catalog)
    assert "damaged" in problem.what


def test_a_data_folder_that_cannot_be_is_told(
    machine: Callable[..., None], store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine([CPU], ["CPUExecutionProvider"])
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("CLEANPLATE_DATA", str(tmp_path / "file" / "data"))
    (problem,) = problems(store)
    assert "CLEANPLATE_DATA" in problem.remedy


def _works() -> int:
    return 42


def _raises() -> int:
    msg = "broken"
    raise OSError(msg)


def test_what_a_child_meets_is_told() -> None:
    assert in_child(_works) == (42, "")
    assert in_child(_raises) == (None, "OSError: broken")
