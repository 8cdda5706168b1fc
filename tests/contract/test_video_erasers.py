"""What every video eraser promises, tried on every card of the catalogue."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from engines.catalog import load_catalog
from engines.core.context import Context
from engines.core.engine import Role, Setup, VideoEraser
from engines.core.faults import Cancelled
from engines.core.types import Alpha, Box, FloatImage, Pixels
from engines.loading import load_engine
from engines.pipeline import windows
from engines.pipeline.windows import FilmJob
from tests.contract.random_weights import random_weights
from tests.moving import Clip, covered, panned, scenery

CATALOG = load_catalog()


def fill(image: FloatImage, alpha: Alpha, ctx: Context) -> FloatImage:
    """Grey, so that a test sees where it was used."""
    ctx.step(0.0, "filling")
    return np.where(alpha[..., None] > 0, np.float32(0.5), image).astype(np.float32)


@pytest.fixture(scope="module", params=CATALOG.ids(Role.VIDEO_ERASER))
def job(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FilmJob]:
    card = CATALOG[request.param]
    folder: Path = tmp_path_factory.mktemp("weights")
    files = {weight.file: random_weights(card, folder / weight.file) for weight in card.weights[:1]}
    eraser = load_engine(card, Setup(card, files))
    assert isinstance(eraser, VideoEraser)
    yield FilmJob(eraser, card, card.resolve({}), fill)
    eraser.close()


@pytest.fixture(scope="module")
def clip() -> Clip:
    truth = panned(scenery(120, 260), 9, (80, 120), (4.0, 0.5))
    return covered(truth, Box(40, 30, 24, 18), (2.0, 0.0))


def run(job: FilmJob, clip: Clip, ctx: Context | None = None) -> list[Pixels]:
    results = []
    for frame, patches in zip(
        clip.frames, windows.erase(job, iter(clip.frames), clip.mask, ctx or Context()), strict=True
    ):
        result: Pixels = frame.copy()
        for patch in patches:
            patch.paint(result)
        results.append(result)
    return results


@pytest.mark.parametrize(("depth", "factor"), [("uint8", 1.0), ("uint16", 257.0), ("float32", 1 / 255)])
def test_pixels_outside_the_mask_are_untouched(job: FilmJob, clip: Clip, depth: str, factor: float) -> None:
    deep = Clip([(frame * factor).astype(depth) for frame in clip.frames], clip.truth, clip.masks)
    for result, frame, mask in zip(run(job, deep), deep.frames, clip.masks, strict=True):
        assert result.dtype == frame.dtype
        assert np.array_equal(result[mask == 0], frame[mask == 0])
        assert not np.array_equal(result[mask > 0], frame[mask > 0])


def test_the_same_film_gives_the_same_pixels(job: FilmJob, clip: Clip) -> None:
    assert all(np.array_equal(a, b) for a, b in zip(run(job, clip), run(job, clip), strict=True))


def test_a_window_comes_back_whole_and_the_input_is_left_alone(job: FilmJob, clip: Clip) -> None:
    frames = [np.asarray(frame / np.float32(255), np.float32) for frame in clip.frames]
    alphas = [mask.copy() for mask in clip.masks]
    kept = [frame.copy() for frame in frames]
    for frame, alpha in zip(frames, alphas, strict=True):
        frame.flags.writeable = alpha.flags.writeable = False
    out = job.eraser.erase(frames, alphas, job.options, fill, Context())
    assert len(out) == len(frames)
    for made, frame, copy in zip(out, frames, kept, strict=True):
        assert made.shape == frame.shape
        assert made.dtype == np.float32
        assert np.isfinite(made).all()
        assert 0 <= made.min() <= made.max() <= 1
        assert np.array_equal(frame, copy)


@pytest.mark.parametrize("size", [(1, 1), (7, 40), (33, 19)])
@pytest.mark.parametrize("count", [1, 2])
def test_the_smallest_films_are_erased(job: FilmJob, size: tuple[int, int], count: int) -> None:
    truth = [np.full((*size, 3), 90 + 10 * number, np.uint8) for number in range(count)]
    masks = [np.zeros(size, np.uint8) for _ in truth]
    for mask in masks:
        mask[: size[0] // 2 + 1, : size[1] // 2 + 1] = 255
    assert len(run(job, Clip(truth, truth, masks))) == count


def test_a_full_mask_gives_a_picture(job: FilmJob, clip: Clip) -> None:
    full = [np.full_like(mask, 255) for mask in clip.masks[:3]]
    assert len(run(job, Clip(clip.frames[:3], clip.truth[:3], full))) == 3


def test_an_empty_mask_changes_nothing(job: FilmJob, clip: Clip) -> None:
    none = Clip(clip.frames, clip.truth, [np.zeros_like(mask) for mask in clip.masks])
    for result, frame in zip(run(job, none), clip.frames, strict=True):
        assert np.array_equal(result, frame)


def test_cancel_is_heard(job: FilmJob, clip: Clip) -> None:
    with pytest.raises(Cancelled):
        run(job, clip, Context(cancelled=lambda: True))


def test_nothing_of_what_is_erased_comes_back(job: FilmJob, clip: Clip) -> None:
    """Behind the hole everything is one grey; a red thing in front of it must leave no trace of red."""
    plain = [np.full((80, 120, 3), 128, np.uint8) for _ in range(6)]
    frames = [cv2.circle(view.copy(), (40 + 4 * i, 40), 12, (250, 0, 0), -1) for i, view in enumerate(plain)]
    masks = [cv2.circle(np.zeros((80, 120), np.uint8), (40 + 4 * i, 40), 16, (255,), -1) for i in range(6)]
    for result in run(job, Clip([np.asarray(f) for f in frames], plain, [np.asarray(m) for m in masks])):
        assert np.abs(result.astype(int) - 128).max() <= 3
