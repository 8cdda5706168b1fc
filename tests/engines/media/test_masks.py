"""Masks from files: what is painted is erased."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engines.core.faults import EngineError, Fault
from engines.media.images import read_mask
from tests.engines.media.drawn import Array, exif_block, noise, put, saved

SIZE = (40, 60)


def strokes() -> Array:
    alpha = np.zeros(SIZE, np.uint8)
    alpha[10:20, 15:45] = 255
    return alpha


def test_white_on_black(tmp_path: Path) -> None:
    for kind, ending in (("PNG", "png"), ("BMP", "bmp"), ("TIFF", "tif")):
        assert np.array_equal(read_mask(put(tmp_path, f"m.{ending}", saved(strokes(), kind)), SIZE), strokes())
    bilevel = put(tmp_path, "bits.png", saved(Image.fromarray(strokes() > 0), "PNG"))
    assert np.array_equal(read_mask(bilevel, SIZE), strokes())


def test_greys_are_soft_coverage(tmp_path: Path) -> None:
    soft = noise(SIZE)
    assert np.array_equal(read_mask(put(tmp_path, "m.png", saved(soft, "PNG")), SIZE), soft)


def test_sixteen_bits_and_palettes(tmp_path: Path) -> None:
    deep = put(tmp_path, "deep.png", saved(Image.fromarray(strokes().astype(np.uint16) * 257), "PNG"))
    assert np.array_equal(read_mask(deep, SIZE), strokes())
    few = put(tmp_path, "few.png", saved(Image.fromarray(strokes()).convert("P"), "PNG"))
    assert np.array_equal(read_mask(few, SIZE), strokes())


@pytest.mark.parametrize("colour", [(255, 0, 0), (0, 0, 255), (255, 255, 255)])
def test_pure_colours_erase_like_white(tmp_path: Path, colour: tuple[int, int, int]) -> None:
    painted = np.where(strokes()[..., None] > 0, np.array(colour, np.uint8), 0).astype(np.uint8)
    assert np.array_equal(read_mask(put(tmp_path, "m.png", saved(painted, "PNG")), SIZE), strokes())


@pytest.mark.parametrize("colour", [0, 130, 255])
def test_paint_on_transparency_erases_whatever_its_colour(tmp_path: Path, colour: int) -> None:
    alpha = np.minimum(strokes(), noise(SIZE, seed=3))
    layer = np.dstack([*[np.full(SIZE, colour, np.uint8)] * 3, alpha])
    assert np.array_equal(read_mask(put(tmp_path, "m.png", saved(layer, "PNG")), SIZE), alpha)


def test_an_opaque_alpha_says_nothing(tmp_path: Path) -> None:
    layer = np.dstack([*[strokes()] * 3, np.full(SIZE, 255, np.uint8)])
    assert np.array_equal(read_mask(put(tmp_path, "m.png", saved(layer, "PNG")), SIZE), strokes())


def test_traces_of_lossy_compression_are_no_paint(tmp_path: Path) -> None:
    path = put(tmp_path, "m.jpg", saved(strokes(), "JPEG", quality=80))
    assert len(np.unique(np.asarray(Image.open(path)))) > 2
    mask = read_mask(path, SIZE)
    assert np.array_equal(mask > 127, strokes() > 0)
    assert not mask[:, :8].any()


def test_orientation_is_applied(tmp_path: Path) -> None:
    turned = saved(np.ascontiguousarray(np.rot90(strokes())), "PNG", exif=exif_block(orientation=6))
    assert np.array_equal(read_mask(put(tmp_path, "m.png", turned), SIZE), strokes())


def test_another_size_is_refused_with_a_way_out(tmp_path: Path) -> None:
    path = put(tmp_path, "m.png", saved(strokes(), "PNG"))
    with pytest.raises(EngineError) as caught:
        read_mask(path, (80, 121))
    assert caught.value.fault is Fault.MASK_SIZE
    assert "60 x 40" in caught.value.message
    assert "121 x 80" in caught.value.message
    assert "--resize-mask" in caught.value.hint


def test_scaling_keeps_hard_masks_hard(tmp_path: Path) -> None:
    path = put(tmp_path, "m.png", saved(strokes(), "PNG"))
    twice = read_mask(path, (80, 120), resize=True)
    assert set(np.unique(twice)) == {0, 255}
    assert np.array_equal(twice[::2, ::2], strokes())
    assert (twice > 0).sum() == 4 * (strokes() > 0).sum()


def test_scaling_down_loses_no_thin_line(tmp_path: Path) -> None:
    thin = np.zeros((400, 600), np.uint8)
    thin[203] = 255
    small = read_mask(put(tmp_path, "m.png", saved(thin, "PNG")), SIZE, resize=True)
    assert small[20].min() == 255
    assert (small > 0).sum() == 60


def test_soft_masks_are_scaled_softly(tmp_path: Path) -> None:
    soft = np.tile(np.arange(60, dtype=np.uint8) * 4, (40, 1))
    twice = read_mask(put(tmp_path, "m.png", saved(soft, "PNG")), (80, 120), resize=True)
    assert np.abs(np.diff(twice.astype(int), axis=1)).max() <= 3


def test_a_mask_as_large_as_a_large_photo_is_read(tmp_path: Path) -> None:
    path = put(tmp_path, "m.png", saved(strokes(), "PNG"))
    assert read_mask(path, SIZE, max_pixels=100).shape == SIZE
    with pytest.raises(EngineError) as caught:
        read_mask(path, (10, 10), resize=True, max_pixels=100)
    assert caught.value.fault is Fault.TOO_LARGE


def test_bad_masks_are_named(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"m\.png"):
        read_mask(put(tmp_path, "m.png", b"no picture"), SIZE)
