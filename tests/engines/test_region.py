"""Crops hold their holes, never overlap, and cost follows the masked area."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.core.context import Context
from engines.core.engine import Card, ImageEraser, Options, Role, Setup, Task
from engines.core.faults import Cancelled, EngineError, Fault
from engines.core.types import Alpha, Box, FloatImage, Mask
from engines.pipeline import region, tiles
from engines.pipeline.job import Job

CARD = Card(
    id="probe",
    name="Probe",
    role=Role.IMAGE_ERASER,
    task=Task.TEXT,
    summary="s",
    entry="x:Y",
    licence="MIT",
    commercial=True,
    source="here",
    multiple_of=8,
    min_side=32,
    max_side=96,
    context=16,
)


class Probe(ImageEraser):
    """Fills the hole with what is left and right of it along the row position; keeps what it was shown."""

    def __init__(self, setup: Setup | None = None, limit: int = 10**9) -> None:
        self.shown: list[tuple[int, ...]] = []
        self.limit = limit

    def erase(self, image: FloatImage, alpha: Alpha, options: Options, ctx: Context) -> FloatImage:
        ctx.step(0.5)
        self.shown.append(image.shape)
        if image.shape[0] * image.shape[1] > self.limit:
            raise EngineError(Fault.OUT_OF_MEMORY, "No memory.")
        out = image.copy()
        out[alpha > 0] = 0.5
        return out


def run(image: np.ndarray, alpha: Alpha, card: Card = CARD, eraser: Probe | None = None) -> np.ndarray:
    eraser = eraser or Probe()
    result = image.copy()
    for patch in region.erase(Job(eraser, card, {}), image, Mask.of(alpha), Context()):
        patch.paint(result)
    return result


holes = st.lists(
    st.tuples(st.integers(0, 190), st.integers(0, 140), st.integers(1, 60), st.integers(1, 60)), min_size=1, max_size=8
)


def masked(spots: list[tuple[int, int, int, int]], size: tuple[int, int]) -> Alpha:
    alpha = np.zeros(size, np.uint8)
    for x, y, w, h in spots:
        alpha[y : y + h, x : x + w] = 255
    return alpha


@given(holes, st.integers(1, 200), st.integers(1, 250))
def test_crops_cover_the_mask_with_context_and_do_not_overlap(
    spots: list[tuple[int, int, int, int]], height: int, width: int
) -> None:
    alpha = masked(spots, (height, width))
    crops = region.crop_boxes(Mask.of(alpha), (height, width), CARD)
    covered = np.zeros_like(alpha, int)
    for crop in crops:
        assert Box(0, 0, width, height).holds(crop)
        covered[crop.slices] += 1
        for side, limit in ((crop.w, width), (crop.h, height)):
            assert side == limit or (side % CARD.multiple_of == 0 and side >= CARD.min_side)
        inside = Mask.of(np.where(np.ones((crop.h, crop.w), bool), alpha[crop.slices], 0).astype(np.uint8))
        hole = inside.box.moved(crop.x, crop.y)
        assert crop.holds(hole.grown(CARD.context).within((height, width)))
    assert covered.max(initial=0) <= 1
    assert (covered[alpha > 0] == 1).all()


@settings(deadline=None)
@given(holes, st.sampled_from([np.uint8, np.uint16, np.float32]))
def test_every_masked_pixel_is_erased_and_no_other_is_touched(
    spots: list[tuple[int, int, int, int]], dtype: type[np.generic]
) -> None:
    alpha = masked(spots, (150, 200))
    image = np.zeros((150, 200, 3), dtype)
    result = run(image, alpha)
    assert (result[alpha == 0] == 0).all()
    assert (result[alpha > 0] > 0).all()


def test_one_sign_in_a_large_photo_costs_as_much_as_the_sign() -> None:
    eraser = Probe()
    alpha = np.zeros((4000, 6000), np.uint8)
    alpha[1000:1020, 2000:2060] = 255
    run(np.zeros((4000, 6000, 3), np.uint8), alpha, eraser=eraser)
    assert eraser.shown == [(56, 96, 3)]


def test_thousands_of_glyphs_are_one_region() -> None:
    alpha = np.zeros((600, 800), np.uint8)
    alpha[::6, ::6] = 255
    assert region.crop_boxes(Mask.of(alpha), alpha.shape, CARD) == [Box(0, 0, 800, 600)]


def test_a_mask_over_the_whole_picture_is_tiled() -> None:
    eraser = Probe()
    image = np.full((300, 260, 3), 128, np.uint8)
    result = run(image, np.full((300, 260), 255, np.uint8), eraser=eraser)
    assert np.abs(result.astype(int) - 128).max() <= 1
    assert max(max(shape[:2]) for shape in eraser.shown) <= CARD.max_side
    assert len(eraser.shown) > 4


@given(st.integers(1, 40), st.integers(1, 40))
def test_pictures_of_any_size_reach_the_engine_padded(height: int, width: int) -> None:
    eraser = Probe()
    result = run(np.zeros((height, width, 3), np.uint8), np.full((height, width), 255, np.uint8), eraser=eraser)
    assert result.shape == (height, width, 3)
    for shape in eraser.shown:
        assert min(shape[:2]) >= CARD.min_side
        assert shape[0] % CARD.multiple_of == shape[1] % CARD.multiple_of == 0


def test_out_of_memory_is_tried_again_with_smaller_tiles_and_told() -> None:
    eraser = Probe(limit=48 * 48)
    image = np.zeros((200, 200, 3), np.uint8)
    ctx = Context()
    patches = region.erase(Job(eraser, CARD, {}), image, Mask.of(np.full((200, 200), 255, np.uint8)), ctx)
    assert len(patches) == 1
    assert (patches[0].pixels > 0).all()
    assert any("48 pixels" in note for note in ctx.notes)


def test_out_of_memory_with_the_smallest_tiles_is_an_error() -> None:
    with pytest.raises(EngineError) as error:
        run(np.zeros((200, 200, 3), np.uint8), np.full((200, 200), 255, np.uint8), eraser=Probe(limit=10))
    assert error.value.fault is Fault.OUT_OF_MEMORY


def test_cancel_is_heard_within_the_first_region() -> None:
    eraser = Probe()
    ctx = Context(cancelled=lambda: len(eraser.shown) >= 1)
    alpha = masked([(0, 0, 5, 5), (190, 140, 5, 5)], (150, 200))
    with pytest.raises(Cancelled):
        region.erase(Job(eraser, CARD, {}), np.zeros((150, 200, 3), np.uint8), Mask.of(alpha), ctx)
    assert len(eraser.shown) == 1


def test_progress_rises_to_one() -> None:
    seen: list[float] = []
    ctx = Context(report=lambda done, note, preview: seen.append(done))
    alpha = np.full((300, 260), 255, np.uint8)
    region.erase(Job(Probe(), CARD, {}), np.zeros((300, 260, 3), np.uint8), Mask.of(alpha), ctx)
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


@given(st.integers(1, 500), st.integers(1, 500), st.integers(40, 128))
def test_tiles_share_their_overlap_and_reach_the_borders(height: int, width: int, side: int) -> None:
    overlap = side // 2
    boxes = list(tiles.tile_boxes((height, width), side, overlap))
    covered = np.zeros((height, width), bool)
    for box in boxes:
        assert Box(0, 0, width, height).holds(box)
        assert box.w == min(side, width)
        covered[box.slices] = True
    assert covered.all()
    starts = sorted({box.x for box in boxes})
    assert all(b - a <= side - overlap for a, b in itertools.pairwise(starts))


def test_tiles_of_a_smooth_result_show_no_seam() -> None:
    class Brighter(Probe):
        """Each tile comes out a little different: what a seam would show."""

        def erase(self, image: FloatImage, alpha: Alpha, options: Options, ctx: Context) -> FloatImage:
            self.shown.append(image.shape)
            return np.full_like(image, 0.5 + 0.02 * (len(self.shown) % 2))

    view = np.zeros((96, 400, 3), np.float32)
    card = replace(CARD, max_side=96)
    maps = np.full((96, 400), 255, np.uint8), np.zeros((96, 400), np.uint8)
    out = tiles.erase(Job(Brighter(), card, {}), view, maps, 96, Context())
    assert np.abs(np.diff(out[48, :, 0])).max() < 0.004
