"""A person's own photos, text and all, as training material: more text is added, and undoing that is learnt.

The text that a photo already carries is never under a mask: its truth is not known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from engines.core import mask_ops
from engines.core.engine import FoundText, TextLine
from engines.core.faults import EngineError, Fault
from engines.core.types import Alpha, Box, FloatImage, Pixels
from engines.training.synthesis import damage, placing
from engines.training.synthesis.composer import Composer, Written
from engines.training.synthesis.copying import Lifted, lift
from engines.training.synthesis.fonts import FontLibrary
from engines.training.synthesis.layers import Colour3, Paints
from engines.training.synthesis.render import draw_mask, render
from engines.training.synthesis.sample import Sample
from engines.training.synthesis.scenes import loose_line
from engines.training.synthesis.style import (
    Effect,
    Feather,
    Fill,
    Opacity,
    Outline,
    Probabilities,
    Scene,
    Settings,
    draw_style,
    prior,
)

_UNSURE = 0.6
_COVERED = 64
_COPIES = 0.5
_TRIES = 4
"""Parts of photos to look at before one is taken that has no room for more text."""


def _height(line: TextLine) -> float:
    return float(min(cv2.minAreaRect(np.asarray(line.polygon, np.float32))[1]))


@dataclass(frozen=True, slots=True, eq=False)
class Photo:
    """A photo and its real text.

    ``pixels``: ``(h, w, 3)`` uint8 RGB. ``real``: ``(h, w)`` uint8, 255 where real text is or may be.
    ``boxes``: of its lines, ``heights``: of their letters in pixels; ``lifted``: those that came off cleanly.
    """

    pixels: Pixels
    real: Alpha
    boxes: tuple[Box, ...]
    heights: tuple[float, ...]
    lifted: tuple[Lifted, ...]

    @classmethod
    def of(cls, pixels: Pixels, found: FoundText) -> Photo:
        """From what the detector found: lines grown by max(4 px, a quarter of their height), unsure ones by twice."""
        real = np.where(found.coverage > _COVERED, np.uint8(255), np.uint8(0))
        real = mask_ops.grow(real, 4)
        for line in found.lines:
            margin = max(4.0, 0.25 * _height(line)) * (2 if line.confidence < _UNSURE else 1)
            shape = np.round(line.polygon).astype(np.int32).reshape(-1, 1, 2)
            cv2.fillPoly(real, [shape], (255,))
            cv2.polylines(real, [shape], isClosed=True, color=(255,), thickness=2 * round(margin) + 1)
        boxes = tuple(placing.bounds(np.asarray(line.polygon, np.float32)) for line in found.lines)
        sure = [line for line in found.lines if line.confidence >= _UNSURE]
        pieces = [lift(pixels, np.asarray(line.polygon, np.float32)) for line in sure]
        heights = tuple(_height(line) for line in found.lines)
        return cls(pixels, real, boxes, heights, tuple(piece for piece in pieces if piece is not None))


@dataclass(frozen=True, slots=True, eq=False)
class _Scenery:
    """A square part of a photo at the sample's size; ``scale``: sample pixels per photo pixel."""

    picture: FloatImage
    real: Alpha
    scale: float


class PhotoSynthesiser:
    """Draws samples from a person's photos: half of the added lines copied from the photo itself, half rendered.

    Raises ``EngineError`` where there are no photos. Pickles with its photos, so give them at a modest size.
    """

    def __init__(self, photos: Sequence[Photo], fonts: FontLibrary, settings: Settings | None = None) -> None:
        if not photos:
            raise EngineError(Fault.BAD_INPUT, "There are no photos to learn from.", "Name a folder that has some.")
        self.photos = tuple(photos)
        self.fonts = fonts
        self.settings = settings or Settings()

    def at(self, difficulty: float) -> PhotoSynthesiser:
        """The same with another difficulty, 0..1."""
        return PhotoSynthesiser(self.photos, self.fonts, replace(self.settings, difficulty=difficulty))

    def sample(self, rng: np.random.Generator, side: int, probabilities: Probabilities | None = None) -> Sample:
        """One pair of ``side`` pixels. The photo's own text is in image and truth alike and never under the mask."""
        style = draw_style(rng, prior(self.settings.difficulty) if probabilities is None else probabilities)
        recipe = damage.draw_recipe(style.damage, rng)
        for _ in range(_TRIES):
            photo = self.photos[int(rng.integers(len(self.photos)))]
            scenery = _scenery(photo, side, rng)
            composer = Composer(scenery.picture, self.fonts, self.settings, style, rng)
            _fill(composer, photo, scenery)
            if composer.pieces:
                break
        mask = draw_mask(composer, recipe)
        mask[scenery.real > 0] = 0
        return render(composer, recipe, mask)


def _fill(composer: Composer, photo: Photo, scenery: _Scenery) -> None:
    """One to four more lines where the photo has none, as far as there is room."""
    composer.overruled.add(Scene)
    composer.ground.taken.extend(_taken(scenery.real))
    for _ in range(int(composer.rng.integers(1, 5))):
        if photo.lifted and composer.rng.random() < _COPIES:
            _copy(composer, photo.lifted[int(composer.rng.integers(len(photo.lifted)))], scenery.scale)
        else:
            _rendered(composer, photo, scenery.scale)


def _scenery(photo: Photo, side: int, rng: np.random.Generator) -> _Scenery:
    height, width = photo.pixels.shape[:2]
    reached = min(height, width, round(side * float(rng.uniform(0.8, 1.6))))
    y, x = int(rng.integers(height - reached + 1)), int(rng.integers(width - reached + 1))
    part = Box(x, y, reached, reached).slices
    method = cv2.INTER_AREA if reached >= side else cv2.INTER_CUBIC
    picture = cv2.resize(np.ascontiguousarray(photo.pixels[part]), (side, side), interpolation=method)
    # largest value wins, or thin parts of the real text would drop out where the photo is reduced
    grown = mask_ops.grow(photo.real[part], int(np.ceil(reached / side)) - 1)
    real = cv2.resize(grown, (side, side), interpolation=cv2.INTER_LINEAR)
    return _Scenery(
        np.asarray(picture, np.float32) * np.float32(1 / 255),
        np.where(real > 0, np.uint8(255), np.uint8(0)),
        side / reached,
    )


def _taken(real: Alpha) -> list[Box]:
    """Boxes that cover the real text, cut small so that a slanted line does not take the whole picture."""
    step = 16
    boxes = []
    for y in range(0, real.shape[0], step):
        for x in range(0, real.shape[1], step):
            cell = real[y : y + step, x : x + step]
            if cell.any():
                boxes.append(Box(x, y, cell.shape[1], cell.shape[0]))
    return boxes


def _copy(composer: Composer, lifted: Lifted, scale: float) -> None:
    """Lay a real line elsewhere: resized by up to a fifth, turned by up to 5 degrees, now and then recoloured."""
    rng = composer.rng
    tall, wide = lifted.coverage.shape
    size = min(scale * float(rng.uniform(0.8, 1.2)), 0.95 * composer.side / max(tall, wide))
    letters = (wide if lifted.vertical else tall) * size
    if letters < composer.settings.smallest * 0.8:
        return
    written = Written(_shrunk(lifted.coverage, size), 1 / max(size, 1.0), letters)
    turned = placing.rotation(float(rng.uniform(-1, 1) * np.pi / 36))
    extent = placing.bounds(placing.corners_of(written.width_px, written.height_px, turned))
    move = composer.ground.spot(extent, composer.style.place, rng, clearance=3)
    if move is None:
        return
    plain = replace(
        composer.style,
        fill=Fill.SOLID,
        opacity=Opacity.SOLID,
        outline=Outline.NONE,
        effect=Effect.NONE,
        feather=Feather.NONE,
    )
    layer = composer.layer(written, placing.shift(*move) @ turned, plain, _paints(lifted.colour, rng))
    if layer is not None:
        composer.add(layer, asked=True)


def _shrunk(coverage: Alpha, size: float) -> Alpha:
    if size >= 1:
        return coverage
    shape = (max(1, round(coverage.shape[1] * size)), max(1, round(coverage.shape[0] * size)))
    return np.asarray(cv2.resize(coverage, shape, interpolation=cv2.INTER_AREA), np.uint8)


def _paints(colour: Colour3, rng: np.random.Generator) -> Paints:
    moved = colour
    if rng.random() < 0.4:
        moved = np.asarray(np.clip(colour + rng.normal(0, 0.12, 3), 0, 1), np.float32)
    return Paints(moved, moved, moved, moved)


def _rendered(composer: Composer, photo: Photo, scale: float) -> None:
    """A line of new words, mostly about as high as one of the photo's own."""
    height = None
    if photo.heights and composer.rng.random() < 0.7:
        own = photo.heights[int(composer.rng.integers(len(photo.heights)))] * scale
        height = float(np.clip(own * composer.rng.uniform(0.7, 1.4), composer.settings.smallest, composer.side / 3))
    loose_line(composer, height=height)
