"""Erase until unreadable: what is written is what is looked at, and what cannot be erased is told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import cv2
import numpy as np
import pytest
from PIL import Image

from engines.catalog import load_catalog
from engines.core.context import Context
from engines.core.engine import FoundText, Options, TextLine
from engines.core.faults import Cancelled, EngineError, Fault
from engines.core.types import Alpha, Box, FloatImage, Pixels
from engines.jobs.erase_file import FileReport, Files, How, Outcome, TextSearch, What, erase_file
from engines.jobs.verify_file import ROUNDS
from engines.pipeline.verify import Verdict, Verification
from engines.session import Session
from engines.store import Store
from tests.conftest import background, with_text
from tests.fakes import FakeDetector, FakeEraser, write_card

WORDS = Box(60, 40, 100, 20)
"""White in the photo; the detectors here take what is white for words."""

HOW = How("timid", device="cpu", verify=True)


class WhiteWords(FakeDetector):
    """Finds a line around each white spot; those right of x = 200 say KEEP. Remembers what it was shown."""

    shown: ClassVar[list[Pixels]] = []

    def detect(self, image: Pixels, options: Options, ctx: Context) -> FoundText:
        WhiteWords.shown.append(image)
        white: Alpha = np.asarray((image > 235).all(axis=2), np.uint8)
        spots = cv2.connectedComponentsWithStats(white)[2][1:]
        lines = [_line(*(int(value) for value in spot[:4])) for spot in spots]
        return FoundText(lines, white)


def _line(x: int, y: int, w: int, h: int) -> TextLine:
    corners = np.array([[x, y], [x + w, y], [x + w, y + h], [x, y + h]], np.float32)
    return TextLine(corners, "KEEP" if x >= 200 else "GO", 0.9)


class BrokenDetector(FakeDetector):
    """Cannot look."""

    def detect(self, image: Pixels, options: Options, ctx: Context) -> FoundText:
        raise EngineError(Fault.NO_BACKEND, "The detector is broken.", "Repair it.")


class TimidEraser(FakeEraser):
    """Leaves a rim of three pixels of every hole as it is."""

    def erase(self, image: FloatImage, alpha: Alpha, options: Options, ctx: Context) -> FloatImage:
        inner = cv2.erode(alpha, np.ones((7, 7), np.uint8))
        return np.where(inner[..., None] > 0, np.float32(0.4), image).astype(np.float32)


class OnceEraser(FakeEraser):
    """Erases a corner the first time, and then refuses."""

    def erase(self, image: FloatImage, alpha: Alpha, options: Options, ctx: Context) -> FloatImage:
        if (image[alpha > 0] < 0.8).all(axis=1).any():
            raise EngineError(Fault.BAD_INPUT, "It will not be done.", "")
        out = image.copy()
        out[:60, :80] = 0.4
        return out


@pytest.fixture
def session(tmp_path: Path) -> Session:
    WhiteWords.shown.clear()
    return make_session(tmp_path, "WhiteWords")


def make_session(tmp_path: Path, detector: str) -> Session:
    cards = tmp_path / f"cards-{detector}"
    cards.mkdir()
    write_card(cards, "grey", "tests.fakes:FakeEraser")
    write_card(cards, "echo", "tests.fakes:EchoEraser")
    write_card(cards, "timid", "tests.engines.jobs.test_verify_file:TimidEraser")
    write_card(cards, "once", "tests.engines.jobs.test_verify_file:OnceEraser")
    confidence = '[[options]]\nname = "confidence"\nlabel = "C"\nhelp = "C"\ndefault = 0.5'
    path = write_card(cards, "text", f"tests.engines.jobs.test_verify_file:{detector}", confidence)
    path.write_text(
        path.read_text().replace("image-eraser", "text-detector").replace('"text"\nsum', '"find-text"\nsum')
    )
    return Session(load_catalog(cards), Store(tmp_path / "bundled", tmp_path / "user"))


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    picture = background(100, 300).clip(0, 200).astype(np.uint8)
    picture[WORDS.slices] = 255
    path = tmp_path / "photo.png"
    Image.fromarray(picture).save(path)
    return path


def run(
    session: Session, photo: Path, how: How = HOW, *, name: str = "out.png", what: What | None = None
) -> FileReport:
    what = what or What(boxes=(WORDS,))
    return erase_file(session, Files(photo, photo.parent / name), what, how, Context())


def seen(report: FileReport) -> Verification:
    assert report.verification is not None
    return report.verification


def pixels(path: Path) -> Pixels:
    return np.asarray(Image.open(path).convert("RGB"))


def test_a_clean_result_is_written_after_one_look(session: Session, photo: Path) -> None:
    report = run(session, photo, replace(HOW, engine="grey"))
    assert report.outcome is Outcome.ERASED
    assert seen(report) == Verification(Verdict.CLEAN)
    assert len(WhiteWords.shown) == 1
    assert set(report.seconds) == {"read", "mask", "load", "erase", "verify"}


def test_without_the_wish_nobody_looks(session: Session, photo: Path) -> None:
    report = run(session, photo, replace(HOW, verify=False))
    assert report.verification is None
    assert WhiteWords.shown == []


def test_what_is_left_is_erased_with_a_grown_mask_and_nothing_else_changes(session: Session, photo: Path) -> None:
    report = run(session, photo)
    assert report.outcome is Outcome.ERASED
    assert seen(report).verdict is Verdict.CLEAN
    assert 1 <= seen(report).rounds <= ROUNDS
    before, after = pixels(photo), pixels(photo.with_name("out.png"))
    assert after[WORDS.slices].max() < 240
    far = np.ones(before.shape[:2], bool)
    far[WORDS.grown(2 * WORDS.h).within((100, 300)).slices] = False
    assert np.array_equal(before[far], after[far])


def test_what_cannot_be_erased_is_told_and_the_file_is_there(session: Session, photo: Path) -> None:
    report = run(session, photo, replace(HOW, engine="echo"))
    assert report.outcome is Outcome.TEXT_LEFT
    assert (seen(report).verdict, seen(report).rounds) == (Verdict.TEXT_LEFT, ROUNDS)
    assert [line.text for line in seen(report).lines] == ["GO"]
    assert seen(report).lines[0].polygon[0] == pytest.approx((WORDS.x, WORDS.y))
    assert np.array_equal(pixels(photo), pixels(photo.with_name("out.png")))


def test_an_engine_that_fails_later_leaves_what_was_reached(session: Session, photo: Path) -> None:
    report = run(session, photo, replace(HOW, engine="once"))
    assert report.outcome is Outcome.TEXT_LEFT
    assert "It will not be done" in seen(report).reason
    assert (pixels(photo.with_name("out.png")) != pixels(photo)).any()


def test_a_detector_that_fails_is_not_a_clean_result(tmp_path: Path, photo: Path) -> None:
    report = run(make_session(tmp_path, "BrokenDetector"), photo)
    assert report.outcome is Outcome.ERASED
    assert seen(report).verdict is Verdict.NOT_CHECKED
    assert "detector is broken" in seen(report).reason
    assert photo.with_name("out.png").is_file()


def test_a_lossy_file_is_judged_as_it_reads_back(session: Session, photo: Path) -> None:
    run(session, photo, replace(HOW, engine="grey"), name="out.jpg")
    written = pixels(photo.with_name("out.jpg"))
    last = WhiteWords.shown[-1]
    assert np.array_equal(last, written[: last.shape[0], : last.shape[1]])  # the context reaches the upper left corner


def test_text_outside_the_mask_is_no_failure(session: Session, photo: Path) -> None:
    picture = pixels(photo).copy()
    picture[10:20, 10:50] = 255
    Image.fromarray(picture).save(photo)
    report = run(session, photo, replace(HOW, engine="grey"))
    assert seen(report).verdict is Verdict.CLEAN
    assert (pixels(photo.with_name("out.png"))[10:20, 10:50] == 255).all()


def test_text_that_is_to_stay_survives_a_growing_mask(session: Session, photo: Path) -> None:
    picture = pixels(photo).copy()
    picture[WORDS.y : WORDS.bottom, 160:] = 100
    picture[WORDS.y : WORDS.bottom, 200:240] = 255
    picture[40:60, 100:190] = 255
    Image.fromarray(picture).save(photo)
    report = run(session, photo, what=What(text=TextSearch(keep="KEEP")))
    assert seen(report).rounds >= 1
    assert (pixels(photo.with_name("out.png"))[40:60, 204:236] == 255).all()


def test_text_drawn_by_the_transparency_is_found(session: Session, photo: Path) -> None:
    alpha = np.full((100, 300), 90, np.uint8)
    alpha[45:55, 70:120] = 255
    Image.fromarray(np.dstack([np.full((100, 300, 3), 90, np.uint8), alpha])).save(photo)
    report = run(session, photo, replace(HOW, engine="grey"))
    assert report.outcome is Outcome.TEXT_LEFT
    assert "transparency" in seen(report).reason


def test_cancelled_while_looking_nothing_is_written(session: Session, photo: Path) -> None:
    ctx = Context(cancelled=lambda: bool(WhiteWords.shown))
    with pytest.raises(Cancelled):
        erase_file(session, Files(photo, photo.with_name("out.png")), What(boxes=(WORDS,)), HOW, ctx)
    assert sorted(path.name for path in photo.parent.iterdir() if path.is_file()) == ["photo.png"]


@pytest.mark.parametrize("name", ["none/out.png", "there.png"])
def test_a_target_that_cannot_be_written_is_refused(session: Session, photo: Path, name: str) -> None:
    there = photo.with_name("there.png")
    there.write_bytes(b"precious")
    with pytest.raises(EngineError):
        run(session, photo, name=name)
    assert there.read_bytes() == b"precious"
    assert not (photo.parent / "none").exists()


def test_nothing_to_erase_is_not_checked(session: Session, photo: Path) -> None:
    report = run(session, photo, what=What(text=TextSearch(only="nothing like it")))
    assert report.outcome is Outcome.COPIED
    assert seen(report).verdict is Verdict.NOT_CHECKED


def test_the_real_detector_sees_what_an_engine_leaves(tmp_path: Path) -> None:
    cards = tmp_path / "cards"
    cards.mkdir()
    write_card(cards, "timid", "tests.engines.jobs.test_verify_file:TimidEraser")
    write_card(cards, "echo", "tests.fakes:EchoEraser")
    own = load_catalog()["text"]
    session = Session(load_catalog(cards), Store(tmp_path / "bundled", tmp_path / "user"))
    session.catalog = type(session.catalog)({**session.catalog, "text": own})
    photo = tmp_path / "photo.png"
    Image.fromarray(with_text(background(120, 360), "Summer Sale", (60, 40), 36)).save(photo)
    what = What(boxes=(Box(58, 46, 220, 32),))
    left = run(session, photo, replace(HOW, engine="echo"), name="left.png", what=what)
    assert left.outcome is Outcome.TEXT_LEFT
    assert "summer" in seen(left).lines[0].text.lower()
    gone = run(session, photo, name="gone.png", what=what)
    assert seen(gone).verdict is Verdict.CLEAN
    session.close()
