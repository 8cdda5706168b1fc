"""Whether a text that was seen in one frame is also in another: what it is made of, and how alike that looks."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.core.types import Box, Mask, Pixels

PRESENT = 0.4
"""Correlation from which a text counts as being there. It does not ask for strength: a text that fades in is there."""

_FAINTEST = 2.0
"""Levels of contrast (standard deviation of what is finer than the text) under which there is nothing to see."""

_SHARE = 0.08
"""And the text must keep this share of the contrast that it has where it was found."""


_REACH = 12
"""Pixels along a line, and a third of it across, by which a text may move from one frame to the next."""


@dataclass(frozen=True, slots=True, eq=False)
class Glyphs:
    """A text as one frame shows it: where, how high its letters are (pixels), and its detail ``(h, w)``."""

    mask: Mask
    height: float
    area: Box
    detail: NDArray[np.float32]
    weight: NDArray[np.float32]
    contrast: float

    @classmethod
    def of(cls, picture: Pixels, mask: Mask, height: float) -> Glyphs:
        """``picture``: ``(h, w, 3)`` uint8 RGB; ``mask``: what the detector saw of the text; ``height`` of its line."""
        area = mask.box.grown(2).within((picture.shape[0], picture.shape[1]))
        wider = cv2.dilate(mask.dense(area), np.ones((3, 3), np.uint8))
        weight = np.asarray(wider / np.float32(255), np.float32)
        detail = _detail(picture, area, height)
        return cls(mask, height, area, detail, weight, _contrast(detail, weight))

    def likeness(self, picture: Pixels, dx: int = 0, dy: int = 0) -> float:
        """The correlation (-1..1) of the text with what ``picture`` shows, ``dx`` and ``dy`` pixels further on."""
        place = self.area.moved(dx, dy)
        inside = place.within((picture.shape[0], picture.shape[1]))
        if inside.area < 0.7 * place.area or self.contrast < _FAINTEST:
            return 0.0
        part = inside.moved(-place.x, -place.y).slices
        seen = _detail(picture, inside, self.height)
        weight, own = self.weight[part], self.detail[part]
        if _contrast(seen, weight) < max(_FAINTEST, _SHARE * self.contrast):
            return 0.0
        return _correlation(own, seen, weight)

    def moved(self, dx: int, dy: int) -> Glyphs:
        """The same text elsewhere."""
        mask = Mask(self.mask.box.moved(dx, dy), self.mask.alpha)
        return replace(self, mask=mask, area=self.area.moved(dx, dy))

    def found(self, picture: Pixels, dx: int = 0, dy: int = 0) -> Glyphs | None:
        """The text where ``picture`` shows it, at ``dx`` and ``dy`` or close by; None where it does not."""
        if self.likeness(picture, dx, dy) >= PRESENT:
            return self.moved(dx, dy)
        step = self._nearby(picture, dx, dy)
        return None if step is None or self.likeness(picture, *step) < PRESENT else self.moved(*step)

    def _nearby(self, picture: Pixels, dx: int, dy: int) -> tuple[int, int] | None:
        """The best place within reach, by correlation."""
        place = self.area.moved(dx, dy)
        wide = Box(place.x - _REACH, place.y - _REACH // 3, place.w + 2 * _REACH, place.h + 2 * (_REACH // 3))
        seen = wide.within((picture.shape[0], picture.shape[1]))
        if seen.w < self.area.w or seen.h < self.area.h:
            return None
        fit = cv2.matchTemplate(_detail(picture, seen, self.height), self.detail, cv2.TM_CCORR_NORMED, mask=self.weight)
        fit = np.nan_to_num(np.asarray(fit, np.float32), posinf=0, neginf=0)
        y, x = np.unravel_index(int(fit.argmax()), fit.shape)
        return seen.x + int(x) - self.area.x, seen.y + int(y) - self.area.y


def _detail(picture: Pixels, box: Box, height: float) -> NDArray[np.float32]:
    """What is finer than the letters: luma without its blurred self."""
    reach = max(int(height), 2)
    wide = box.grown(reach).within((picture.shape[0], picture.shape[1]))
    grey = cv2.cvtColor(np.ascontiguousarray(picture[wide.slices]), cv2.COLOR_RGB2GRAY).astype(np.float32)
    fine = grey - cv2.GaussianBlur(grey, (0, 0), max(height / 3, 1.0))
    return np.asarray(fine[box.moved(-wide.x, -wide.y).slices], np.float32)


def _contrast(detail: NDArray[np.float32], weight: NDArray[np.float32]) -> float:
    total = float(weight.sum())
    return float(np.sqrt((weight * np.square(detail)).sum() / total)) if total else 0.0


def _correlation(a: NDArray[np.float32], b: NDArray[np.float32], weight: NDArray[np.float32]) -> float:
    total = float(weight.sum())
    x, y = (values - float((weight * values).sum()) / total for values in (a, b))
    scale = np.sqrt(float((weight * x * x).sum()) * float((weight * y * y).sum()))
    return float((weight * x * y).sum() / scale) if scale > 0 else 0.0
