"""Scene cuts are found; pans, flashes, noise and things that pass are none."""

from __future__ import annotations

import numpy as np
import pytest

from engines.core.types import Pixels
from engines.pipeline.cuts import find_cuts
from tests.moving import panned, scenery

SIZE = (120, 200)


def shot(seed: int, count: int = 12, step: tuple[float, float] = (1.5, 0.3)) -> list[Pixels]:
    return panned(scenery(200, 520, seed), count, SIZE, step)


def test_cuts_are_found_where_they_are() -> None:
    assert list(find_cuts([*shot(1), *shot(2, 7), *shot(3)])) == [12, 19]


@pytest.mark.parametrize("depth", [np.uint16, np.float32])
def test_in_every_depth(depth: type[np.uint16 | np.float32]) -> None:
    factor = 257 if depth is np.uint16 else 1 / 255
    assert list(find_cuts([(frame * np.float64(factor)).astype(depth) for frame in (*shot(1), *shot(2))])) == [12]


def test_a_fast_pan_is_no_cut() -> None:
    assert list(find_cuts(shot(4, 16, (16.0, 2.0)))) == []


def test_a_flash_is_no_cut() -> None:
    frames = shot(5)
    frames[6] = np.clip(frames[6].astype(int) * 1.4 + 30, 0, 255).astype(np.uint8)
    assert list(find_cuts(frames)) == []


def test_noise_is_no_cut() -> None:
    rng = np.random.default_rng(0)
    noisy = [np.clip(frame + rng.normal(0, 12, frame.shape), 0, 255).astype(np.uint8) for frame in shot(6)]
    assert list(find_cuts(noisy)) == []


def test_something_large_that_passes_is_no_cut() -> None:
    frames = shot(7, 16)
    for number, frame in enumerate(frames):
        frame[:, max(14 * number - 90, 0) : max(14 * number, 0)] = (40, 60, 50)
    assert list(find_cuts(frames)) == []


def test_between_two_plain_scenes_their_colour_decides() -> None:
    red, blue = np.full((*SIZE, 3), (200, 30, 30), np.uint8), np.full((*SIZE, 3), (20, 30, 190), np.uint8)
    assert list(find_cuts([red] * 4 + [blue] * 4)) == [4]
    assert list(find_cuts([red] * 4 + [red - 20] * 4)) == []
