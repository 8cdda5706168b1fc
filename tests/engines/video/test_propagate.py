"""The propagating eraser against clips whose background is known."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from engines.core.context import Context
from engines.core.types import Box, Mask, Pixels
from engines.requests import ErasedFrames, EraseFrames, FilmEngine
from engines.session import open_session
from tests.moving import Clip, covered, panned, psnr_inside, scenery, telea

SIZE = (150, 260)


def cleaned(clip: Clip, how: FilmEngine | None = None) -> list[Pixels]:
    session = open_session()
    request = EraseFrames(how or FilmEngine(), tuple(clip.frames), tuple(map(Mask.of, clip.masks)))
    erased = session.run(request, Context())
    session.close()
    assert isinstance(erased, ErasedFrames)
    results = []
    for frame, patches in zip(clip.frames, erased.patches, strict=True):
        result: Pixels = frame.copy()
        for patch in patches:
            patch.paint(result)
        results.append(result)
    return results


def test_a_moving_thing_over_a_pan_goes_without_a_trace() -> None:
    clip = covered(panned(scenery(240, 460), 24, SIZE, (3.3, 0.4)), Box(70, 50, 52, 40), (3.0, 0.5))
    ours = psnr_inside(cleaned(clip), clip)
    assert ours > 42
    assert ours > psnr_inside(telea(clip), clip) + 12


def test_a_logo_over_a_pan_is_filled_from_where_it_is_not() -> None:
    clip = covered(panned(scenery(240, 460), 24, SIZE, (3.6, 0.3)), Box(180, 20, 44, 30))
    ours = psnr_inside(cleaned(clip), clip)
    assert ours > 42
    assert ours > psnr_inside(telea(clip), clip) + 12


def test_a_camera_that_gets_lighter_and_moves_in_is_followed() -> None:
    truth = panned(scenery(240, 460), 20, SIZE, (1.5, 0.4), zoom=0.004)
    truth = [np.clip(view * (0.8 + 0.006 * i), 0, 255).astype(np.uint8) for i, view in enumerate(truth)]
    clip = covered(truth, Box(60, 50, 46, 36), (4.0, 0.5))
    ours = psnr_inside(cleaned(clip), clip)
    assert ours > 36
    assert ours > psnr_inside(telea(clip), clip) + 12


def test_before_a_still_camera_the_median_is_what_is_behind() -> None:
    view = panned(scenery(240, 460), 1, SIZE, (0, 0))[0].astype(np.float64)
    rng = np.random.default_rng(3)
    truth = [np.clip(np.rint(view + rng.normal(0, 2, view.shape)), 0, 255).astype(np.uint8) for _ in range(24)]
    clip = covered(truth, Box(30, 50, 50, 40), (6.0, 0.0))
    assert psnr_inside(cleaned(clip), clip) > 41  # the noise of the truth itself is 42.1


def test_what_is_never_seen_is_painted_once_and_does_not_flicker() -> None:
    view = panned(scenery(240, 460), 1, SIZE, (0, 0))[0]
    clip = covered([view] * 8, Box(90, 50, 50, 40))
    results = cleaned(clip, FilmEngine(fill="classical"))
    first = results[0][clip.masks[0] > 0].astype(int)
    for result in results[1:]:
        assert np.abs(result[clip.masks[0] > 0].astype(int) - first).max() <= 1
    assert psnr_inside(results, clip) > psnr_inside(telea(clip), clip) - 0.5


def test_parts_that_move_against_each_other_are_each_followed() -> None:
    """A near wall slides over a far one: no single motion explains both."""
    far, near = scenery(260, 520, 8), scenery(260, 520, 9)
    truth = []
    for number in range(20):
        behind = panned(far, number + 1, SIZE, (1.0, 0.2))[-1]
        before = panned(near, number + 1, SIZE, (4.0, 0.2))[-1]
        behind[95:] = before[95:]
        truth.append(behind)
    clip = covered(truth, Box(60, 70, 44, 50), (3.0, 0.0))
    ours = psnr_inside(cleaned(clip), clip)
    assert ours > psnr_inside(telea(clip), clip) + 4


@pytest.mark.parametrize("fill", ["classical"])
def test_another_engine_can_paint_the_rest(fill: str) -> None:
    view = panned(scenery(240, 460), 1, SIZE, (0, 0))[0]
    clip = covered([view] * 4, Box(90, 50, 30, 20))
    how = FilmEngine(fill=fill, fill_options={"method": "membrane", "strokes": False})
    results = cleaned(clip, how)
    hole = cv2.erode(clip.masks[0], np.ones((5, 5), np.uint8)) > 0
    assert np.abs(results[0][hole].astype(int) - clip.frames[0][hole].astype(int)).mean() > 5
