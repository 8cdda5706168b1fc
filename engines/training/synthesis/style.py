"""What a sample looks like, as independent discrete decisions: the space that a style policy moves in.

Follows the discrete style attributes of *Self-Supervised Text Erasing with Controllable Image Synthesis*
(2022), widened to posters, subtitles, watermarks and marks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Probabilities: TypeAlias = NDArray[np.float64]
"""``(TOTAL,)``: the probabilities of every attribute's values, one attribute after the other."""

Choices: TypeAlias = NDArray[np.int64]
"""``(len(ATTRIBUTES),)``: the value drawn for each attribute, -1 where it had no effect."""


class Scene(IntEnum):
    """How the pieces are arranged."""

    SCATTERED = 0
    SIGN = 1
    POSTER = 2
    SUBTITLE = 3
    WATERMARK = 4
    OVERPRINT = 5
    LOGO = 6
    DOCUMENT = 7


class Size(IntEnum):
    """Height of the letters: 8 to 12 px; to 22 px; to a fifth of the side; to a third."""

    TINY = 0
    SMALL = 1
    MEDIUM = 2
    LARGE = 3


class Colour(IntEnum):
    """Where the colour comes from."""

    CONTRAST = 0
    EXTREME = 1
    PALETTE = 2
    NEAR = 3
    VIVID = 4


class Fill(IntEnum):
    """What the letters are filled with. ``PRINTED``: takes the shading of the surface. ``HOLLOW``: outline only."""

    SOLID = 0
    GRADIENT = 1
    TEXTURE = 2
    PRINTED = 3
    HOLLOW = 4


class Opacity(IntEnum):
    """1; .7 to .95; .4 to .7; .15 to .4."""

    SOLID = 0
    STRONG = 1
    MIDDLE = 2
    FAINT = 3


class Outline(IntEnum):
    """Width of the outline, relative to the letters."""

    NONE = 0
    THIN = 1
    THICK = 2


class Rim(IntEnum):
    """Colour of the outline: black or white against the letters, free, or near the background."""

    OPPOSED = 0
    FREE = 1
    BLENDED = 2


class Effect(IntEnum):
    """What lies beneath the letters."""

    NONE = 0
    SHADOW = 1
    GLOW = 2


class Distance(IntEnum):
    """How far a shadow falls."""

    NEAR = 0
    MIDDLE = 1
    FAR = 2


class Softness(IntEnum):
    """Blur of a shadow or glow."""

    HARD = 0
    SOFT = 1
    WIDE = 2


class Strength(IntEnum):
    """Opacity of a shadow or glow."""

    WEAK = 0
    MIDDLE = 1
    FULL = 2


class Feather(IntEnum):
    """How soft the edges of the letters are."""

    NONE = 0
    LIGHT = 1
    SOFT = 2


class Geometry(IntEnum):
    """How the line lies in the picture."""

    STRAIGHT = 0
    ROTATED = 1
    PERSPECTIVE = 2
    CURVED = 3


class Direction(IntEnum):
    """Rows or columns; columns only where the script has them."""

    ROWS = 0
    COLUMNS = 1


class Place(IntEnum):
    """What lies behind: the calmest spot of several, any, or the busiest."""

    CALM = 0
    ANY = 1
    BUSY = 2


class Damage(IntEnum):
    """What camera and file format do to text and background alike."""

    NONE = 0
    BLUR = 1
    NOISE = 2
    JPEG = 3
    ALL = 4


@dataclass(frozen=True, slots=True)
class Attribute:
    """One decision: its values, and how often each is taken at difficulty 0 and 1."""

    values: type[IntEnum]
    easy: tuple[float, ...]
    full: tuple[float, ...]


_TABLE = (
    (Scene, (0.7, 0.15, 0.0, 0.15, 0, 0, 0, 0), (0.24, 0.17, 0.15, 0.1, 0.12, 0.06, 0.06, 0.1)),
    (Size, (0, 0.1, 0.5, 0.4), (0.2, 0.3, 0.32, 0.18)),
    (Colour, (0.7, 0.3, 0, 0, 0), (0.34, 0.24, 0.14, 0.1, 0.18)),
    (Fill, (1, 0, 0, 0, 0), (0.62, 0.13, 0.08, 0.12, 0.05)),
    (Opacity, (1, 0, 0, 0), (0.66, 0.14, 0.1, 0.1)),
    (Outline, (1, 0, 0), (0.66, 0.2, 0.14)),
    (Rim, (1, 0, 0), (0.6, 0.25, 0.15)),
    (Effect, (1, 0, 0), (0.66, 0.24, 0.1)),
    (Distance, (1, 0, 0), (0.5, 0.3, 0.2)),
    (Softness, (1, 0, 0), (0.35, 0.4, 0.25)),
    (Strength, (0, 0, 1), (0.3, 0.3, 0.4)),
    (Feather, (1, 0, 0), (0.72, 0.18, 0.1)),
    (Geometry, (1, 0, 0, 0), (0.5, 0.2, 0.18, 0.12)),
    (Direction, (1, 0), (0.8, 0.2)),
    (Place, (1, 0, 0), (0.35, 0.4, 0.25)),
    (Damage, (1, 0, 0, 0, 0), (0.5, 0.13, 0.1, 0.15, 0.12)),
)

ATTRIBUTES: tuple[Attribute, ...] = tuple(Attribute(values, easy, full) for values, easy, full in _TABLE)
NUMBER: Mapping[type[IntEnum], int] = MappingProxyType({a.values: i for i, a in enumerate(ATTRIBUTES)})
COUNTS: tuple[int, ...] = tuple(len(attribute.values) for attribute in ATTRIBUTES)
TOTAL = sum(COUNTS)
_ENDS = tuple(int(end) for end in np.cumsum(COUNTS))
SPANS: tuple[slice, ...] = tuple(slice(end - count, end) for end, count in zip(_ENDS, COUNTS, strict=True))


def prior(difficulty: float) -> Probabilities:
    """The probabilities of all values at a difficulty of 0 (solid, large, calm) to 1 (everything)."""
    share = min(max(difficulty, 0.0), 1.0)
    parts = []
    for attribute in ATTRIBUTES:
        mixed = (1 - share) * np.array(attribute.easy) + share * np.array(attribute.full)
        parts.append(mixed / mixed.sum())
    return np.concatenate(parts)


@dataclass(frozen=True, slots=True)
class Style:
    """One draw of every attribute."""

    scene: Scene
    size: Size
    colour: Colour
    fill: Fill
    opacity: Opacity
    outline: Outline
    rim: Rim
    effect: Effect
    distance: Distance
    softness: Softness
    strength: Strength
    feather: Feather
    geometry: Geometry
    direction: Direction
    place: Place
    damage: Damage

    def choices(self) -> Choices:
        """The values as numbers; -1 for those without effect, which a policy must not learn from."""
        numbers = np.array([getattr(self, name) for name in self.__dataclass_fields__], np.int64)
        idle: set[type[IntEnum]] = set()
        if self.outline is Outline.NONE and self.fill is not Fill.HOLLOW:
            idle.add(Rim)
        if self.effect is Effect.NONE:
            idle |= {Distance, Softness, Strength}
        if self.effect is Effect.GLOW:
            idle.add(Distance)
        if self.fill is Fill.HOLLOW:
            idle |= {Colour, Outline}
        for name in idle:
            numbers[NUMBER[name]] = -1
        return numbers


def draw_style(rng: np.random.Generator, probabilities: Probabilities) -> Style:
    """A style by ``probabilities``, each attribute independently of the others."""
    if probabilities.shape != (TOTAL,):
        msg = f"probabilities have shape {probabilities.shape}, not ({TOTAL},)"
        raise ValueError(msg)
    drawn = [a.values(_draw(rng, probabilities[span])) for a, span in zip(ATTRIBUTES, SPANS, strict=True)]
    return Style(*drawn)  # type: ignore[arg-type]  # the table's order is the field order; a test holds it


def _draw(rng: np.random.Generator, shares: Probabilities) -> int:
    steps = np.cumsum(shares)
    return int(np.searchsorted(steps, rng.random() * steps[-1], side="right"))


@dataclass(frozen=True, slots=True)
class MaskShares:
    """How often each kind of mask is drawn (any positive numbers)."""

    box: float = 1.0
    polygon: float = 1.0
    block: float = 0.5
    brush: float = 1.0
    glyphs: float = 1.0


@dataclass(frozen=True, slots=True)
class Settings:
    """How samples are made. Probabilities are in 0..1.

    ``difficulty``: 0 = easy backgrounds, solid large text, boxes; 1 = everything. ``blank``: a mask where
    there is no text. ``empty``: no mask at all. ``keep``: some text that is not asked to go.
    ``procedural``: a drawn background (paper, gradient, pattern) instead of a photo. ``cut``: masks that
    miss part of the text; what they miss stays in the truth.
    """

    difficulty: float = 1.0
    masks: MaskShares = MaskShares()
    blank: float = 0.05
    empty: float = 0.03
    keep: float = 0.2
    cut: float = 0.06
    procedural: float = 0.14
    smallest: int = 8
