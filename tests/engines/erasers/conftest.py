"""Both text networks with weights drawn by rule, as files; their ONNX models, exported once for all tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import save_file

from engines.catalog import load_catalog
from engines.core.engine import Backend, Card, Setup
from engines.core.types import Alpha, FloatImage
from engines.erasers.deeperaser import DeepEraserEngine
from engines.erasers.garnet import Garnet
from engines.nets.deeperaser import DeepEraser
from engines.nets.garnet import GaRNet
from tests.conftest import background, with_text
from tests.parity.golden import fill_by_rule

CATALOG = load_catalog()


def setup_of(card: Card, weights: Path, onnx: Path | None = None) -> Setup:
    backend = Backend.TORCH if onnx is None else Backend.ONNX
    return Setup(card, {weights.name: weights}, backend=backend, onnx=onnx)


@pytest.fixture(scope="session")
def deeperaser_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("deeperaser") / "deeperaser.safetensors"
    save_file(fill_by_rule(DeepEraser()).state_dict(), path)
    return path


@pytest.fixture(scope="session")
def deeperaser(deeperaser_weights: Path) -> Iterator[DeepEraserEngine]:
    engine = DeepEraserEngine(setup_of(CATALOG["deeperaser"], deeperaser_weights))
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def deeperaser_onnx(deeperaser: DeepEraserEngine, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("onnx") / "deeperaser.onnx"
    deeperaser.export_onnx(path)
    return path


@pytest.fixture(scope="session")
def garnet_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("garnet") / "garnet.safetensors"
    save_file(fill_by_rule(GaRNet()).state_dict(), path)
    return path


@pytest.fixture(scope="session")
def garnet(garnet_weights: Path) -> Iterator[Garnet]:
    engine = Garnet(setup_of(CATALOG["garnet"], garnet_weights))
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def garnet_onnx(garnet: Garnet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("onnx") / "garnet.onnx"
    garnet.export_onnx(path)
    return path


def view(height: int, width: int) -> FloatImage:
    """A drawn photo with a word on it, ``(h, w, 3)`` in 0..1."""
    picture = with_text(background(height, width), "SALE", (width // 4, height // 3), height // 4)
    return np.divide(picture, 255, dtype=np.float32)


def hole(height: int, width: int, rows: slice, columns: slice, coverage: int = 255) -> Alpha:
    alpha = np.zeros((height, width), np.uint8)
    alpha[rows, columns] = coverage
    return alpha
