"""From found text to what is erased: choosing lines, their mask, and a picture of both."""

from __future__ import annotations

import re
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.core.engine import FoundText, TextLine
from engines.core.faults import EngineError, Fault
from engines.core.mask_ops import grown
from engines.core.types import Box, Mask, Pixels

_CHOSEN = (226, 36, 48)
_KEPT = (0, 122, 204)
_PAPER = (255, 255, 255)
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_UNCLAIMED = -127


def choose(
    lines: Sequence[TextLine], only: str | None = None, keep: str | None = None, min_size: float = 0
) -> list[TextLine]:
    """The lines to erase: those at least ``min_size`` pixels high that match ``only`` and do not match ``keep``.

    Both are regular expressions, searched anywhere in the line, without regard to case. Raises an
    ``EngineError`` for one that is malformed.
    """
    wanted, spared = _pattern("only", only), _pattern("keep", keep)
    return [
        line
        for line in lines
        if line_height(line) >= min_size
        and (wanted is None or wanted.search(line.text))
        and not (spared is not None and spared.search(line.text))
    ]


def _pattern(name: str, text: str | None) -> re.Pattern[str] | None:
    if text is None:
        return None
    try:
        return re.compile(text, re.IGNORECASE)
    except re.error as error:
        message = f"The pattern {text!r} for {name} is not a regular expression: {error}."
        raise EngineError(Fault.BAD_INPUT, message, "Write a backslash before . * + ? ( ) [ ] to mean them.") from error


def line_height(line: TextLine) -> float:
    """The shorter side of the smallest rectangle around the line, in pixels."""
    _, sides, _ = cv2.minAreaRect(line.polygon)
    return float(min(sides))


def text_mask(found: FoundText, chosen: Sequence[TextLine], size: tuple[int, int], grow: int = 0) -> Mask:
    """What to erase for the ``chosen`` lines of ``found`` in a picture of ``size`` = (height, width).

    It is their polygons, with the coverage within half a line's height of them, ``grow`` pixels wider. A pixel
    that lies deeper in a line that was not chosen than in a chosen one stays out of it.
    """
    taken = {id(line) for line in chosen}
    mine = _claims(chosen, size)
    erase = (mine > 0) | ((found.coverage > 0) & (mine > _UNCLAIMED))
    mask = grown(Mask.of(erase.astype(np.uint8) * 255), grow, size)
    others = [line for line in found.lines if id(line) not in taken]
    if not others or mask.empty:
        return mask
    theirs = _claims(others, size)[mask.box.slices]
    mask.alpha[(theirs > mine[mask.box.slices]) & (theirs > 0)] = 0
    return Mask.of(mask.dense(Box(0, 0, size[1], size[0])))


def _claims(lines: Sequence[TextLine], size: tuple[int, int]) -> NDArray[np.int8]:
    """How deep each pixel lies in the nearest line: 126 in its middle, 0 at its rim, down to -126 half a height off."""
    claims = np.full(size, _UNCLAIMED, np.int8)
    for line in lines:
        reach = max(1, round(line_height(line) / 2))
        low = np.floor(line.polygon.min(axis=0)).astype(int)
        high = np.ceil(line.polygon.max(axis=0)).astype(int)
        box = Box(int(low[0]), int(low[1]), int(high[0] - low[0]), int(high[1] - low[1])).grown(reach + 1)
        seen = box.within(size)
        if not seen.empty:
            inner = seen.moved(-box.x, -box.y).slices
            claim = _depth(line.polygon - np.array([box.x, box.y]), (box.h, box.w), reach)[inner]
            np.maximum(claims[seen.slices], claim, out=claims[seen.slices])
    return claims


def _depth(polygon: NDArray[np.floating], size: tuple[int, int], reach: int) -> NDArray[np.int8]:
    inside = np.zeros(size, np.uint8)
    cv2.fillPoly(inside, [np.rint(polygon - 0.5).astype(np.int32)], 1)
    within = cv2.distanceTransform(inside, cv2.DIST_L2, 3)
    beyond = cv2.distanceTransform(1 - inside, cv2.DIST_L2, 3)
    depth = np.where(inside > 0, within, -beyond) / reach
    scaled = np.where(depth >= -1, np.clip(depth * 126, -126, 126), _UNCLAIMED)
    return scaled.astype(np.int8)


def outline(image: Pixels, lines: Sequence[TextLine], chosen: Sequence[TextLine]) -> Pixels:
    """A copy of the ``(h, w, 3)`` uint8 picture with every line outlined and numbered from 1.

    The chosen ones are red, the others blue; strokes and numbers grow with the picture.
    """
    taken = {id(line) for line in chosen}
    drawn = np.ascontiguousarray(image).copy()
    stroke = max(1, round(max(image.shape[:2]) / 600))
    for line in lines:
        colour = _CHOSEN if id(line) in taken else _KEPT
        points = [np.rint(line.polygon - 0.5).astype(np.int32)]
        cv2.polylines(drawn, points, True, _PAPER, 2 * stroke + 1, cv2.LINE_AA)
        cv2.polylines(drawn, points, True, colour, stroke, cv2.LINE_AA)
    for number, line in enumerate(lines, 1):
        _label(drawn, str(number), line, _CHOSEN if id(line) in taken else _KEPT)
    return drawn


def _label(drawn: Pixels, text: str, line: TextLine, colour: tuple[int, int, int]) -> None:
    """The number on a plate above the line's first corner, moved into the picture where it would stick out."""
    scale = max(0.4, max(drawn.shape[:2]) / 2400)
    weight = max(1, round(2 * scale))
    (w, h), base = cv2.getTextSize(text, _FONT, scale, weight)
    pad = max(2, h // 4)
    corner = np.rint(line.polygon[0]).astype(int)
    x = int(np.clip(corner[0], 0, max(drawn.shape[1] - w - 2 * pad, 0)))
    y = int(np.clip(corner[1] - h - base - pad, 0, max(drawn.shape[0] - h - base - pad, 0)))
    cv2.rectangle(drawn, (x, y), (x + w + 2 * pad, y + h + base + pad), colour, cv2.FILLED)
    cv2.putText(drawn, text, (x + pad, y + h + pad), _FONT, scale, _PAPER, weight, cv2.LINE_AA)
