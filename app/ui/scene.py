"""Paints a frame of the canvas: backdrop, tiles, preview, marks. Whatever is slow is done a little per frame."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPolygonF

from app.state.editor import Editor
from app.state.sheet import Overlay, Sheet
from app.ui import marks
from app.ui.compare import Compare, Region
from app.ui.tiles import Look, Pane, TileCache, draw, level_for, scaled_size, tiles_of
from app.ui.view import View
from engines.core.types import Box, Patch

_FRAME = 0.008
"""Seconds that one frame may spend on drawing tiles that are missing."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What is to be shown. ``regions`` share out the window; ``ring``: the brush's rim, centre and radius."""

    sheet: Sheet | None
    view: View
    compare: Compare
    regions: Sequence[Region]
    editor: Editor
    ring: tuple[QPointF, float] | None


class Scene:
    """Keeps what frames have in common. Positions are device pixels."""

    def __init__(self, look: Look) -> None:
        self.tiles = TileCache()
        self.look = look
        self.accent = QColor("#4c8dff")
        self.backdrop = QColor("#17181a")
        self.walking = False
        self.step = 0
        self._preview: tuple[Patch, QImage] | None = None
        self._glimpse: tuple[NDArray[np.uint8], QImage] | None = None
        self._rolling = False
        self._ants: tuple[View, list[QPolygonF]] | None = None

    def set_preview(self, patch: Patch | None) -> None:
        """An intermediate result in 8 bits to show, or none."""
        self._preview = None
        if patch is not None:
            inside = patch.alpha > 0
            opaque = np.where(inside, np.uint8(255), np.uint8(0))[..., None]
            bgra = np.ascontiguousarray(np.concatenate([patch.pixels[..., ::-1] * inside[..., None], opaque], axis=2))
            image = QImage(bgra.data, bgra.shape[1], bgra.shape[0], QImage.Format.Format_ARGB32_Premultiplied)
            self._preview = patch, image.copy()

    def set_glimpse(self, picture: NDArray[np.uint8] | None, *, rolling: bool = False) -> None:
        """A frame to show in place of tiles that are missing, or, while it is ``rolling``, of all of them."""
        self._rolling = rolling and picture is not None
        self._glimpse = None
        if picture is not None:
            height, width = picture.shape[:2]
            self._glimpse = picture, QImage(picture.data, width, height, 4 * width, QImage.Format.Format_RGB32)

    def forget_ants(self) -> None:
        """The mask has changed: its rim is looked for again."""
        self._ants = None

    def paint(self, painter: QPainter, dirty: Box, frame: Frame) -> list[Box]:
        """Paint ``dirty``; what is still missing there."""
        missing: list[Box] = []
        end = time.perf_counter() + _FRAME
        for region in frame.regions:
            missing += self._region(painter, region, region.rect & dirty, (frame, end))
        painter.setClipping(False)
        if frame.sheet is not None and frame.compare in (Compare.SPLIT, Compare.SIDE):
            self._divide(painter, frame)
        return missing

    def _region(self, painter: QPainter, region: Region, dirty: Box, what: tuple[Frame, float]) -> list[Box]:
        if dirty.empty:
            return []
        painter.setClipRect(dirty.x, dirty.y, dirty.w, dirty.h)
        frame, end = what
        sheet, view = frame.sheet, frame.view.moved(region.shift, 0)
        if sheet is None:
            painter.fillRect(dirty.x, dirty.y, dirty.w, dirty.h, self.backdrop)
            return []
        corner = round(view.x), round(view.y)
        height, width = scaled_size(sheet.size, view.scale)
        picture = Box(*corner, width, height)
        self._backdrop(painter, dirty, picture)
        missing = self._paint_tiles(painter, sheet, region.pane, (dirty & picture, corner, end))
        if region.pane is Pane.AFTER:
            self._paint_preview(painter, view)
        marks.draw_grid(painter, view, sheet.size, dirty & picture)
        if region.pane is Pane.AFTER and frame.compare in (Compare.OFF, Compare.SIDE):
            self._marks(painter, sheet, view, frame)
        return missing

    def _backdrop(self, painter: QPainter, dirty: Box, picture: Box) -> None:
        above = Box(dirty.x, dirty.y, dirty.w, picture.y - dirty.y)
        below = Box(dirty.x, picture.bottom, dirty.w, dirty.bottom - picture.bottom)
        left = Box(dirty.x, dirty.y, picture.x - dirty.x, dirty.h)
        right = Box(picture.right, dirty.y, dirty.right - picture.right, dirty.h)
        for side in (above, below, left, right):
            part = side & dirty
            painter.fillRect(part.x, part.y, part.w, part.h, self.backdrop)
        painter.setPen(QColor(0, 0, 0, 90))
        painter.drawRect(picture.x - 1, picture.y - 1, picture.w + 1, picture.h + 1)

    def _paint_tiles(
        self, painter: QPainter, sheet: Sheet, pane: Pane, where: tuple[Box, tuple[int, int], float]
    ) -> list[Box]:
        """Draw the tiles there are, make those that are missing while there is time; where some are left."""
        visible, (x, y), end = where
        if self._rolling:
            if not visible.empty:
                self._roughly(painter, sheet, pane, (x, y))(visible)
            return []
        missing: list[Box] = []
        rough: Callable[[Box], None] | None = None
        for row, column in tiles_of(visible.moved(-x, -y)):
            kept = self.tiles.get(pane, row, column)
            rect = self.tiles.rect(sheet, row, column).moved(x, y)
            image, fresh = kept if kept is not None else (None, False)
            if not fresh and time.perf_counter() < end:
                image, fresh = self.tiles.make(sheet, pane, row, column, self.look), True
            if image is not None and not fresh:
                missing.append(rect)
            if image is not None:
                painter.drawImage(rect.x, rect.y, image)
                continue
            rough = rough or self._roughly(painter, sheet, pane, (x, y))
            rough(rect)
            missing.append(rect)
        return missing

    def _roughly(self, painter: QPainter, sheet: Sheet, pane: Pane, corner: tuple[int, int]) -> Callable[[Box], None]:
        """Draws parts of the picture from a glimpse or its smallest level, until the tiles are there."""
        if self._glimpse is not None:
            return self._from_image(painter, sheet, self._glimpse[1], corner)
        scale = 1 / 2 ** (sheet.picture.levels - 1)
        height, width = scaled_size(sheet.size, scale)
        pixels = draw(sheet, scale, Box(0, 0, width, height), pane, self.look)
        image = QImage(pixels.data, width, height, QImage.Format.Format_RGB32).copy()
        return self._from_image(painter, sheet, image, corner)

    def _from_image(
        self, painter: QPainter, sheet: Sheet, image: QImage, corner: tuple[int, int]
    ) -> Callable[[Box], None]:
        """Draws parts of the view from a picture of the whole in any size."""
        height, width = scaled_size(sheet.size, self.tiles.scale)
        across, down = image.width() / width, image.height() / height

        def paint(rect: Box) -> None:
            x, y = (rect.x - corner[0]) * across, (rect.y - corner[1]) * down
            source = QRectF(x, y, rect.w * across, rect.h * down)
            painter.drawImage(QRectF(rect.x, rect.y, rect.w, rect.h), image, source)

        return paint

    def _paint_preview(self, painter: QPainter, view: View) -> None:
        if self._preview is not None:
            patch, image = self._preview
            x, y = view.to_screen(patch.box.x, patch.box.y)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(QRectF(x, y, patch.box.w * view.scale, patch.box.h * view.scale), image)

    def _marks(self, painter: QPainter, sheet: Sheet, view: View, frame: Frame) -> None:
        if self.walking:
            marks.draw_ants(painter, self._outlines(sheet, view), self.step)
        text = sheet.document.state.masks.text
        if text.lines and self._preview is None:
            choosing = frame.editor.row.id == "text"  # with another tool in hand, lines that stay are no news
            marks.draw_text(painter, view, text, frame.editor.hovered, self.accent, unchosen=choosing)
        marks.draw_guide(painter, view, frame.editor.guide)
        if frame.ring is not None and frame.compare is Compare.OFF:
            marks.draw_ring(painter, *frame.ring)

    def _outlines(self, sheet: Sheet, view: View) -> list[QPolygonF]:
        """The mask's rim; looked for once per view."""
        if self._ants is not None and self._ants[0] == view:
            return self._ants[1]
        level = level_for(view.scale, sheet.picture.levels)
        plane = sheet.overlays[Overlay.ERASE]
        height, width = plane.level_size(level)
        share = view.scale * 2**level
        shapes = marks.ants(plane.read(level, Box(0, 0, width, height)), share, (view.x, view.y))
        self._ants = view, shapes
        return shapes

    def _divide(self, painter: QPainter, frame: Frame) -> None:
        """The line between before and after, with a handle and the words."""
        left, right = frame.regions
        x, height = right.rect.x, right.rect.h
        painter.fillRect(x - 1, 0, 2, height, QColor(255, 255, 255, 230))
        painter.fillRect(x - 2, 0, 1, height, QColor(0, 0, 0, 110))
        painter.fillRect(x + 1, 0, 1, height, QColor(0, 0, 0, 110))
        before = QCoreApplication.translate("Canvas", "Before")
        after = QCoreApplication.translate("Canvas", "After")
        metrics = painter.fontMetrics()
        for word, at_left in ((before, True), (after, False)):
            width = metrics.horizontalAdvance(word) + 22.0
            area = left.rect if at_left else right.rect
            if area.w > width + 20:
                at = x - width - 12 if at_left else x + 12
                marks.draw_label(painter, QRectF(at, 14, width, metrics.height() + 8.0), word)
        if frame.compare is Compare.SPLIT:
            self._handle(painter, QPointF(x, height / 2))

    def _handle(self, painter: QPainter, at: QPointF) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(0, 0, 0, 110), 1))
        painter.setBrush(QColor(255, 255, 255))
        painter.drawEllipse(at, 15, 15)
        painter.setPen(QPen(QColor(40, 44, 52), 2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        for side in (-1, 1):
            tip = QPointF(at.x() + side * 8, at.y())
            for dy in (-4, 4):
                painter.drawLine(tip, QPointF(at.x() + side * 4, at.y() + dy))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
