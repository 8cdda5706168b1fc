"""Work off the window's thread, and the way back to it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from PySide6.QtCore import QObject, Qt, Signal

from engines.core.faults import EngineError, Fault

T = TypeVar("T")
_log = logging.getLogger("app.tasks")


class Post(QObject):
    """Has functions called in the thread that made it, in order, from any other thread."""

    _posted = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._posted.connect(self._call, Qt.ConnectionType.QueuedConnection)

    def __call__(self, action: Callable[[], None]) -> None:
        self._posted.emit(action)

    def _call(self, action: Callable[[], None]) -> None:
        action()


class Tasks(QObject):
    """Runs functions in a thread, one after the other; ``busy`` says what is going on, for the status bar."""

    busy = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._post = Post(self)
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="editor-task")
        self._closed = False
        self.running = 0

    def run(
        self, label: str, work: Callable[[], T], then: Callable[[T], None], failed: Callable[[EngineError], None]
    ) -> None:
        """Call ``work`` elsewhere, then ``then`` with its result, or ``failed``, here. No label: nobody is told."""
        if self._closed:
            return
        self.running += 1
        if label:
            self.busy.emit(label)

        def job() -> None:
            try:
                result = work()
            except EngineError as error:
                self._post(lambda error=error: self._ended(lambda: failed(error)))  # type: ignore[misc]
            except MemoryError:
                told = EngineError(
                    Fault.OUT_OF_MEMORY, f"There was not enough memory: {label}.", "Close other programs."
                )
                self._post(lambda: self._ended(lambda: failed(told)))
            except Exception as error:  # a bug must be seen by the person, not only by a log
                _log.exception("%s", label)
                bug = EngineError(Fault.INTERNAL, f"{label} failed: {type(error).__name__}: {error}")
                self._post(lambda: self._ended(lambda: failed(bug)))
            else:
                self._post(lambda: self._ended(lambda: then(result)))

        self._pool.submit(job)

    def close(self) -> None:
        """Wait for what is running; nothing is called afterwards."""
        self._closed = True
        self._pool.shutdown(cancel_futures=True)

    def _ended(self, call: Callable[[], None]) -> None:
        self.running -= 1
        if not self.running:
            self.busy.emit("")
        if not self._closed:
            call()
