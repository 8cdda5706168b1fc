"""The pyramid of what is shown against one that is built afresh."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.document.pyramid import SparsePyramid, build_levels, level_count
from engines.core.types import Box

SIZE = (701, 1003)


class Drawing:
    def __init__(self, channels: tuple[int, ...]) -> None:
        self.base = np.random.default_rng(0).integers(0, 256, (*SIZE, *channels), np.uint8)
        self.now = self.base.copy() if channels else np.zeros(SIZE, np.uint8)
        self.pyramid = SparsePyramid(SIZE, self.render, build_levels(self.base) if channels else None)

    def render(self, box: Box) -> np.ndarray:
        return self.now[box.slices]

    def change(self, box: Box, value: int | None) -> None:
        inside = box.within(SIZE)
        if value is None:
            self.now[inside.slices] = self.base[inside.slices] if self.base.ndim == 3 else 0
        else:
            self.now[inside.slices] = value
        self.pyramid.invalidate(inside)

    def check(self) -> None:
        for level, expected in enumerate(build_levels(self.now)):
            height, width = self.pyramid.level_size(level)
            assert np.array_equal(self.pyramid.read(level, Box(0, 0, width, height)), expected)


boxes = st.builds(Box, st.integers(0, 1000), st.integers(0, 700), st.integers(1, 500), st.integers(1, 400))


@pytest.mark.parametrize("channels", [(), (3,)])
@settings(max_examples=15, deadline=None)
@given(steps=st.lists(st.tuples(boxes, st.none() | st.integers(0, 255)), max_size=5))
def test_changes_end_up_at_every_level(channels: tuple[int, ...], steps: list[tuple[Box, int | None]]) -> None:
    drawing = Drawing(channels)
    for box, value in steps:
        drawing.change(box, value)
        drawing.pyramid.settle()
    drawing.check()


def test_taking_everything_back_frees_the_blocks() -> None:
    drawing = Drawing((3,))
    drawing.change(Box(100, 100, 300, 300), 9)
    drawing.pyramid.settle()
    assert not drawing.pyramid.blank
    drawing.change(Box(0, 0, *SIZE[::-1]), None)
    drawing.pyramid.settle()
    assert drawing.pyramid.blank


def test_work_comes_in_portions() -> None:
    drawing = Drawing(())
    drawing.change(Box(0, 0, *SIZE[::-1]), 200)
    rounds = 0
    while drawing.pyramid.pending:
        drawing.pyramid.settle(0.0)
        rounds += 1
    assert rounds == 12
    drawing.check()


def test_the_number_of_levels() -> None:
    for size in ((10, 10), (384, 384), (385, 2), SIZE, (6000, 9001)):
        assert level_count(size) == len(build_levels(np.zeros(size, np.uint8)))
