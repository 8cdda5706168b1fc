"""One picture that shows a whole evaluation: for each pair the input, the mask, every engine, the truth."""

from __future__ import annotations

import math

import cv2
import numpy as np

from engines.core.types import Pixels
from engines.evaluation.protocol import Scope
from engines.jobs.evaluate import INPUT, TRUTH, MeasuredPicture, Row

_CELL = 288
"""Pixels: the width of a column, and the most that a picture is high."""

_TALL = 1.5
"""How many times as high as wide a sheet is at most, about."""

_GAP, _LINE = 10, 18
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_INK, _PALE = (30, 30, 34), (120, 120, 128)
_MASK = "mask"


class ContactSheet:
    """Takes rows one after the other and keeps only their small copies."""

    def __init__(self) -> None:
        self._strips: list[Pixels] = []

    def add(self, row: Row) -> None:
        """Append the pictures of one pair, with their labels above and figures below."""
        tinted = row.results[INPUT].copy()
        tinted[row.mask > 0] = (tinted[row.mask > 0] // 3 + np.array([150, 20, 30])).astype(np.uint8)
        engines = {name: result for name, result in row.results.items() if name not in (INPUT, TRUTH)}
        cells = {INPUT: row.results[INPUT], _MASK: tinted, **engines}
        if TRUTH in row.results:
            cells[TRUTH] = row.results[TRUTH]
        self._strips.append(np.hstack([_cell(row.picture, name, pixels) for name, pixels in cells.items()]))

    def page(self) -> Pixels:
        """The sheet, ``(h, w, 3)`` uint8: long ones in several columns. All rows must have had the same candidates."""
        height, width = sum(strip.shape[0] for strip in self._strips), self._strips[0].shape[1]
        count = max(1, round(math.sqrt(height / (_TALL * width))))
        ends = np.cumsum([strip.shape[0] for strip in self._strips])
        column = np.minimum((ends - 1) * count // height, count - 1)
        blocks = [[strip for strip, at in zip(self._strips, column, strict=True) if at == k] for k in range(count)]
        columns = [np.vstack(block) for block in blocks if block]
        tallest = max(block.shape[0] for block in columns)
        return np.hstack([_filled(block, tallest) for block in columns])


def _filled(block: Pixels, height: int) -> Pixels:
    """White added below."""
    return np.pad(block, ((0, height - block.shape[0]), (0, 0), (0, 0)), constant_values=255)


def _cell(picture: MeasuredPicture, name: str, pixels: Pixels) -> Pixels:
    small = _small(pixels)
    page = np.full((_height(pixels) + 2 * _LINE + _GAP, _CELL + _GAP, 3), 255, np.uint8)
    page[_LINE : _LINE + small.shape[0], : small.shape[1]] = small
    title = f"{picture.name}: {name}" if name == INPUT else name
    _write(page, title, _LINE - 5, _INK)
    _write(page, _figures(picture, name), _LINE + small.shape[0] + 13, _PALE)
    return page


def _figures(picture: MeasuredPicture, name: str) -> str:
    if name == _MASK:
        return _about_mask(picture)
    measured = picture.candidates.get(name)
    if measured is None or name == TRUTH:
        return ""
    parts: list[str] = []
    if Scope.INSIDE in measured.scores:
        psnr = measured.scores[Scope.INSIDE].psnr
        parts.append("equal to the truth" if math.isinf(psnr) else f"{psnr:.1f} dB inside")
    if measured.legibility is not None:
        parts.append(f"{measured.legibility.found} lines found")
    if measured.texture is not None:
        parts.append(f"texture {measured.texture:.2f}")
    if measured.seam is not None:
        parts.append(f"seam {measured.seam.colour:.1f}")
    return ", ".join(parts)


def _about_mask(picture: MeasuredPicture) -> str:
    share, shape, hole = f"{picture.share:.1%} of it", picture.shape, picture.hole
    if picture.candidates[INPUT].seam is None:
        return f"{share}, {shape.kind.value}, lines of {shape.height:.0f} px"
    return f"{share}, {hole.side:.0f} px, {hole.surface.value}"


def _scale(pixels: Pixels) -> float:
    return min(1.0, _CELL / max(int(pixels.shape[0]), int(pixels.shape[1])))


def _height(pixels: Pixels) -> int:
    return max(1, round(int(pixels.shape[0]) * _scale(pixels)))


def _small(pixels: Pixels) -> Pixels:
    width = max(1, round(pixels.shape[1] * _scale(pixels)))
    return np.asarray(cv2.resize(pixels, (width, _height(pixels)), interpolation=cv2.INTER_AREA))


def _write(page: Pixels, text: str, baseline: int, colour: tuple[int, int, int]) -> None:
    cv2.putText(page, text, (1, baseline), _FONT, 0.4, colour, 1, cv2.LINE_AA)
