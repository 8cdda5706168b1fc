"""A person's own photos: their text is never under a mask, and comes off to be laid elsewhere."""

from __future__ import annotations

import pickle

import cv2
import numpy as np
import pytest

from engines.core.engine import FoundText, TextLine
from engines.core.faults import EngineError
from engines.training.realism import real_lines
from engines.training.synthesis import FontLibrary, Photo, PhotoSynthesiser, Settings
from engines.training.synthesis.copying import lift
from engines.training.synthesis.style import NUMBER, SPANS, Damage, Probabilities, Scene, prior
from tests.conftest import background, with_text

MAGENTA = (255, 0, 255)


def quad(x: int, y: int, w: int, h: int) -> np.ndarray:
    return np.array([[x, y], [x + w, y], [x + w, y + h], [x, y + h]], np.float32)


def found(*quads: np.ndarray, size: tuple[int, int], confidence: float = 0.9) -> FoundText:
    return FoundText([TextLine(q, "words", confidence) for q in quads], np.zeros(size, np.uint8))


def undamaged() -> Probabilities:
    shares = prior(1.0)
    shares[SPANS[NUMBER[Damage]]] = [1, 0, 0, 0, 0]
    return shares


@pytest.fixture(scope="session")
def written() -> Photo:
    pixels = with_text(background(200, 260), "REAL WORDS", (30, 40), 28)
    return Photo.of(pixels, found(quad(28, 42, 175, 28), size=(200, 260)))


def test_masks_never_touch_real_text(fonts: FontLibrary) -> None:
    """Real text is painted magenta without shades, so that it can be recognised in any crop."""
    pixels = background(200, 260)
    quads = [quad(20, 30, 120, 24), quad(150, 120, 80, 40)]
    photo = Photo.of(pixels, found(*quads, size=(200, 260)))
    marked = pixels.copy()
    marked[photo.real > 0] = MAGENTA
    marked_photo = Photo(marked, photo.real, photo.boxes, photo.heights, photo.lifted)
    synthesiser = PhotoSynthesiser([marked_photo], fonts, Settings())
    covered = 0
    for seed in range(250):
        sample = synthesiser.sample(np.random.default_rng(seed), 56, undamaged())
        real = (sample.truth[:, :, 0] > 0.9) & (sample.truth[:, :, 1] < 0.1) & (sample.truth[:, :, 2] > 0.9)
        assert not (real & (sample.mask > 0)).any()
        outside = sample.mask == 0
        assert np.array_equal(sample.image[outside], sample.truth[outside])
        covered += bool(real.any() and sample.mask.any())
    assert covered > 60


def test_the_real_region_grows_with_the_letters_and_with_doubt() -> None:
    pixels = background(120, 200)
    line = quad(40, 40, 100, 32)
    sure = Photo.of(pixels, found(line, size=(120, 200)))
    unsure = Photo.of(pixels, found(line, size=(120, 200), confidence=0.3))
    assert sure.real[33, 90] == 255
    assert sure.real[29, 90] == 0
    assert unsure.real[26, 90] == 255
    assert not unsure.lifted


def test_what_the_detector_sees_beyond_its_lines_counts_too() -> None:
    coverage = np.zeros((60, 80), np.uint8)
    coverage[30, 40] = 200
    assert Photo.of(background(60, 80), FoundText([], coverage)).real[30, 43] == 255


def test_a_line_comes_off_with_its_colour() -> None:
    pixels = with_text(background(200, 260), "REAL WORDS", (30, 40), 28)
    lifted = lift(pixels, quad(28, 42, 175, 28))
    assert lifted is not None
    assert np.abs(lifted.colour - np.array([250, 250, 245]) / 255).max() < 0.06
    assert not lifted.vertical
    assert lifted.coverage.shape == (32, 179)
    assert 0.05 < (lifted.coverage > 127).mean() < 0.5
    assert (lifted.coverage[:2] < 60).all(), "no halo of the background may come along"


def test_a_slanted_line_is_straightened() -> None:
    canvas = with_text(background(260, 260), "SLANTED WORDS", (30, 110), 28)
    matrix = cv2.getRotationMatrix2D((130, 130), 20, 1)
    turned = cv2.warpAffine(canvas, matrix, (260, 260), borderMode=cv2.BORDER_REFLECT)
    corners = np.asarray(quad(28, 112, 220, 28) @ matrix[:, :2].T + matrix[:, 2], np.float32)
    lifted = lift(turned, corners)
    assert lifted is not None
    assert lifted.coverage.shape[1] > 6 * lifted.coverage.shape[0]


@pytest.mark.parametrize(
    "pixels",
    [
        np.full((60, 120, 3), 128, np.uint8),
        np.random.default_rng(0).integers(0, 255, (60, 120, 3)).astype(np.uint8),
        np.repeat(np.linspace(0, 255, 120).astype(np.uint8)[None, :, None], 60, 0).repeat(3, 2),
    ],
    ids=["flat", "noise", "ramp"],
)
def test_what_is_no_text_does_not_come_off(pixels: np.ndarray) -> None:
    assert lift(pixels, quad(10, 15, 100, 30)) is None


def test_tiny_lines_do_not_come_off() -> None:
    assert lift(background(60, 80), quad(10, 10, 40, 5)) is None


def test_samples_repeat_and_survive_a_pickle(written: Photo, fonts: FontLibrary) -> None:
    first = PhotoSynthesiser([written], fonts)
    second = pickle.loads(pickle.dumps(first))
    for seed in range(5):
        a, b = (s.sample(np.random.default_rng(seed), 72) for s in (first, second))
        assert np.array_equal(a.image, b.image)
        assert np.array_equal(a.mask, b.mask)
        assert a.choices[NUMBER[Scene]] == -1


def test_most_samples_carry_new_text(written: Photo, fonts: FontLibrary) -> None:
    assert len(written.lifted) == 1
    synthesiser = PhotoSynthesiser([written], fonts, Settings(cut=0))
    filled = [synthesiser.sample(np.random.default_rng(seed), 96).stroke.any() for seed in range(30)]
    assert sum(filled) >= 24


def test_real_lines_can_be_measured(written: Photo) -> None:
    rows = real_lines([written])
    assert len(rows) == 1
    assert np.isfinite(rows[0]).all()


def test_photos_are_needed(fonts: FontLibrary) -> None:
    with pytest.raises(EngineError, match="no photos"):
        PhotoSynthesiser([], fonts)
