"""Asks an engine process: the queue, restarts, cancellation, and what is told when the process dies.

The queue lives here, in the parent. Jobs go to the process one at a time, so that those that wait survive a
crash and run in the process that is started after it.
"""

from __future__ import annotations

import atexit
import contextlib
import itertools
import queue
import threading
from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import Self, cast

from engines.core.context import Context
from engines.core.faults import Cancelled
from engines.core.types import FloatImage
from engines.requests import AnyRequest, Event, Failed, Finished, Previewed, Progressed, Request, Result, WasCancelled
from engines.worker.conductor import Conductor, Job
from engines.worker.messages import WorkerConfig

_POLL_SECONDS = 0.1
"""How often a blocking ``run`` looks whether its caller has cancelled."""

_CLOSE_GRACE = 1.0
"""Seconds that ``close`` leaves a running job to tidy up after itself."""


class EngineClient:
    """One engine process, started when it is first needed. Thread-safe; a context manager.

    Callbacks are called one at a time, in order, from a background thread of the client: they must return
    quickly and hand over to their own thread (the editor emits one queued signal). An exception in a callback
    is logged and changes nothing. Each job ends in exactly one of ``Finished``, ``WasCancelled``, ``Failed``.
    """

    def __init__(self, config: WorkerConfig | None = None) -> None:
        self._conductor = Conductor(config or WorkerConfig())
        self._ids = itertools.count(1)
        self._lock = threading.Lock()
        self._closed = False
        self._conductor.start()
        atexit.register(self.close)  # a forgotten close() must neither hang the interpreter nor look like a crash

    @property
    def worker_pid(self) -> int | None:
        """The process id of the engine process while there is one."""
        return self._conductor.worker_pid

    def submit(self, request: AnyRequest, on_event: Callable[[Event], None], *, wants_preview: bool = False) -> int:
        """Queue ``request``; the job's number. The first events may come before this returns."""
        with self._lock:
            if self._closed:
                msg = "the engine client is closed"
                raise RuntimeError(msg)
            job = Job(next(self._ids), request, on_event, wants_preview)
            self._conductor.post(partial(self._conductor.enqueue, job))
        return job.id

    def cancel(self, job: int) -> None:
        """End ``job`` with ``WasCancelled``: at once while it waits, else at its next step, or by force.

        A job that finishes before it hears of it ends in ``Finished``. One that has ended is left alone.
        """
        self._conductor.post(partial(self._conductor.cancel, job))

    def run(self, request: Request, ctx: Context) -> Result:
        """Answer ``request`` as a ``Session`` would: the result, an ``EngineError``, or ``Cancelled``.

        ``ctx`` is used from the calling thread only. Whatever interrupts the wait (Ctrl+C) cancels the job.
        """
        events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        follower = _Follower(ctx)
        job = self.submit(request, events.put, wants_preview=ctx.wants_preview)
        try:
            while follower.end is None:
                with contextlib.suppress(queue.Empty):
                    follower.take(events.get(timeout=_POLL_SECONDS))
                if follower.wants_out():
                    self.cancel(job)  # and wait for the end, so that the caller finds the process free
        except BaseException:
            self.cancel(job)
            raise
        return follower.result()

    def warm(self) -> None:
        """Start the process and have it import what is slow to import; returns at once."""
        self._conductor.post(self._conductor.warm)

    def reset(self, engine: str) -> None:
        """Use ``engine`` again although it was switched off after two crashes."""
        self._conductor.post(partial(self._conductor.reset, engine))

    def close(self, grace: float = _CLOSE_GRACE) -> None:
        """Cancel all jobs (the one that runs is killed after ``grace`` seconds) and end the process.

        Waits until all is gone, except when called from a callback.
        """
        with self._lock:
            if not self._closed:
                self._conductor.post(partial(self._conductor.shut, grace))
            self._closed = True
        self._conductor.join()
        atexit.unregister(self.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Follower:
    """Passes a job's events on to the context of a blocking caller, and keeps how it ended."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._done = 0.0
        self._note = ""
        self._cancelled = False
        self.end: Finished | Failed | WasCancelled | None = None

    def take(self, event: Event) -> None:
        match event:
            case Progressed(_, done, note):
                self._done, self._note = done, note
                self._step(None)
            case Previewed(_, image):
                self._step(image)
            case _:
                self.end = event

    def wants_out(self) -> bool:
        """Whether the caller has cancelled and the job still goes on."""
        self._cancelled = self._cancelled or self._ctx.cancelled()
        return self._cancelled and self.end is None

    def result(self) -> Result:
        """What ``run`` returns or raises."""
        match self.end:
            case Finished(_, result) if not self._cancelled:
                for note in result.notes:
                    self._ctx.tell(note)
                return cast("Result", result)  # the answer to a ``Request`` is one
            case Failed(_, error) if not self._cancelled:
                raise error
            case _:
                raise Cancelled

    def _step(self, preview: FloatImage | None) -> None:
        if not self._cancelled:
            try:
                self._ctx.step(self._done, self._note, preview)
            except Cancelled:
                self._cancelled = True
