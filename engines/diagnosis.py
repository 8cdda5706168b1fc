"""What this installation and this machine offer, what is missing, and how to get it.

torch and ONNX Runtime are tried in a process of their own: a broken one may raise, or take the process with it.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import multiprocessing
import os
import platform
import shutil
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import psutil

from engines.catalog import Catalog
from engines.core.faults import EngineError
from engines.core.paths import user_data_dir
from engines.download import downloads_allowed
from engines.loading import EXTRAS, how_to_install, missing_packages
from engines.store import Store

T = TypeVar("T")

PACKAGES: Mapping[str, str] = {
    "torch": "pip install -c constraints.txt torch",
    "onnxruntime": "pip install onnxruntime",
    "onnx": "pip install onnx",
    "onnxscript": "pip install onnxscript",
    "numpy": "pip install numpy",
    "opencv-contrib-python-headless": "pip install opencv-contrib-python-headless",
    "pillow": "pip install pillow",
    "pillow-heif": "pip install pillow-heif",
    "tifffile": "pip install tifffile",
    "safetensors": "pip install safetensors",
    "rapidocr": "pip install --no-deps rapidocr",
    **{name: how_to_install(name) for name in EXTRAS["diffusion"]},
}
"""The packages whose versions matter, by the name they are installed under, and how each is installed."""

_OPTIONAL = {name for packages in EXTRAS.values() for name in packages}
"""Only some engines need them, and say so."""

_OTHER_OPENCV = ("opencv-python", "opencv-python-headless", "opencv-contrib-python")
"""They write over the files of the build that this program needs."""


@dataclass(frozen=True, slots=True)
class Device:
    """A device that PyTorch can use, its memory in bytes: in all, and free now."""

    id: str
    name: str
    total: int
    free: int


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong or missing, and what helps. ``serious``: a part of the installation does not work."""

    what: str
    remedy: str
    serious: bool


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The facts. ``packages``: versions, None where absent; memory and disk in bytes."""

    python: str
    system: str
    packages: Mapping[str, str | None]
    devices: tuple[Device, ...]
    providers: tuple[str, ...]
    memory_total: int
    memory_free: int
    data_folder: Path
    data_writable: bool
    disk_free: int
    downloads_allowed: bool
    problems: tuple[Problem, ...]


def diagnose(catalog: Catalog, store: Store) -> Diagnosis:
    """Look at everything; takes as long as importing torch does, and never fails for what it finds."""
    packages = {name: _version(name) for name in PACKAGES}
    devices, torch_fault = in_child(torch_devices)
    providers, onnx_fault = in_child(onnx_providers)
    data, memory = user_data_dir(), psutil.virtual_memory()
    there = next(path for path in (data, *data.parents) if path.exists())
    writable = there.is_dir() and os.access(there, os.W_OK)
    problems = [
        *_package_problems(packages, {"torch": torch_fault, "onnxruntime": onnx_fault}),
        *_acceleration_problems(packages, devices or [], providers or []),
        *_weight_problems(catalog, store),
    ]
    if not writable:
        problems.append(Problem(f"{data} cannot be written.", "Set CLEANPLATE_DATA to a folder that can.", True))
    return Diagnosis(
        platform.python_version(),
        platform.platform(),
        packages,
        tuple(Device(*row) for row in devices or ()),
        tuple(providers or ()),
        memory.total,
        memory.available,
        data,
        writable,
        shutil.disk_usage(there).free,
        downloads_allowed(),
        tuple(problems),
    )


def torch_devices() -> list[tuple[str, str, int, int]]:
    """The fields of a ``Device`` for each that PyTorch can use; imports torch."""
    found = importlib.import_module("engines.runtime.device").devices()
    return [(device.id, device.name, device.total, device.free) for device in found]


def onnx_providers() -> list[str]:
    """The execution providers of ONNX Runtime; imports it."""
    return [str(name) for name in importlib.import_module("onnxruntime").get_available_providers()]


def in_child(function: Callable[[], T]) -> tuple[T | None, str]:
    """What ``function`` gives in a process of its own and no fault; or nothing, and the fault in words."""
    try:
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
            return pool.submit(function).result(), ""
    except BrokenProcessPool:
        return None, "it ends the process that imports it"
    except Exception as error:  # a broken package raises whatever it likes
        return None, f"{type(error).__name__}: {error}"


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _package_problems(packages: Mapping[str, str | None], faults: Mapping[str, str]) -> Iterator[Problem]:
    for name, version in packages.items():
        if version is None:
            needed = name not in _OPTIONAL
            yield Problem(f"The package {name} is not installed.", f"Run: {PACKAGES[name]}", needed)
        elif faults.get(name):
            again = PACKAGES[name].replace("install", "install --force-reinstall")
            yield Problem(f"{name} {version} cannot be used: {faults[name]}.", f"Run: {again}", True)
    for name in _OTHER_OPENCV:
        if _version(name) is not None:
            ours = "opencv-contrib-python-headless"
            remedy = f"Run: pip uninstall {name} && pip install --force-reinstall --no-deps {ours}"
            yield Problem(f"{name} is installed, too, and writes over the files of {ours}.", remedy, True)


def _acceleration_problems(
    packages: Mapping[str, str | None], devices: list[tuple[str, str, int, int]], providers: list[str]
) -> Iterator[Problem]:
    """A graphics card that lies idle."""
    on_cuda = any(device[0].startswith("cuda") for device in devices)
    if devices and not on_cuda and shutil.which("nvidia-smi"):
        remedy = "Run: pip install uv && uv pip install -c constraints.txt torch --torch-backend=auto"
        what = f"There is an NVIDIA driver, but PyTorch {packages['torch']} cannot use a card."
        yield Problem(what, remedy, False)
    if on_cuda and providers and "CUDAExecutionProvider" not in providers:
        remedy = "Run: pip uninstall onnxruntime && pip install onnxruntime-gpu"
        yield Problem("ONNX Runtime cannot use the NVIDIA card; PyTorch can.", remedy, False)


def _weight_problems(catalog: Catalog, store: Store) -> Iterator[Problem]:
    for card in catalog.values():
        try:
            if card.weights:
                store.files(card)
            missing = missing_packages(card)
            if missing:
                yield Problem(f"{card.name} needs {', '.join(missing)}.", f"Run: {how_to_install(missing[0])}", False)
        except EngineError as error:
            yield Problem(error.message, error.hint, False)
