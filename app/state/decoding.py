"""The thread that decodes a film for the window: the frame that is wanted now, or a run of them ahead of the clock.

Decoding lets go of the interpreter, so that the window's thread is free meanwhile. No Qt.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from app.state.reel import Moment, Picture, Reel, moment_of, picture_of
from engines.core.faults import EngineError, Fault

_log = logging.getLogger("app.decoding")

KEPT = 192 << 20
"""Bytes of exact frames that are ready to be shown."""

AHEAD = 6
"""Frames that are drawn before their time while the film plays."""

_JOIN = 5.0
"""Seconds that closing waits for the frame that is being decoded."""


@dataclass(frozen=True, slots=True, eq=False)
class Glimpse:
    """A frame as it is shown while the film plays. ``time``, ``end``: seconds in the film."""

    index: int
    time: Fraction
    end: Fraction
    picture: Picture


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """The frames ``start`` to ``stop`` (excluded), drawn at ``size`` = (height, width).

    ``now``: the moment of the film that the person is at; frames that are over by then are left out.
    """

    start: int
    stop: int
    size: tuple[int, int]
    now: Callable[[], Fraction]
    paint: Callable[[int, Picture], Picture]


@dataclass(frozen=True, slots=True, eq=False)
class Still:
    """One frame, exactly, and drawn at ``size`` as well."""

    index: int
    size: tuple[int, int]
    paint: Callable[[int, Picture], Picture]


Arrived = Callable[[Moment, Picture], None]


class Decoding:
    """``arrived`` and ``failed`` are called in the thread; the newest order replaces the one before."""

    def __init__(self, reel: Reel, arrived: Arrived, failed: Callable[[EngineError], None]) -> None:
        self.reel = reel
        self.ready: deque[Glimpse] = deque()
        """Of the run under way, in order; whoever shows them takes them out."""
        self.dropped = 0
        """Frames of the run that were too late to be drawn."""
        self._arrived, self._failed = arrived, failed
        self._order: Run | Still | None = None
        self._closed = False
        self._finished: Run | None = None
        self._wake = threading.Condition()
        self._moments: OrderedDict[int, Moment] = OrderedDict()
        self._thread = threading.Thread(target=self._work, name="film-decoding", daemon=True)
        self._thread.start()

    def kept(self, index: int) -> Moment | None:
        """An exact frame that is ready."""
        with self._wake:
            return self._moments.get(index)

    def seek(self, still: Still) -> None:
        """Have one frame decoded."""
        self._give(still)

    def play(self, run: Run) -> None:
        """Have a run drawn into ``ready``."""
        self.dropped = 0
        self._give(run)

    def stop(self) -> None:
        """No more of the run."""
        self._give(None)

    def over(self, run: Run) -> bool:
        """Whether all of a run that there will be is in ``ready``."""
        return self._finished is run

    def taken(self) -> None:
        """Something was taken from ``ready``: there is room."""
        with self._wake:
            self._wake.notify()

    def close(self) -> None:
        """End the thread, which closes the film, soon; nobody waits."""
        with self._wake:
            self._closed = True
            self._wake.notify()

    @property
    def alive(self) -> bool:
        """Whether the thread has not ended yet."""
        return self._thread.is_alive()

    def join(self) -> None:
        """Wait for the end of the thread."""
        self._thread.join(_JOIN)

    def _give(self, order: Run | Still | None) -> None:
        with self._wake:
            self._order = order
            self.ready.clear()
            self._wake.notify()

    def _work(self) -> None:
        while (order := self._next()) is not None:
            try:
                if isinstance(order, Run):
                    self._run(order)
                else:
                    self._still(order)
            except EngineError as error:
                self._failed(error)
            except Exception as error:  # a bug must be seen by the person, and must not end the thread
                _log.exception("decoding")
                self._failed(EngineError(Fault.INTERNAL, f"Decoding failed: {type(error).__name__}: {error}"))
            if isinstance(order, Run):
                self._ended(order)
        self.reel.film.close()

    def _next(self) -> Run | Still | None:
        """The next order; None once there will be no more."""
        with self._wake:
            while self._order is None and not self._closed:
                self._wake.wait()
            if self._closed:
                return None
            order = self._order
            if isinstance(order, Still):
                self._order = None
            return order

    def _still(self, order: Still) -> None:
        moment = self.kept(order.index)
        if moment is None:
            moment = moment_of(self.reel.film.frame(order.index))
            self._keep(moment)
        self._arrived(moment, order.paint(order.index, picture_of(moment, order.size)))

    def _keep(self, moment: Moment) -> None:
        with self._wake:
            self._moments[moment.index] = moment
            held = sum(kept.nbytes for kept in self._moments.values())
            while held > KEPT and len(self._moments) > 1:
                _, gone = self._moments.popitem(last=False)
                held -= gone.nbytes

    def _run(self, run: Run) -> None:
        from engines.media.film.screen import Screen

        film = self.reel.film
        screen = Screen(film.info)
        for frame in film.frames(run.start, run.stop):
            end = frame.time + frame.duration
            if end < run.now() and frame.index < run.stop - 1:
                self.dropped += 1
            else:
                picture = run.paint(frame.index, screen.draw(frame, run.size))
                if not self._put(run, Glimpse(frame.index, frame.time, end, picture)):
                    return
            if self._order is not run or self._closed:
                return

    def _put(self, run: Run, glimpse: Glimpse) -> bool:
        """Into ``ready`` when there is room; false where the run was called off."""
        with self._wake:
            while len(self.ready) >= AHEAD and self._order is run and not self._closed:
                self._wake.wait()
            if self._order is not run or self._closed:
                return False
            self.ready.append(glimpse)
            return True

    def _ended(self, run: Run) -> None:
        with self._wake:
            self._finished = run
            if self._order is run:
                self._order = None
