"""Colours of letters, outlines and panels, against what lies behind them."""

from __future__ import annotations

import colorsys

import numpy as np
from numpy.typing import NDArray

from engines.core.types import FloatImage
from engines.training.synthesis.layers import Colour3, Paints
from engines.training.synthesis.style import Colour, Rim, Style

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
_VISIBLE = 0.12


def luma(colour: NDArray[np.float32]) -> float:
    """Brightness of an RGB colour, 0..1."""
    return float(colour @ _LUMA)


def vivid(rng: np.random.Generator) -> Colour3:
    """A saturated colour."""
    return np.array(colorsys.hsv_to_rgb(rng.random(), rng.uniform(0.6, 1), rng.uniform(0.5, 1)), np.float32)


def _extreme(behind: Colour3, rng: np.random.Generator) -> Colour3:
    white = luma(behind) < 0.5
    if 0.3 < luma(behind) < 0.7 and rng.random() < 0.4:
        white = not white
    level = rng.uniform(0.9, 1.0) if white else rng.uniform(0.0, 0.12)
    return np.full(3, level, np.float32)


def _contrasting(behind: Colour3, rng: np.random.Generator) -> Colour3:
    for _ in range(8):
        colour = rng.random(3, np.float32)
        if abs(luma(colour) - luma(behind)) > 0.35:
            return colour
    return _extreme(behind, rng)


def _near(behind: Colour3, rng: np.random.Generator) -> Colour3:
    way = 1.0 if luma(behind) < rng.uniform(0.25, 0.75) else -1.0
    return np.asarray(behind + np.float32(way * rng.uniform(0.12, 0.28)), np.float32).clip(0, 1)


def _from_picture(picture: FloatImage, rng: np.random.Generator) -> Colour3:
    side = picture.shape[0]
    return np.array(picture[int(rng.integers(side)), int(rng.integers(side))], np.float32)


def letters(kind: Colour, behind: Colour3, picture: FloatImage, rng: np.random.Generator) -> Colour3:
    """A colour for letters that can be seen on ``behind``."""
    if kind is Colour.EXTREME:
        return _extreme(behind, rng)
    if kind is Colour.NEAR:
        return _near(behind, rng)
    if kind is Colour.CONTRAST:
        return _contrasting(behind, rng)
    colour = vivid(rng) if kind is Colour.VIVID else _from_picture(picture, rng)
    return colour if float(np.abs(colour - behind).max()) > _VISIBLE else _contrasting(behind, rng)


def _rim(style: Style, first: Colour3, behind: Colour3, rng: np.random.Generator) -> Colour3:
    if style.rim is Rim.OPPOSED:
        return np.full(3, 0.02 if luma(first) > 0.5 else 0.98, np.float32)
    if style.rim is Rim.FREE:
        return rng.random(3, np.float32)
    return np.asarray(0.3 * first + 0.7 * behind, np.float32)


def paints(style: Style, behind: Colour3, picture: FloatImage, rng: np.random.Generator) -> Paints:
    """All colours of one piece."""
    first = letters(style.colour, behind, picture, rng)
    second = vivid(rng) if rng.random() < 0.5 else _contrasting(behind, rng)
    dark = luma(first) > 0.35 or rng.random() < 0.3
    shadow = np.full(3, 0.02, np.float32) if dark else np.full(3, 0.97, np.float32)
    below = shadow if rng.random() < 0.75 else np.asarray(0.35 * behind, np.float32)
    return Paints(first, second, _rim(style, first, behind, rng), below)
