"""Pictures with text whose truth is known: drawn, masked as people mask, and damaged alike."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from engines.core.types import FloatImage
from engines.training.synthesis import damage, grounds, masks
from engines.training.synthesis.backgrounds import Backgrounds
from engines.training.synthesis.composer import Composer
from engines.training.synthesis.fonts import FontLibrary
from engines.training.synthesis.render import draw_mask, keep_all, keep_some, render
from engines.training.synthesis.sample import Sample
from engines.training.synthesis.scenes import SCENES
from engines.training.synthesis.style import Probabilities, Settings, draw_style, prior

_TRIES = 6


class Synthesiser:
    """Draws samples from photos without text and fonts. Pickles small; samples depend on the generator alone."""

    def __init__(self, backgrounds: Backgrounds, fonts: FontLibrary, settings: Settings | None = None) -> None:
        self.backgrounds = backgrounds
        self.fonts = fonts
        self.settings = settings or Settings()

    def at(self, difficulty: float) -> Synthesiser:
        """The same with another difficulty, 0..1, for a curriculum."""
        return Synthesiser(self.backgrounds, self.fonts, replace(self.settings, difficulty=difficulty))

    def sample(self, rng: np.random.Generator, side: int, probabilities: Probabilities | None = None) -> Sample:
        """One pair of ``side`` pixels. ``probabilities``: a policy's; else those of the settings' difficulty."""
        style = draw_style(rng, prior(self.settings.difficulty) if probabilities is None else probabilities)
        recipe = damage.draw_recipe(style.damage, rng)
        composer = Composer(self._ground(rng, side), self.fonts, self.settings, style, rng)
        for _ in range(_TRIES):
            SCENES[style.scene](composer)
            if composer.pieces:
                break
        roll = rng.random()
        if roll < self.settings.blank + self.settings.empty:
            keep_all(composer)
        else:
            keep_some(composer)
        stray = roll < self.settings.blank
        return render(composer, recipe, masks.stray(side, rng) if stray else draw_mask(composer, recipe))

    def _ground(self, rng: np.random.Generator, side: int) -> FloatImage:
        if rng.random() < self.settings.procedural:
            return grounds.drawn(side, rng)
        picture = self.backgrounds.crop(rng, side)
        if self.settings.difficulty < 1:
            tries = round(3 * (1 - self.settings.difficulty))
            pictures = [picture, *(self.backgrounds.crop(rng, side) for _ in range(tries))]
            picture = min(pictures, key=_unrest)
        return grounds.developed(picture, rng)


def _unrest(picture: FloatImage) -> float:
    small = cv2.resize(picture, (32, 32), interpolation=cv2.INTER_AREA)
    return float(np.abs(np.diff(small, axis=0)).mean() + np.abs(np.diff(small, axis=1)).mean())
