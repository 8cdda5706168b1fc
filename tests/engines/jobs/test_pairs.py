"""What a folder is a set of: its files say it."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from engines.core.engine import Task
from engines.core.faults import EngineError
from engines.core.types import Alpha
from engines.jobs.pairs import Pair, find_pairs, task_of
from tests.cli.run import ROOT
from tests.conftest import background, with_text

SHARED = ROOT.parent / "shared" / "data"


def save(folder: Path, name: str, **parts: np.ndarray) -> None:
    for part, pixels in parts.items():
        Image.fromarray(pixels).save(folder / f"{name}_{part}.png")


def letters() -> Alpha:
    page = np.zeros((90, 180, 3), np.uint8)
    return with_text(page, "SALE", (30, 25), 40).max(axis=2)


def blob() -> Alpha:
    return np.asarray(cv2.ellipse(np.zeros((90, 180), np.uint8), (90, 45), (40, 25), 0, 0, 360, (255,), -1), np.uint8)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(3):
        save(tmp_path, f"p{number}", image=background(90, 180), gt=background(90, 180), mask=letters())
    return tmp_path


def test_letters_are_text_and_compact_things_objects(folder: Path) -> None:
    assert task_of(find_pairs(folder)) is Task.TEXT
    for number in range(2):  # most masks decide
        save(folder, f"p{number}", mask=blob())
    assert task_of(find_pairs(folder)) is Task.OBJECT


def test_a_shadow_s_mask_is_found_and_is_an_object_s(folder: Path) -> None:
    save(folder, "p1", mask_with_shadow=blob())
    pairs = find_pairs(folder)
    assert [pair.shadow and pair.shadow.name for pair in pairs] == [None, "p1_mask_with_shadow.png", None]
    assert [pair.mask.name for pair in pairs] == ["p0_mask.png", "p1_mask.png", "p2_mask.png"]
    assert task_of(pairs) is Task.OBJECT


def test_a_set_without_any_truth_is_to_look_at(folder: Path) -> None:
    for path in folder.glob("*_gt.png"):
        path.unlink()
    pairs = find_pairs(folder)
    assert pairs[0] == Pair("p0", folder / "p0_image.png", None, folder / "p0_mask.png")
    assert task_of(pairs) is Task.OBJECT


def test_a_set_that_lacks_some_truths_is_told(folder: Path) -> None:
    (folder / "p1_gt.png").unlink()
    with pytest.raises(EngineError, match="no file called p1_gt"):
        find_pairs(folder)


@pytest.mark.parametrize(
    ("name", "task"),
    [
        ("eval_text/real", Task.TEXT),
        ("eval_text/synthetic", Task.TEXT),
        ("eval_object/pairs", Task.OBJECT),
        ("eval_object/synthetic", Task.OBJECT),
        ("eval_object/no_gt", Task.OBJECT),
    ],
)
def test_real_sets_are_told_apart(name: str, task: Task) -> None:
    if not (SHARED / name).is_dir():
        pytest.skip(f"../shared/data/{name} is not on this machine")
    assert task_of(find_pairs(SHARED / name)) is task
