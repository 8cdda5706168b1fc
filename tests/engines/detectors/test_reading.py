"""Strips: cut out straight, whichever way the line runs."""

from __future__ import annotations

import numpy as np
import pytest

from engines.core.context import Context
from engines.core.types import Pixels
from engines.detectors.lines import Candidate, Points
from engines.detectors.ppocr import Reader
from engines.detectors.pyramid import Level
from engines.detectors.reading import read_lines, strip
from tests.engines.detectors.drawn import hills, plain

QUAD: Points = np.array([[20, 30], [60, 30], [60, 50], [20, 50]], np.float32)


@pytest.mark.parametrize("turn", [0, 1, 2, 3])
def test_a_straight_strip_is_the_picture_itself_turned(turn: int) -> None:
    picture = hills((100, 100))
    wanted = np.rot90(picture[30:50, 20:60], turn)
    assert np.array_equal(strip(Level(picture, (1.0, 1.0)), QUAD, turn), wanted)


def test_a_strip_is_cut_from_its_level() -> None:
    picture = hills((50, 50))
    assert np.array_equal(strip(Level(picture, (0.5, 0.5)), QUAD, 0), picture[15:25, 10:30])


def test_a_column_is_laid_out_as_a_row_from_its_top() -> None:
    picture = plain((300, 100), 0)
    quad: Points = np.array([[30, 20], [70, 20], [70, 270], [30, 270]], np.float32)
    for i in range(7):
        picture[20 + 36 * i : 56 + 36 * i, 30:70] = 30 * (i + 1)
    row = strip(Level(picture, (1.0, 1.0)), quad, -1)
    assert row.shape[0] < row.shape[1]
    middle = row[row.shape[0] // 2, :, 0].astype(int)
    assert (np.diff(middle) >= 0).mean() > 0.95
    assert middle[0] < 60
    assert middle[-1] > 180


class _Counting(Reader):
    """A reader that remembers what it was given and reads nothing."""

    def __init__(self) -> None:
        self.batches: list[list[tuple[int, ...]]] = []

    def read(self, strips: list[Pixels]) -> list[tuple[str, float]]:  # type: ignore[override]
        self.batches.append([part.shape for part in strips])
        return [("", 0.0)] * len(strips)


def test_batches_are_bounded_and_each_begins_with_a_step() -> None:
    reader = _Counting()
    level = Level(plain((40, 3000)), (1.0, 1.0))
    widths = [30 * 2**i for i in range(6)] * 6
    quads = [np.array([[0, 5], [w, 5], [w, 25], [0, 25]], np.float32) for w in widths]
    steps: list[float] = []
    lines = [Candidate(quad, quad, quad, 0.9, 0, 1.0) for quad in quads]
    read_lines(reader, [level], lines, Context(report=lambda done, _note, _preview: steps.append(done)))
    assert len(steps) == len(reader.batches)
    assert sum(len(batch) for batch in reader.batches) == 2 * len(lines)  # once, and once on their heads
    for batch in reader.batches:
        widest = max(min(2400, 48 * shape[1] / shape[0]) for shape in batch)
        assert len(batch) * widest <= 3200
