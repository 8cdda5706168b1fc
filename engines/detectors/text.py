"""Finds text lines of any size and direction, and reads them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engines.core.context import Context
from engines.core.engine import FoundText, Options, Setup, TextDetector, TextLine
from engines.core.types import Pixels
from engines.detectors.lines import Candidate, candidates, draw_coverage, reading_order
from engines.detectors.merge import believable, conflicts, settled, suspect, without_doubles
from engines.detectors.ppocr import Detector, Reader
from engines.detectors.pyramid import Level, levels, probability_map, tile_count
from engines.detectors.reading import Words, read_lines, running

_DETECTING = 0.7
"""The share of the time that looking takes; reading takes the rest."""


class TextFinder(TextDetector):
    """PP-OCRv6 over a pyramid of tiles. A line's confidence is the detector's mean probability in its core."""

    def __init__(self, setup: Setup) -> None:
        self._notes: list[str] = []
        self._detector = Detector(setup.device, self._notes.append)
        self._reader = Reader(setup.device, self._notes.append)

    def detect(self, image: Pixels, options: Options, ctx: Context) -> FoundText:
        for note in self._notes:
            ctx.tell(note)
        pyramid = list(levels(image))
        least, sure = float(options["min_size"]), float(options["confidence"])
        seen = self._look(pyramid, ctx.part(0, _DETECTING))
        groups = without_doubles([line for line in seen if line.height >= least and line.score >= sure])
        found = [group[0] for group in groups]
        recognise = bool(options["recognise"])
        words = self._read(pyramid, found, recognise, ctx.part(_DETECTING, 1 - _DETECTING))
        area = image.shape[0] * image.shape[1]
        # A thing mistaken for a letter must not outdo the real lines inside it: judged first, settled then.
        text = [i for i in range(len(found)) if believable(found[i], words[i], area)]
        kept = [text[i] for i in settled([found[i] for i in text], [words[i] for i in text])]
        coverage = np.zeros(image.shape[:2], np.uint8)
        draw_coverage(coverage, [line for i in kept for line in groups[i]])
        order = reading_order([running(found[i].quad, words[i].turn) for i in kept])
        ctx.step(1.0, "Found text")
        return FoundText([_line(found[kept[i]], words[kept[i]], recognise) for i in order], coverage)

    def _look(self, pyramid: Sequence[Level], ctx: Context) -> list[Candidate]:
        total = sum(tile_count(level) for level in pyramid)
        done = iter(range(total))
        found: list[Candidate] = []
        for i, level in enumerate(pyramid):
            stitched = probability_map(
                level, self._detector.probability, lambda: ctx.step(next(done) / total, "Looking for text")
            )
            found += candidates(stitched, level, i)
        return found

    def _read(self, pyramid: Sequence[Level], found: Sequence[Candidate], all_: bool, ctx: Context) -> list[Words]:
        """What each line says; with ``all_`` off only of those where it decides whether they are lines at all."""
        inside = conflicts(found)
        disputed = set(inside).union(*inside.values())
        asked = [i for i, line in enumerate(found) if all_ or i in disputed or suspect(line)]
        words = [Words("", 0.0)] * len(found)
        for i, said in zip(asked, read_lines(self._reader, pyramid, [found[i] for i in asked], ctx), strict=True):
            words[i] = said
        return words


def _line(line: Candidate, words: Words, recognise: bool) -> TextLine:
    """Curved outlines already start at the top left; quads are turned so that the text's own top left is first."""
    polygon = np.roll(line.outline, -max(words.turn, 0), axis=0) if len(line.outline) == 4 else line.outline
    return TextLine(polygon, words.text if recognise else "", min(line.score, 1.0))
