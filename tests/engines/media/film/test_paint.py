"""Painting changes the samples of painted pixels, and no other bit of the frame as it is stored."""

from __future__ import annotations

import numpy as np
import pytest

from engines.core.types import Box, Patch
from engines.media.film.paint import painted, planar
from engines.media.film.probe import layout
from engines.media.film.reader import open_film
from engines.media.film.samples import plane
from engines.media.film.turn import stored_box
from engines.media.orient import as_stored
from tests.engines.media.film.clips import ZOO, Clip
from tests.engines.media.film.conftest import Zoo

BOX = Box(21, 17, 37, 30)


def spot(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A patch's pixels and alpha: a disc of plain green."""
    rows, columns = np.mgrid[0 : pixels.shape[0], 0 : pixels.shape[1]]
    alpha = np.where((rows - 15) ** 2 + (columns - 18) ** 2 < 150, 255, 0).astype(np.uint8)
    new = pixels.copy()
    new[alpha > 0] = (np.array([40, 160, 90]) / 255 * np.iinfo(pixels.dtype).max).astype(pixels.dtype)
    return new, alpha


@pytest.mark.parametrize("clip", ZOO, ids=lambda clip: clip.name)
def test_only_painted_samples_change(zoo: Zoo, clip: Clip) -> None:
    with open_film(zoo(clip.name)) as film:
        frame = film.frame(len(film) // 2)
        before = planar(frame.native)
        stored = [plane(before, number, wide=film.info.layout.bits > 8).copy() for number in range(len(before.planes))]
        new, alpha = spot(frame.region(BOX))
        result = painted(frame, [Patch(BOX, new, alpha)], film.info)
        turn = film.info.orientation
        inside = np.zeros(film.info.coded, bool)
        inside[stored_box(BOX, turn, film.info.size).slices] = as_stored(alpha > 0, turn)
        kind = layout(result.format)
        for number, old in enumerate(stored):
            now = plane(result, number, wide=kind.bits > 8)
            across, down = (kind.across, kind.down) if number in (1, 2) else (0, 0)
            rows, columns = np.nonzero(now != old)
            touched = np.zeros(old.shape, bool)
            ys, xs = np.nonzero(inside)
            touched[ys >> down, xs >> across] = True
            assert touched[rows, columns].all()
            assert np.array_equal(plane(planar(frame.native), number, wide=kind.bits > 8), old)


@pytest.mark.parametrize("clip", ZOO, ids=lambda clip: clip.name)
def test_what_is_painted_is_what_is_seen(zoo: Zoo, clip: Clip) -> None:
    with open_film(zoo(clip.name)) as film:
        frame = film.frame(0)
        box = Box(20, 16, 40, 40)
        new = np.empty((40, 40, 3), frame.pixels.dtype)
        new[...] = (np.array([40, 160, 90]) / 255 * np.iinfo(new.dtype).max).astype(new.dtype)
        result = painted(frame, [Patch(box, new, np.full((40, 40), 255, np.uint8))], film.info)
        shown = film.remade(frame, result).region(box.grown(-8)).astype(float) / np.iinfo(new.dtype).max * 255
        assert np.abs(shown - (40, 160, 90)).max() < 3


def test_nothing_painted_is_the_decoders_own_frame(zoo: Zoo) -> None:
    with open_film(zoo("plain.mp4")) as film:
        frame = film.frame(3)
        assert painted(frame, (), film.info) is frame.native
        same = Patch(BOX, frame.region(BOX), np.full((BOX.h, BOX.w), 255, np.uint8))
        result = painted(frame, [same], film.info)
        for number in range(3):
            assert np.array_equal(plane(result, number), plane(frame.native, number))
