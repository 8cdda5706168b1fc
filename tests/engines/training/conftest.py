"""Fonts and photos for the training tests: Pillow's own font and drawn pictures, so nothing must be installed."""

from __future__ import annotations

import io
from enum import IntEnum
from pathlib import Path

import numpy as np
import pytest
from PIL import ImageFont

from engines.training.synthesis import Backgrounds, FontLibrary, Settings, Synthesiser
from engines.training.synthesis.style import NUMBER, SPANS, Probabilities, prior
from tests.conftest import background


def builtin_font(folder: Path) -> Path:
    """Pillow's built-in face as a file in ``folder``."""
    face = ImageFont.load_default(20)
    assert isinstance(face, ImageFont.FreeTypeFont)
    assert isinstance(face.path, io.BytesIO)
    path = folder / "builtin.ttf"
    path.write_bytes(face.path.getvalue())
    return path


def forced(*values: IntEnum) -> Probabilities:
    """The prior with these values certain."""
    shares = prior(1.0)
    for value in values:
        span = SPANS[NUMBER[type(value)]]
        shares[span] = 0
        shares[span.start + value] = 1
    return shares


@pytest.fixture(scope="session")
def font_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fonts")
    builtin_font(folder)
    return folder


@pytest.fixture(scope="session")
def fonts(font_folder: Path) -> FontLibrary:
    return FontLibrary.find([font_folder])


@pytest.fixture(scope="session")
def backgrounds() -> Backgrounds:
    return Backgrounds.of([background(160, 200, seed) for seed in range(4)])


@pytest.fixture(scope="session")
def synthesiser(backgrounds: Backgrounds, fonts: FontLibrary) -> Synthesiser:
    return Synthesiser(backgrounds, fonts, Settings())


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)
