"""The parent's hold on one engine process: start it, talk to it through two threads, end it, clean up."""

from __future__ import annotations

import logging
import multiprocessing
import queue
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import resource_tracker
from typing import TypeAlias, cast

from engines.requests import AnyRequest, Event
from engines.worker import process
from engines.worker.frames import Slots
from engines.worker.messages import (
    Answer,
    Cancel,
    Claim,
    Delivery,
    Grant,
    Mishap,
    Order,
    Ready,
    Run,
    Stop,
    Taken,
    Warm,
    WorkerConfig,
)

_log = logging.getLogger("engines.worker")
_log.addHandler(logging.NullHandler())  # else Python's last-resort handler would print to the terminal

_REAP_SECONDS = 10.0
"""How long a killed process may take to be gone; the kernel may first have to free a lot of memory."""


@dataclass(frozen=True, slots=True)
class Unsent:
    """A request that could not be packed, and why."""

    job: int
    error: Exception


@dataclass(frozen=True, slots=True)
class Unread:
    """Something of a job arrived that could not be unpacked (no memory for it), and why."""

    job: int
    error: Exception


@dataclass(frozen=True, slots=True)
class Gone:
    """The process is dead, or its pipe can't be read any more."""


News: TypeAlias = Event | Unsent | Unread | Gone
"""What a handle passes on: the events of its process, and what became of the talk."""


@dataclass(frozen=True, slots=True, eq=False)
class _Ask:
    job: int
    request: AnyRequest
    wants_preview: bool


class WorkerHandle:
    """One engine process. ``listener`` is called with (this handle, news) from the handle's reader thread.

    Sends happen on a sender thread, so that no caller waits for a copy or a full pipe.
    """

    def __init__(self, config: WorkerConfig, listener: Callable[[WorkerHandle, News], None]) -> None:
        context = multiprocessing.get_context("spawn")
        self._listener = listener
        self._slots = Slots()
        self._outbox: queue.SimpleQueue[Order | _Ask | Claim | None] = queue.SimpleQueue()
        self.ready = False
        """Whether the process got as far as listening; written by the reader thread before its first news."""
        self._pipe, theirs = context.Pipe()
        # daemon: if the program ends without close(), multiprocessing ends the process instead of waiting for it
        self._process = context.Process(target=process.serve, args=(theirs, config), name="engine", daemon=True)
        try:
            with _interrupts_blocked():
                self._process.start()
        except BaseException:
            self._pipe.close()
            raise
        finally:
            theirs.close()  # else the death of the child would not be the end of the file
        self.pid = self._process.pid
        self._threads = [
            threading.Thread(target=self._send_all, name="engine-sender", daemon=True),
            threading.Thread(target=self._read_all, name="engine-reader", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def ask(self, job: int, request: AnyRequest, wants_preview: bool) -> None:
        """Have the process answer ``request``."""
        self._outbox.put(_Ask(job, request, wants_preview))

    def cancel(self, job: int) -> None:
        self._outbox.put(Cancel(job))

    def warm(self) -> None:
        self._outbox.put(Warm())

    def end(self, patience: float = 0.0) -> int | None:
        """Ask the process to stop, kill it after ``patience`` seconds, free everything; its exit code.

        None where even a kill did not end it in time (a driver that holds it in the kernel).
        """
        if patience > 0:
            self._outbox.put(Stop())
            self._process.join(patience)
        if self._process.is_alive():
            self._process.kill()
        self._process.join(_REAP_SECONDS)
        code = self._process.exitcode
        self._outbox.put(None)
        for thread in self._threads:
            thread.join(_REAP_SECONDS)
        if code is None or any(thread.is_alive() for thread in self._threads):
            _log.error("the engine process %s cannot be ended; its memory is not freed", self.pid)
            return code
        self._pipe.close()
        self._slots.close()
        self._process.close()
        return code

    def _send_all(self) -> None:
        while (item := self._outbox.get()) is not None:
            order = self._order(item)
            if order is None:
                continue
            try:
                self._pipe.send(order)
            except OSError:
                return  # the process is dead; the reader sees that too

    def _order(self, item: Order | _Ask | Claim) -> Order | None:
        match item:
            case _Ask():
                return self._pack(item)
            case Claim(size):
                slot = self._slots.create(size)
                return Grant(slot.name if slot else None)
            case _:
                return item

    def _pack(self, ask: _Ask) -> Run | None:
        try:
            return Run(ask.job, ask.wants_preview, self._slots.send(ask.request))
        except Exception as error:  # something in the request cannot be pickled, or memory is short
            self._listener(self, Unsent(ask.job, error))
            return None

    def _read_all(self) -> None:
        try:
            while True:
                self._receive(self._pipe.recv())
        except (EOFError, OSError):
            pass
        except Exception:  # a dying process can write anything
            _log.exception("the engine process sent something that cannot be read")
        self._listener(self, Gone())

    def _receive(self, answer: Answer) -> None:
        match answer:
            case Ready():
                self.ready = True
            case Taken(slot):
                self._slots.release(slot)
            case Claim():
                self._outbox.put(answer)
            case Mishap(traceback):
                _log.error("in the engine process:\n%s", traceback)
            case Delivery():
                self._listener(self, self._unpack(answer))
            case _:
                self._listener(self, answer)

    def _unpack(self, delivery: Delivery) -> News:
        try:
            return cast("News", self._slots.receive(delivery.event))
        except Exception as error:
            return Unread(delivery.job, error)


@contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Start a process with SIGINT blocked, until it ignores the signal itself; else Ctrl+C prints its traceback."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # starting it unblocks the signals of this thread, so it comes first
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
