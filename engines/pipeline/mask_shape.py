"""What kind of mask it is: its parts gathered to lines, loose boxes around them, whether it follows strokes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.core.types import Alpha

Points = NDArray[np.float32]
Outline = NDArray[np.int32]

_ALONG = (0.5, 0.25, 0.1)
"""Parts that lie nearer than twice this, times their short side, may be of one line. Tried one after the other."""

_ACROSS = 0.1
"""The same across a line, which runs from left to right unless its parts touch."""

_SPARSE = 0.35
"""Parts that fill less than this of the rectangle around them are no line; nearer ones are tried."""

_SLANTED = 0.7
"""A turned rectangle of less than this share of the upright one's area is taken instead of it."""

_THICK = 0.4
"""Boxes stay what they are when all is taken away that is thinner than this share of a line; strokes vanish."""

_LOOSE = 0.15
"""Loose boxes leave this share of a line's height free on every side, and two pixels at least."""

_SMALL, _LARGE = 24, 64

_COMPACT = 0.15
"""The largest disc inside a mask covers less than this share of it where it follows text, more where an object."""


class MaskKind(Enum):
    """How closely a mask follows what it covers."""

    BOXES = "boxes"
    STROKES = "strokes"


class SizeClass(Enum):
    """How high the lines are that a mask covers: up to 24 pixels, up to 64, more."""

    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"


@dataclass(frozen=True, slots=True)
class MaskShape:
    """``height``: of the mask's lines, in pixels; the median of its pixels' lines."""

    kind: MaskKind
    height: float

    @property
    def size(self) -> SizeClass:
        if self.height <= _SMALL:
            return SizeClass.SMALL
        return SizeClass.MEDIUM if self.height <= _LARGE else SizeClass.LARGE


def mask_shape(alpha: Alpha) -> MaskShape:
    """The shape of an ``(h, w)`` coverage map; raises ``ValueError`` where it is empty."""
    lines = line_quads(alpha)
    if not lines:
        msg = "an empty mask has no shape"
        raise ValueError(msg)
    heights = np.array([_sides(line).min() for line in lines])
    areas = np.array([_sides(line).prod() for line in lines])
    order = np.argsort(heights)
    height = float(heights[order[np.searchsorted(np.cumsum(areas[order]), areas.sum() / 2)]])
    thick = max(round(_THICK * height), 2)
    left = cv2.morphologyEx((alpha > 0).astype(np.uint8), cv2.MORPH_OPEN, np.ones((thick, thick), np.uint8))
    boxes = 2 * np.count_nonzero(left) > np.count_nonzero(alpha)
    return MaskShape(MaskKind.BOXES if boxes else MaskKind.STROKES, height)


def looks_like_text(alpha: Alpha) -> bool:
    """Whether an ``(h, w)`` coverage map is long and thin or in many parts, as text is, and not a compact thing."""
    covered = np.pad((alpha > 0).astype(np.uint8), 1)
    radius = float(cv2.distanceTransform(covered, cv2.DIST_L2, 5).max())
    return bool(np.pi * radius**2 < _COMPACT * np.count_nonzero(covered))


def line_quads(alpha: Alpha) -> list[Points]:
    """The tight rectangles, ``(4, 2)`` corners in pixels, around what seem to be the lines of a mask."""
    outlines, _ = cv2.findContours((alpha > 0).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    parts = [outline[:, 0].astype(np.int32) for outline in outlines]
    return _lines(parts, alpha.shape, _ALONG)


def _lines(parts: Sequence[Outline], size: Sequence[int], reaches: Sequence[float]) -> list[Points]:
    if not reaches:
        return [_rectangle(part) for part in parts]
    lines: list[Points] = []
    for members in _joined(parts, size, reaches[0]):
        quad = _rectangle(np.concatenate(members))
        own = sum(float(_sides(_rectangle(part)).prod()) for part in members)
        a_line = len(members) == 1 or own > _SPARSE * float(_sides(quad).prod())
        lines += [quad] if a_line else _lines(members, size, reaches[1:])
    return lines


def _joined(parts: Sequence[Outline], size: Sequence[int], reach: float) -> list[list[Outline]]:
    """``parts`` gathered where their boxes, grown by ``reach`` times their short side, touch."""
    canvas = np.zeros((size[0], size[1]), np.uint8)
    for part in parts:
        x, y, w, h = cv2.boundingRect(part)
        along, across = (round(share * min(w, h)) for share in (reach, _ACROSS))
        canvas[max(y - across, 0) : y + h + across, max(x - along, 0) : x + w + along] = 1
    _, labels = cv2.connectedComponents(canvas)
    groups: dict[int, list[Outline]] = {}
    for part in parts:
        groups.setdefault(int(labels[part[0, 1], part[0, 0]]), []).append(part)
    return list(groups.values())


def loose_boxes(alpha: Alpha) -> Alpha:
    """The mask that a person in a hurry draws: a box around each line, with room on every side."""
    return _filled([_loosened(line) for line in line_quads(alpha)], alpha.shape)


def _rectangle(pixels: Outline) -> Points:
    """Around ``(n, 2)`` pixels, whole: upright, or turned where that is clearly tighter."""
    x, y, w, h = cv2.boundingRect(pixels)
    corners = (pixels[:, None] + np.array([[0, 0], [1, 0], [1, 1], [0, 1]])).reshape(-1, 2)
    turned = cv2.minAreaRect(corners.astype(np.float32))
    if turned[1][0] * turned[1][1] < _SLANTED * w * h:
        return np.asarray(cv2.boxPoints(turned), np.float32)
    return np.array([[x, y], [x + w, y], [x + w, y + h], [x, y + h]], np.float32)


def _sides(quad: Points) -> NDArray[np.float32]:
    return np.asarray(np.linalg.norm(quad[1:3] - quad[:2], axis=1))


def _loosened(quad: Points) -> Points:
    room = max(2.0, _LOOSE * float(_sides(quad).min()))
    along, down = quad[1] - quad[0], quad[2] - quad[1]
    along, down = (side / max(float(np.linalg.norm(side)), 1e-6) * room for side in (along, down))
    return np.asarray(quad + np.array([-along - down, along - down, along + down, -along + down]), np.float32)


def _filled(quads: Sequence[Points], size: Sequence[int]) -> Alpha:
    alpha = np.zeros((size[0], size[1]), np.uint8)
    for quad in quads:
        # corners are edges of pixels, fillPoly counts from their centres and draws the rim as well
        inner = np.where(quad > quad.mean(axis=0), quad - 1, quad)
        cv2.fillPoly(alpha, [np.rint(inner).astype(np.int32)], (255,))
    return alpha
