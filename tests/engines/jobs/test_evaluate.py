"""The evaluation on a tiny data set drawn here: what is measured is what the pipeline writes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engines.catalog import load_catalog
from engines.core.context import Context
from engines.core.engine import FoundText, Options, Task, TextDetector, TextLine
from engines.core.faults import EngineError
from engines.core.types import Pixels
from engines.evaluation.protocol import MaskChoice, Scope
from engines.jobs.contact_sheet import ContactSheet
from engines.jobs.evaluate import INPUT, TRUTH, MeasuredPicture, Measuring, Row, evaluate, summary
from engines.jobs.pairs import find_pairs
from engines.pipeline.mask_shape import MaskKind
from engines.session import Session
from engines.store import Store
from tests.conftest import background, with_text
from tests.fakes import FakeDetector, write_card


class WhereWhite(FakeDetector):
    """Finds one line around all that is white, and reads nine letters where there are more than 300 such pixels."""

    def detect(self, image: Pixels, options: Options, ctx: Context) -> FoundText:
        white = (image > 235).all(axis=2)
        coverage = np.where(white, np.uint8(255), np.uint8(0))
        if not white.any():
            return FoundText((), coverage)
        y, x = np.nonzero(white)
        corners = [(x.min(), y.min()), (x.max(), y.min()), (x.max(), y.max()), (x.min(), y.max())]
        text = "SALE HERE" if white.sum() > 300 else ""
        return FoundText((TextLine(np.array(corners, np.float32), text, 0.9),), coverage)


@pytest.fixture
def session(tmp_path: Path) -> Session:
    cards = tmp_path / "cards"
    cards.mkdir()
    write_card(cards, "grey", "tests.fakes:FakeEraser")
    write_card(cards, "echo", "tests.fakes:EchoEraser")
    path = write_card(cards, "text", "tests.engines.jobs.test_evaluate:WhereWhite")
    path.write_text(
        path.read_text().replace("image-eraser", "text-detector").replace('"text"\nsum', '"find-text"\nsum')
    )
    return Session(load_catalog(cards), Store(tmp_path / "bundled", tmp_path / "user"))


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    folder = tmp_path / "pairs"
    folder.mkdir()
    for number in range(2):
        truth = background(90, 180, number)
        image = with_text(truth, "SALE", (30, 25), 40)
        changed = np.abs(image.astype(int) - truth).max(axis=2) > 0
        Image.fromarray(image).save(folder / f"p{number}_image.png")
        Image.fromarray(truth).save(folder / f"p{number}_gt.png")
        Image.fromarray((changed * 255).astype(np.uint8)).save(folder / f"p{number}_mask.png")
    return folder


def run(session: Session, folder: Path, how: Measuring) -> tuple[list[MeasuredPicture], list[Row]]:
    seen: list[Row] = []
    return evaluate(session, find_pairs(folder), how, Context(), seen.append), seen


HOW = Measuring(("grey", "echo"), MaskChoice.BOXES)


def test_candidates_are_scored_inside_and_outside_the_mask(session: Session, dataset: Path) -> None:
    rows, seen = run(session, dataset, HOW)
    assert [row.name for row in rows] == ["p0", "p1"]
    for row, shown in zip(rows, seen, strict=True):
        assert list(row.candidates) == [INPUT, "grey", "echo", TRUTH]
        assert row.shape.kind is MaskKind.BOXES
        truth, hole = shown.results[TRUTH], shown.mask > 0
        assert row.share == hole.mean()
        grey, echo = row.candidates["grey"], row.candidates["echo"]
        assert (shown.results["grey"][~hole] == shown.results[INPUT][~hole]).all()  # composited as by erase
        error = (shown.results["grey"][hole].astype(float) - truth[hole]) / 255
        assert grey.scores[Scope.INSIDE].mse == pytest.approx((error**2).mean())
        assert grey.scores[Scope.PICTURE].mse == pytest.approx((error**2).mean() * hole.mean())
        assert echo.scores == row.candidates[INPUT].scores
        assert (grey.engine, grey.device, row.candidates[INPUT].engine) == ("grey", "cpu", "")
        assert grey.seconds > 0
        assert hole.sum() / 1e6 < grey.megapixels <= 0.09 * 0.18


def test_legibility_is_counted_over_all_pictures(session: Session, dataset: Path) -> None:
    rows, _ = run(session, dataset, HOW)
    found = {name: summary(rows, name).legibility for name in (INPUT, "grey", "echo", TRUTH)}
    assert found[INPUT] == found["echo"]
    for name, lines, letters in ((INPUT, 2, 16), ("grey", 0, 0), (TRUTH, 0, 0)):
        left = found[name]
        assert left is not None
        assert (left.lines, left.found, left.letters, left.read) == (2, lines, 16, letters)


def test_without_reading_nobody_looks_for_text(session: Session, dataset: Path) -> None:
    rows, _ = run(session, dataset, replace(HOW, read=False))
    assert summary(rows, "grey").legibility is None
    means = summary(rows, "grey").means[Scope.INSIDE]
    assert means is not None
    each = [row.candidates["grey"].scores[Scope.INSIDE].psnr for row in rows]
    assert means.psnr == pytest.approx(sum(each) / 2)
    assert summary(rows, TRUTH).means[Scope.PICTURE] is None


@pytest.mark.parametrize("choice", list(MaskChoice))
def test_every_kind_of_mask_covers_the_text(session: Session, dataset: Path, choice: MaskChoice) -> None:
    rows, seen = run(session, dataset, Measuring(("grey",), choice, read=False))
    for row in seen:
        changed = np.abs(row.results[INPUT].astype(int) - row.results[TRUTH]).mean(axis=2) > 15
        assert (row.mask[changed] > 0).all()
    kinds = {row.shape.kind for row in rows}
    assert kinds == {MaskKind.BOXES if choice is MaskChoice.BOXES else MaskKind.STROKES}


def test_the_contact_sheet_shows_every_candidate_of_every_picture(session: Session, dataset: Path) -> None:
    sheet = ContactSheet()
    evaluate(session, find_pairs(dataset), HOW, Context(), sheet.add)
    page = sheet.page()
    assert page.dtype == np.uint8
    columns = 5  # input, mask, grey, echo, truth
    assert page.shape == (2 * (90 + 46), columns * 298, 3)
    strip = page[18 : 18 + 90]
    truth = np.asarray(Image.open(dataset / "p0_gt.png"))
    assert np.array_equal(strip[:, 4 * 298 : 4 * 298 + 180], truth)
    assert (strip[:, 298 : 298 + 180] != strip[:, :180]).any()


def test_large_pictures_are_shown_small(session: Session, tmp_path: Path) -> None:
    folder = tmp_path / "large"
    folder.mkdir()
    mask = np.zeros((400, 600), np.uint8)
    mask[100:120, 100:300] = 255
    for part, pixels in (("image", background(400, 600)), ("gt", background(400, 600)), ("mask", mask)):
        Image.fromarray(pixels).save(folder / f"a_{part}.png")
    sheet = ContactSheet()
    evaluate(session, find_pairs(folder), replace(HOW, read=False), Context(), sheet.add)
    assert sheet.page().shape == (192 + 46, 5 * 298, 3)


def test_a_long_sheet_has_several_columns(session: Session, dataset: Path) -> None:
    _, rows = run(session, dataset, replace(HOW, read=False))
    sheet = ContactSheet()
    for _ in range(40):
        sheet.add(rows[0])
    height, width = sheet.page().shape[:2]
    assert width == 2 * 5 * 298
    assert height == 20 * (90 + 46)


def test_a_folder_without_pairs_is_told(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="no data set"):
        find_pairs(tmp_path)


@pytest.mark.parametrize("part", ["gt", "mask"])
def test_a_pair_that_lacks_a_file_is_told(dataset: Path, part: str) -> None:
    (dataset / f"p1_{part}.png").unlink()
    with pytest.raises(EngineError, match=f"no file called p1_{part}"):
        find_pairs(dataset)


def test_an_empty_mask_and_a_truth_of_another_size_are_told(session: Session, dataset: Path) -> None:
    Image.fromarray(np.zeros((90, 180), np.uint8)).save(dataset / "p0_mask.png")
    with pytest.raises(EngineError, match="empty"):
        run(session, dataset, HOW)
    Image.fromarray(background(80, 180)).save(dataset / "p0_gt.png")
    with pytest.raises(EngineError, match="different sizes"):
        run(session, dataset, HOW)


@pytest.fixture
def objects(tmp_path: Path) -> Path:
    """A dark thing with a shadow on it, whose mask is apart from the shadow's."""
    folder = tmp_path / "objects"
    folder.mkdir()
    truth, thing, shadow = background(120, 160), np.zeros((120, 160), np.uint8), np.zeros((120, 160), np.uint8)
    thing[30:70, 50:90], shadow[30:84, 50:110] = 255, 255
    image = np.where(shadow[..., None] > 0, truth * 0.6, truth)
    image[thing > 0] = (20, 40, 20)
    parts = {"image": image.astype(np.uint8), "gt": truth, "mask": thing, "mask_with_shadow": shadow}
    for part, pixels in parts.items():
        Image.fromarray(pixels).save(folder / f"o_{part}.png")
    return folder


OBJECTS = Measuring(("grey", "echo"), MaskChoice.GIVEN, Task.OBJECT)


def test_objects_are_judged_by_texture_and_seam(session: Session, objects: Path) -> None:
    (row,), _ = run(session, objects, OBJECTS)
    truth, echo, grey = (row.candidates[name] for name in (TRUTH, "echo", "grey"))
    assert truth.texture == 0
    assert echo.texture is not None
    assert grey.texture is not None
    assert echo.texture > 0.3
    assert echo.seam is not None
    assert truth.seam is not None
    assert echo.seam.colour > truth.seam.colour + 10
    assert all(each.legibility is None for each in row.candidates.values())
    total = summary([row, row], "echo")
    assert total.texture == pytest.approx(echo.texture)
    assert total.seam == echo.seam
    assert row.hole.side == pytest.approx(40)


def test_the_shadow_s_mask_can_be_asked_for(session: Session, objects: Path) -> None:
    _, (given,) = run(session, objects, OBJECTS)
    _, (shadow,) = run(session, objects, replace(OBJECTS, mask=MaskChoice.SHADOW))
    assert np.count_nonzero(given.mask) == 40 * 40
    assert np.count_nonzero(shadow.mask) == 54 * 60


def test_objects_without_a_truth_have_a_seam_and_a_sheet(session: Session, objects: Path) -> None:
    (objects / "o_gt.png").unlink()
    sheet = ContactSheet()
    rows = evaluate(session, find_pairs(objects), OBJECTS, Context(), sheet.add)
    assert list(rows[0].candidates) == [INPUT, "grey", "echo"]
    assert (rows[0].candidates["grey"].scores, rows[0].candidates["grey"].texture) == ({}, None)
    total = summary(rows, "grey")
    assert total.seam is not None
    assert total.texture is None
    assert total.means[Scope.INSIDE] is None
    assert sheet.page().shape == (120 + 46, 4 * 298, 3)


def test_the_detector_of_the_tests_is_a_text_detector() -> None:
    assert issubclass(WhereWhite, TextDetector)
