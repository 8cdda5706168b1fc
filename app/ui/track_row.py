"""A mask track as a row of the timeline: its name, where it is active, its keys, how sure the tracker was."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QPolygonF,
)
from PySide6.QtWidgets import QHBoxLayout, QToolTip, QWidget

from app.state.film_tracks import FilmTracks
from app.state.playback import Playback
from app.ui.lanes import Lane, Scope
from app.ui.track_head import TrackHead
from engines.core.tracks import MaskTrack, Span, TrackKind

HEIGHT = 34
_GRAB = 6
COLOURS = {TrackKind.STATIC: "#4f8cff", TrackKind.TRACKED: "#35b58a", TrackKind.TEXT: "#b779e8"}
UNSURE = 0.6
"""Confidence below which a mask deserves a look."""


class TrackLane(Lane):
    """The row without its head. ``grabbed``: the person took hold of it."""

    grabbed = Signal()

    def __init__(self, scope: Scope, playback: Playback, tracks: FilmTracks, number: int) -> None:
        super().__init__(scope, playback, HEIGHT)
        self._tracks = tracks
        self.number = number
        self.key: int | None = None
        """The key that the keyboard moves."""
        self._held: tuple[str, int, int] | None = None
        """What is dragged: ``key``, ``start`` or ``end``; its frame or the number of its range; where to."""
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.describe()

    @property
    def track(self) -> MaskTrack | None:
        return self._tracks.all[self.number] if self.number < len(self._tracks.all) else None

    def describe(self) -> None:
        """Say in words what is drawn, for whoever cannot see it."""
        track = self.track
        if track is None:
            return
        self.setAccessibleName(self.tr("Track %1").replace("%1", track.name))
        spans = ", ".join(f"{span.start}–{span.stop - 1}" for span in self._tracks.reach(track))
        keys = ", ".join(str(frame) for frame in sorted(track.keys))
        words = self.tr("Frames %1. Keys: %2.").replace("%1", spans or "–").replace("%2", keys or "–")
        stops = " ".join(
            self.tr("Frame %1: %2").replace("%1", str(s.frame)).replace("%2", s.reason) for s in track.stops
        )
        self.setAccessibleDescription(f"{words} {stops}".strip())

    # ---- looks

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        track = self.track
        if track is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._tracks.chosen == self.number:
            painter.fillRect(self.rect(), self.colour(QPalette.ColorRole.Highlight, 0.09))
        colour = QColor(COLOURS[track.kind])
        painter.setOpacity(0.35 if track.hidden else 1.0)
        for index, span in enumerate(self._tracks.reach(track)):
            self._bar(painter, self._dragged_span(index, span), colour)
        self._confidence(painter, track)
        for stop in track.stops:
            self._stop(painter, self.stretch.x_of(stop.frame))
        for frame in track.keys:
            self._diamond(painter, frame)
        painter.setOpacity(1.0)
        self.shade_outside(painter)
        if self.hasFocus():
            painter.setPen(QPen(self.colour(QPalette.ColorRole.Highlight), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(0.5, 0.5, self.width() - 1, self.height() - 1))

    def _bar(self, painter: QPainter, span: Span, colour: QColor) -> None:
        left, right = self.stretch.x_of(span.start), self.stretch.x_of(span.stop)
        body = QColor(colour)
        body.setAlphaF(0.34)
        edge = QColor(colour)
        edge.setAlphaF(0.9)
        painter.setPen(QPen(edge, 1))
        painter.setBrush(body)
        painter.drawRoundedRect(QRectF(left + 0.5, 6.5, max(right - left - 1, 3), HEIGHT - 13), 5, 5)

    def _confidence(self, painter: QPainter, track: MaskTrack) -> None:
        """A line along the bar's foot: green where the tracker was sure, amber and red where it was less so."""
        if not track.made or track.kind is TrackKind.TEXT:
            return
        step = max(1, int(2 / self.stretch.scale))
        width = max(self.stretch.scale * step, 1.0)
        for frame in self.stretch.seen(step):
            made = track.made.get(frame)
            if made is not None:
                painter.fillRect(
                    QRectF(self.stretch.x_of(frame), HEIGHT - 11, width + 0.5, 3), sureness(made.confidence)
                )

    def _stop(self, painter: QPainter, x: float) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor("#ff6b78"))
        painter.drawPolygon(QPolygonF([QPointF(x, 3), QPointF(x + 4.5, 11), QPointF(x - 4.5, 11)]))
        painter.fillRect(QRectF(x - 0.75, 11, 1.5, HEIGHT - 15), QColor("#ff6b78"))

    def _diamond(self, painter: QPainter, frame: int) -> None:
        at = self._dragged_key(frame)
        x, y, r = self._key_x(at), HEIGHT / 2, 6.0
        shape = QPolygonF([QPointF(x, y - r), QPointF(x + r, y), QPointF(x, y + r), QPointF(x - r, y)])
        reel = self.playback.reel
        here = reel is not None and reel.frame == frame
        chosen = frame == self.key and self.hasFocus()
        painter.setBrush(self.colour(QPalette.ColorRole.Highlight) if chosen or here else QColor("#ffffff"))
        painter.setPen(QPen(QColor(20, 24, 30, 200), 1.2))
        painter.drawPolygon(shape)

    def _key_x(self, frame: int) -> float:
        """The middle of a key; one at the film's very end or beginning is seen whole."""
        x = self.stretch.x_of(frame + 0.5 if self.stretch.scale >= 4 else frame)
        ends = self.stretch.x_of(0) + 7, self.stretch.x_of(self.stretch.frames) - 7
        return min(max(x, ends[0]), max(ends[1], ends[0]))

    def _dragged_key(self, frame: int) -> int:
        return self._held[2] if self._held is not None and self._held[:2] == ("key", frame) else frame

    def _dragged_span(self, index: int, span: Span) -> Span:
        if self._held is None or self._held[1] != index or self._held[0] == "key":
            return span
        to = self._held[2]
        if self._held[0] == "start":
            return Span(min(to, span.stop - 1), span.stop)
        return Span(span.start, max(to, span.start + 1))

    # ---- the hand

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        if event.button() != Qt.MouseButton.LeftButton:
            return
        self._tracks.choose(self.number)
        self.grabbed.emit()
        self._held = self._under(event.position().x())
        if self._held is None:
            self.playback.go(self.stretch.frame_at(event.position().x()))
        elif self._held[0] == "key":
            self.key = self._held[1]
            self.playback.go(self.key)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        x = event.position().x()
        if self._held is not None and event.buttons() & Qt.MouseButton.LeftButton:
            to = self.stretch.frame_at(x) if self._held[0] == "key" else self.stretch.edge_at(x)
            self._held = self._held[0], self._held[1], to
            self.update()
        elif event.buttons() & Qt.MouseButton.LeftButton:
            self.playback.go(self.stretch.frame_at(x))
        else:
            under = self._under(x)
            shapes = {"key": Qt.CursorShape.PointingHandCursor, None: Qt.CursorShape.ArrowCursor}
            self.setCursor(shapes.get(under[0] if under else None, Qt.CursorShape.SizeHorCursor))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        held, self._held = self._held, None
        track = self.track
        if held is None or track is None:
            return
        what, which, to = held
        if what == "key" and to != which:
            self.key = to
            self._tracks.move_key(self.number, which, to)
            self.playback.go(to)
        elif what != "key":
            span = self._tracks.reach(track)[which]
            moved = (
                Span(min(to, span.stop - 1), span.stop)
                if what == "start"
                else Span(span.start, max(to, span.start + 1))
            )
            if moved != span:
                self._tracks.move_range(self.number, which, moved)
        self.update()

    def _under(self, x: float) -> tuple[str, int, int] | None:
        """What the pointer would take: a key, or an end of a range."""
        track = self.track
        if track is None:
            return None
        near = min(track.keys, key=lambda frame: abs(self._key_x(frame) - x), default=None)
        if near is not None and abs(self._key_x(near) - x) <= _GRAB + 1:
            return "key", near, near
        for index, span in enumerate(self._tracks.reach(track)):
            for what, edge in (("start", span.start), ("end", span.stop)):
                if abs(self.stretch.x_of(edge) - x) <= _GRAB:
                    return what, index, edge
        return None

    def event(self, event: QEvent) -> bool:
        """The tip of a mark that says why the tracker stopped, or how sure it was."""
        if isinstance(event, QHelpEvent):
            words = self._words_at(event.pos().x())
            QToolTip.showText(event.globalPos(), words, self) if words else QToolTip.hideText()
            return True
        return super().event(event)

    def _words_at(self, x: float) -> str:
        track, frame = self.track, self.stretch.frame_at(x)
        if track is None:
            return ""
        for stop in track.stops:
            if abs(self.stretch.x_of(stop.frame) - x) <= _GRAB:
                return self.tr("Frame %1: %2").replace("%1", str(stop.frame)).replace("%2", stop.reason)
        if frame in track.made and track.kind is not TrackKind.TEXT:
            words = self.tr("Frame %1: the tracker was %2 sure")
            return words.replace("%1", str(frame)).replace("%2", f"{track.made[frame].confidence:.0%}")
        return ""

    # ---- keys

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        track = self.track
        way = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if track is None:
            return
        if way is not None and event.modifiers() & Qt.KeyboardModifier.AltModifier:
            self._nudge(track, way)
        elif way is not None:
            self._next_key(track, way)
        elif event.key() == Qt.Key.Key_Delete and self.key in track.keys:
            self._tracks.delete_key(self.number, self.key or 0)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._tracks.choose(self.number)
        else:
            super().keyPressEvent(event)

    def _next_key(self, track: MaskTrack, way: int) -> None:
        reel = self.playback.reel
        here = self.key if self.key in track.keys else (reel.frame if reel is not None else 0)
        frames = sorted(frame for frame in track.keys if (frame - (here or 0)) * way > 0)
        if not frames and self.key not in track.keys:
            frames = sorted(track.keys)
        if frames:
            self.key = frames[0] if way > 0 else frames[-1]
            self._tracks.choose(self.number)
            self.playback.go(self.key)
        self.update()

    def _nudge(self, track: MaskTrack, way: int) -> None:
        """Move the key by a frame."""
        if self.key is not None and self.key in track.keys and 0 <= self.key + way < self.stretch.frames:
            frame, self.key = self.key, self.key + way
            self._tracks.move_key(self.number, frame, self.key)
            self.playback.go(self.key)

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        super().focusInEvent(event)
        self.grabbed.emit()


class TrackRow(QWidget):
    """Head and lane side by side."""

    def __init__(self, scope: Scope, playback: Playback, tracks: FilmTracks, number: int, head: int) -> None:
        super().__init__()
        self.head = TrackHead(tracks, number, head)
        self.lane = TrackLane(scope, playback, tracks, number)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.head)
        layout.addWidget(self.lane, 1)

    def renew(self) -> None:
        """The track has changed."""
        self.head.show_track()
        self.lane.describe()
        self.lane.update()


def sureness(confidence: float) -> QColor:
    """The colour of a confidence 0..1."""
    if confidence >= 0.8:
        return QColor("#45c486")
    return QColor("#e9b44c") if confidence >= UNSURE else QColor("#ff6b78")
