"""A second look at a result: is text left where it was to be erased? Clean, text left, or not checked.

A detector looks at the result; this module decides which of the lines it finds lie inside the mask. Text outside
is none of its business, and of a word that the mask cuts through only the part inside counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.core.engine import TextLine
from engines.core.mask_ops import grown
from engines.core.types import Alpha, Box, Mask

CONFIDENCE = 0.3
"""What the detector is asked for: it sees fainter ghosts than with 0.5, and in 20 clean pictures no more mistakes."""

CONTEXT = 96
"""Pixels around the mask that the detector is shown as well."""

_OVERSHOOT = 0.2
"""Outlines reach this share of a line's height beyond its letters, at the ends as well as above and below."""

_LETTER = 0.05
"""A letter fills this much of the square of a line's height: an i 0.06 to 0.1, and what overshoots at most 0.03.
Measured on 60 drawn lines cut by a mask, with one letter left inside and with none."""

_GROWTH = 0.25
"""Each round the mask grows by this share of the height of the line that is left."""


class Verdict(Enum):
    """What a second look says. Clean means: there is nothing that the detector takes for text."""

    CLEAN = "clean"
    TEXT_LEFT = "text left"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True, slots=True)
class Verification:
    """``rounds``: how often more was erased; ``lines``: the text left inside; ``reason``: why it was not checked."""

    verdict: Verdict
    rounds: int = 0
    lines: tuple[TextLine, ...] = ()
    reason: str = ""


def view_box(mask: Mask, size: tuple[int, int]) -> Box:
    """The part of a picture of ``size`` = (height, width) that shows the mask with its surroundings."""
    return mask.box.grown(CONTEXT).within(size)


def in_picture(line: TextLine, view: Box) -> TextLine:
    """A line found in the crop ``view``, in the coordinates of the picture."""
    return TextLine(line.polygon + np.array([view.x, view.y], np.float32), line.text, line.confidence)


def text_left(lines: Sequence[TextLine], mask: Mask) -> list[TextLine]:
    """Those of the ``lines`` found in a result of which at least a letter lies inside the mask."""
    return [line for line in lines if _inside(line, mask)]


def regrown(mask: Mask, left: Sequence[TextLine], times: int, size: tuple[int, int]) -> Mask:
    """What to erase next: around the parts of the lines left that lie inside, ``times`` a quarter line wider."""
    return Mask.union(_around(line, mask, times, size) for line in left)


def _inside(line: TextLine, mask: Mask) -> bool:
    box, depth = _depth(line)
    height = 2 * float(depth.max(initial=0))
    letters = (depth > _OVERSHOOT * height) & (mask.dense(box) > 0)
    return bool(np.count_nonzero(letters) >= max(_LETTER * height**2, 1))


def _around(line: TextLine, mask: Mask, times: int, size: tuple[int, int]) -> Mask:
    box, depth = _depth(line)
    reach = max(2, round(_GROWTH * 2 * float(depth.max(initial=0)))) * times
    inside: Alpha = np.where((depth > 0) & (mask.dense(box) > 0), np.uint8(255), np.uint8(0))
    return grown(Mask(box, inside), reach, size)


def _depth(line: TextLine) -> tuple[Box, NDArray[np.float32]]:
    """How deep each pixel of the box around a line lies in its outline, 0 outside of it."""
    low = np.floor(line.polygon.min(axis=0)).astype(int) - 2
    high = np.ceil(line.polygon.max(axis=0)).astype(int) + 2
    box = Box(int(low[0]), int(low[1]), int(high[0] - low[0]), int(high[1] - low[1]))
    inside = np.zeros((box.h, box.w), np.uint8)
    cv2.fillPoly(inside, [np.rint(line.polygon - low - 0.5).astype(np.int32)], (1,))
    return box, np.asarray(cv2.distanceTransform(inside, cv2.DIST_L2, 5), np.float32)
