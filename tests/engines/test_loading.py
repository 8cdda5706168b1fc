"""A card's entry becomes an engine, or one clear sentence."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from engines.core.engine import Setup
from engines.core.faults import EngineError, Fault
from engines.loading import engine_class, load_engine
from tests.fakes import FakeEraser, card


def load(entry: str) -> object:
    named = card("fake", entry)
    return load_engine(named, Setup(named, {}))


def test_the_class_that_the_card_names_is_built() -> None:
    engine = load("tests.fakes:FakeEraser")
    assert isinstance(engine, FakeEraser)
    assert engine.card.id == "fake"
    assert engine_class(engine.card) is FakeEraser


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("tests.fakes", "not module:Class"),
        ("tests.fakes:", "not module:Class"),
        ("tests.fakes:Fake Eraser", "not module:Class"),
        (":FakeEraser", "not module:Class"),
        ("tests.nowhere:FakeEraser", "no such module"),
        ("nowhere.at.all:FakeEraser", "no such module"),
        ("tests.fakes.inner:FakeEraser", "no such module"),
        ("tests.fakes:Nobody", "no such class"),
        ("tests.fakes:MEGABYTE", "no engine"),
        ("tests.fakes:FakeSession", "no engine"),
        ("tests.fakes:make", "no engine"),
    ],
)
def test_an_entry_that_leads_nowhere_is_told(entry: str, words: str) -> None:
    with pytest.raises(EngineError, match=rf"fake.*{words}.*models/fake\.toml") as error:
        load(entry)
    assert error.value.fault is Fault.BAD_INPUT


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of a module ``fragile`` that can be imported; what it holds is up to the test."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "fragile", raising=False)
    return tmp_path / "fragile.py"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("import no_such_package.inner", r"needs the package no_such_package.*pip install no_such_package"),
        ("raise ImportError('libcudart.so: cannot open')", r"cannot be loaded \(libcudart.*cleanplate doctor"),
        ("raise OSError('WinError 1114')", r"cannot be loaded \(WinError 1114.*cleanplate doctor"),
    ],
)
def test_a_package_that_is_absent_or_broken_is_told(module: Path, content: str, words: str) -> None:
    module.write_text(content)
    with pytest.raises(EngineError, match=words) as error:
        load("fragile:Engine")
    assert error.value.fault is Fault.NO_BACKEND


def test_a_bug_in_an_engine_is_not_dressed_up(module: Path) -> None:
    module.write_text("1 / 0")
    with pytest.raises(ZeroDivisionError):
        load("fragile:Engine")


def test_what_the_engine_raises_is_passed_on() -> None:
    refusing = card("fake", "tests.engines.test_loading:Refusing")
    with pytest.raises(EngineError, match="Not today"):
        load_engine(refusing, Setup(refusing, {}))


class Refusing(FakeEraser):
    """Cannot be built."""

    def __init__(self, setup: Setup) -> None:
        raise EngineError(Fault.WEIGHTS_INVALID, "Not today.")
