"""Lanes of the timeline that belong to the film as a whole: the ruler with the in and out points, and the strip."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPalette, QPolygonF, QWheelEvent
from PySide6.QtWidgets import QWidget

from app.state.playback import Playback
from app.state.thumbnails import Thumbnails
from app.ui.stretch import Stretch
from app.ui.transport import times

_GRAB = 6
"""Pixels around a handle in which it is taken."""

_LABEL = 92
"""Pixels between two labels of the ruler."""


class Scope:
    """The stretch that all lanes share; ``set`` tells the timeline of another one."""

    def __init__(self, told: Callable[[], None]) -> None:
        self.stretch = Stretch.whole(1, 1)
        self._told = told

    def set(self, stretch: Stretch) -> None:
        """Show another part of the film."""
        if stretch != self.stretch:
            self.stretch = stretch
            self._told()


class Lane(QWidget):
    """A strip of the timeline: the wheel zooms and scrolls; what a press does is up to each."""

    def __init__(self, scope: Scope, playback: Playback, height: int) -> None:
        super().__init__()
        self.scope = scope
        self.playback = playback
        self.setFixedHeight(height)
        self.setMouseTracking(True)

    @property
    def stretch(self) -> Stretch:
        return self.scope.stretch

    def colour(self, role: QPalette.ColorRole, opacity: float = 1.0) -> QColor:
        """A colour of the theme."""
        made = QColor(self.palette().color(role))
        made.setAlphaF(opacity)
        return made

    def shade_outside(self, painter: QPainter) -> None:
        """Dim what is not between the in and the out point."""
        reel = self.playback.reel
        if reel is None or reel.whole:
            return
        shade = self.colour(QPalette.ColorRole.Window, 0.62)
        left, right = self.stretch.x_of(reel.span[0]), self.stretch.x_of(reel.span[1])
        painter.fillRect(QRectF(0, 0, left, self.height()), shade)
        painter.fillRect(QRectF(right, 0, self.width() - right, self.height()), shade)

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        turned = event.angleDelta()
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier or abs(turned.x()) > abs(turned.y()):
            step = turned.x() or turned.y()
            self.scope.set(self.stretch.moved(-step / 120 * 60 / self.stretch.scale))
        elif event.modifiers() & Qt.KeyboardModifier.ControlModifier or turned.y():
            self.scope.set(self.stretch.zoomed(1.25 ** (turned.y() / 120), event.position().x()))
        event.accept()


class Scrubber(Lane):
    """A lane on which pressing and dragging moves the playhead."""

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        if event.button() == Qt.MouseButton.LeftButton:
            self.playback.go(self.stretch.frame_at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        if event.buttons() & Qt.MouseButton.LeftButton:
            self.playback.go(self.stretch.frame_at(event.position().x()))


class Ruler(Scrubber):
    """Times, and the in and out points as brackets that can be dragged."""

    def __init__(self, scope: Scope, playback: Playback) -> None:
        super().__init__(scope, playback, 26)
        self.setAccessibleName(self.tr("Ruler"))
        self._held: int | None = None

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        painter = QPainter(self)
        reel = self.playback.reel
        if reel is None:
            return
        self._marks(painter)
        self._span(painter)

    def _marks(self, painter: QPainter) -> None:
        reel = self.playback.reel
        if reel is None:
            return
        large, small = self.stretch.marks(reel.film.info.rate, _LABEL)
        font = painter.font()
        font.setPixelSize(11)
        painter.setFont(font)
        tick, words = (
            self.colour(QPalette.ColorRole.PlaceholderText, 0.75),
            self.colour(QPalette.ColorRole.WindowText, 0.72),
        )
        bottom = self.height()
        for frame in self.stretch.seen(small):
            x = round(self.stretch.x_of(frame))
            tall = frame % large == 0
            painter.fillRect(x, bottom - (9 if tall else 4), 1, 9 if tall else 4, tick)
            if tall:
                painter.setPen(words)
                painter.drawText(
                    QRectF(x + 5, 2, _LABEL, bottom - 8), Qt.AlignmentFlag.AlignLeft, self._label(frame, large)
                )

    def _label(self, frame: int, step: int) -> str:
        reel = self.playback.reel
        if reel is None:
            return ""
        text = times(reel.film.times[frame])
        short = text if step < reel.film.info.rate else text.partition(".")[0]
        return short.removeprefix("0:")

    def _span(self, painter: QPainter) -> None:
        reel = self.playback.reel
        if reel is None or reel.whole:
            return
        self.shade_outside(painter)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        accent = self.colour(QPalette.ColorRole.Highlight)
        left, right = (self.stretch.x_of(frame) for frame in reel.span)
        painter.fillRect(QRectF(left, 0, right - left, 3), accent)
        painter.setBrush(accent)
        painter.setPen(Qt.PenStyle.NoPen)
        for x, way in ((left, 1), (right, -1)):
            shape = [
                QPointF(x, 0),
                QPointF(x + way * 8, 0),
                QPointF(x + way * 8, 4),
                QPointF(x + way * 3, 10),
                QPointF(x, 10),
            ]
            painter.drawPolygon(QPolygonF(shape))

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        self._held = self._handle_at(event.position().x())
        if self._held is None:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        reel, x = self.playback.reel, event.position().x()
        if self._held is not None and reel is not None:
            edge = self.stretch.edge_at(x)
            start, stop = (min(edge, reel.span[1] - 1), reel.span[1]) if self._held == 0 else (reel.span[0], edge)
            self.playback.set_span(start, stop)
            return
        near = self._handle_at(x) is not None and not event.buttons()
        self.setCursor(Qt.CursorShape.SizeHorCursor if near else Qt.CursorShape.ArrowCursor)
        super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        self._held = None

    def _handle_at(self, x: float) -> int | None:
        reel = self.playback.reel
        if reel is None or reel.whole:
            return None
        return next((i for i, edge in enumerate(reel.span) if abs(self.stretch.x_of(edge) - x) <= _GRAB), None)


class Strip(Scrubber):
    """Pictures of the film, side by side."""

    def __init__(self, scope: Scope, playback: Playback, thumbnails: Thumbnails) -> None:
        super().__init__(scope, playback, 54)
        self.setAccessibleName(self.tr("Pictures of the film"))
        self._thumbnails = thumbnails
        self._asked: list[int] = []
        thumbnails.arrived.connect(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        reel = self.playback.reel
        if reel is None:
            return
        height, width = reel.film.info.size
        slot = max(round((self.height() - 4) * width / height), 24)
        dirty = event.rect()
        slots = self._slots(slot)
        for frame, x in slots:
            if x <= dirty.right() and x + max(slot, self.stretch.scale) >= dirty.left():
                self._draw(painter, frame, x, slot)
        missing = [frame for frame, _ in slots if self._thumbnails.get(frame) is None]
        edge = self.stretch.x_of(reel.frames)
        painter.fillRect(QRectF(edge, 0, self.width() - edge, self.height()), self.colour(QPalette.ColorRole.Window))
        self.shade_outside(painter)
        if missing != self._asked:
            self._asked = missing
            self._thumbnails.want(missing)

    def _slots(self, slot: int) -> list[tuple[int, float]]:
        """The frames to show and where: places stay with the film, so that scrolling does not change them."""
        frames = max(slot / self.stretch.scale, 1.0)
        first = int(self.stretch.left // frames)
        count = int(self.width() / (frames * self.stretch.scale)) + 2
        starts = [number * frames for number in range(first, first + count)]
        last = self.stretch.frames - 1
        return [(self._frame_for(start, frames), self.stretch.x_of(start)) for start in starts if start <= last]

    def _frame_for(self, start: float, frames: float) -> int:
        """A frame from which decoding can begin, where the slot has one: it comes quickest."""
        reel = self.playback.reel
        begin, end = int(start), min(int(start + frames), self.stretch.frames - 1)
        if reel is None:
            return begin
        key = reel.key_in(begin, end)
        return begin if key is None else key

    def _draw(self, painter: QPainter, frame: int, x: float, slot: int) -> None:
        picture = self._thumbnails.get(frame)
        width = max(slot, round(self.stretch.scale)) if self.stretch.scale > slot else slot
        place = QRectF(x, 2, width - 1, self.height() - 4)
        shown = picture if picture is not None else self._thumbnails.near(frame)
        if shown is None:
            painter.fillRect(place, self.colour(QPalette.ColorRole.Base))
            return
        height, across = shown.shape[:2]
        image = QImage(shown.data, across, height, 4 * across, QImage.Format.Format_RGB32)
        painter.drawImage(QRectF(x, 2, slot - 1, self.height() - 4), image)


class Playhead(QWidget):
    """The line over all lanes; lets every click through."""

    def __init__(self, parent: QWidget, scope: Scope, playback: Playback) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._scope = scope
        self._playback = playback
        self.left = 0
        """Where the lanes begin."""
        self._drawn = 0

    def follow(self) -> None:
        """The playhead has moved: repaint where it was and where it is, and nothing else."""
        for x in (self._drawn, round(self._x())):
            self.update(x - 8, 0, 17, self.height())

    def _x(self) -> float:
        reel, stretch = self._playback.reel, self._scope.stretch
        frame = reel.frame if reel is not None else 0
        return self.left + stretch.x_of(frame + 0.5 if stretch.scale >= 4 else frame)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        reel = self._playback.reel
        if reel is None:
            return
        x = self._x()
        if x < self.left - 1:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colour = QColor("#ff4d5e")
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        self._drawn = at = round(x)
        head = [
            QPointF(at - 5.5, 0),
            QPointF(at + 6.5, 0),
            QPointF(at + 6.5, 8),
            QPointF(at + 0.5, 14),
            QPointF(at - 5.5, 8),
        ]
        painter.drawPolygon(QPolygonF(head))
        painter.fillRect(QRectF(at - 0.25, 12, 1.5, self.height() - 12), colour)
