"""What every image eraser promises, tried on every card of the catalogue with random weights."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engines.catalog import load_catalog
from engines.core.context import Context
from engines.core.engine import Card, ImageEraser, Role, Setup
from engines.core.faults import Cancelled
from engines.core.types import Alpha, Mask, Pixels
from engines.loading import load_engine
from engines.pipeline import region
from engines.pipeline.job import Job
from tests.contract.random_weights import QUICK, random_weights

CATALOG = load_catalog()
SIZES = [(1, 1), (1, 37), (64, 64), (75, 131)]


@pytest.fixture(scope="module", params=CATALOG.ids(Role.IMAGE_ERASER))
def job(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Job]:
    # small crops: the promises do not depend on size, the time does
    card = replace(CATALOG[request.param], min_side=CATALOG[request.param].multiple_of, context=16)
    eraser = load_engine(card, Setup(card, _weights(card, tmp_path_factory.mktemp("weights"))))
    assert isinstance(eraser, ImageEraser)
    yield Job(eraser, card, card.resolve(QUICK.get(card.id, {})))
    eraser.close()


def _weights(card: Card, folder: Path) -> dict[str, Path]:
    if not card.weights:
        return {}
    name = card.weights[0].file
    return {name: random_weights(card, folder / name)}


def photo(size: tuple[int, int], dtype: type[np.uint8 | np.uint16] = np.uint8) -> Pixels:
    rng = np.random.default_rng(3)
    rows, columns = np.indices(size)
    ramp = (rows + 2 * columns)[..., None] * np.array([0.3, 0.5, 0.7]) % 200
    return ((ramp + rng.integers(0, 40, (*size, 3))) * (np.iinfo(dtype).max // 255)).astype(dtype)


def hole(size: tuple[int, int]) -> Alpha:
    alpha = np.zeros(size, np.uint8)
    alpha[size[0] // 4 : size[0] // 2 + 1, size[1] // 3 : size[1] // 3 * 2 + 1] = 255
    return alpha


def run(job: Job, image: Pixels, alpha: Alpha, ctx: Context | None = None) -> Pixels:
    result = image.copy()
    for patch in region.erase(job, image, Mask.of(alpha), ctx or Context()):
        patch.paint(result)
    return result


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_pixels_outside_the_mask_are_untouched(
    job: Job, size: tuple[int, int], dtype: type[np.uint8 | np.uint16]
) -> None:
    image, alpha = photo(size, dtype), hole(size)
    result = run(job, image, alpha)
    assert result.dtype == image.dtype
    assert result.shape == image.shape
    assert np.array_equal(result[alpha == 0], image[alpha == 0])


def test_the_same_call_gives_the_same_pixels(job: Job) -> None:
    image, alpha = photo((75, 131)), hole((75, 131))
    assert np.array_equal(run(job, image, alpha), run(job, image, alpha))


def test_the_input_is_left_alone(job: Job) -> None:
    image = np.asarray(photo((64, 64)) / 255, np.float32)
    alpha = hole((64, 64))
    kept, kept_alpha = image.copy(), alpha.copy()
    image.flags.writeable = alpha.flags.writeable = False
    out = job.eraser.erase(image, alpha, job.options, Context())
    assert np.array_equal(image, kept)
    assert np.array_equal(alpha, kept_alpha)
    assert out.dtype == np.float32
    assert out.shape == image.shape
    assert np.isfinite(out).all()
    assert out.min() >= 0
    assert out.max() <= 1


def test_an_empty_mask_changes_nothing(job: Job) -> None:
    image = photo((64, 64))
    assert np.array_equal(run(job, image, np.zeros((64, 64), np.uint8)), image)


def test_a_full_mask_gives_a_picture(job: Job) -> None:
    image = photo((64, 64))
    assert run(job, image, np.full((64, 64), 255, np.uint8)).shape == image.shape


def test_cancel_is_heard_within_one_step(job: Job) -> None:
    calls = []

    def cancelled() -> bool:
        calls.append(1)
        return len(calls) > 1  # the region's own step passes, the engine's first one does not

    with pytest.raises(Cancelled):
        run(job, photo((64, 64)), hole((64, 64)), Context(cancelled=cancelled))
    assert len(calls) == 2
