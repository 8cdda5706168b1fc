"""The bar above the timeline: play, step, where in the film one is, in and out points, zoom."""

from __future__ import annotations

from fractions import Fraction

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QFrame, QLineEdit, QSlider

from app.state.playback import Playback
from app.state.sound import Loudspeaker
from app.ui.bits import label, row, rule, tool_button
from app.ui.icons import icon
from app.ui.volume import VolumeControl
from engines.core.faults import EngineError

_ZOOM_STEPS = 1000


class Transport(QFrame):
    """``zoomed`` carries 0 (all of the film) to 1 (single frames); ``fitted``: show all of it."""

    zoomed = Signal(float)
    fitted = Signal()

    def __init__(self, playback: Playback, speaker: Loudspeaker) -> None:
        super().__init__()
        self.setObjectName("transport")
        self._playback = playback
        self._play = tool_button("play", self.tr("Play (Space)"), playback.toggle, 20)
        self._play.setObjectName("play")
        start = tool_button("to-start", self.tr("To the start (Home)"), lambda: playback.go(0), 17)
        back = tool_button("frame-back", self.tr("One frame back (,)"), lambda: playback.step(-1), 17)
        on = tool_button("frame-on", self.tr("One frame on (.)"), lambda: playback.step(1), 17)
        end = tool_button("to-end", self.tr("To the end (End)"), lambda: playback.go(1 << 62), 17)
        self._loop = tool_button(
            "loop", self.tr("Loop between the in and the out point (Ctrl+L)"), self._toggle_loop, 17
        )
        self._loop.setCheckable(True)
        self.volume = VolumeControl(speaker)
        self._time = QLineEdit()
        self._time.setObjectName("timecode")
        self._time.setFixedWidth(112)
        self._time.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._time.setAccessibleName(self.tr("Time"))
        self._time.setToolTip(self.tr("Where you are. Type a time (1:02.5) or a frame (#120) and press Enter."))
        self._time.returnPressed.connect(self._typed)
        self._frame = label(role="small")
        mark_in = tool_button("mark-in", self.tr("Set the in point (I)"), playback.mark_in, 17)
        mark_out = tool_button("mark-out", self.tr("Set the out point (O)"), playback.mark_out, 17)
        self._forget = tool_button("close", self.tr("Forget in and out points (Shift+X)"), playback.clear_span, 13)
        self._span = label(role="small")
        self._zoom = QSlider(Qt.Orientation.Horizontal)
        self._zoom.setRange(0, _ZOOM_STEPS)
        self._zoom.setFixedWidth(86)
        self._zoom.setAccessibleName(self.tr("Zoom of the timeline"))
        self._zoom.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._zoom.valueChanged.connect(lambda value: self.zoomed.emit(value / _ZOOM_STEPS))
        fit = tool_button("fit", self.tr("Show the whole film"), self.fitted.emit, 15)
        for small in (start, back, on, end, self._loop, mark_in, mark_out, self._forget, fit):
            small.setProperty("flat", "small")
        layout = row(
            start, back, self._play, on, end, self._loop, 10, self._time, 8, self._frame, 12, rule(upright=True), 6,
            mark_in, mark_out, self._span, self._forget, None, self.volume, 10, self._zoom, fit, spacing=3,
        )  # fmt: skip
        layout.setContentsMargins(10, 4, 10, 4)
        self.setLayout(layout)
        self.setFixedHeight(42)
        playback.moved.connect(self._show_place)
        playback.changed.connect(self._show)
        self._show()

    def _toggle_loop(self) -> None:
        self._playback.set_loops(not self._playback.loops)

    def set_zoom(self, share: float) -> None:
        """Show a zoom without telling."""
        with QSignalBlocker(self._zoom):
            self._zoom.setValue(round(share * _ZOOM_STEPS))

    def _show(self) -> None:
        reel, playing = self._playback.reel, self._playback.playing
        self._play.setIcon(icon("pause" if playing else "play"))
        self._loop.setChecked(self._playback.loops)
        tip = self.tr("Pause (Space)") if playing else self.tr("Play (Space)")
        self._play.setToolTip(tip)
        self._play.setAccessibleName(tip)
        whole = reel is None or reel.whole
        self._forget.setVisible(not whole)
        self._span.setVisible(not whole)
        if reel is not None and not whole:
            start, stop = reel.span
            length = times(reel.film.times[stop - 1] - reel.film.times[start])
            words = self.tr("%1 frames (%2)").replace("%1", str(stop - start)).replace("%2", length)
            self._span.setText(words)
        self._show_place()

    def _show_place(self) -> None:
        reel = self._playback.reel
        if reel is None:
            return
        if not self._time.hasFocus() or self._playback.playing:
            self._time.setText(times(reel.film.times[reel.frame]))
        words = self.tr("Frame %1 of %2").replace("%1", str(reel.frame)).replace("%2", str(reel.frames))
        self._frame.setText(words)

    def _typed(self) -> None:
        reel, text = self._playback.reel, self._time.text().strip()
        if reel is None:
            return
        if text.startswith("#") and text[1:].isdecimal():
            self._playback.go(int(text[1:]))
        else:
            from engines.media.film.timecode import parse_time

            try:
                self._playback.go(reel.film.index_at(parse_time(text)))
            except EngineError:
                self._time.setText(times(reel.film.times[reel.frame]))
        self._time.clearFocus()


def times(time: Fraction) -> str:
    """``0:01:15.500``."""
    from engines.media.film.timecode import format_time

    return format_time(time)
