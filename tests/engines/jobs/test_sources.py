"""Where may be copied from, as files say it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engines.core.faults import EngineError, Fault
from engines.core.types import Box
from engines.jobs.sources import Sources, to_avoid

SIZE = (40, 60)


def file_of(folder: Path, name: str, columns: slice, coverage: int = 255) -> Path:
    alpha = np.zeros(SIZE, np.uint8)
    alpha[:, columns] = coverage
    Image.fromarray(alpha).save(folder / name)
    return folder / name


def test_nothing_said_avoids_nothing() -> None:
    assert to_avoid(Sources(), SIZE).empty


def test_only_and_never_together(tmp_path: Path) -> None:
    only, never = file_of(tmp_path, "only.png", slice(0, 30)), file_of(tmp_path, "never.png", slice(0, 10))
    avoid = to_avoid(Sources(only, never), SIZE).dense(Box(0, 0, 60, 40))
    assert np.array_equal(avoid[0] > 0, ~((np.arange(60) >= 10) & (np.arange(60) < 30)))


def test_what_is_covered_in_part_is_no_source(tmp_path: Path) -> None:
    soft = file_of(tmp_path, "soft.png", slice(0, 30), 120)
    assert to_avoid(Sources(never=soft), SIZE).box == Box(0, 0, 30, 40)
    assert to_avoid(Sources(only=soft), SIZE).box == Box(0, 0, 60, 40)


def test_another_size_is_scaled_only_when_wanted(tmp_path: Path) -> None:
    never = file_of(tmp_path, "never.png", slice(0, 30))
    with pytest.raises(EngineError) as caught:
        to_avoid(Sources(never=never), (80, 120))
    assert caught.value.fault is Fault.MASK_SIZE
    assert to_avoid(Sources(never=never), (80, 120), resize=True).box.w == pytest.approx(60, abs=2)
