"""The sound of a playing film, and the clock that it keeps: pictures follow what is heard."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable
from fractions import Fraction
from typing import Protocol

from PySide6.QtCore import QObject, QTimer, Signal

from app.state.notices import Notice, Weight
from app.state.playback import Clock, Playback, WallClock
from app.state.reel import Reel
from app.state.settings import SettingsStore
from app.state.tasks import Tasks
from engines.core.faults import EngineError

_TICK = 15
"""Milliseconds between two deliveries to the loudspeaker."""

_PATIENCE = 600 * 10**6
"""Nanoseconds after which a device that plays nothing is not waited for."""

BYTES_A_SECOND = 192_000
"""Of what ``engines.media.film.sound`` gives."""

_AHEAD = 40
"""Runs of samples that are decoded before they are due."""


class Sink(Protocol):
    """A loudspeaker. Used from the window's thread alone."""

    def start(self) -> None: ...

    def write(self, data: bytes) -> int:
        """How many of the bytes were taken."""
        ...

    def free(self) -> int:
        """How many bytes it would take."""
        ...

    def set_volume(self, volume: float) -> None:
        """How loud it is for the ear: 0 (silent) to 1 (as it is in the film)."""
        ...

    def heard(self) -> int:
        """Microseconds that have left the loudspeaker since ``start``."""
        ...

    def stop(self) -> None: ...


class SoundClock:
    """A ``Clock``: the sound of one film, from wherever it is started.

    Until something is heard, time stands still; where the device stays silent, the machine's clock takes over. If it
    begins later after all, sound is left out until both are together again.
    """

    def __init__(self, reel: Reel, sink: Sink, parent: QObject) -> None:
        self._reel = reel
        self._sink = sink
        self._at = Fraction(0)
        self._begun = 0
        self._anchor: tuple[int, int] | None = None
        """Nanoseconds of the machine's clock, and microseconds that were heard by then."""
        self._source: _Source | None = None
        self._rest = b""
        self._left_out = 0
        """Microseconds of sound that were left out to catch up."""
        self._drop = 0
        """Bytes that are still to be left out."""
        self._timer = QTimer(parent, interval=_TICK)
        self._timer.timeout.connect(self._feed)

    def start(self, at: Fraction) -> None:
        self._at, self._begun, self._anchor, self._rest = at, time.monotonic_ns(), None, b""
        self._left_out = self._drop = 0
        self._source = _Source(self._reel, at)
        self._sink.start()
        self._feed()
        self._timer.start()

    def now(self) -> Fraction:
        anchor = self._anchor
        if anchor is None:
            silent = time.monotonic_ns() - self._begun - _PATIENCE
            return self._at + Fraction(max(silent, 0), 10**9)
        return self._at + Fraction(anchor[1], 10**6) + Fraction(time.monotonic_ns() - anchor[0], 10**9)

    def stop(self) -> None:
        self._timer.stop()
        self._sink.stop()
        if self._source is not None:
            self._source.close()
            self._source = None

    def _feed(self) -> None:
        """Give the device what it has room for, and look how far it is."""
        source = self._source
        if source is None:
            return
        room = self._sink.free()
        while len(self._rest) < room and (more := source.take()):
            self._rest += more[self._drop :]
            self._drop = max(self._drop - len(more), 0)
        if room and self._rest:
            self._rest = self._rest[self._sink.write(self._rest[:room]) :]
        heard = self._sink.heard()
        if heard > 0 and (self._rest or not source.over):  # behind its end the machine's clock goes on by itself
            if self._anchor is None:
                self._catch_up(heard)
            self._anchor = time.monotonic_ns(), heard + self._left_out

    def _catch_up(self, heard: int) -> None:
        """The device has begun to play; leave out what is over by then."""
        late = int((self.now() - self._at) * 10**6) - heard
        if late > 0:
            self._left_out = late
            self._drop = late * BYTES_A_SECOND // 10**6 // 4 * 4
            self._rest, dropped = self._rest[self._drop :], min(self._drop, len(self._rest))
            self._drop -= dropped


class _Source:
    """Decodes in a thread of its own, a little ahead."""

    def __init__(self, reel: Reel, start: Fraction) -> None:
        self._runs: queue.Queue[bytes | None] = queue.Queue(_AHEAD)
        self._closed = False
        self.over = False
        """Whether the film has no more sound."""
        self._thread = threading.Thread(target=self._work, args=(reel, start), name="film-sound", daemon=True)
        self._thread.start()

    def take(self) -> bytes:
        """What is decoded; nothing, where there is none yet or no more."""
        try:
            run = self._runs.get_nowait()
        except queue.Empty:
            return b""
        if run is None:
            self.over = True
            return b""
        return run

    def close(self) -> None:
        """End the thread, soon."""
        self._closed = True

    def _work(self, reel: Reel, start: Fraction) -> None:
        from engines.media.film.sound import sound_from

        with contextlib.suppress(EngineError):  # a film whose sound is damaged goes on without it
            for run in sound_from(reel.path, start):
                if not self._put(run):
                    return
        self._put(None)

    def _put(self, run: bytes | None) -> bool:
        while not self._closed:
            try:
                self._runs.put(run, timeout=0.1)
            except queue.Full:
                continue
            return True
        return False


class Loudspeaker(QObject):
    """Gives the playback clocks with sound, where there are a device and a film that has some; else says so, once.

    ``changed``: the volume, or whether there is anything to hear.
    """

    changed = Signal()

    def __init__(
        self, playback: Playback, tasks: Tasks, settings: SettingsStore, open_sink: Callable[[], Sink]
    ) -> None:
        super().__init__(playback)
        self._settings = settings
        self._playback = playback
        self._tasks = tasks
        self._open_sink = open_sink
        self._sink: Sink | None = None
        self._tried = False
        playback.clock_of = self._clock
        playback.opened.connect(self._opened)
        playback.opened.connect(self.changed)

    @property
    def sounding(self) -> bool:
        """Whether the open film has sound."""
        return self._playback.reel is not None and sounding(self._playback.reel)

    @property
    def volume(self) -> int:
        """In percent, whether it is muted or not."""
        return self._settings.value.volume

    @property
    def muted(self) -> bool:
        return self._settings.value.muted

    def set_volume(self, percent: int) -> None:
        """Louder or softer; it is heard again, where it was muted."""
        self._settings.update(volume=min(max(percent, 0), 100), muted=False)
        self._apply()

    def mute(self, muted: bool) -> None:
        """Silent, or as loud as before."""
        self._settings.update(muted=muted)
        self._apply()

    def _apply(self) -> None:
        if self._sink is not None:
            self._sink.set_volume(0.0 if self.muted else self.volume / 100)
        self.changed.emit()

    def _opened(self) -> None:
        reel = self._playback.reel
        if reel is None or self._tried or not sounding(reel):
            return
        self._tried = True
        self._tasks.run("", load, lambda _: self._ready(), self._missing)

    def _ready(self) -> None:
        try:
            self._sink = self._open_sink()
        except EngineError as error:
            self._missing(error)
        else:
            self._apply()

    def _missing(self, error: EngineError) -> None:
        words = self.tr("Films play without sound: %1").replace("%1", error.message)
        self._playback.editor.tell(Notice(Weight.INFO, words, error.hint))

    def _clock(self, reel: Reel) -> Clock:
        if self._sink is None or not sounding(reel):
            return WallClock()
        return SoundClock(reel, self._sink, self)


def sounding(reel: Reel) -> bool:
    """Whether the film has sound."""
    return any(stream.kind.value == "audio" for stream in reel.film.info.others)


def load() -> None:
    """Load what plays sound: slow the first time. Raises ``EngineError`` where this machine lacks something."""
    from app.state.qt_sink import load_multimedia

    load_multimedia()
