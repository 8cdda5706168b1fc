"""The canvas: shows the sheet through a view. What the hand does on it is in ``pointing``."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QResizeEvent, QTransform
from PySide6.QtWidgets import QWidget

from app.state.editor import Editor
from app.state.settings import MaskLook, SettingsStore
from app.state.sheet import Overlay, Sheet
from app.ui.compare import Compare, Region, regions
from app.ui.scene import Frame, Scene
from app.ui.tiles import Look, scaled_size
from app.ui.view import View, fitting, next_step
from engines.core.types import Box, Patch

_ANTS_MS = 90


class Canvas(QWidget):
    """``view_changed``: scale or place. All positions in here are device pixels."""

    view_changed = Signal()
    compare_changed = Signal()

    def __init__(self, editor: Editor, settings: SettingsStore, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.editor = editor
        self.view = View()
        self.compare = Compare.OFF
        self.split = 0.5
        self.ring: tuple[QPointF, float] | None = None
        self._settings = settings
        self._fits = True
        self._light = False
        self._scene = Scene(self._new_look())
        self._ticking = QTimer(self, interval=_ANTS_MS)
        self._ticking.timeout.connect(self._tick)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAccessibleName(self.tr("Picture"))
        self.setMinimumSize(240, 200)
        editor.opened.connect(self._opened)
        editor.shown.connect(self._shown)
        editor.guide_changed.connect(self.update)
        editor.tool_changed.connect(self.update)
        editor.changed.connect(self._marks_changed)
        settings.changed.connect(self.restyle)

    # ---- the view

    @property
    def window_size(self) -> tuple[int, int]:
        """(height, width) in device pixels."""
        return round(self.height() * self.devicePixelRatioF()), round(self.width() * self.devicePixelRatioF())

    @property
    def sheet(self) -> Sheet | None:
        return self.editor.sheet

    def set_view(self, view: View, *, fits: bool = False) -> None:
        """Look at another place or at another scale."""
        if self.sheet is None:
            return
        self._fits = fits
        self.view = view.kept(self.sheet.size, self.window_size)
        self._scene.tiles.at_scale(self.view.scale)
        self.update()
        self.view_changed.emit()

    def fit(self) -> None:
        """The whole picture; stays so when the window changes its size."""
        if self.sheet is not None:
            self.set_view(fitting(self.sheet.size, self._pane_size()), fits=True)

    def actual_size(self) -> None:
        """One picture pixel for each device pixel, around the middle."""
        height, width = self._pane_size()
        self.set_view(self.view.zoomed(1.0, width / 2, height / 2))

    def step_zoom(self, up: bool) -> None:
        """Ctrl + and Ctrl -."""
        height, width = self._pane_size()
        self.set_view(self.view.zoomed(next_step(self.view.scale, up), width / 2, height / 2))

    def zoom_at(self, factor: float, x: float, y: float) -> None:
        """Zoom with the point under (x, y) staying where it is."""
        self.set_view(self.view.zoomed(self.view.scale * factor, x - self.shift_at(x), y))

    def shift_at(self, x: float) -> int:
        """How far the pane at x is drawn to the right of the view."""
        return next((r.shift for r in self._regions() if r.rect.x <= x < r.rect.right), 0)

    def show_box(self, box: Box) -> None:
        """Bring a part of the picture into the middle."""
        height, width = self._pane_size()
        x, y = self.view.to_screen(box.x + box.w / 2, box.y + box.h / 2)
        self.set_view(self.view.moved(width / 2 - x, height / 2 - y).settled())

    def set_compare(self, mode: Compare) -> None:
        """Another way of comparing."""
        if mode is self.compare:
            return
        was_side = self.compare is Compare.SIDE
        self.compare = mode
        if was_side or mode is Compare.SIDE:
            self.fit()
        self.restyle()
        self.compare_changed.emit()

    def set_split(self, share: float) -> None:
        self.split = min(max(share, 0.0), 1.0)
        self.update()

    def set_preview(self, patch: Patch | None) -> None:
        """Show an engine's intermediate result, or no longer."""
        self._scene.set_preview(patch)
        self.update()

    def roll(self, picture: NDArray[np.uint8]) -> None:
        """Show a frame of the film, ``(h, w, 4)`` BGRA, until ``settle``."""
        self._scene.set_glimpse(picture, rolling=True)
        self.update()

    def settle(self, picture: NDArray[np.uint8]) -> None:
        """The sheet shows another frame; where it is not drawn yet, it looks like ``picture``."""
        self._scene.set_glimpse(picture, rolling=False)
        self._scene.tiles.clear()
        self._marks_changed()
        self.update()

    @property
    def screen_size(self) -> tuple[int, int]:
        """How large (height, width) the whole picture is on the screen, in device pixels; never beyond its own."""
        if self.sheet is None:
            return 1, 1
        return scaled_size(self.sheet.size, min(self.view.scale, 1.0))

    def set_colours(self, accent: QColor, backdrop: QColor, *, light: bool) -> None:
        """What the theme says."""
        self._scene.accent, self._scene.backdrop, self._light = accent, backdrop, light
        self.restyle()

    def restyle(self) -> None:
        """Colours have changed."""
        look = self._new_look()
        if look != self._scene.look:
            self._scene.look = look
            self._scene.tiles.clear()
        self._marks_changed()
        self.update()

    def _pane_size(self) -> tuple[int, int]:
        height, width = self.window_size
        return (height, width // 2) if self.compare is Compare.SIDE else (height, width)

    def _regions(self) -> list[Region]:
        return list(regions(self.compare, self.window_size, self.split))

    def _new_look(self) -> Look:
        value = self._settings.value
        tint = QColor(value.mask_colour)
        tinted = value.mask_look is MaskLook.TINT and self.compare in (Compare.OFF, Compare.SIDE)
        opacity = value.mask_opacity if tinted else 0.0
        colours = (
            (Overlay.NO_SAMPLE, (64, 156, 255)),
            (Overlay.PROTECT, (46, 204, 113)),
            (Overlay.ERASE, (tint.red(), tint.green(), tint.blue())),
            (Overlay.RESTORE, (255, 200, 60)),
        )
        return Look(colours, opacity, self._light)

    # ---- what has changed

    def _opened(self) -> None:
        self._scene.tiles.clear()
        self._scene.set_preview(None)
        self._scene.set_glimpse(None)
        self.fit()
        self.update()

    def _shown(self, box: Box) -> None:
        """The picture or the mask looks different in ``box``."""
        if self.sheet is None:
            return
        self._scene.forget_ants()
        scale = self.view.scale
        part = Box(
            int(box.x * scale) - 2, int(box.y * scale) - 2, int(box.w * scale) + 5, int(box.h * scale) + 5
        ).within(scaled_size(self.sheet.size, scale))
        self._scene.tiles.refresh(self.sheet, part, self._scene.look)
        for region in self._regions():
            self._update_device(part.moved(round(self.view.x) + region.shift, round(self.view.y)))

    def update_around(self, centre: QPointF, radius: float) -> None:
        """Repaint a disc's surroundings."""
        reach = radius + 4
        side = round(2 * reach)
        self._update_device(Box(round(centre.x() - reach), round(centre.y() - reach), side, side))

    def _update_device(self, part: Box) -> None:
        ratio = self.devicePixelRatioF()
        self.update(QRectF(part.x / ratio, part.y / ratio, part.w / ratio, part.h / ratio).toAlignedRect())

    def _marks_changed(self) -> None:
        self._scene.forget_ants()
        walking = self._settings.value.mask_look is MaskLook.ANTS and self.sheet is not None
        if walking != self._ticking.isActive():
            self._scene.walking = walking
            (self._ticking.start if walking else self._ticking.stop)()
        if self.sheet is not None and (self.sheet.document.state.masks.text.lines or walking):
            self.update()

    def _tick(self) -> None:
        self._scene.step += 1
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        if self._fits:
            self.fit()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        painter = QPainter(self)
        ratio = self.devicePixelRatioF()
        painter.setTransform(QTransform.fromScale(1 / ratio, 1 / ratio))
        r = event.rect()
        dirty = Box(int(r.x() * ratio), int(r.y() * ratio), round(r.width() * ratio) + 1, round(r.height() * ratio) + 1)
        frame = Frame(self.sheet, self.view, self.compare, self._regions(), self.editor, self.ring)
        missing = self._scene.paint(painter, dirty, frame)
        painter.end()
        if missing:
            QTimer.singleShot(0, lambda: self._update_parts(missing))

    def _update_parts(self, parts: list[Box]) -> None:
        for part in parts:
            self._update_device(part)
