"""MI-GAN as an engine: which way round its mask is, what it sees of the hole; and the published model itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.catalog import load_catalog
from engines.core.context import Context
from engines.core.engine import Backend, Card, Setup
from engines.core.faults import EngineError, Fault
from engines.core.types import Alpha, FloatImage, Mask
from engines.erasers.migan import Migan
from engines.requests import Erased, EraseImage
from engines.runtime.onnx import OnnxModel
from engines.session import Session
from engines.store import Store
from tests.cli.run import ROOT
from tests.conftest import background
from tests.contract.random_weights import fill_pipeline

CATALOG = load_catalog()
CARD = CATALOG["migan"]
PUBLISHED = ROOT.parent / "shared" / "data" / "weights" / CARD.weights[0].file


def engine(model: Path) -> Migan:
    return Migan(Setup(CARD, {CARD.weights[0].file: model}))


@pytest.fixture(scope="module")
def filling(tmp_path_factory: pytest.TempPathFactory) -> Migan:
    return engine(fill_pipeline(tmp_path_factory.mktemp("migan") / "fill.onnx", 51))


@pytest.fixture(scope="module")
def published() -> Migan:
    if not PUBLISHED.is_file():
        pytest.skip("the published model (../shared/data/weights) is not on this machine")
    return engine(PUBLISHED)


def photo(size: tuple[int, int] = (90, 140)) -> FloatImage:
    return np.asarray(background(*size) / 255, np.float32)


def hole(size: tuple[int, int] = (90, 140)) -> Alpha:
    alpha = np.zeros(size, np.uint8)
    alpha[size[0] // 3 : size[0] // 2, size[1] // 4 : size[1] // 2] = 255
    return alpha


def test_the_hole_is_what_the_model_fills(filling: Migan) -> None:
    image, alpha = photo(), hole()
    result = filling.erase(image, alpha, {}, Context())
    assert np.allclose(result[alpha > 0], 51 / 255)
    assert np.array_equal(result[alpha == 0], image[alpha == 0])


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.data())
def test_any_size_and_any_coverage_is_taken(filling: Migan, height: int, width: int, data: st.DataObject) -> None:
    alpha = np.zeros((height, width), np.uint8)
    alpha[data.draw(st.integers(0, height - 1)), data.draw(st.integers(0, width - 1))] = data.draw(st.integers(1, 255))
    result = filling.erase(photo((height, width)), alpha, {}, Context())
    assert np.allclose(result[alpha > 0], 51 / 255)


def test_nothing_of_the_object_is_shown_to_the_model(filling: Migan, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pipeline blends what is in the hole into its rim: an object there would leave a ghost."""
    seen = []
    real = OnnxModel.run

    def spying(self: OnnxModel, feeds: dict[str, np.ndarray]) -> list[np.ndarray]:
        seen.append(feeds["image"])
        return real(self, feeds)

    monkeypatch.setattr(OnnxModel, "run", spying)
    image, alpha = photo(), hole()
    for level in (0.0, 1.0):
        image[alpha > 0] = level
        filling.erase(image, alpha, {}, Context())
    assert np.array_equal(seen[0], seen[1])


def test_a_file_that_is_no_model_is_told(tmp_path: Path) -> None:
    (tmp_path / "x.onnx").write_bytes(b"no model")
    with pytest.raises(EngineError, match="cannot be run") as error:
        engine(tmp_path / "x.onnx")
    assert error.value.fault is Fault.WEIGHTS_INVALID


def own_card() -> Card:
    """The card for a model of the tests: it names no sha256."""
    return replace(CARD, weights=(replace(CARD.weights[0], sha256="", size=0, url="", npm=""),))


def test_a_session_runs_it_without_being_told_through_what(tmp_path: Path) -> None:
    store = Store(tmp_path / "bundled", tmp_path / "user")
    model = fill_pipeline(tmp_path / "fill.onnx", 51)
    card = own_card()
    kept = store.import_file(card, model)
    assert store.onnx_path(card, kept.path) == kept.path
    catalog = type(CATALOG)({"migan": card})
    session = Session(catalog, store)
    picture = background(90, 140)
    for backend in (None, Backend.ONNX):
        erased = session.run(EraseImage("migan", picture, Mask.of(hole()), backend=backend), Context())
        assert isinstance(erased, Erased)
        assert (erased.engine, erased.backend, erased.device) == ("migan", Backend.ONNX, "cpu")
    with pytest.raises(EngineError, match="does not run through torch"):
        session.run(EraseImage("migan", picture, Mask.of(hole()), backend=Backend.TORCH), Context())
    session.close()


def test_the_published_model_carries_a_structure_on(published: Migan) -> None:
    """Stripes behind the hole: the network draws them on; a smooth fill cannot."""
    rows = np.arange(256)
    stripes = np.where(rows // 16 % 2, 0.75, 0.25).astype(np.float32)
    image = np.repeat(np.repeat(stripes[:, None, None], 256, axis=1), 3, axis=2)
    alpha = np.zeros((256, 256), np.uint8)
    alpha[80:176, 96:160] = 255
    spoilt = np.where(alpha[..., None] > 0, np.array([0.9, 0.1, 0.1], np.float32), image)
    result = published.erase(spoilt, alpha, {}, Context())
    inside = alpha > 0
    assert np.abs(result[inside] - image[inside]).mean() < 0.08
    assert np.array_equal(result[~inside], image[~inside])


def test_the_published_model_fills_a_whole_picture(published: Migan) -> None:
    result = published.erase(photo((64, 64)), np.full((64, 64), 255, np.uint8), {}, Context())
    assert np.isfinite(result).all()
