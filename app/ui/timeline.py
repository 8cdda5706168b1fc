"""The timeline under the canvas: transport, ruler, strip of pictures, and a row for each mask track."""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QScrollBar, QVBoxLayout, QWidget

from app.state.film_tracks import FilmTracks
from app.state.playback import Playback
from app.state.sound import Loudspeaker
from app.state.thumbnails import Thumbnails
from app.ui.bits import button, clear_layout, label, row
from app.ui.lanes import Playhead, Ruler, Scope, Strip
from app.ui.stretch import CLOSEST, Stretch
from app.ui.track_row import HEIGHT as ROW
from app.ui.track_row import TrackRow
from app.ui.transport import Transport

HEAD = 186
"""Width of the heads at the left."""


class Timeline(QFrame):
    """Bound to the playback and the tracks; only there for films."""

    def __init__(self, playback: Playback, tracks: FilmTracks, thumbnails: Thumbnails, speaker: Loudspeaker) -> None:
        super().__init__()
        self.setObjectName("timeline")
        self.setAccessibleName(self.tr("Timeline"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._playback = playback
        self._tracks = tracks
        self.scope = Scope(self._scoped)
        self.transport = Transport(playback, speaker)
        self.ruler = Ruler(self.scope, playback)
        self.strip = Strip(self.scope, playback, thumbnails)
        self.rows: list[TrackRow] = []
        self._body = QWidget()
        self._body.setObjectName("timelineBody")
        self._rows = QVBoxLayout()
        self._empty = label(self.tr("Paint on a frame to begin a mask track, or use Find subtitles."), "faint")
        self._bar = QScrollBar(Qt.Orientation.Horizontal)
        self._bar.setAccessibleName(self.tr("Part of the film"))
        self._bar.valueChanged.connect(self._scrolled)
        self._lay_out()
        self.playhead = Playhead(self._body, self.scope, playback)
        self.playhead.left = HEAD
        self._body.installEventFilter(self)
        self.transport.zoomed.connect(self._zoom_to)
        self.transport.fitted.connect(self.fit)
        playback.opened.connect(self._opened)
        playback.moved.connect(self._moved)
        playback.changed.connect(self._repaint)
        tracks.changed.connect(self._show_tracks)
        self._opened()

    def _lay_out(self) -> None:
        body = QVBoxLayout(self._body)
        body.setContentsMargins(0, 0, 0, 0)
        body.setSpacing(0)
        body.addLayout(self._beside(self._head(""), self.ruler))
        body.addLayout(self._beside(self._film_head(), self.strip))
        holder = QWidget()
        holder.setObjectName("trackRows")
        inside = QVBoxLayout(holder)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(0)
        self._rows.setSpacing(1)
        inside.addLayout(self._rows)
        self._empty.setContentsMargins(HEAD + 12, 8, 0, 8)
        inside.addWidget(self._empty)
        inside.addStretch(1)
        scroll = QScrollArea()
        scroll.setObjectName("trackScroll")
        scroll.setWidgetResizable(True)
        scroll.setWidget(holder)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setMinimumHeight(ROW)
        body.addWidget(scroll, 1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self.transport)
        outer.addWidget(self._body, 1)
        foot = row(HEAD, self._bar, spacing=0)
        outer.addLayout(foot)

    def _beside(self, head: QWidget, lane: QWidget) -> QHBoxLayout:
        layout = QHBoxLayout()
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(head)
        layout.addWidget(lane, 1)
        return layout

    def _head(self, text: str) -> QWidget:
        head = QFrame()
        head.setObjectName("trackHead")
        head.setFixedWidth(HEAD)
        layout = row(label(text, "muted"), None)
        layout.setContentsMargins(12, 0, 6, 0)
        head.setLayout(layout)
        return head

    def _film_head(self) -> QWidget:
        head = self._head(self.tr("Film"))
        add = button(self.tr("Add track"), self._tracks.add, "plain", "add")
        layout = head.layout()
        if layout is not None:
            layout.addWidget(add)
        return head

    # ---- which part is seen

    def fit(self) -> None:
        """All of the film."""
        self.scope.set(Stretch.whole(self.scope.stretch.frames, self.ruler.width()))

    def _zoom_to(self, share: float) -> None:
        stretch = self.scope.stretch
        most = max(CLOSEST, stretch.smallest)
        scale = stretch.smallest * (most / stretch.smallest) ** share
        reel = self._playback.reel
        x = stretch.x_of(reel.frame) if reel is not None else 0.0
        anchor = x if 0 <= x <= stretch.width else stretch.width / 2
        self.scope.set(stretch.zoomed(scale / stretch.scale, anchor))

    def _scoped(self) -> None:
        stretch = self.scope.stretch
        most = max(CLOSEST, stretch.smallest)
        span = math.log(most / stretch.smallest)
        self.transport.set_zoom(math.log(stretch.scale / stretch.smallest) / span if span > 0 else 0.0)
        seen = int(stretch.width / stretch.scale)
        self._bar.blockSignals(True)
        self._bar.setRange(0, max(stretch.frames - seen, 0))
        self._bar.setPageStep(max(seen, 1))
        self._bar.setValue(round(stretch.left))
        self._bar.blockSignals(False)
        self._repaint()

    def _scrolled(self, frame: int) -> None:
        self.scope.set(self.scope.stretch.moved(frame - self.scope.stretch.left))

    def _repaint(self) -> None:
        for part in (self.ruler, self.strip, self.playhead, *(made.lane for made in self.rows)):
            part.update()

    # ---- what has changed

    def _opened(self) -> None:
        reel = self._playback.reel
        self.setVisible(reel is not None)
        if reel is not None:
            self.scope.set(Stretch.whole(reel.frames, self.ruler.width()))
        self._show_tracks()
        self._scoped()

    def _moved(self, frame: int) -> None:
        stretch = self.scope.stretch
        shown = stretch.showing(frame)
        if shown != stretch:
            self.scope.set(shown)
        self.playhead.follow()

    def _show_tracks(self) -> None:
        count = len(self._tracks.all)
        if len(self.rows) != count:
            clear_layout(self._rows)
            self.rows = [TrackRow(self.scope, self._playback, self._tracks, n, HEAD) for n in range(count)]
            for made in self.rows:
                self._rows.addWidget(made)
        for made in self.rows:
            made.renew()
        self._empty.setVisible(not count)
        self.playhead.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        if watched is self._body and event.type() == QEvent.Type.Resize:
            self.playhead.setGeometry(self._body.rect())
            self.playhead.raise_()
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        self.scope.set(self.scope.stretch.resized(max(self.width() - HEAD, 1)))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        many = 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        middle = self.scope.stretch.width / 2
        match event.key():
            case Qt.Key.Key_Left:
                self._playback.step(-many)
            case Qt.Key.Key_Right:
                self._playback.step(many)
            case Qt.Key.Key_Space:
                self._playback.toggle()
            case Qt.Key.Key_Plus | Qt.Key.Key_Equal:
                self.scope.set(self.scope.stretch.zoomed(1.5, middle))
            case Qt.Key.Key_Minus:
                self.scope.set(self.scope.stretch.zoomed(1 / 1.5, middle))
            case _:
                super().keyPressEvent(event)
