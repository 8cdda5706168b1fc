"""Pictures with text whose truth is known: drawn, masked as people mask, and damaged alike."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum

import cv2
import numpy as np

from engines.core import mask_ops
from engines.core.types import Alpha, FloatImage
from engines.training.synthesis import damage, grounds, masks
from engines.training.synthesis.backgrounds import Backgrounds
from engines.training.synthesis.composer import Composer, Piece
from engines.training.synthesis.fonts import FontLibrary
from engines.training.synthesis.scenes import SCENES
from engines.training.synthesis.style import (
    NUMBER,
    Choices,
    Direction,
    Geometry,
    Place,
    Probabilities,
    Settings,
    Size,
    draw_style,
    prior,
)

_SEEN = 2 / 255
_STEERED: frozenset[type[IntEnum]] = frozenset({Size, Geometry, Direction, Place})
"""Attributes that only some scenes follow."""


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """One training pair of side ``s``.

    ``image``: ``(s, s, 3)`` float32 0..1 with all its text. ``truth``: the same without the text that is
    asked to go; text that the mask does not cover is in both. ``mask``: ``(s, s)`` uint8, 255 = asked to go.
    ``stroke``: ``(s, s)`` uint8, 255 where image and truth differ by the text itself (known from its alpha,
    after blur, before noise and JPEG). ``choices``: the style's values, -1 where without effect.
    """

    image: FloatImage
    truth: FloatImage
    mask: Alpha
    stroke: Alpha
    choices: Choices


class Synthesiser:
    """Draws samples from photos without text and fonts. Pickles small; samples depend on the generator alone."""

    def __init__(self, backgrounds: Backgrounds, fonts: FontLibrary, settings: Settings | None = None) -> None:
        self.backgrounds = backgrounds
        self.fonts = fonts
        self.settings = settings or Settings()

    def at(self, difficulty: float) -> Synthesiser:
        """The same with another difficulty (0..1), for a curriculum."""
        return Synthesiser(self.backgrounds, self.fonts, replace(self.settings, difficulty=difficulty))

    def sample(self, rng: np.random.Generator, side: int, probabilities: Probabilities | None = None) -> Sample:
        """One pair of ``side`` pixels. ``probabilities``: a policy's; else those of the settings' difficulty."""
        style = draw_style(rng, prior(self.settings.difficulty) if probabilities is None else probabilities)
        recipe = damage.draw_recipe(style.damage, rng)
        composer = Composer(self._ground(rng, side), self.fonts, self.settings, style, rng)
        roll = rng.random()
        blank = roll < self.settings.blank + self.settings.empty
        for _ in range(1 if blank else 6):
            SCENES[style.scene](composer)
            if composer.pieces:
                break
            composer.ground.taken.clear()
        self._keep_some(composer.pieces, rng, everything=blank)
        mask = self._mask(composer.pieces, recipe, side, rng)
        if blank and roll < self.settings.blank:
            mask = masks.stray(side, rng)
        composer.pieces = [piece for piece in composer.pieces if _stays_clear(piece, mask, side)]
        return self._render(composer, recipe, mask)

    def _ground(self, rng: np.random.Generator, side: int) -> FloatImage:
        if rng.random() < self.settings.procedural:
            return grounds.drawn(side, rng)
        picture = self.backgrounds.crop(rng, side)
        if self.settings.difficulty < 1:
            tries = round(3 * (1 - self.settings.difficulty))
            pictures = [picture, *(self.backgrounds.crop(rng, side) for _ in range(tries))]
            picture = min(pictures, key=_unrest)
        return grounds.developed(picture, rng)

    def _keep_some(self, pieces: list[Piece], rng: np.random.Generator, everything: bool) -> None:
        """Decide what is not asked to go: all of it, a random part, or nothing."""
        if everything:
            pieces[:] = [replace(piece, asked=False) for piece in pieces]
            return
        free = [i for i, piece in enumerate(pieces) if piece.asked]
        if len(free) < 2 or rng.random() >= self.settings.keep:
            return
        stays = rng.permutation(free)[: int(rng.integers(1, len(free)))]
        for index in stays:
            pieces[index] = replace(pieces[index], asked=False)

    def _mask(self, pieces: list[Piece], recipe: damage.Recipe, side: int, rng: np.random.Generator) -> Alpha:
        layers = [piece.layer for piece in pieces if piece.asked]
        if not layers:
            return np.zeros((side, side), np.uint8)
        over_kept = any(piece.beneath for piece in pieces)
        kind = masks.Kind.GLYPHS if over_kept else masks.draw_kind(self.settings.masks, rng)
        mask = masks.mask_for(kind, layers, side, recipe.skirt, rng)
        return masks.cut(mask, rng) if rng.random() < self.settings.cut else mask

    def _render(self, composer: Composer, recipe: damage.Recipe, mask: Alpha) -> Sample:
        image, truth = composer.base.copy(), composer.base.copy()
        for piece in composer.pieces:
            piece.layer.draw(image)
            if not piece.asked:
                piece.layer.draw(truth)
        image, truth = damage.soften(recipe, image), damage.soften(recipe, truth)
        stroke = np.abs(image - truth).max(axis=2) > _SEEN
        missed = stroke & (mask == 0)
        truth[missed] = image[missed]  # what the mask leaves out is not asked to go
        noise = damage.grain(recipe, composer.side, composer.rng)
        choices = composer.style.choices()
        for attribute in (_STEERED - composer.used) | composer.overruled:
            choices[NUMBER[attribute]] = -1
        return Sample(
            damage.finish(recipe, image, noise),
            damage.finish(recipe, truth, noise),
            mask,
            np.where(stroke & ~missed, np.uint8(255), np.uint8(0)),
            choices,
        )


def _unrest(picture: FloatImage) -> float:
    small = cv2.resize(picture, (32, 32), interpolation=cv2.INTER_AREA)
    return float(np.abs(np.diff(small, axis=0)).mean() + np.abs(np.diff(small, axis=1)).mean())


def _stays_clear(piece: Piece, mask: Alpha, side: int) -> bool:
    """Whether a piece may be drawn: text that stays must not lie under the mask, unless it shows through."""
    if piece.asked or piece.beneath:
        return True
    return not (mask_ops.grow(masks.support(piece.layer, side), 2) & mask).any()
