"""Film through windows: lazily, in bounded memory, without a seam, and never across a cut."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pytest

from engines.core.context import Context
from engines.core.engine import Card, Fill, Options, Role, Setup, Task, VideoEraser
from engines.core.mask_ops import box_mask
from engines.core.types import Alpha, Box, FloatImage, Mask, Pixels
from engines.pipeline import windows
from engines.pipeline.windows import FilmJob, fitting

SIZE = (90, 120)
MASK = box_mask(Box(40, 30, 20, 16), SIZE)
NOTHING = Mask.union(())
CARD = Card("w", "W", Role.VIDEO_ERASER, Task.VIDEO, "s", "x:Y", "MIT", True, "t", context=8, window=8, overlap=4)


class Recorder(VideoEraser):
    """Paints the number of the window, in twentieths, and remembers what it was given."""

    def __init__(self, setup: Setup | None = None) -> None:
        self.given: list[tuple[list[int], list[bool], tuple[int, ...]]] = []

    def erase(
        self, frames: Sequence[FloatImage], alphas: Sequence[Alpha], options: Options, fill: Fill, ctx: Context
    ) -> Sequence[FloatImage]:
        ctx.step(0.0, "painting")
        numbers = [round(float(frame[0, 0, 0]) * 255) for frame in frames]
        self.given.append((numbers, [bool(alpha.any()) for alpha in alphas], frames[0].shape))
        level = np.float32(len(self.given) / 20)
        return [np.where(a[..., None] > 0, level, f).astype(np.float32) for f, a in zip(frames, alphas, strict=True)]


def no_fill(image: FloatImage, alpha: Alpha, ctx: Context) -> FloatImage:
    raise AssertionError("nobody asked for it")


def numbered(count: int) -> Iterator[Pixels]:
    """Frames whose every pixel says which one it is."""
    return (np.full((*SIZE, 3), number, np.uint8) for number in range(count))


def job(recorder: Recorder, card: Card = CARD) -> FilmJob:
    return FilmJob(recorder, card, {}, no_fill)


def always(number: int) -> Mask:
    return MASK


@pytest.mark.parametrize("count", [1, 3, 8, 9, 12, 13, 31])
def test_every_frame_gets_its_patch_once(count: int) -> None:
    made = list(windows.erase(job(Recorder()), numbered(count), always, Context(), frozenset()))
    assert len(made) == count
    for patches in made:
        (patch,) = patches
        assert patch.box == MASK.box
        assert np.array_equal(patch.alpha, MASK.alpha)


def test_windows_overlap_and_hand_on_what_they_made() -> None:
    recorder = Recorder()
    list(windows.erase(job(recorder), numbered(12), always, Context(), frozenset()))
    first, second = recorder.given
    assert first[0] == list(range(8))
    assert second[0] == list(range(4, 12))
    assert first[1] == [True] * 8
    assert second[1] == [False, False, True, True, True, True, True, True]


def test_windows_fade_into_each_other() -> None:
    made = list(windows.erase(job(Recorder()), numbered(12), always, Context(), frozenset()))
    levels = [int(patches[0].pixels[8, 10, 0]) for patches in made]
    assert levels[:6] == [round(255 / 20)] * 6
    assert all(level in (25, 26) for level in levels[8:])  # 25.5, rounded
    assert levels[5] < levels[6] < levels[7] < levels[8]


def test_no_window_crosses_a_cut() -> None:
    recorder = Recorder()
    made = list(windows.erase(job(recorder), numbered(20), always, Context(), frozenset({5, 11})))
    assert len(made) == 20
    spans = [(numbers[0], numbers[-1]) for numbers, *_ in recorder.given]
    assert spans == [(0, 4), (5, 10), (11, 18), (15, 19)]


def test_frames_far_from_any_mask_are_not_looked_at_and_not_kept() -> None:
    recorder = Recorder()

    def masks(number: int) -> Mask:
        return MASK if number in (20, 21) else NOTHING

    made = list(windows.erase(job(recorder), numbered(40), masks, Context(), frozenset()))
    assert [number for number, patches in enumerate(made) if patches] == [20, 21]
    seen = [number for numbers, *_ in recorder.given for number in numbers]
    assert min(seen) == 16
    assert max(seen) == 25


def test_frames_are_pulled_one_at_a_time() -> None:
    pulled: list[int] = []

    def frames() -> Iterator[Pixels]:
        for number, frame in enumerate(numbered(40)):
            pulled.append(number)
            yield frame

    made = windows.erase(job(Recorder()), frames(), lambda i: MASK if i > 30 else NOTHING, Context(), frozenset())
    next(made)
    assert len(pulled) == 1
    next(made)
    assert len(pulled) == 2


def test_a_crop_is_as_large_as_the_hole_asks() -> None:
    recorder = Recorder()
    list(windows.erase(job(recorder), numbered(8), always, Context(), frozenset()))
    h, w, _ = recorder.given[0][2]
    assert h < SIZE[0]
    assert w < SIZE[1]
    assert h >= 16 + 2 * 8


def test_windows_get_shorter_where_frames_are_large() -> None:
    card = replace(CARD, window=96, overlap=16)
    assert fitting(card, 854 * 480 * 3) is card
    short = fitting(card, 3840 * 2160 * 3 * 2)
    assert short.window * 3840 * 2160 * 6 < 1.3e9
    assert 0 < 2 * short.overlap <= short.window
