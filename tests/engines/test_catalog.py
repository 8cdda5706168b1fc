"""Every card of the program loads and keeps the rules; a bad card is refused by the name of its field."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engines.catalog import load_catalog, read_card
from engines.core.engine import Backend, Card, Role, Task
from engines.core.faults import EngineError, Fault
from engines.core.files import sha256_of
from engines.core.paths import models_dir
from engines.loading import engine_class
from tests.fakes import write_card

CATALOG = load_catalog()
LARGEST_BUNDLED = 30_000_000


@pytest.fixture(params=CATALOG)
def card(request: pytest.FixtureRequest) -> Card:
    return CATALOG[request.param]


def test_the_text_engines_and_the_detector_are_there() -> None:
    assert {"garnet", "deeperaser", "classical", "migan"} <= set(CATALOG.ids(Role.IMAGE_ERASER))
    assert "text" in CATALOG.ids(Role.TEXT_DETECTOR)


def test_the_class_is_an_engine(card: Card) -> None:
    assert engine_class(card).__doc__


def test_sizes_fit_each_other(card: Card) -> None:
    assert 1 <= card.multiple_of <= card.min_side <= card.best_side <= card.max_side
    assert card.context >= 0
    assert set(card.devices) <= {"cpu", "cuda", "mps"}
    assert "cpu" in card.devices


def test_every_option_has_words_and_its_default_is_allowed(card: Card) -> None:
    assert card.resolve({}) == {option.name: option.default for option in card.options}
    for option in card.options:
        assert option.label
        assert option.help.endswith(".")


def test_licences_that_forbid_commerce_are_marked(card: Card) -> None:
    for weight in card.weights:
        if re.search(r"non-?commercial|research|\bNC\b", weight.licence, re.IGNORECASE):
            assert not weight.commercial
            assert not weight.bundled


def test_what_is_shipped_is_in_a_card_with_its_sha256() -> None:
    shipped = {path.name: path for path in (models_dir() / "bundled").glob("*.safetensors")}
    named = {weight.file: weight for card in CATALOG.values() for weight in card.weights if weight.bundled}
    assert set(shipped) <= set(named)
    for name, path in shipped.items():
        assert named[name].sha256 == sha256_of(path)
        assert named[name].size == path.stat().st_size < LARGEST_BUNDLED


def test_an_unknown_engine_is_told_with_those_of_its_role() -> None:
    with pytest.raises(EngineError, match=r"no engine 'text'\. There are: .*garnet") as error:
        CATALOG.card("text", Role.IMAGE_ERASER)
    assert error.value.fault is Fault.UNKNOWN_ENGINE
    assert CATALOG.card("text").role is Role.TEXT_DETECTOR


def test_fields_arrive_as_they_are_written(tmp_path: Path) -> None:
    extra = """
    devices = ["cpu", "mps"]
    backends = ["onnx"]
    min_side = 64

    [[weights]]
    file = "a.pth"
    source = "somebody"
    licence = "MIT"

    [[options]]
    name = "mode"
    label = "Mode"
    help = "How."
    default = "fast"
    choices = ["fast", "good"]
    """
    read = read_card(write_card(tmp_path, "fill", "tests.fakes:FakeEraser", extra))
    assert (read.role, read.task, read.devices) == (Role.IMAGE_ERASER, Task.TEXT, ("cpu", "mps"))
    assert (read.backends, read.min_side, read.weights[0].file) == ((Backend.ONNX,), 64, "a.pth")
    assert read.options[0].choices == ("fast", "good")


def test_a_later_folder_wins(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write_card(tmp_path / name, "fill", f"tests.{name}:Engine")
    assert load_catalog(tmp_path / "one", tmp_path / "two")["fill"].entry == "tests.two:Engine"


WEIGHTS = '[[weights]]\nfile = "a.pth"\nsource = "x"\nlicence = "MIT"\n'
OPTION = '[[options]]\nname = "n"\nlabel = "N"\nhelp = "N."\ndefault = 1\n'


@pytest.mark.parametrize(
    ("extra", "field"),
    [
        ("colour = 3", "colour"),
        ("context = 'wide'", "context"),
        ("context = true", "context"),
        ("multiple_of = 0", "multiple_of"),
        ("context = -1", "context"),
        ("min_side = 600", "min_side"),
        ("devices = 'cpu'", "devices"),
        ("devices = ['toaster']", "devices"),
        ("backends = ['fortran']", "backend"),
        ("weights = [1]", "weights"),
        ("[[weights]]\nfile = 'a'\nsource = 'x'", "licence"),
        (WEIGHTS.replace("MIT", ""), "licence"),
        (WEIGHTS.replace("a.pth", "../a.pth"), "file"),
        (WEIGHTS + "sha256 = 'abc'", "sha256"),
        (WEIGHTS + "size = '12'", "size"),
        (WEIGHTS + "url = 'file:///etc/passwd'", "url"),
        (WEIGHTS + "url = 'https://example.org/a.pth'", "url"),
        (WEIGHTS + "npm = 'a@1.0.0:a.pth'", "npm"),
        (WEIGHTS + "npm = 'a:b'", "npm"),
        (WEIGHTS + "bundled = true\ncommercial = false", "bundled"),
        (OPTION.replace('name = "n"', ""), "name"),
        (OPTION.replace("1", "[1]"), "default"),
        (OPTION + "maximum = 0\nminimum = 0", "Option n"),
        (OPTION + "choices = ['a']", "Option n"),
        ("]", "cannot be used"),
    ],
)
def test_a_bad_card_is_refused_by_the_name_of_its_field(tmp_path: Path, extra: str, field: str) -> None:
    path = write_card(tmp_path, "fill", "tests.fakes:FakeEraser", extra)
    with pytest.raises(EngineError, match=rf"fill\.toml.*{field}") as error:
        read_card(path)
    assert error.value.fault is Fault.BAD_INPUT


@pytest.mark.parametrize("field", ["id", "name", "role", "task", "summary", "entry", "licence", "commercial", "source"])
def test_a_card_without_one_of_these_is_refused(tmp_path: Path, field: str) -> None:
    path = write_card(tmp_path, "fill", "tests.fakes:FakeEraser")
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join(line for line in lines if not line.startswith(f"{field} ")), encoding="utf-8")
    with pytest.raises(EngineError, match=rf"fill\.toml.*{field}"):
        read_card(path)


def test_a_card_is_called_like_its_file(tmp_path: Path) -> None:
    path = write_card(tmp_path, "fill", "tests.fakes:FakeEraser").rename(tmp_path / "other.toml")
    with pytest.raises(EngineError, match="names must agree"):
        read_card(path)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "fill.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(EngineError, match=r"fill\.toml"):
        read_card(path)
