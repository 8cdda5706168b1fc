"""One piece of text or one mark as a layer: exact coverage and colour, drawn over pictures."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.core.types import Box, FloatImage
from engines.training.synthesis.style import Effect, Feather, Fill, Outline, Strength, Style

Coverage = NDArray[np.float32]
"""``(h, w)`` float32 in 0..1."""

Colour3 = NDArray[np.float32]
"""``(3,)`` RGB in 0..1."""


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """A drawn piece: ``alpha`` ``(h, w)`` and ``paint`` ``(h, w, 3)``, multiplied by alpha, over ``box``.

    ``outlines``: ``(n, 4, 2)`` float32 corners of the lines of text in it, in the picture's pixels, from the
    start of the line onwards. ``height``: of the letters, in pixels.
    """

    box: Box
    alpha: Coverage
    paint: FloatImage
    outlines: NDArray[np.float32]
    height: float

    def draw(self, picture: FloatImage) -> None:
        """Lay the piece over ``picture``; where alpha is 0 not a bit changes."""
        view = picture[self.box.slices]
        view *= 1 - self.alpha[:, :, None]
        view += self.paint

    def faded(self, opacity: float) -> Layer:
        """The same piece as a whole let through by ``1 - opacity``."""
        share = np.float32(opacity)
        return Layer(self.box, self.alpha * share, self.paint * share, self.outlines, self.height)


@dataclass(frozen=True, slots=True)
class Paints:
    """The colours of a piece, and the second one of its gradient."""

    letters: Colour3
    second: Colour3
    rim: Colour3
    below: Colour3


def _disc(radius: int) -> NDArray[np.uint8]:
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1)), np.uint8)


def rim_width(style: Style, height: float) -> int:
    """Outline radius in pixels for letters of ``height`` pixels."""
    if style.outline is Outline.NONE:
        return max(1, round(height / 24)) if style.fill is Fill.HOLLOW else 0
    share = 0.045 if style.outline is Outline.THIN else 0.1
    return min(max(1, round(share * height)), 12)


def reach(style: Style, height: float) -> int:
    """How far outline, shadow and glow may pass the letters, in pixels."""
    beneath = 0 if style.effect is Effect.NONE else 2 + round(_offset(style, height) + 3 * _sigma(style, height))
    feather = 0 if style.feather is Feather.NONE else 4
    return rim_width(style, height) + beneath + feather + 1


def _offset(style: Style, height: float) -> float:
    return min(1 + (1 + style.distance) * 0.05 * height, 9) if style.effect is Effect.SHADOW else 0.0


def _sigma(style: Style, height: float) -> float:
    return min((0.0, 0.05, 0.12)[style.softness] * height + (0.6 if style.effect is Effect.GLOW else 0.0), 6)


def feathered(style: Style, glyphs: Coverage, height: float) -> Coverage:
    """Glyphs with softer edges: sigma 0.4 to 0.7 px, or up to 1.6 px on large letters."""
    if style.feather is Feather.NONE:
        return glyphs
    sigma = 0.4 + min(height / 100, 0.3) if style.feather is Feather.LIGHT else 0.6 + min(height / 60, 1.0)
    return np.asarray(cv2.GaussianBlur(glyphs, (2 * round(2 * sigma) + 1,) * 2, sigma), np.float32)


def _shadow(style: Style, solid: Coverage, height: float, angle: float) -> Coverage:
    below = solid
    if style.effect is Effect.GLOW:
        below = np.asarray(cv2.dilate(below, _disc(max(1, round(0.06 * height)))), np.float32)
    distance = _offset(style, height)
    if distance:
        shift = np.array([[1, 0, distance * np.cos(angle)], [0, 1, distance * np.sin(angle)]], np.float32)
        size = (below.shape[1], below.shape[0])
        below = np.asarray(cv2.warpAffine(below, shift, size, flags=cv2.INTER_LINEAR), np.float32)
    sigma = _sigma(style, height)
    if sigma > 0.3:
        taps = 2 * round(2.5 * sigma) + 1
        below = np.asarray(cv2.GaussianBlur(below, (taps, taps), sigma), np.float32)
    share = {Strength.WEAK: 0.4, Strength.MIDDLE: 0.7, Strength.FULL: 1.0}[style.strength]
    return np.asarray(below * np.float32(share), np.float32)


def compose(
    style: Style, glyphs: Coverage, paints: Paints, height: float, rng: np.random.Generator
) -> tuple[Coverage, FloatImage]:
    """Stack shadow, outline and letters; returns alpha ``(h, w)`` and premultiplied paint ``(h, w, 3)``.

    ``glyphs`` must leave ``reach`` pixels of margin.
    """
    glyphs = feathered(style, glyphs, height)
    width = rim_width(style, height)
    rim = np.asarray(cv2.dilate(glyphs, _disc(width)), np.float32) if width else None
    alpha = np.zeros_like(glyphs)
    paint = np.zeros((*glyphs.shape, 3), np.float32)
    if style.effect is not Effect.NONE:
        below = _shadow(style, glyphs if rim is None else rim, height, float(rng.uniform(0, 2 * np.pi)))
        alpha, paint = _over(alpha, paint, below, paints.below)
    if rim is not None:
        edge = rim - glyphs if style.fill is Fill.HOLLOW else rim
        alpha, paint = _over(alpha, paint, edge, paints.rim)
    if style.fill is not Fill.HOLLOW:
        alpha, paint = _over(alpha, paint, glyphs, _letters(style, glyphs.shape, paints, rng))
    return alpha, paint


def _over(
    alpha: Coverage, paint: FloatImage, top: Coverage, colour: NDArray[np.float32]
) -> tuple[Coverage, FloatImage]:
    rest = 1 - top
    return alpha * rest + top, paint * rest[:, :, None] + colour * top[:, :, None]


def _letters(style: Style, shape: tuple[int, ...], paints: Paints, rng: np.random.Generator) -> NDArray[np.float32]:
    if style.fill is Fill.GRADIENT:
        angle = rng.choice([0, np.pi / 2, np.pi / 2, rng.uniform(0, np.pi)])
        y, x = np.linspace(0, 1, shape[0], dtype=np.float32), np.linspace(0, 1, shape[1], dtype=np.float32)
        ramp = np.clip(np.float32(np.sin(angle)) * y[:, None] + np.float32(np.cos(angle)) * x[None, :], 0, 1)
        return np.asarray(paints.letters + (paints.second - paints.letters) * ramp[:, :, None], np.float32)
    if style.fill is Fill.TEXTURE:
        grain = _grain(shape, rng)
        return np.asarray(paints.letters + (paints.second - paints.letters) * grain[:, :, None], np.float32)
    return paints.letters


def _grain(shape: tuple[int, ...], rng: np.random.Generator) -> Coverage:
    """A pattern in 0..1: cloudy, striped or dotted (as on light boards)."""
    height, width = shape[0], shape[1]
    kind = rng.integers(3)
    if kind == 0:
        coarse = rng.random((2 + height // 6, 2 + width // 6), np.float32)
        return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), np.float32).clip(0, 1)
    period = rng.uniform(2.5, 7)
    y, x = np.arange(height, dtype=np.float32)[:, None], np.arange(width, dtype=np.float32)[None, :]
    turn = np.float32(2 * np.pi / period)
    if kind == 1:
        return np.asarray(0.5 + 0.5 * np.sin(turn * (y + x * rng.choice([-1, 0, 1]))) * np.ones_like(x), np.float32)
    return np.asarray((np.sin(turn * y) * np.sin(turn * x)) ** 2, np.float32)
