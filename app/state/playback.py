"""The playhead: step, scrub, play. What the film shows at a moment, and the person's in and out points."""

from __future__ import annotations

import time
from collections.abc import Callable
from fractions import Fraction
from typing import Protocol

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from app.document.state import LayerRole
from app.state.decoding import Decoding, Glimpse, Run, Still
from app.state.editor import Editor
from app.state.notices import of_error
from app.state.reel import Moment, Picture, Reel
from app.state.tasks import Post
from engines.core.faults import EngineError

_TICK = 4
"""Milliseconds between looks at the clock while the film plays."""


class Clock(Protocol):
    """Where in the film the person is while it plays."""

    def start(self, at: Fraction) -> None:
        """Run from the moment ``at`` of the film, in seconds."""
        ...

    def now(self) -> Fraction:
        """The moment of the film; may be asked from any thread."""
        ...

    def stop(self) -> None: ...


class WallClock:
    """The machine's own clock: for films without sound."""

    def __init__(self) -> None:
        self._begun, self._at = 0, Fraction(0)

    def start(self, at: Fraction) -> None:
        self._begun, self._at = time.monotonic_ns(), at

    def now(self) -> Fraction:
        return self._at + Fraction(time.monotonic_ns() - self._begun, 10**9)

    def stop(self) -> None:
        pass


class Playback(QObject):
    """``moved``: the playhead. ``changed``: it plays or not, the in or the out point.

    ``glimpsed`` carries what to show for the moment instead of the sheet; ``settled`` that the sheet shows the
    frame exactly, with the same frame at screen size for as long as the sheet is being drawn.
    """

    opened = Signal()
    moved = Signal(int)
    glimpsed = Signal(object)
    settled = Signal(object)
    changed = Signal()

    def __init__(self, editor: Editor) -> None:
        super().__init__(editor)
        self.editor = editor
        self.clock_of: Callable[[Reel], Clock] = lambda _: WallClock()
        self.rough: Callable[[int], Picture | None] = lambda _: None
        """A small picture of about that frame, if there is one."""
        self.paint: Callable[[int, Picture], Picture] = lambda _, picture: picture
        """What is drawn over a playing frame."""
        self.size: Callable[[], tuple[int, int]] = self._small
        """At which height and width a playing frame is shown."""
        self._post = Post(self)
        self._decoding: Decoding | None = None
        self._run: Run | None = None
        self._clock: Clock = WallClock()
        self._until, self._skipped = Fraction(0), 0
        self._round: tuple[int, int] | None = None
        """What is played again and again while ``loops``; None: between the in and the out point."""
        self.loops = False
        self._leaving: list[Decoding] = []
        self._ticking = QTimer(self, interval=_TICK, timerType=Qt.TimerType.PreciseTimer)
        self._ticking.timeout.connect(self._tick)
        editor.opened.connect(self._opened)

    # ---- where

    @property
    def reel(self) -> Reel | None:
        """The film that is open."""
        return self._decoding.reel if self._decoding is not None else None

    @property
    def playing(self) -> bool:
        return self._run is not None

    @property
    def dropped(self) -> int:
        """Frames that were left out of the present or last run, to be in time."""
        return self._skipped + (self._decoding.dropped if self._decoding is not None else 0)

    def go(self, frame: int) -> None:
        """The playhead to ``frame``, or to the end that is nearer to it."""
        self.pause()
        reel = self.reel
        if reel is not None:
            self._look_at(min(max(frame, 0), reel.frames - 1))

    def step(self, frames: int) -> None:
        """On by ``frames``; back where it is negative."""
        if self.reel is not None:
            self.go(self.reel.frame + frames)

    def mark_in(self) -> None:
        """The in point to the playhead."""
        if self.reel is not None:
            stop = self.reel.span[1]
            self.set_span(self.reel.frame, stop if stop > self.reel.frame else self.reel.frames)

    def mark_out(self) -> None:
        """The out point to the playhead, which is the last frame inside."""
        if self.reel is not None:
            start, end = self.reel.span[0], self.reel.frame + 1
            self.set_span(start if start < end else 0, end)

    def clear_span(self) -> None:
        if self.reel is not None:
            self.set_span(0, self.reel.frames)

    def set_span(self, start: int, stop: int) -> None:
        """From ``start`` up to, not including, ``stop``; at least one frame."""
        reel = self.reel
        if reel is not None:
            start = min(max(start, 0), reel.frames - 1)
            reel.span = start, min(max(stop, start + 1), reel.frames)
            self.changed.emit()

    # ---- playing

    def set_loops(self, loops: bool) -> None:
        """At the out point, go on from the in point; or stop there."""
        self.loops = loops
        self.changed.emit()

    def toggle(self) -> None:
        """Play, or pause."""
        if self.playing:
            self.pause()
        else:
            self.play()

    def play(self) -> None:
        """From the playhead to the out point; from the in point, where the playhead is there already."""
        decoding = self._decoding
        if decoding is None or self.playing:
            return
        reel, self._round = decoding.reel, None
        start, stop = reel.frame, reel.span[1] if reel.frame < reel.span[1] - 1 else reel.frames
        if reel.frame >= reel.frames - 1 or reel.frame == reel.span[1] - 1:
            start, stop = reel.span
        self._begin(start, stop)

    def _begin(self, start: int, stop: int) -> None:
        decoding = self._decoding
        if decoding is None:
            return
        reel = decoding.reel
        self.editor.escape()
        self._clock = self.clock_of(reel)
        self._clock.start(reel.film.times[start])
        self._until, self._skipped = reel.film.times[start], 0
        self._run = Run(start, stop, self.size(), self._clock.now, self.paint)
        decoding.play(self._run)
        self._ticking.start()
        self.changed.emit()

    def play_span(self, start: int, stop: int) -> None:
        """From ``start`` up to, not including, ``stop``."""
        self.go(start)
        self._round = start, stop
        self._begin(start, stop)

    def pause(self) -> None:
        """Stop, and show the frame at the playhead exactly."""
        if self._run is None or self._decoding is None:
            return
        self._run = None
        self._ticking.stop()
        self._clock.stop()
        self._look_at(self._decoding.reel.frame)
        self.changed.emit()

    def _tick(self) -> None:
        run, decoding = self._run, self._decoding
        if run is None or decoding is None:
            return
        now = self._clock.now()
        due: Glimpse | None = None
        ready = decoding.ready
        while ready and (ready[0].time <= now):
            self._skipped += due is not None
            due = ready.popleft()
            decoding.taken()
        if due is not None:
            self._glimpse(due)
        elif not ready and decoding.over(run) and now >= self._until:
            self._ended()

    def _ended(self) -> None:
        """The run is over: once more, or stop."""
        reel = self.reel
        if not self.loops or reel is None:
            self.pause()
            return
        self._clock.stop()
        self._begin(*(self._round or reel.span))

    def _glimpse(self, glimpse: Glimpse) -> None:
        self._until = glimpse.end
        self._place(glimpse.index)
        self.glimpsed.emit(glimpse.picture)

    # ---- one frame

    def _look_at(self, frame: int) -> None:
        decoding = self._decoding
        if decoding is None:
            return
        self._place(frame)
        rough = None if decoding.kept(frame) else self.rough(frame)
        if rough is not None:
            self.glimpsed.emit(rough)
        decoding.seek(Still(frame, self.size(), self.paint))

    def _small(self) -> tuple[int, int]:
        """A size that fits any screen, where nobody says a better one."""
        height, width = self.reel.film.info.size if self.reel is not None else (9, 16)
        return 270, max(round(270 * width / height), 1)

    def _place(self, frame: int) -> None:
        """Put the playhead there; the masks follow at once, the picture when it is decoded."""
        sheet, reel = self.editor.sheet, self.reel
        if sheet is None or reel is None or reel.frame == frame:
            return
        self.editor.escape()
        sheet.move(frame)
        self.editor.redraw()
        self.moved.emit(frame)

    def _show(self, reel: Reel, moment: Moment, picture: Picture) -> None:
        sheet = self.editor.sheet
        if sheet is not None and sheet.reel is reel and moment.index == reel.frame and not self.playing:
            sheet.show(moment)
            self.settled.emit(picture)
            self.editor.redraw()

    # ---- films come and go

    def _opened(self) -> None:
        self._let_go()
        sheet = self.editor.sheet
        if sheet is not None and sheet.reel is not None:
            reel, post = sheet.reel, self._post
            self.editor.set_tool(role=LayerRole.ADD)  # tracks have no other meaning
            self._decoding = Decoding(
                reel,
                lambda moment, picture: post(lambda: self._show(reel, moment, picture)),
                lambda error: post(lambda: self._failed(reel, error)),
            )
        self.opened.emit()
        self.changed.emit()

    def _failed(self, reel: Reel, error: EngineError) -> None:
        if self.reel is reel:
            self.editor.tell(of_error(error))

    def close(self) -> None:
        """Let go of the film, and wait until that is done."""
        self._let_go()
        for decoding in self._leaving:
            decoding.join()

    def _let_go(self) -> None:
        self._run = None
        self._ticking.stop()
        self._clock.stop()
        decoding, self._decoding = self._decoding, None
        self._leaving = [left for left in self._leaving if left.alive]
        if decoding is not None:
            decoding.close()
            self._leaving.append(decoding)
