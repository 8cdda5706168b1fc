"""The text detector on drawn pictures, and on real ones where they are there."""

from __future__ import annotations

import importlib.metadata
import math
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from engines.core.context import Context
from engines.core.engine import Card, FoundText, OptionValue, Setup
from engines.core.faults import Cancelled, EngineError, Fault
from engines.core.types import whole
from engines.detectors.text import TextFinder
from engines.pipeline.text_mask import line_height, text_mask
from tests.engines.detectors.drawn import Bits, Picture, Words, bare, hills, plain, write

REAL = Path(__file__).resolve().parents[4] / "shared" / "data" / "eval_text" / "real"


def look(finder: TextFinder, card: Card, picture: Picture, **options: OptionValue) -> FoundText:
    return finder.detect(picture, card.resolve(options), Context())


def recall(found: FoundText, glyphs: Bits) -> float:
    """The share of the glyphs' pixels that erasing all lines would cover."""
    size = (glyphs.shape[0], glyphs.shape[1])
    mask = text_mask(found, found.lines, size).dense(whole(glyphs))
    return float((mask[glyphs] > 0).mean())


@pytest.mark.parametrize("angle", [0, 30, 65, 90, 135, 180, 210, 270, 330])
@pytest.mark.parametrize("dark", [True, False])
def test_text_in_any_direction_is_found_and_read(finder: TextFinder, card: Card, angle: int, dark: bool) -> None:
    ground, colour = (hills((440, 480)), (16, 16, 40)) if dark else (plain((440, 480), 40), (250, 240, 200))
    picture, glyphs = write(ground, Words("Harbour Lights", 44, (240, 220), angle, colour))
    found = look(finder, card, picture)
    assert [bare(line.text) for line in found.lines] == ["harbourlights"]
    along = found.lines[0].polygon[1] - found.lines[0].polygon[0]
    off = (math.degrees(math.atan2(along[1], along[0])) - angle + 180) % 360 - 180
    assert abs(off) < 6
    assert recall(found, glyphs) > 0.97
    assert found.lines[0].confidence > 0.7


def test_tiny_text_in_a_large_picture_is_found(finder: TextFinder, card: Card) -> None:
    picture = plain((3000, 4000), 190)
    picture[1800:2300, 2900:3500] = hills((500, 600))
    words = Words("small print here", 10, (3210, 2040)), Words("Photo: M. Muster", 13, (3900, 2980))
    picture, glyphs = write(picture, *words)
    found = look(finder, card, picture)
    assert [bare(line.text) for line in found.lines] == ["smallprinthere", "photommuster"]
    assert recall(found, glyphs) > 0.97


def test_a_huge_title_is_one_line_and_small_text_beside_it_stays(finder: TextFinder, card: Card) -> None:
    words = Words("SUMMER", 400, (1000, 500)), Words("open from nine to five", 26, (1000, 950))
    picture, glyphs = write(hills((1200, 2000)), *words)
    found = look(finder, card, picture)
    assert [bare(line.text) for line in found.lines] == ["summer", "openfromninetofive"]
    assert recall(found, glyphs) > 0.97


def test_a_line_across_tiles_is_one_line(finder: TextFinder, card: Card) -> None:
    text = "This line of words runs on and on across the borders of three tiles and is still one"
    picture, glyphs = write(hills((900, 1300)), Words(text, 28, (650, 463)))
    found = look(finder, card, picture)
    assert [bare(line.text) for line in found.lines] == [bare(text)]
    assert recall(found, glyphs) > 0.97


def test_lines_come_in_reading_order(finder: TextFinder, card: Card) -> None:
    rows = [Words(f"{name} row", 32, (240, 70 + 90 * i)) for i, name in enumerate(["First", "Second", "Third"])]
    picture, _ = write(plain((360, 480)), *reversed(rows))
    assert [bare(line.text) for line in look(finder, card, picture).lines] == ["firstrow", "secondrow", "thirdrow"]


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (33, 7), (300, 400), (700, 900)])
def test_where_there_is_no_text_none_is_found(finder: TextFinder, card: Card, size: tuple[int, int]) -> None:
    for picture in (plain(size), hills(size)):
        found = look(finder, card, picture)
        assert list(found.lines) == []
        assert found.coverage.shape == size
        assert not found.coverage.any()


def test_coverage_keeps_to_the_text(finder: TextFinder, card: Card) -> None:
    picture, glyphs = write(plain((300, 500)), Words("Keep close", 40, (250, 150)))
    found = look(finder, card, picture)
    near = cv2.dilate(glyphs.astype(np.uint8), np.ones((61, 61), np.uint8)) > 0
    assert (found.coverage[glyphs] == 255).mean() > 0.9
    assert not found.coverage[~near].any()


def test_options_leave_out_low_lines_and_words(finder: TextFinder, card: Card) -> None:
    words = Words("Large words", 60, (250, 100)), Words("less large words", 20, (250, 240))
    picture, _ = write(plain((300, 500)), *words)
    both = look(finder, card, picture)
    assert len(both.lines) == 2
    limit = math.ceil(line_height(both.lines[1])) + 1
    assert [bare(line.text) for line in look(finder, card, picture, min_size=limit).lines] == ["largewords"]
    unread = look(finder, card, picture, recognise=False)
    assert [line.text for line in unread.lines] == ["", ""]
    assert np.array_equal(unread.coverage, both.coverage)
    assert len(look(finder, card, picture, confidence=1.0).lines) == 0


def test_the_picture_is_not_written_to_and_results_repeat(finder: TextFinder, card: Card) -> None:
    picture, _ = write(plain((200, 400)), Words("Read only", 40, (200, 100)))
    picture.flags.writeable = False
    first, second = look(finder, card, picture), look(finder, card, picture)
    assert np.array_equal(first.coverage, second.coverage)
    assert [line.text for line in first.lines] == [line.text for line in second.lines] == ["Read only"]


def test_progress_rises_to_the_end_and_every_step_can_cancel(finder: TextFinder, card: Card) -> None:
    picture, _ = write(hills((900, 1300)), Words("Stop me", 40, (650, 450)))
    seen: list[float] = []
    finder.detect(picture, card.resolve({}), Context(report=lambda done, _note, _preview: seen.append(done)))
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    for last in (0, len(seen) // 2, len(seen) - 1):
        answers = iter([False] * last + [True])
        ctx = Context(cancelled=lambda answers=answers: next(answers))  # type: ignore[misc]
        with pytest.raises(Cancelled):
            finder.detect(picture, card.resolve({}), ctx)


def test_without_the_models_the_command_that_brings_them_is_told(card: Card, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> importlib.metadata.Distribution:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "distribution", absent)
    with pytest.raises(EngineError) as caught:
        TextFinder(Setup(card, {}))
    assert caught.value.fault is Fault.WEIGHTS_MISSING
    assert "pip install --no-deps rapidocr" in caught.value.hint


@pytest.mark.skipif(not REAL.is_dir(), reason="the evaluation pictures are not there")
def test_real_street_scenes_are_covered(finder: TextFinder, card: Card) -> None:
    shares = []
    for path in sorted(REAL.glob("scene_*_mask.png")):
        with Image.open(path) as mask, Image.open(path.with_name(path.name.replace("mask", "image"))) as image:
            glyphs, picture = np.asarray(mask.convert("L")) > 127, np.array(image.convert("RGB"))
        shares.append(recall(look(finder, card, picture), glyphs))
    assert np.mean(shares) > 0.93
