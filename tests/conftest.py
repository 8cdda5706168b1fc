"""Fixtures that several folders share. All pictures are drawn here: the tests need no files from elsewhere."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

import engines  # noqa: F401 - before any test imports torch: it says how torch's threads wait

# the test machine's own weights and settings must not leak into the tests
os.environ["CLEANPLATE_DATA"] = str(Path(__file__).with_name("no-user-data"))
_cache = tempfile.TemporaryDirectory(prefix="cleanplate-tests-")  # goes when the tests end
os.environ["CLEANPLATE_CACHE"] = _cache.name


def background(height: int, width: int, seed: int = 5) -> np.ndarray:
    """A soft, grainy ``(h, w, 3)`` uint8 picture without text."""
    rows, columns = np.mgrid[0:height, 0:width]
    sky = 120 + 60 * rows / height
    wave = 15 * np.sin(columns / 37.0) + 10 * np.cos(rows / 23.0)
    picture = np.stack([sky + wave, sky + 10, 200 - wave], axis=2)
    grain = np.random.default_rng(seed).normal(0, 2, (height, width, 1))
    return np.clip(picture + grain, 0, 255).astype(np.uint8)


def with_text(picture: np.ndarray, words: str, at: tuple[int, int], size: int) -> np.ndarray:
    """``picture`` with ``words`` written in white, ``at`` = (x, y) of the top left, ``size`` in pixels."""
    page = Image.fromarray(picture)
    ImageDraw.Draw(page).text(at, words, (250, 250, 245), ImageFont.load_default(size))
    return np.asarray(page)


@pytest.fixture(scope="session")
def text_photo() -> np.ndarray:
    """A drawn 640 x 360 photo that says SUMMER SALE and, below it, page 42."""
    picture = with_text(background(360, 640), "SUMMER SALE", (120, 80), 56)
    return with_text(picture, "page 42", (420, 290), 30)
