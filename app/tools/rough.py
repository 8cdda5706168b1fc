"""What smart select is told: a rough stroke or box; where to look for the thing, and what comes of the answer."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from math import dist, sqrt

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.core.engine import Hint
from engines.core.mask_ops import grown
from engines.core.types import Alpha, Box, Mask, Pixels

_VIEW = 1024
"""Pixels across that a segmenter is shown: the square that Segment Anything 2 was trained on."""

_SCREEN = 900
"""Screen pixels around the pointer that the person surely sees: the thing that is meant fits into them."""

_HINTS = 5
"""So many points of a stroke say where the thing is; more make the answer no better."""

_RIM, _RIM_SHARE = 2, 0.008
"""By how much a selection is grown: at least so many pixels, or this share of the thing's side."""

Point = tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Rough:
    """A gesture. ``mask``: what it covers; ``path``: where it went, in picture coordinates.

    ``around``: the thing lies inside of the mask (a box, a loop), else the mask lies on the thing.
    ``scale``: picture pixels per screen pixel while it was made.
    """

    mask: Mask
    path: tuple[Point, ...]
    around: bool = False
    scale: float = 1.0


def view_of(rough: Rough, size: tuple[int, int]) -> Box:
    """The square around a gesture that a segmenter is shown, within a picture of ``size``.

    It moves and grows by coarse steps, so that several gestures on one thing see the same and are answered at once.
    """
    box = rough.mask.box
    wanted = max(2 * box.w, 2 * box.h, _SCREEN * rough.scale)
    side = _VIEW
    while side < wanted:
        side *= 2
    return Box(_begin(box.x + box.w / 2, side, size[1]), _begin(box.y + box.h / 2, side, size[0]), side, side).within(
        size
    )


def _begin(middle: float, side: int, length: int) -> int:
    step = side // 4
    begin = round((middle - side / 2) / step) * step
    return min(max(begin, 0), max(length - side, 0))


def shrunk(picture: Pixels) -> Pixels:
    """The picture with at most ``_VIEW`` pixels a side."""
    height, width = picture.shape[:2]
    scale = min(1.0, _VIEW / max(height, width))
    if scale == 1.0:
        return picture
    side = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(cv2.resize(picture, side, interpolation=cv2.INTER_AREA), np.uint8)


def prompt_of(rough: Rough, view: Box, size: tuple[int, int]) -> tuple[tuple[Hint, ...], Box | None]:
    """Points and box for a segmenter that sees ``view`` in a picture of ``size`` = (height, width)."""
    across, down = size[1] / view.w, size[0] / view.h
    if rough.around:
        inner = rough.mask.box & view
        left, top = int((inner.x - view.x) * across), int((inner.y - view.y) * down)
        right, bottom = round((inner.right - view.x) * across), round((inner.bottom - view.y) * down)
        return (), Box(left, top, max(right - left, 1), max(bottom - top, 1)).within(size)
    points = [((x - view.x) * across, (y - view.y) * down) for x, y in along(rough.path, _HINTS)]
    inside = [(x, y) for x, y in points if 0 <= x <= size[1] and 0 <= y <= size[0]]
    return tuple(Hint(x, y) for x, y in inside), None


def along(path: Sequence[Point], count: int) -> list[Point]:
    """At most ``count`` points of a path, evenly by length; a click is one."""
    lengths = list(accumulate((dist(a, b) for a, b in pairwise(path)), initial=0.0))
    if lengths[-1] < count:
        return [path[0]]
    marks = ((number + 0.5) / count * lengths[-1] for number in range(count))
    return [path[bisect_left(lengths, mark)] for mark in marks]


def selected(likelihood: Alpha, view: Box, rough: Rough) -> Mask:
    """The mask of an answer that was given for ``view``: its parts that the gesture touches, in the picture's size."""
    large = cv2.resize(likelihood, (view.w, view.h), interpolation=cv2.INTER_CUBIC)
    found = touched(large > 127, rough.mask.dense(view))
    mask = Mask.of(np.where(found, np.uint8(255), np.uint8(0)))
    return Mask(mask.box.moved(view.x, view.y), mask.alpha)


def with_rim(mask: Mask, size: tuple[int, int]) -> Mask:
    """The mask with its soft rim: of what is left of a thing's edge, engines would paint the thing anew."""
    return grown(mask, max(_RIM, round(_RIM_SHARE * sqrt(np.count_nonzero(mask.alpha)))), size)


def touched(found: NDArray[np.bool_], hint: Alpha) -> NDArray[np.bool_]:
    """Only the parts of ``found`` that ``hint`` touches."""
    _, parts = cv2.connectedComponents(found.astype(np.uint8), connectivity=8)
    return np.isin(parts, np.unique(parts[(hint > 127) & (parts > 0)]))
