"""A session loads what a request needs, keeps it within its budget, and runs the pipeline."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engines.catalog import load_catalog
from engines.core.context import Context
from engines.core.engine import Backend, Embedding, Hint, Role, Setup
from engines.core.faults import Cancelled, EngineError, Fault
from engines.core.types import Box, Mask
from engines.embeddings import EmbeddingCache
from engines.requests import Detected, DetectText, Erased, EraseImage, Segment, Segmented
from engines.session import Session, open_session, resolve_device
from engines.store import Store
from tests.fakes import FakeEraser, FakeSegmenter, write_card

VALUE_OPTION = """
devices = ["cpu", "cuda"]

[[options]]
name = "value"
label = "Value"
help = "What the hole is filled with."
default = 0.5
minimum = 0.0
maximum = 1.0
"""


class CudaRunsOut(FakeEraser):
    """Works on the CPU only."""

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        if setup.device != "cpu":
            raise EngineError(Fault.OUT_OF_MEMORY, "The graphics memory is full.")


class Closing(FakeEraser):
    """Counts how often one is built and freed."""

    built = 0
    freed = 0

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        Closing.built += 1

    def close(self) -> None:
        Closing.freed += 1


@pytest.fixture
def session(tmp_path: Path) -> Session:
    cards = tmp_path / "cards"
    cards.mkdir()
    write_card(cards, "fill", "tests.fakes:FakeEraser", VALUE_OPTION)
    write_card(cards, "full", "tests.engines.test_session:CudaRunsOut", 'devices = ["cpu", "cuda"]')
    write_card(cards, "closing", "tests.engines.test_session:Closing")
    write_card(cards, "liar", "tests.fakes:FakeDetector")
    return Session(load_catalog(cards), Store(tmp_path / "bundled", tmp_path / "user"))


def request(engine: str = "fill", **fields: object) -> EraseImage:
    mask = Mask(Box(10, 20, 5, 4), np.full((4, 5), 255, np.uint8))
    return EraseImage(engine, np.zeros((60, 80, 3), np.uint8), mask, **fields)  # type: ignore[arg-type]


def test_an_erased_hole_comes_back_as_a_patch(session: Session) -> None:
    erased = session.run(request(options={"value": 1.0}), Context())
    assert isinstance(erased, Erased)
    assert (erased.engine, erased.device, erased.regions) == ("fill", "cpu", 1)
    assert set(erased.seconds) == {"load", "erase"}
    assert erased.peak_memory > 10_000_000
    image = np.zeros((60, 80, 3), np.uint8)
    for patch in erased.patches:
        patch.paint(image)
    assert (image[20:24, 10:15] == 255).all()
    assert image.sum() == 255 * 3 * 20


def test_an_empty_mask_loads_nothing(session: Session) -> None:
    empty = Mask.of(np.zeros((60, 80), np.uint8))
    erased = session.run(EraseImage("fill", np.zeros((60, 80, 3), np.uint8), empty), Context())
    assert isinstance(erased, Erased)
    assert erased.patches == ()
    assert "load" not in erased.seconds


def test_an_unknown_engine_is_told_with_those_there_are(session: Session) -> None:
    with pytest.raises(EngineError, match=r"no engine 'magic'.*fill") as error:
        session.run(request("magic"), Context())
    assert error.value.fault is Fault.UNKNOWN_ENGINE


@pytest.mark.parametrize("options", [{"value": 2.0}, {"value": "much"}, {"value": float("nan")}, {"colour": 1}])
def test_options_outside_the_schema_are_refused(session: Session, options: dict[str, object]) -> None:
    with pytest.raises(EngineError) as error:
        session.run(request(options=options), Context())
    assert error.value.fault is Fault.BAD_INPUT


def test_a_class_of_another_role_is_told(session: Session) -> None:
    with pytest.raises(EngineError, match="another role"):
        session.run(request("liar"), Context())


def test_running_out_of_graphics_memory_reaches_the_cpu_only_when_allowed(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engines.runtime.device.resolve_device", lambda name: "cuda:0")
    with pytest.raises(EngineError, match="graphics memory"):
        session.run(request("full", device="cuda"), Context())
    ctx = Context()
    erased = session.run(request("full", device="cuda", allow_cpu=True), ctx)
    assert isinstance(erased, Erased)
    assert erased.device == "cpu"
    assert any("CPU" in note for note in erased.notes)


def test_an_engine_is_built_once_and_freed_at_the_end(session: Session) -> None:
    Closing.built = Closing.freed = 0
    session.run(request("closing"), Context())
    session.run(request("closing"), Context())
    session.close()
    assert (Closing.built, Closing.freed) == (1, 1)


def test_idle_engines_make_room_when_the_budget_is_spent(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    Closing.built = Closing.freed = 0
    monkeypatch.setattr(session, "_budget", -1)
    session.run(request("closing"), Context())
    session.run(request("fill"), Context())
    assert (Closing.built, Closing.freed) == (1, 1)


def test_cancel_before_anything_is_loaded(session: Session) -> None:
    with pytest.raises(Cancelled):
        session.run(request(), Context(cancelled=lambda: True))


def test_a_device_the_card_does_not_name_is_refused(session: Session) -> None:
    with pytest.raises(EngineError, match="does not run on 'mps'") as error:
        session.run(request(device="mps"), Context())
    assert error.value.fault is Fault.NO_DEVICE


def test_a_backend_the_card_does_not_name_is_refused() -> None:
    card = load_catalog()["deeperaser"]
    assert resolve_device(card, "cpu", Backend.ONNX) == "cpu"
    classical = load_catalog()["classical"]
    assert resolve_device(classical, "auto", Backend.TORCH) == "cpu"


def test_auto_is_the_quickest_device_that_the_engine_can_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engines.runtime.device.resolve_device", lambda name: "mps")
    catalog = load_catalog()
    assert resolve_device(catalog["garnet"], "auto", Backend.TORCH) == "mps"
    assert resolve_device(catalog["text"], "auto", Backend.ONNX) == "cpu"


def test_missing_weights_are_told_with_the_command_that_fixes_it(tmp_path: Path) -> None:
    session = Session(load_catalog(), Store(tmp_path / "bundled", tmp_path / "user"))
    with pytest.raises(EngineError, match="cleanplate models import deeperaser") as error:
        session.run(request("deeperaser", device="cpu"), Context())
    assert error.value.fault is Fault.WEIGHTS_MISSING


def test_the_program_own_session_finds_text(text_photo: np.ndarray) -> None:
    session = open_session()
    detected = session.run(DetectText(text_photo), Context())
    session.close()
    assert isinstance(detected, Detected)
    assert any("SUMMER" in line.text.upper() for line in detected.found.lines)


SEEN = np.random.default_rng(5).integers(0, 255, (40, 60, 3), np.uint8)


@pytest.fixture
def selecting(tmp_path: Path) -> Session:
    cards = tmp_path / "select"
    cards.mkdir()
    write_card(cards, "sam2", "tests.fakes:FakeSegmenter", role=Role.SEGMENTER)
    write_card(cards, "fill", "tests.fakes:FakeEraser")
    FakeSegmenter.looked = FakeSegmenter.freed = 0
    return Session(load_catalog(cards), Store(tmp_path / "none", tmp_path / "user"))


def test_a_picture_is_looked_at_once_whatever_is_asked_of_it(selecting: Session) -> None:
    for box in (Box(0, 0, 5, 5), Box(3, 3, 9, 9)):
        answer = selecting.run(Segment(SEEN.copy(), box=box), Context())
        assert isinstance(answer, Segmented)
        assert (answer.selection.likelihood > 127).sum() == box.area
    assert FakeSegmenter.looked == 1
    assert "embed" not in answer.seconds
    changed = SEEN.copy()
    changed[39, 59] ^= 1
    assert "embed" in selecting.run(Segment(changed, box=Box(0, 0, 5, 5)), Context()).seconds
    assert FakeSegmenter.looked == 2
    selecting.run(Segment(SEEN, box=Box(0, 0, 5, 5)), Context())
    assert FakeSegmenter.looked == 2


def test_embeddings_stay_within_their_budget() -> None:
    cache, made = EmbeddingCache(budget=2 * SEEN.nbytes), []

    def look(number: int) -> Embedding:
        def make() -> Embedding:
            made.append(number)
            return Embedding((40, 60), SEEN.nbytes, number)

        return cache.get("sam2 cpu", SEEN + np.uint8(number), make)

    assert [look(number).content for number in (0, 1, 0, 2, 0)] == [0, 1, 0, 2, 0]
    assert made == [0, 1, 2]
    assert len(cache) == 2
    look(1)
    assert made == [0, 1, 2, 1]


def test_the_same_bytes_in_another_shape_are_another_picture() -> None:
    cache = EmbeddingCache()
    wide = cache.get("sam2 cpu", SEEN, lambda: Embedding((40, 60), 1, "wide"))
    tall = cache.get("sam2 cpu", SEEN.reshape(60, 40, 3), lambda: Embedding((60, 40), 1, "tall"))
    assert (wide.content, tall.content) == ("wide", "tall")


def test_embeddings_go_with_their_engine(selecting: Session) -> None:
    selecting.run(Segment(SEEN, box=Box(0, 0, 5, 5)), Context())
    selecting.close()
    assert FakeSegmenter.freed == 1
    selecting.run(Segment(SEEN, box=Box(0, 0, 5, 5)), Context())
    assert FakeSegmenter.looked == 2


@pytest.mark.parametrize(
    "request_",
    [
        Segment(SEEN),
        Segment(SEEN, (Hint(3, 3, on=False),)),
        Segment(SEEN, (Hint(61, 3),)),
        Segment(SEEN, (Hint(float("nan"), 3),)),
        Segment(SEEN, box=Box(0, 0, 0, 9)),
        Segment(SEEN, box=Box(50, 0, 20, 9)),
    ],
    ids=["nothing", "only beside it", "outside", "nowhere", "empty box", "box outside"],
)
def test_hints_that_nobody_could_follow_are_refused(selecting: Session, request_: Segment) -> None:
    with pytest.raises(EngineError) as caught:
        selecting.run(request_, Context())
    assert caught.value.fault is Fault.BAD_INPUT
    assert FakeSegmenter.looked == 0


def test_an_eraser_cannot_select(selecting: Session) -> None:
    with pytest.raises(EngineError):
        selecting.run(Segment(SEEN, box=Box(0, 0, 5, 5), engine="fill"), Context())
