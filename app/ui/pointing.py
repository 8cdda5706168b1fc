"""What the hand does on the canvas: paint, pan, zoom, size the brush, move the split line."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPointF, Qt, Signal
from PySide6.QtGui import (
    QCursor,
    QEnterEvent,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QTabletEvent,
    QWheelEvent,
)

from app.tools.pointer import Kind, Pointer
from app.ui.canvas import Canvas
from app.ui.compare import Compare
from app.ui.view import View

_NOTCH = 120.0
_ZOOM = 1.2
"""Per notch of the wheel."""

_GRAB = 9
"""Device pixels around the split line in which it is taken."""

_KINDS = {
    QEvent.Type.MouseButtonPress: Kind.PRESS,
    QEvent.Type.MouseMove: Kind.MOVE,
    QEvent.Type.MouseButtonRelease: Kind.RELEASE,
    QEvent.Type.MouseButtonDblClick: Kind.DOUBLE,
    QEvent.Type.TabletPress: Kind.PRESS,
    QEvent.Type.TabletMove: Kind.MOVE,
    QEvent.Type.TabletRelease: Kind.RELEASE,
}


class Pointing(QObject):
    """Watches a canvas's events. ``moved`` carries the picture coordinates under the pointer, or None."""

    moved = Signal(object)
    tapped = Signal()
    """The space bar was struck, and nothing was moved with it."""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self._editor = canvas.editor
        self._panning: tuple[QPointF, View] | None = None
        self._sizing: tuple[QPointF, float, float] | None = None
        self._painting = False
        self._splitting = False
        self._space = self._panned = False
        self._at = QPointF()
        canvas.installEventFilter(self)
        self._editor.tool_changed.connect(self.refresh)
        self._editor.settings_changed.connect(self.refresh)
        self._editor.opened.connect(self.refresh)
        canvas.view_changed.connect(self.refresh)
        canvas.compare_changed.connect(self.refresh)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Take what is ours; the rest goes on to the canvas."""
        match event:
            case QMouseEvent() | QTabletEvent():
                return self._pointed(event)
            case QWheelEvent():
                return self._wheeled(event)
            case QNativeGestureEvent():
                return self._pinched(event)
            case QKeyEvent():
                return self._key(event)
            case QEnterEvent():
                self.refresh()
        if event.type() == QEvent.Type.Leave:
            self._left()
        return super().eventFilter(watched, event)

    # ---- pointers

    def _pointed(self, event: QMouseEvent | QTabletEvent) -> bool:
        kind = _KINDS.get(event.type())
        if kind is None or self._canvas.sheet is None:
            return False
        at = event.position() * self._canvas.devicePixelRatioF()
        self._at = at
        if kind in (Kind.PRESS, Kind.DOUBLE):
            self._canvas.setFocus(Qt.FocusReason.MouseFocusReason)
            self._pressed(event, at, kind)
        elif kind is Kind.MOVE:
            self._dragged(event, at)
        else:
            self._released(event, at)
        self._ring_moved()
        self.moved.emit(self._picture(at))
        event.accept()
        return True

    def _pressed(self, event: QMouseEvent | QTabletEvent, at: QPointF, kind: Kind) -> None:
        button, alt = event.button(), bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
        if button == Qt.MouseButton.MiddleButton or (button == Qt.MouseButton.LeftButton and self._hand):
            self._panning = at, self._canvas.view
            self._panned = True
        elif button == Qt.MouseButton.RightButton and alt:
            self._sizing = at, self._editor.settings.size, self._editor.settings.hardness
        elif button == Qt.MouseButton.LeftButton and self._on_split(at):
            self._splitting = True
        elif button == Qt.MouseButton.LeftButton and self._canvas.compare in (Compare.OFF, Compare.SIDE):
            self._painting = True
            self._editor.pointer(self._pointer(kind, event, at))
        self.refresh()

    def _dragged(self, event: QMouseEvent | QTabletEvent, at: QPointF) -> None:
        if self._panning is not None:
            start, view = self._panning
            self._canvas.set_view(view.moved(at.x() - start.x(), at.y() - start.y()).settled())
        elif self._sizing is not None:
            start, size, hardness = self._sizing
            size += (at.x() - start.x()) * 2 / self._canvas.view.scale
            hardness -= (at.y() - start.y()) / 300
            self._editor.set_tool(size=min(max(size, 1.0), 2000.0), hardness=min(max(hardness, 0.0), 1.0))
        elif self._splitting:
            self._canvas.set_split(at.x() / max(self._canvas.window_size[1], 1))
        elif self._painting:
            self._editor.pointer(self._pointer(Kind.MOVE, event, at))
        else:
            self._editor.pointer(self._pointer(Kind.HOVER, event, at))
            self._aim()

    def _released(self, event: QMouseEvent | QTabletEvent, at: QPointF) -> None:
        if self._painting:
            self._editor.pointer(self._pointer(Kind.RELEASE, event, at))
        self._panning, self._sizing, self._painting, self._splitting = None, None, False, False
        self.refresh()

    def _left(self) -> None:
        self._canvas.ring = None
        self._canvas.update()
        self.moved.emit(None)

    def _pointer(self, kind: Kind, event: QMouseEvent | QTabletEvent, at: QPointF) -> Pointer:
        x, y = self._picture(at)
        held = event.modifiers()
        pressure = event.pressure() if isinstance(event, QTabletEvent) else 1.0
        shift = bool(held & Qt.KeyboardModifier.ShiftModifier)
        alt = bool(held & Qt.KeyboardModifier.AltModifier)
        return Pointer(kind, x, y, pressure, shift, alt, 1 / self._canvas.view.scale)

    def _picture(self, at: QPointF) -> tuple[float, float]:
        return self._canvas.view.to_picture(at.x() - self._canvas.shift_at(at.x()), at.y())

    # ---- wheel, pinch, keys

    def _wheeled(self, event: QWheelEvent) -> bool:
        if self._canvas.sheet is None:
            return False
        at = event.position() * self._canvas.devicePixelRatioF()
        pixels, turned = event.pixelDelta(), event.angleDelta()
        control = event.modifiers() & Qt.KeyboardModifier.ControlModifier
        touchpad = not pixels.isNull() and event.phase() != Qt.ScrollPhase.NoScrollPhase
        if touchpad and not control:
            self._canvas.set_view(self._canvas.view.moved(pixels.x(), pixels.y()).settled())
        elif event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._canvas.set_view(self._canvas.view.moved(turned.y() or turned.x(), 0).settled())
        else:
            self._canvas.zoom_at(_ZOOM ** (turned.y() / _NOTCH), at.x(), at.y())
        event.accept()
        return True

    def _pinched(self, event: QNativeGestureEvent) -> bool:
        if event.gestureType() != Qt.NativeGestureType.ZoomNativeGesture:
            return False
        at = event.position() * self._canvas.devicePixelRatioF()
        self._canvas.zoom_at(1 + event.value(), at.x(), at.y())
        return True

    def _key(self, event: QKeyEvent) -> bool:
        struck = event.type() in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease)
        if event.key() == Qt.Key.Key_Space and struck and not event.isAutoRepeat():
            self._space = event.type() == QEvent.Type.KeyPress
            if self._space:
                self._panned = False
            elif not self._panned:
                self.tapped.emit()
            self.refresh()
            return True
        step = {Qt.Key.Key_Left: (1, 0), Qt.Key.Key_Right: (-1, 0), Qt.Key.Key_Up: (0, 1), Qt.Key.Key_Down: (0, -1)}
        way = step.get(Qt.Key(event.key()))
        if event.type() == QEvent.Type.KeyPress and way is not None:
            self._canvas.set_view(self._canvas.view.moved(way[0] * 60, way[1] * 60).settled())
            return True
        return event.key() == Qt.Key.Key_Space

    # ---- the cursor

    @property
    def _hand(self) -> bool:
        return self._space or self._editor.row.id == "hand"

    def _on_split(self, at: QPointF) -> bool:
        line = self._canvas.split * self._canvas.window_size[1]
        return self._canvas.compare is Compare.SPLIT and abs(at.x() - line) <= _GRAB * self._canvas.devicePixelRatioF()

    def refresh(self) -> None:
        """The cursor that fits what would happen now."""
        self._aim()
        self._ring_moved()

    def _aim(self) -> None:
        self._canvas.setCursor(QCursor(self._shape()))

    def _shape(self) -> Qt.CursorShape:
        if self._canvas.sheet is None:
            return Qt.CursorShape.ArrowCursor
        if self._hand or self._panning is not None:
            return Qt.CursorShape.ClosedHandCursor if self._panning is not None else Qt.CursorShape.OpenHandCursor
        if self._on_split(self._at) or self._splitting:
            return Qt.CursorShape.SplitHCursor
        if self._canvas.compare not in (Compare.OFF, Compare.SIDE):
            return Qt.CursorShape.ArrowCursor
        if self._editor.row.id == "text" and self._editor.hovered is not None:
            return Qt.CursorShape.PointingHandCursor
        return Qt.CursorShape.BlankCursor if self._ringed else Qt.CursorShape.CrossCursor

    @property
    def _ringed(self) -> bool:
        return self._editor.row.sized and self._editor.row.id != "text" and not self._hand

    def _ring_moved(self) -> None:
        canvas = self._canvas
        shown = self._ringed and canvas.underMouse() and canvas.sheet is not None and self._panning is None
        centre = self._sizing[0] if self._sizing is not None else self._at
        radius = self._editor.settings.size / 2 * canvas.view.scale
        old = canvas.ring
        canvas.ring = (centre, radius) if shown else None
        for ring in (old, canvas.ring):
            if ring is not None:
                canvas.update_around(*ring)
