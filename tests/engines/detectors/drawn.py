"""Pictures with text whose truth is known: drawn here, with the font that Pillow carries."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Bits = NDArray[np.bool_]
Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class Words:
    """Text to draw: ``at`` is its middle, ``angle`` its turn clockwise in degrees, ``size`` the font's, in px."""

    text: str
    size: int
    at: tuple[int, int]
    angle: float = 0.0
    colour: tuple[int, int, int] = (20, 24, 60)


def plain(size: tuple[int, int], level: int = 200) -> Picture:
    return np.full((*size, 3), level, np.uint8)


def hills(size: tuple[int, int], seed: int = 0) -> Picture:
    """A soft landscape: waves of colour with fine grain."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[: size[0], : size[1]].astype(np.float32)
    waves = [np.sin(x / rng.uniform(90, 300) + y / rng.uniform(60, 200) + i) for i in range(3)]
    picture = 150 + 30 * np.stack(waves, axis=2) + rng.normal(0, 2, (*size, 1))
    return np.clip(picture, 0, 255).astype(np.uint8)


def write(picture: Picture, *words: Words) -> tuple[Picture, Bits]:
    """The picture with the words drawn on, and where their glyphs are (at least half covered)."""
    glyphs = np.zeros(picture.shape[:2], bool)
    out = Image.fromarray(picture)
    for word in words:
        stencil, corner = _stencil(word)
        out.paste(word.colour, corner, stencil)
        layer = Image.new("L", out.size)
        layer.paste(stencil, corner)
        glyphs |= np.asarray(layer) > 127
    return np.array(out), glyphs


def _stencil(word: Words) -> tuple[Image.Image, tuple[int, int]]:
    font = ImageFont.load_default(size=word.size)
    left, top, right, bottom = (int(edge) for edge in font.getbbox(word.text))
    stencil = Image.new("L", (right - left + 8, bottom - top + 8))
    ImageDraw.Draw(stencil).text((4 - left, 4 - top), word.text, fill=255, font=font)
    stencil = stencil.rotate(-word.angle, Image.Resampling.BICUBIC, expand=True)
    return stencil, (word.at[0] - stencil.width // 2, word.at[1] - stencil.height // 2)


def bare(text: str) -> str:
    """Only its letters and digits, in lower case."""
    return re.sub(r"\W", "", text).lower()
