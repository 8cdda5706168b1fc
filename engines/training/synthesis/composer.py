"""Puts pieces on one picture: chooses words and faces, projects, colours, and keeps what was asked to go apart."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum

import cv2
import numpy as np

from engines.core.types import Box, FloatImage
from engines.training.synthesis import colours, glyphs, placing
from engines.training.synthesis.fonts import Face, FontLibrary
from engines.training.synthesis.glyphs import GreyImage
from engines.training.synthesis.layers import Layer, Paints, compose, reach
from engines.training.synthesis.placing import Ground, Matrix, Projected
from engines.training.synthesis.style import Direction, Fill, Opacity, Settings, Size, Style
from engines.training.synthesis.words import UPRIGHT, Script
from engines.training.synthesis.words import compose as word

_OPACITY = {
    Opacity.SOLID: (1.0, 1.0),
    Opacity.STRONG: (0.7, 0.95),
    Opacity.MIDDLE: (0.4, 0.7),
    Opacity.FAINT: (0.15, 0.4),
}


@dataclass(frozen=True, slots=True)
class Hand:
    """The script and face that lines of one kind are written in."""

    script: Script
    face: Face


@dataclass(frozen=True, slots=True, eq=False)
class Written:
    """Glyphs at ``factor`` times their size in the picture; ``height``: of the letters, in pixels."""

    image: GreyImage
    factor: float
    height: float
    script: Script | None = None

    @property
    def width_px(self) -> float:
        return float(self.image.shape[1] / self.factor)

    @property
    def height_px(self) -> float:
        return float(self.image.shape[0] / self.factor)

    @property
    def own(self) -> Matrix:
        """From the glyph image to picture pixels, at the origin."""
        return placing.scale(1 / self.factor)


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """A layer, whether it is asked to go, and whether it may lie under one that is."""

    layer: Layer
    asked: bool
    beneath: bool = False


class Composer:
    """The picture under construction. ``base`` already carries panels; pieces are drawn in order."""

    def __init__(
        self, base: FloatImage, fonts: FontLibrary, settings: Settings, style: Style, rng: np.random.Generator
    ) -> None:
        self.base = base
        self.fonts = fonts
        self.settings = settings
        self.style = style
        self.rng = rng
        self.side = base.shape[0]
        self.ground = Ground(base)
        self.pieces: list[Piece] = []
        self.used: set[type[IntEnum]] = set()
        """Of size, geometry, direction and place, those that the scene has followed."""
        self.overruled: set[type[IntEnum]] = set()
        """Attributes that the scene decided itself."""

    def rebase(self, base: FloatImage) -> None:
        """Go on with another base picture (a panel has been added)."""
        taken = self.ground.taken
        self.base, self.ground = base, Ground(base)
        self.ground.taken = taken

    def height(self) -> float:
        """A height of letters in pixels, as the style's size asks."""
        self.used.add(Size)
        low, high = {
            Size.TINY: (self.settings.smallest, 12),
            Size.SMALL: (12, 22),
            Size.MEDIUM: (20, max(26, self.side / 5)),
            Size.LARGE: (max(24, self.side / 5), max(32, self.side / 3)),
        }[self.style.size]
        return float(np.exp(self.rng.uniform(np.log(low), np.log(max(high, low + 1)))))

    def hand(self, script: Script | None = None) -> Hand:
        chosen = script or self.fonts.pick_script(self.rng)
        return Hand(chosen, self.fonts.pick(self.rng, chosen))

    def write(
        self, hand: Hand, height: float, longest: float, columns: bool = False, text: str | None = None
    ) -> Written:
        """A line of letters ``height`` px high, at most about ``longest`` px long; random words unless given."""
        wide = hand.script in UPRIGHT
        if text is None:
            room = max(1.0, longest / (height * (1.0 if wide else 0.55)))
            length = max(1, int(room * self.rng.uniform(0.35, 1.0) ** 0.7))
            text = word(self.rng, hand.script, min(length, 40))
        factor = glyphs.supersampling(height)
        size = max(4, round(height * factor))
        if columns and wide:
            self.used.add(Direction)
            image = glyphs.column(text.replace(" ", ""), hand.face, size, hand.script)
        else:
            spacing = self._spacing(hand.script, size)
            image = glyphs.row(text, hand.face, size, hand.script, spacing)
        run = max(image.shape)
        excess = run / factor / longest
        return Written(image, factor * max(excess, 1.0), height / max(excess, 1.0), hand.script)

    def _spacing(self, script: Script, size: int) -> int:
        if script in {Script.ARABIC, Script.DEVANAGARI, Script.THAI, Script.HEBREW} or self.rng.random() > 0.15:
            return 0
        return round(size * float(self.rng.uniform(0.04, 0.4)))

    def put(
        self, written: Written, matrix: Matrix, style: Style | None = None, asked: bool = True, beneath: bool = False
    ) -> bool:
        """Draw glyphs through ``matrix`` (from the glyphs' own pixels to the picture's); False if nothing shows."""
        layer = self.layer(written, matrix, style or self.style)
        if layer is None:
            return False
        self.add(layer, asked, beneath)
        return True

    def add(self, layer: Layer, asked: bool, beneath: bool = False) -> None:
        self.ground.taken.append(layer.box.grown(2))
        self.pieces.append(Piece(layer, asked, beneath))

    def layer(self, written: Written, matrix: Matrix, style: Style, paints: Paints | None = None) -> Layer | None:
        """Glyphs as a layer, or None where nothing of them would show."""
        margin = reach(style, written.height)
        projected = placing.project(written.image, matrix @ written.own, self.side, margin)
        if projected is None:
            return None
        return self.coloured(projected, written.height, style, paints)

    def coloured(self, projected: Projected, height: float, style: Style, paints: Paints | None = None) -> Layer:
        """Projected glyphs with the style's colours, outline, effects and opacity, cut to the picture.

        ``paints``: the colours, where they are not left to the style.
        """
        inside = projected.box.within((self.side, self.side))
        behind = self.ground.colour(inside)
        paints = paints or colours.paints(style, behind, self.base, self.rng)
        alpha, paint = compose(style, projected.coverage, paints, height, self.rng)
        cut = inside.moved(-projected.box.x, -projected.box.y).slices
        alpha, paint = np.ascontiguousarray(alpha[cut]), np.ascontiguousarray(paint[cut])
        if style.fill is Fill.PRINTED:
            paint = self._printed(inside, paint, behind)
        layer = Layer(inside, alpha, paint, projected.outline[None], height)
        low, high = _OPACITY[style.opacity]
        return layer if high == 1 else layer.faded(float(self.rng.uniform(low, high)))

    def _printed(self, box: Box, paint: FloatImage, behind: np.ndarray) -> FloatImage:
        """``paint`` under the light that falls on the surface: times blurred luma over its mean."""
        grey = cv2.cvtColor(np.ascontiguousarray(self.base[box.slices]), cv2.COLOR_RGB2GRAY)
        gain = cv2.blur(grey, (3, 3)) / max(colours.luma(behind), 0.05)
        return np.asarray(paint * np.clip(gain, 0.5, 1.4)[:, :, None], np.float32).clip(0, 1)

    def styled(self, **changes: IntEnum) -> Style:
        """The style with what this scene decides itself; a policy learns nothing from those attributes."""
        changed = replace(self.style, **changes)  # type: ignore[arg-type]
        self.overruled |= {type(value) for value in changes.values()}
        return changed
