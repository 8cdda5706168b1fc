"""Thin things drawn over the picture: outlines of text, a tool's guide, the brush's rim, the pixel grid, ants."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from app.document.state import TextChoice
from app.tools.pointer import Guide
from app.ui.view import View
from engines.core.types import Box

GRID_FROM = 8.0
"""Scale from which the pixel grid is shown."""


def polygon(view: View, points: Sequence[tuple[float, float]] | NDArray[np.float32]) -> QPolygonF:
    """Picture coordinates on the screen."""
    return QPolygonF([QPointF(*view.to_screen(float(x), float(y))) for x, y in points])


def draw_text(
    painter: QPainter, view: View, text: TextChoice, hovered: int | None, accent: QColor, *, unchosen: bool
) -> None:
    """Found lines: chosen ones are drawn stronger, and the mask fills them; the others as thin dashes, or not."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for number, line in enumerate(text.lines):
        chosen = number in text.chosen
        if not (chosen or unchosen):
            continue
        shape = polygon(view, line.polygon)
        painter.setBrush(_glass(accent, 60) if number == hovered else Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(0, 0, 0, 110), 3.4 if chosen else 2.4))
        painter.drawPolygon(shape)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        colour = accent if chosen else QColor(255, 255, 255, 235)
        pen = QPen(colour, 2.0 if chosen else 1.2)
        if not chosen:
            pen.setDashPattern([4, 3])
        painter.setPen(pen)
        painter.drawPolygon(shape)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def draw_guide(painter: QPainter, view: View, guide: Guide) -> None:
    """White on black, dashed: seen on any picture."""
    if len(guide.points) < 2:
        return
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    shape = polygon(view, guide.points)
    pens = QPen(QColor(0, 0, 0, 190), 1.4), QPen(QColor(255, 255, 255), 1.4, Qt.PenStyle.CustomDashLine)
    pens[1].setDashPattern([4, 4])
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for pen in pens:
        painter.setPen(pen)
        painter.drawPolygon(shape) if guide.closed else painter.drawPolyline(shape)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def draw_ring(painter: QPainter, at: QPointF, radius: float) -> None:
    """The brush's rim."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for width, colour in ((2.6, QColor(0, 0, 0, 150)), (1.2, QColor(255, 255, 255, 240))):
        painter.setPen(QPen(colour, width))
        painter.drawEllipse(at, max(radius, 1.5), max(radius, 1.5))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def draw_grid(painter: QPainter, view: View, picture: tuple[int, int], clip: Box) -> None:
    """Lines between single pixels."""
    if view.scale < GRID_FROM:
        return
    left, top = view.to_picture(clip.x, clip.y)
    right, bottom = view.to_picture(clip.right, clip.bottom)
    columns = range(max(0, int(left)), min(picture[1], int(right) + 1) + 1)
    rows = range(max(0, int(top)), min(picture[0], int(bottom) + 1) + 1)
    (x0, y0), (x1, y1) = view.to_screen(columns[0], rows[0]), view.to_screen(columns[-1], rows[-1])
    painter.setPen(QPen(QColor(128, 128, 128, 90), 1))
    for column in columns:
        x = round(view.to_screen(column, 0)[0])
        painter.drawLine(x, round(y0), x, round(y1))
    for row in rows:
        y = round(view.to_screen(0, row)[1])
        painter.drawLine(round(x0), y, round(x1), y)


def ants(alpha: NDArray[np.uint8], scale: float, corner: tuple[float, float]) -> list[QPolygonF]:
    """The rims of coverage ``(h, w)``, enlarged by ``scale`` and moved to ``corner``."""
    outlines, _ = cv2.findContours((alpha > 127).astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    moved = [(outline[:, 0] + 0.5) * scale + corner for outline in outlines]
    return [QPolygonF([QPointF(float(x), float(y)) for x, y in points]) for points in moved]


def draw_ants(painter: QPainter, shapes: Sequence[QPolygonF], step: int) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    walking = QPen(QColor(255, 255, 255), 1, Qt.PenStyle.CustomDashLine)
    walking.setDashPattern([4, 4])
    walking.setDashOffset(-step % 8)
    for pen in (QPen(QColor(0, 0, 0), 1), walking):
        painter.setPen(pen)
        for shape in shapes:
            painter.drawPolygon(shape)


def draw_label(painter: QPainter, rect: QRectF, text: str) -> None:
    """A small plate with a word: which half is which."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(0, 0, 0, 150))
    painter.drawRoundedRect(rect, rect.height() / 2, rect.height() / 2)
    painter.setPen(QColor(255, 255, 255))
    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def _glass(colour: QColor, alpha: int) -> QColor:
    return QColor(colour.red(), colour.green(), colour.blue(), alpha)
