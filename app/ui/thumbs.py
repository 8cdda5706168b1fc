"""Small pictures of what an edit did, cut from pyramids: cheap for any size."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPainterPath, QPixmap

from app.document.state import Variant
from app.state.sheet import Sheet
from engines.core.types import Box, Patch

_SURROUNDINGS = 0.25
"""How much of the neighbourhood is seen, as a share of the edit's longer side."""


def thumbnail(sheet: Sheet, variant: Variant | None, around: Box, size: QSize) -> QPixmap:
    """The picture around a box with a variant painted in (None: as it was), filling ``size`` (device pixels)."""
    box = _framed(around, sheet.size, size.width() / size.height())
    step_level = max(0, math.floor(math.log2(max(box.w / size.width(), 1.0))))
    level = min(step_level, sheet.picture.levels - 1)
    height, width = sheet.picture.level_size(level)
    part = Box(box.x >> level, box.y >> level, max(box.w >> level, 1), max(box.h >> level, 1)).within((height, width))
    pixels = sheet.picture.original(level, part).copy()
    for patch in variant.patches if variant is not None else ():
        _paint(pixels, part, patch, 2**level, sheet)
    bgra = np.dstack([pixels[..., ::-1], np.full(pixels.shape[:2], 255, np.uint8)])
    bgra = np.ascontiguousarray(bgra)
    image = QImage(bgra.data, part.w, part.h, QImage.Format.Format_RGB32)
    smooth = Qt.TransformationMode.SmoothTransformation
    return _rounded(QPixmap.fromImage(image).scaled(size, Qt.AspectRatioMode.KeepAspectRatioByExpanding, smooth), size)


def _paint(
    pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], part: Box, patch: Patch, step: int, sheet: Sheet
) -> None:
    """Every ``step``-th pixel of a patch."""
    x, y = -(-patch.box.x // step), -(-patch.box.y // step)
    start_y, start_x = y * step - patch.box.y, x * step - patch.box.x
    alpha = patch.alpha[start_y::step, start_x::step]
    small = sheet.shown.to_display(np.ascontiguousarray(patch.pixels[start_y::step, start_x::step]))
    here = Box(x, y, alpha.shape[1], alpha.shape[0])
    seen = here & part
    if not seen.empty:
        inner = seen.moved(-here.x, -here.y).slices
        target = pixels[seen.moved(-part.x, -part.y).slices]
        np.copyto(target, small[inner], where=(alpha[inner] > 0)[..., None])


def _framed(box: Box, picture: tuple[int, int], aspect: float) -> Box:
    margin = max(8, round(_SURROUNDINGS * max(box.w, box.h)))
    grown = box.grown(margin)
    w, h = max(grown.w, round(grown.h * aspect)), max(grown.h, round(grown.w / aspect))
    x, y = box.x + box.w // 2 - w // 2, box.y + box.h // 2 - h // 2
    x, y = max(0, min(x, picture[1] - w)), max(0, min(y, picture[0] - h))
    return Box(x, y, w, h).within(picture)


def _rounded(pixmap: QPixmap, size: QSize) -> QPixmap:
    result = QPixmap(size)
    result.fill(Qt.GlobalColor.transparent)
    painter = QPainter(result)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    path = QPainterPath()
    path.addRoundedRect(QRectF(0, 0, size.width(), size.height()), 5, 5)
    painter.setClipPath(path)
    painter.drawPixmap((size.width() - pixmap.width()) // 2, (size.height() - pixmap.height()) // 2, pixmap)
    painter.end()
    return result
