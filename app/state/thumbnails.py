"""Small pictures of a film for the timeline, decoded in a thread of their own, so that they hold nothing else up."""

from __future__ import annotations

import contextlib
import threading
from collections import OrderedDict
from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal

from app.state.playback import Playback
from app.state.reel import Picture, Reel
from app.state.tasks import Post
from engines.core.faults import EngineError

HEIGHT = 108
"""Pixels; large enough to stand in for a frame while one scrubs."""

KEPT = 600
"""Pictures in memory."""

_NEAR = 40
"""Frames by which a picture may be off to stand in for another."""


class Thumbnails(QObject):
    """``arrived``: there are more of them."""

    arrived = Signal()

    def __init__(self, playback: Playback) -> None:
        super().__init__(playback)
        self._playback = playback
        self._post = Post(self)
        self._pictures: OrderedDict[int, Picture] = OrderedDict()
        self._drawer: _Drawer | None = None
        self._leaving: list[_Drawer] = []
        playback.rough = self.near
        playback.opened.connect(self._opened)

    def get(self, frame: int) -> Picture | None:
        """The picture of a frame, if it is there."""
        return self._pictures.get(frame)

    def near(self, frame: int) -> Picture | None:
        """The picture of a frame that is close by."""
        found = min(self._pictures, key=lambda other: abs(other - frame), default=None)
        return self._pictures[found] if found is not None and abs(found - frame) <= _NEAR else None

    def want(self, frames: Sequence[int]) -> None:
        """Have these drawn, the first ones first; what was wanted before is no longer."""
        if self._drawer is not None:
            self._drawer.want([frame for frame in frames if frame not in self._pictures])

    def close(self) -> None:
        """End the thread, and wait for that."""
        self._let_go()
        for drawer in self._leaving:
            drawer.thread.join(5)

    def _opened(self) -> None:
        self._let_go()
        self._pictures.clear()
        reel = self._playback.reel
        if reel is not None:
            self._drawer = _Drawer(self, reel)
        self.arrived.emit()

    def _let_go(self) -> None:
        drawer, self._drawer = self._drawer, None
        self._leaving = [left for left in self._leaving if left.thread.is_alive()]
        if drawer is not None:
            drawer.close()
            self._leaving.append(drawer)

    def take(self, drawer: _Drawer, frame: int, picture: Picture) -> None:
        """A picture is there; called in the drawer's thread."""
        self._post(lambda: self._keep(drawer, frame, picture))

    def _keep(self, drawer: _Drawer, frame: int, picture: Picture) -> None:
        if drawer is self._drawer:
            self._pictures[frame] = picture
            while len(self._pictures) > KEPT:
                self._pictures.popitem(last=False)
            self.arrived.emit()


class _Drawer:
    """The thread. It opens the film once more: seeking for it must not send the player's decoder away."""

    def __init__(self, thumbnails: Thumbnails, reel: Reel) -> None:
        self._thumbnails = thumbnails
        self._reel = reel
        self._wanted: list[int] = []
        self._closed = False
        self._wake = threading.Condition()
        self.thread = threading.Thread(target=self._work, name="film-thumbnails", daemon=True)
        self.thread.start()

    def want(self, frames: list[int]) -> None:
        with self._wake:
            self._wanted = frames[::-1]
            self._wake.notify()

    def close(self) -> None:
        with self._wake:
            self._closed = True
            self._wake.notify()

    def _next(self) -> int | None:
        with self._wake:
            while not self._wanted and not self._closed:
                self._wake.wait()
            return None if self._closed else self._wanted.pop()

    def _work(self) -> None:
        from engines.media.film.reader import open_film
        from engines.media.film.screen import Screen

        with contextlib.suppress(EngineError), open_film(self._reel.film.info.path, cache_bytes=1) as film:
            screen = Screen(film.info)
            height, width = film.info.size
            size = HEIGHT, max(round(width * HEIGHT / height), 1)
            while (frame := self._next()) is not None:
                with contextlib.suppress(EngineError):  # what cannot be decoded has no picture; the player tells why
                    self._thumbnails.take(self, frame, screen.draw(film.frame(frame), size))
