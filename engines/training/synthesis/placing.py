"""Where a piece goes: projective transforms, and the search for a spot."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.core.types import Box, FloatImage
from engines.training.synthesis.glyphs import GreyImage
from engines.training.synthesis.layers import Coverage
from engines.training.synthesis.style import Geometry, Place

Matrix = NDArray[np.float64]
"""``(3, 3)`` homography between pixel positions (pixel areas, not centres)."""


def shift(x: float, y: float) -> Matrix:
    """Translation."""
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1]], np.float64)


def scale(factor: float) -> Matrix:
    """Scaling about the origin."""
    return np.diag([factor, factor, 1.0])


def rotation(angle: float) -> Matrix:
    """Rotation about the origin, radians."""
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]], np.float64)


def slant(amount: float) -> Matrix:
    """Oblique: x moves by ``-amount * y``."""
    return np.array([[1, -amount, 0], [0, 1, 0], [0, 0, 1]], np.float64)


def tilted(width: float, height: float, rng: np.random.Generator, amount: float = 0.22) -> Matrix:
    """A perspective view of a rectangle: its corners move by up to ``amount`` of its shorter side."""
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    # one side comes nearer: opposite moves of two neighbours look like a turn in space, not like noise
    moved = corners + rng.uniform(-0.25, 0.25, (4, 2)).astype(np.float32) * np.float32(amount * min(width, height))
    side = int(rng.integers(4))
    axis = side % 2
    push = np.float32(rng.uniform(0.2, 1.0) * amount * min(width, height))
    moved[side, axis] += push
    moved[(side + 1) % 4, axis] -= push if side in {0, 1} else -push
    turn = rotation(float(rng.normal(0, 0.12)))
    return turn @ np.asarray(cv2.getPerspectiveTransform(corners, moved), np.float64)


def view(geometry: Geometry, width: float, height: float, rng: np.random.Generator) -> Matrix:
    """How a line of this size lies in the picture; its place comes later."""
    if geometry is Geometry.ROTATED:
        steep = rng.random() < 0.3
        return rotation(float(rng.uniform(-np.pi / 2, np.pi / 2) if steep else rng.uniform(-0.5, 0.5)))
    if geometry is Geometry.PERSPECTIVE:
        return tilted(width, height, rng, 0.5 if width > 3 * height else 0.3)
    return np.eye(3)


def corners_of(width: float, height: float, matrix: Matrix) -> NDArray[np.float32]:
    """``(4, 2)``: the corners of a rectangle after ``matrix``."""
    corners = np.array([[0, 0, 1], [width, 0, 1], [width, height, 1], [0, height, 1]], np.float64) @ matrix.T
    return np.asarray(corners[:, :2] / corners[:, 2:], np.float32)


def bounds(points: NDArray[np.float32]) -> Box:
    """The smallest box around points ``(n, 2)``."""
    low, high = np.floor(points.min(axis=0)).astype(int), np.ceil(points.max(axis=0)).astype(int)
    return Box(int(low[0]), int(low[1]), int(high[0] - low[0]), int(high[1] - low[1]))


@dataclass(frozen=True, slots=True, eq=False)
class Projected:
    """Glyphs in the picture: ``coverage`` over ``box``, which may pass the border by the margin."""

    coverage: Coverage
    box: Box
    outline: NDArray[np.float32]


def project(glyphs: GreyImage, matrix: Matrix, side: int, margin: int) -> Projected | None:
    """``glyphs`` moved by ``matrix`` into a picture of ``side``; None where nothing of it would show."""
    outline = corners_of(glyphs.shape[1], glyphs.shape[0], matrix)
    if not np.isfinite(outline).all() or np.abs(outline).max() > 8 * side:
        return None
    box = bounds(outline).grown(margin) & Box(0, 0, side, side).grown(margin)
    if (box & Box(0, 0, side, side)).empty:
        return None
    centred = shift(-0.5, -0.5) @ shift(-box.x, -box.y) @ matrix @ shift(0.5, 0.5)
    grey = cv2.warpPerspective(glyphs, centred, (box.w, box.h), flags=cv2.INTER_LINEAR)
    coverage = np.asarray(grey, np.float32) * np.float32(1 / 255)
    return Projected(coverage, box, outline) if coverage.max() > 0.1 else None


class Ground:
    """What is known of the picture that is drawn on: where it is busy, and where it is taken."""

    def __init__(self, picture: FloatImage) -> None:
        self.picture = picture
        self.side = picture.shape[0]
        self.taken: list[Box] = []
        grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
        energy = np.abs(cv2.Sobel(grey, cv2.CV_32F, 1, 0)) + np.abs(cv2.Sobel(grey, cv2.CV_32F, 0, 1))
        self._sums = cv2.integral(energy)

    def busyness(self, box: Box) -> float:
        """Mean gradient energy inside ``box``."""
        part = box.within((self.side, self.side))
        if part.empty:
            return 0.0
        s = self._sums
        total = s[part.bottom, part.right] - s[part.y, part.right] - s[part.bottom, part.x] + s[part.y, part.x]
        return float(total) / part.area

    def colour(self, box: Box) -> NDArray[np.float32]:
        """Mean colour inside ``box``, ``(3,)``."""
        part = box.within((self.side, self.side))
        if part.empty:
            part = Box(0, 0, self.side, self.side)
        return np.asarray(cv2.mean(self.picture[part.slices])[:3], np.float32)

    def free(self, box: Box) -> bool:
        """Whether nothing lies in ``box`` yet."""
        return all((box & other).empty for other in self.taken)

    def spot(
        self, extent: Box, place: Place, rng: np.random.Generator, overhang: float = 0.08, clearance: int = 1
    ) -> tuple[int, int] | None:
        """How far to move ``extent`` so that it lies free in the picture, or None after 16 tries.

        ``overhang``: the chance that it may pass the picture's border by up to half. ``clearance``: pixels around
        it that must be free too.
        """
        found: list[tuple[float, int, int]] = []
        for _ in range(16):
            dx, dy = self._try(extent, rng, bool(rng.random() < overhang))
            moved = extent.moved(dx, dy)
            if self.free(moved.grown(clearance)):
                found.append((self.busyness(moved), dx, dy))
            if len(found) == (1 if place is Place.ANY else 4):
                break
        if not found:
            return None
        best = max(found) if place is Place.BUSY else min(found)
        return best[1], best[2]

    def _try(self, extent: Box, rng: np.random.Generator, over: bool) -> tuple[int, int]:
        room_x, room_y = self.side - extent.w, self.side - extent.h
        slack_x, slack_y = (extent.w // 2, extent.h // 2) if over else (0, 0)
        low_x, high_x = min(-slack_x, room_x), max(room_x + slack_x, 0)
        low_y, high_y = min(-slack_y, room_y), max(room_y + slack_y, 0)
        x, y = int(rng.integers(low_x, high_x + 1)), int(rng.integers(low_y, high_y + 1))
        return x - extent.x, y - extent.y
