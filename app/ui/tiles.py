"""Pictures of parts of the view, at the view's own scale, drawn from the sheet's pyramids and kept."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from app.document.pyramid import SparsePyramid
from app.document.render import unlike
from app.document.state import NOWHERE
from app.state.sheet import Overlay, Sheet
from engines.core.types import Box

SIDE = 256
"""Screen pixels."""

_AT_ONCE = 512 * 512
"""Screen pixels that are drawn anew without waiting for the next frame: a stroke must not lag."""

CHECKER = 8
"""Side in screen pixels of the squares behind transparent parts."""

Bgra = NDArray[np.uint8]


class Pane(Enum):
    """Which picture is shown."""

    AFTER = "after"
    BEFORE = "before"
    DIFFERENCE = "difference"


@dataclass(frozen=True, slots=True)
class Look:
    """Colours of the overlays as (r, g, b), how strongly they cover (0: not at all), and of the checkerboard."""

    colours: tuple[tuple[Overlay, tuple[int, int, int]], ...]
    opacity: float
    light: bool = False


def level_for(scale: float, levels: int) -> int:
    """The coarsest level that still has a pixel for every screen pixel."""
    if scale >= 1:
        return 0
    return min(max(math.floor(-math.log2(scale) + 1e-9), 0), levels - 1)


def draw(sheet: Sheet, scale: float, rect: Box, pane: Pane, look: Look) -> Bgra:
    """``rect`` of the picture scaled by ``scale`` (screen pixels per picture pixel), as opaque BGRA."""
    level = level_for(scale, sheet.picture.levels)
    area = _Area(level, scale * 2**level, rect)
    rgb = _pane(sheet, area, pane)
    if sheet.shown.alpha is not None and pane is not Pane.DIFFERENCE:
        rgb = _over_checkers(rgb, area.warped(sheet.shown.alpha[level]), rect, look.light)
    if pane is Pane.AFTER and look.opacity > 0:
        for kind, colour in look.colours:
            rgb = _tinted(rgb, sheet.overlays[kind], area, colour, look.opacity)
    return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2BGRA), np.uint8)


@dataclass(frozen=True, slots=True)
class _Area:
    """A rectangle of the screen over a level: ``scale`` screen pixels for each of the level's."""

    level: int
    scale: float
    rect: Box

    def source(self, size: tuple[int, int]) -> Box:
        """The level's pixels that are needed."""
        x, y = math.floor(self.rect.x / self.scale) - 1, math.floor(self.rect.y / self.scale) - 1
        right, bottom = math.ceil(self.rect.right / self.scale) + 1, math.ceil(self.rect.bottom / self.scale) + 1
        return Box(x, y, right - x, bottom - y).within(size)

    def fit(self, pixels: NDArray[Any], source: Box) -> NDArray[np.uint8]:
        """The level's ``pixels`` of ``source`` at the screen's scale."""
        step = 1 / self.scale
        x, y = (self.rect.x + 0.5) * step - 0.5 - source.x, (self.rect.y + 0.5) * step - 0.5 - source.y
        matrix = np.array([[step, 0, x], [0, step, y]])
        # single pixels are to be seen as such once they are large enough
        way = cv2.INTER_NEAREST if self.scale >= 3 or self.scale == 1 else cv2.INTER_LINEAR
        size = self.rect.w, self.rect.h
        flags = way | cv2.WARP_INVERSE_MAP
        return np.asarray(cv2.warpAffine(pixels, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE), np.uint8)

    def warped(self, level: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """A whole plane of this level at the screen's scale."""
        source = self.source((level.shape[0], level.shape[1]))
        return self.fit(level[source.slices], source)


def _pane(sheet: Sheet, area: _Area, pane: Pane) -> NDArray[np.uint8]:
    picture = sheet.picture
    source = area.source(picture.level_size(area.level))
    if pane is Pane.AFTER:
        return area.fit(picture.read(area.level, source), source)
    before = picture.original(area.level, source)
    if pane is Pane.BEFORE:
        return area.fit(before, source)
    changed = area.fit(unlike(before, picture.read(area.level, source)), source).astype(np.float32)
    grey = cv2.cvtColor(area.fit(before, source), cv2.COLOR_RGB2GRAY).astype(np.float32) * 0.28
    glow = np.minimum(changed * 4, 255)[..., None] / 255
    hot = np.array([255, 214, 64], np.float32)
    return np.asarray(grey[..., None] * (1 - glow) + hot * glow, np.uint8)


def _over_checkers(rgb: NDArray[np.uint8], alpha: NDArray[np.uint8], rect: Box, light: bool) -> NDArray[np.uint8]:
    if alpha.min() == 255:
        return rgb
    rows, columns = np.arange(rect.y, rect.bottom) // CHECKER, np.arange(rect.x, rect.right) // CHECKER
    odd = (rows[:, None] + columns[None, :]) % 2
    dark, bright = (204, 255) if light else (60, 84)
    board = np.where(odd == 1, np.float32(dark), np.float32(bright))[..., None]
    share = alpha.astype(np.float32)[..., None] / 255
    return np.asarray(rgb * share + board * (1 - share), np.uint8)


def _tinted(
    rgb: NDArray[np.uint8], plane: SparsePyramid, area: _Area, colour: tuple[int, int, int], opacity: float
) -> NDArray[np.uint8]:
    source = area.source(plane.level_size(area.level))
    if source.empty or not plane.any(area.level, source):
        return rgb
    alpha = area.fit(plane.read(area.level, source), source)
    if not alpha.any():
        return rgb
    weight = alpha.astype(np.float32)[..., None] * np.float32(opacity / 255)
    return np.asarray(rgb + (np.array(colour, np.float32) - rgb) * weight, np.uint8)


@dataclass(slots=True, eq=False)
class _Tile:
    """``stale``: the part of it (in the scaled picture) that is out of date."""

    pixels: Bgra
    image: QImage
    stale: Box = NOWHERE


class TileCache:
    """Tiles of one view. ``limit``: how many are kept; those not looked at for longest go first."""

    def __init__(self, limit: int = 400) -> None:
        self.limit = limit
        self._tiles: OrderedDict[tuple[Pane, int, int], _Tile] = OrderedDict()
        self.scale = 0.0

    def clear(self) -> None:
        self._tiles.clear()

    def at_scale(self, scale: float) -> None:
        """Tiles of another scale are of no use."""
        if scale != self.scale:
            self.scale = scale
            self._tiles.clear()

    def get(self, pane: Pane, row: int, column: int) -> tuple[QImage, bool] | None:
        """A tile that was kept, and whether it is up to date."""
        tile = self._tiles.get((pane, row, column))
        if tile is None:
            return None
        self._tiles.move_to_end((pane, row, column))
        return tile.image, tile.stale.empty

    def make(self, sheet: Sheet, pane: Pane, row: int, column: int, look: Look) -> QImage:
        """Draw a tile, or what is stale of it, and keep it."""
        rect = self.rect(sheet, row, column)
        kept = self._tiles.get((pane, row, column))
        if kept is not None:
            self._renew(sheet, pane, kept, rect, look)
            return kept.image
        pixels = draw(sheet, self.scale, rect, pane, look)
        image = QImage(pixels.data, rect.w, rect.h, 4 * rect.w, QImage.Format.Format_RGB32)
        self._tiles[pane, row, column] = _Tile(pixels, image)
        while len(self._tiles) > self.limit:
            self._tiles.popitem(last=False)
        return image

    def refresh(self, sheet: Sheet, part: Box, look: Look) -> None:
        """``part`` of the scaled picture looks different: small parts are drawn anew at once, others when seen."""
        for (pane, row, column), tile in list(self._tiles.items()):
            if pane is Pane.BEFORE:
                continue
            rect = self.rect(sheet, row, column)
            here = rect & part
            if not here.empty:
                tile.stale = tile.stale | here
                if part.area <= _AT_ONCE:
                    self._renew(sheet, pane, tile, rect, look)

    def _renew(self, sheet: Sheet, pane: Pane, tile: _Tile, rect: Box, look: Look) -> None:
        here = tile.stale
        if not here.empty:
            tile.pixels[here.moved(-rect.x, -rect.y).slices] = draw(sheet, self.scale, here, pane, look)
            tile.stale = NOWHERE

    def rect(self, sheet: Sheet, row: int, column: int) -> Box:
        """Where a tile lies in the scaled picture."""
        return Box(column * SIDE, row * SIDE, SIDE, SIDE).within(scaled_size(sheet.size, self.scale))


def scaled_size(size: tuple[int, int], scale: float) -> tuple[int, int]:
    """Height and width of the picture on the screen."""
    return max(round(size[0] * scale), 1), max(round(size[1] * scale), 1)


def tiles_of(part: Box) -> Iterator[tuple[int, int]]:
    """Rows and columns of the tiles that ``part`` of the scaled picture meets, the middle ones first."""
    if part.empty:
        return
    rows = range(part.y // SIDE, -(-part.bottom // SIDE))
    columns = range(part.x // SIDE, -(-part.right // SIDE))
    middle = (part.y + part.h / 2) / SIDE - 0.5, (part.x + part.w / 2) / SIDE - 0.5
    places = [(row, column) for row in rows for column in columns]
    yield from sorted(places, key=lambda place: abs(place[0] - middle[0]) + abs(place[1] - middle[1]))
