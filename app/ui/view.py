"""Where the picture lies on the screen: scale and offset, in device pixels. Arithmetic only."""

from __future__ import annotations

from dataclasses import dataclass, replace

SMALLEST, LARGEST = 0.01, 64.0
STEPS = (0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.25, 0.33, 0.5, 0.67, 1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64)
"""Scales that Ctrl + and Ctrl - stop at."""

_ENLARGE = 2.0
"""How far small pictures are enlarged to fit."""

_MARGIN = 0.04
"""Free share of the window around a picture that fits."""


@dataclass(frozen=True, slots=True)
class View:
    """``scale``: device pixels per picture pixel. ``x``, ``y``: where the picture's corner lies in the widget."""

    scale: float = 1.0
    x: float = 0.0
    y: float = 0.0

    def to_picture(self, x: float, y: float) -> tuple[float, float]:
        return (x - self.x) / self.scale, (y - self.y) / self.scale

    def to_screen(self, x: float, y: float) -> tuple[float, float]:
        return x * self.scale + self.x, y * self.scale + self.y

    def moved(self, dx: float, dy: float) -> View:
        return replace(self, x=self.x + dx, y=self.y + dy)

    def zoomed(self, scale: float, x: float, y: float) -> View:
        """Another scale; the picture's point under (x, y) stays there."""
        scale = min(max(scale, SMALLEST), LARGEST)
        at = self.to_picture(x, y)
        return View(scale, x - at[0] * scale, y - at[1] * scale).settled()

    def settled(self) -> View:
        """The corner on a whole pixel, so that a scale of 1 is sharp."""
        return replace(self, x=float(round(self.x)), y=float(round(self.y)))

    def kept(self, picture: tuple[int, int], window: tuple[int, int]) -> View:
        """Moved back where the picture (height, width) would leave the window (height, width) altogether."""
        keep = 60
        w, h = picture[1] * self.scale, picture[0] * self.scale
        x = min(max(self.x, keep - w), window[1] - keep)
        y = min(max(self.y, keep - h), window[0] - keep)
        return replace(self, x=x, y=y)


def fitting(picture: tuple[int, int], window: tuple[int, int]) -> View:
    """The whole picture in the middle of the window; small ones are enlarged a little."""
    free = 1 - 2 * _MARGIN
    scale = min(window[1] * free / picture[1], window[0] * free / picture[0], _ENLARGE)
    return centred(max(scale, SMALLEST), picture, window)


def centred(scale: float, picture: tuple[int, int], window: tuple[int, int]) -> View:
    x, y = (window[1] - picture[1] * scale) / 2, (window[0] - picture[0] * scale) / 2
    return View(scale, x, y).settled()


def next_step(scale: float, up: bool) -> float:
    """The next of ``STEPS``."""
    if up:
        return next((step for step in STEPS if step > scale * 1.001), STEPS[-1])
    return next((step for step in reversed(STEPS) if step < scale * 0.999), STEPS[0])
