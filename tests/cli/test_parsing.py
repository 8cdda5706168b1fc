"""What the words of a command line stand for, and which ones stand for nothing."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from app.cli import parsing
from engines.core.engine import Backend, Card, Option
from engines.core.faults import EngineError, Fault
from engines.core.types import Box
from tests.fakes import card

PASSES = Option("passes", "Passes", "How many.", 8, 1, 16)
SEED = Option("seed", "Seed", "Where chance begins.", 0)


def with_options(*options: Option) -> Card:
    return replace(card("fake", "tests.fakes:FakeEraser"), options=options)


numbers = st.integers(-9_999_999, 9_999_999)
sizes = st.integers(1, 9_999_999)


@given(numbers, numbers, sizes, sizes, st.sampled_from([",", ", ", " ", ",,"]))
def test_a_box_is_four_whole_numbers(x: int, y: int, w: int, h: int, between: str) -> None:
    assert parsing.box(between.join(map(str, (x, y, w, h))).replace(",,", ",")) == Box(x, y, w, h)


@given(st.lists(st.tuples(*[st.floats(-9e6, 9e6)] * 2), min_size=3))
def test_a_polygon_is_pairs_of_numbers(points: list[tuple[float, float]]) -> None:
    assert parsing.polygon(",".join(f"{x},{y}" for x, y in points)) == tuple(points)


@given(st.text())
def test_whatever_is_typed_is_a_shape_or_wrong_usage(text: str) -> None:
    for parse in (parsing.box, parsing.polygon):
        with contextlib.suppress(typer.BadParameter):
            assert parse(text)


@pytest.mark.parametrize(
    "text", ["", "1,2,3", "1,2,3,4,5", "1,2,0,4", "1,2,3,-4", "1.5,2,3,4", "1,2,nan,4", "1,2,inf,4"]
)
def test_what_is_no_box_is_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        parsing.box(text)


@pytest.mark.parametrize("text", ["", "1,2,3,4", "1,2,3,4,5,6,7", "1,2,3,4,5,x", "1,2,3,4,5,1e9"])
def test_what_is_no_polygon_is_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        parsing.polygon(text)


@pytest.mark.parametrize("device", ["auto", "cpu", "mps", "cuda", "cuda:3"])
def test_devices(device: str) -> None:
    parsing.check_device(device)


@pytest.mark.parametrize("device", ["", "gpu", "cuda:", "cuda:x", "cpu:0", "cuda:1\n"])
def test_what_is_no_device_is_refused(device: str) -> None:
    with pytest.raises(typer.BadParameter, match="is not auto"):
        parsing.check_device(device)


def test_backends() -> None:
    assert parsing.backend("onnx") is Backend.ONNX
    assert parsing.backend("auto") is None
    with pytest.raises(typer.BadParameter, match="torch or onnx"):
        parsing.backend("fortran")


def test_patterns_are_checked_but_stay_text() -> None:
    assert parsing.pattern(r"\d{4}", "--only") == r"\d{4}"
    assert parsing.pattern(None, "--only") is None
    with pytest.raises(typer.BadParameter, match="regular expression"):
        parsing.pattern("(", "--only")


def test_options_have_the_type_that_the_card_gives_them() -> None:
    chosen = parsing.engine_options(with_options(PASSES, SEED), ["passes=12"], 7)
    assert chosen == {"passes": 12, "seed": 7}


def test_a_seed_is_no_mistake_where_nothing_is_drawn_at_random() -> None:
    assert parsing.engine_options(with_options(PASSES), [], 7) == {}


def test_an_engine_that_is_not_chosen_yet_takes_a_seed_but_no_options() -> None:
    assert parsing.engine_options(None, [], 7) == {"seed": 7}
    assert parsing.engine_options(None, [], None) == {}
    with pytest.raises(typer.BadParameter, match="--engine"):
        parsing.engine_options(None, ["passes=12"], None)


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("passes", "NAME=VALUE"),
        ("passes=", "from 1 to 16"),
        ("passes=many", "from 1 to 16"),
        ("passes=17", "from 1 to 16"),
        ("colour=red", "it has: passes, seed"),
    ],
)
def test_a_wrong_option_is_wrong_usage(setting: str, words: str) -> None:
    with pytest.raises(typer.BadParameter, match=words):
        parsing.engine_options(with_options(PASSES, SEED), [setting], None)


def targets(photos: list[str], out: object, dry_run: bool = False) -> list[Path]:
    return [files.target for files in parsing.file_pairs([Path(photo) for photo in photos], str(out), dry_run)]


def test_one_photo_goes_to_a_file_or_into_a_folder(tmp_path: Path) -> None:
    assert targets(["a.jpg"], tmp_path / "b.jpg") == [tmp_path / "b.jpg"]
    assert targets(["in/a.jpg"], tmp_path) == [tmp_path / "a.jpg"]
    assert targets(["a.jpg"], f"{tmp_path}/new/") == [tmp_path / "new" / "a.jpg"]
    assert (tmp_path / "new").is_dir()


def test_several_photos_go_into_a_folder_that_is_made(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    assert targets(["x/a.jpg", "y/b.jpg"], out) == [out / "a.jpg", out / "b.jpg"]
    assert targets(["x/a.jpg", "y/b.jpg"], out, dry_run=True) == [out / "a-outlines.png", out / "b-outlines.png"]


def test_two_photos_are_never_written_to_one_file(tmp_path: Path) -> None:
    with pytest.raises(typer.BadParameter, match="separate runs"):
        targets(["x/a.jpg", "y/A.JPG"], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_targets_that_cannot_be(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("in the way")
    with pytest.raises(typer.BadParameter, match="need a folder"):
        targets(["a.jpg", "b.jpg"], file)
    with pytest.raises(typer.BadParameter, match="PNG"):
        targets(["a.jpg"], tmp_path / "out.jpg", dry_run=True)
    with pytest.raises(EngineError, match="cannot be made") as error:
        targets(["a.jpg", "b.jpg"], file / "out")
    assert error.value.fault is Fault.NOT_WRITTEN
