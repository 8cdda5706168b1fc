"""The engine process: answers one request after the other, and never outlives its parent.

The main thread works; a listener thread reads the pipe, so that a cancel arrives during the work and the end
of the parent ends this process at once, whatever it is doing.
"""

from __future__ import annotations

import contextlib
import faulthandler
import importlib
import os
import queue
import signal
import threading
import time
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import cast

from engines.core.context import Context
from engines.core.faults import Cancelled, EngineError, Fault
from engines.core.types import FloatImage
from engines.requests import AnyRequest, Failed, Finished, Previewed, Progressed, WasCancelled
from engines.worker.frames import Packed, Parcel, attached, pack, receive_attached
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
    SessionLike,
    Stop,
    Taken,
    Warm,
    WorkerConfig,
)

EXIT_DEVICE_LOST = 70
"""Exit code after a lost device: its context is dead until the process ends."""

_LOG_LIMIT = 1 << 20
"""Bytes; a longer log is begun anew with the next process."""

_TORCH_OUT_OF_MEMORY = "OutOfMemoryError"  # by name, so that torch is not imported for it


def serve(pipe: Connection, config: WorkerConfig) -> None:
    """The process's main function: serve until told to stop, or until the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C goes to the whole terminal; the parent handles it
    _redirect_output(config)
    line = _Line(pipe)
    line.say(Ready())
    _Loop(line, config).run()


def _redirect_output(config: WorkerConfig) -> None:
    """Send what engines and native libraries print to the log: stdout belongs to the command line."""
    descriptor = _open_log(config.log) if config.log else os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(descriptor, stream)
    os.close(descriptor)
    if config.log:
        faulthandler.enable(file=2, all_threads=True)


def _open_log(log: Path) -> int:
    """Open the log to append to it, or the null device where it cannot be written: no job fails for its log."""
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        grown = log.exists() and log.stat().st_size > _LOG_LIMIT
        return os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | (os.O_TRUNC if grown else 0), 0o600)
    except OSError:
        return os.open(os.devnull, os.O_WRONLY)


class _Line:
    """The pipe to the parent, read by a thread of its own."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._say_lock = threading.Lock()
        self._parcel_lock = threading.Lock()
        self._cancelled: set[int] = set()
        self._grants: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self.orders: queue.SimpleQueue[Run | Warm | Stop] = queue.SimpleQueue()
        threading.Thread(target=self._listen, name="listener", daemon=True).start()

    def say(self, answer: Answer) -> None:
        """Send a message; engines may report from threads of their own."""
        with self._say_lock:
            try:
                self._pipe.send(answer)
            except OSError:
                os._exit(0)  # the parent is gone

    def deliver(self, event: Previewed | Finished) -> None:
        """Send an event with pixels, through a slot that the parent makes."""
        with self._parcel_lock:  # from the claim to the message, or two threads would mix up their grants
            self.say(Delivery(event.job, self._parcel(pack(event))))

    def _parcel(self, packed: Packed) -> Parcel:
        slot = self._claim(packed.room) if packed.room else None
        if slot is None:
            return packed.by_pipe()
        try:
            with attached(slot) as memory:
                return packed.into(memory)
        except BaseException:
            self.say(Taken(slot))  # nobody will read it; the parent frees it
            raise

    def is_cancelled(self, job: int) -> bool:
        return job in self._cancelled

    def _claim(self, size: int) -> str | None:
        self.say(Claim(size))
        return self._grants.get()

    def _listen(self) -> None:
        try:
            while True:
                self._sort(self._pipe.recv())
        finally:
            # The parent is gone (end of file), or the pipe makes no sense: nobody can be told of anything.
            # The main thread may be deep in a kernel; only this ends it.
            os._exit(0)

    def _sort(self, order: Order) -> None:
        match order:
            case Cancel(job):
                self._cancelled.add(job)
            case Grant(slot):
                self._grants.put(slot)
            case _:
                self.orders.put(order)


class _Reporter:
    """``Context.report`` of one job: at most so many a second, but always the one that says 1.0."""

    def __init__(self, line: _Line, job: int, config: WorkerConfig) -> None:
        self._line = line
        self._job = job
        self._pause = 1.0 / config.reports_per_second
        self._next = 0.0
        self._complete = False

    def __call__(self, done: float, note: str, preview: FloatImage | None) -> None:
        completes = done >= 1.0 and not self._complete
        if time.monotonic() < self._next and not completes:
            return
        self._complete = self._complete or completes
        self._line.say(Progressed(self._job, done, note))
        if preview is not None:
            self._line.deliver(Previewed(self._job, preview))
        self._next = time.monotonic() + self._pause


class _Loop:
    """Takes orders and carries them out with the one session."""

    def __init__(self, line: _Line, config: WorkerConfig) -> None:
        self._line = line
        self._config = config
        self._session: SessionLike | None = None

    def run(self) -> None:
        while True:
            order = self._line.orders.get()
            match order:
                case Run():
                    self._answer(order)
                case Warm():
                    self._warm()
                case Stop():
                    self._close()
                    return

    def _answer(self, order: Run) -> None:
        """Run one job and tell how it ended: exactly one terminal event, whatever happens short of a crash."""
        event = self._outcome(order)
        if event is not None:
            self._line.say(event)
        if isinstance(event, Failed) and event.error.fault is Fault.DEVICE_LOST:
            os._exit(EXIT_DEVICE_LOST)

    def _outcome(self, order: Run) -> WasCancelled | Failed | None:
        """The end of a job that has no result; None where the result was delivered."""
        try:
            self._work(order)
        except Cancelled:
            return WasCancelled(order.job)
        except EngineError as error:
            return Failed(order.job, EngineError(error.fault, error.message, error.hint))
        except Exception as error:
            return Failed(order.job, self._explain(error))
        return None

    def _work(self, order: Run) -> None:
        try:
            request = cast("AnyRequest", receive_attached(order.request))
        finally:
            if order.request.slot:
                self._line.say(Taken(order.request.slot))
        ctx = Context(
            report=_Reporter(self._line, order.job, self._config),
            cancelled=lambda: self._line.is_cancelled(order.job),
            wants_preview=order.wants_preview,
        )
        if ctx.cancelled():  # while it waited for the process to start
            raise Cancelled
        self._line.deliver(Finished(order.job, self._open().run(request, ctx)))

    def _explain(self, error: Exception) -> EngineError:
        if isinstance(error, MemoryError) or type(error).__name__ == _TORCH_OUT_OF_MEMORY:
            traceback.clear_frames(error.__traceback__)  # what filled the memory may hang on the engine's frames
            return EngineError(
                Fault.OUT_OF_MEMORY,
                "There was not enough memory for this job.",
                "Close other programs, or try a smaller picture or mask.",
            )
        self._line.say(Mishap(traceback.format_exc()))
        return EngineError(
            Fault.INTERNAL,
            f"The engine stopped on an error that it did not expect ({type(error).__name__}: {error}).",
            "Try another engine. The log has the details.",
        )

    def _warm(self) -> None:
        """Best effort: whatever is wrong is told by the first job, which meets it too."""
        try:
            self._open().warm()
        except Exception:
            self._line.say(Mishap(traceback.format_exc()))

    def _open(self) -> SessionLike:
        if self._session is None:
            module, _, function = self._config.session_factory.partition(":")
            factory = cast("Callable[..., SessionLike]", getattr(importlib.import_module(module), function))
            self._session = factory(*self._config.card_folders)
        return self._session

    def _close(self) -> None:
        with contextlib.suppress(Exception):  # the process ends anyway, and gives everything back
            if self._session is not None:
                self._session.close()
