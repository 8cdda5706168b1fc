"""The one thread that decides: which job runs next, whether a process is there, when one is killed."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from engines.core.faults import Fault
from engines.requests import AnyRequest, Event, Failed, Finished, Previewed, Progressed, WasCancelled
from engines.worker.crashes import Health, ending, start_failure, transport_failure
from engines.worker.handle import Gone, News, Unread, Unsent, WorkerHandle
from engines.worker.messages import WorkerConfig

_log = logging.getLogger("engines.worker")

_POLITE_SECONDS = 2.0
"""How long an idle process may take to end by itself before it is killed."""


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """A request, its number, and whom to tell."""

    id: int
    request: AnyRequest
    on_event: Callable[[Event], None]
    wants_preview: bool = False


class Conductor:
    """All state is touched by its own thread alone; others ``post`` a method to be called there."""

    def __init__(self, config: WorkerConfig) -> None:
        self._config = config
        self._inbox: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._serve, name="engine-conductor", daemon=True)
        self._waiting: deque[Job] = deque()
        self._live: Job | None = None
        self._worker: WorkerHandle | None = None
        self._health = Health()
        self._kill_at: float | None = None
        """When the live job, which was cancelled, ends by force."""
        self._idle_since = 0.0
        self._closing = False

    # ---- for other threads

    def start(self) -> None:
        self._thread.start()

    def post(self, action: Callable[[], None]) -> None:
        """Have ``action`` called in the conductor's thread."""
        self._inbox.put(action)

    def join(self) -> None:
        """Wait for the end of the thread, which ``shut`` brings about."""
        if threading.current_thread() is not self._thread:
            self._thread.join()

    @property
    def worker_pid(self) -> int | None:
        worker = self._worker
        return worker.pid if worker else None

    # ---- to be posted

    def enqueue(self, job: Job) -> None:
        self._waiting.append(job)

    def cancel(self, job: int) -> None:
        """End ``job``; the live one has ``cancel_grace`` seconds to do so itself."""
        if self._live is not None and self._live.id == job:
            self._cancel_live(self._config.cancel_grace)
            return
        for waiting in [waiting for waiting in self._waiting if waiting.id == job]:
            self._waiting.remove(waiting)
            self._tell(waiting, WasCancelled(waiting.id))

    def warm(self) -> None:
        if self._live is not None or self._closing:
            return  # the job warms it
        try:
            self._ensure_worker().warm()
        except (OSError, RuntimeError):
            _log.exception("the engine process could not be started")

    def reset(self, engine: str) -> None:
        self._health.reset(engine)

    def shut(self, grace: float) -> None:
        """Cancel everything, then end."""
        self._closing = True
        for job in list(self._waiting):
            self.cancel(job.id)
        self._cancel_live(grace)

    # ---- the thread

    def _serve(self) -> None:
        while not (self._closing and self._live is None):
            try:
                action = self._inbox.get(timeout=self._patience())
            except queue.Empty:
                pass
            else:
                action()
            self._mind_the_clock()
            self._begin_next()
        self._end_worker(_POLITE_SECONDS)

    def _patience(self) -> float | None:
        """Seconds until the clock has something to say; None where it has not."""
        at = self._kill_at
        if self._live is None and self._worker is not None:
            at = self._idle_since + self._config.idle_seconds
        return None if at is None else min(max(0.0, at - time.monotonic()), threading.TIMEOUT_MAX)

    def _mind_the_clock(self) -> None:
        now = time.monotonic()
        if self._live is not None and self._kill_at is not None and now >= self._kill_at:
            self._end_worker()
            self._finish(WasCancelled(self._live.id))
        elif self._live is None and not self._waiting and now >= self._idle_since + self._config.idle_seconds:
            self._end_worker(_POLITE_SECONDS)

    def _begin_next(self) -> None:
        while self._live is None and self._waiting:
            self._live = job = self._waiting.popleft()
            refusal = self._health.refusal(job.request.engine)
            if refusal is not None:
                self._finish(Failed(job.id, refusal))
                continue
            try:
                self._ensure_worker().ask(job.id, job.request, job.wants_preview)
            except (OSError, RuntimeError) as error:  # no memory for a process, or for a thread
                self._finish(Failed(job.id, start_failure(str(error))))

    def _cancel_live(self, grace: float) -> None:
        if self._live is None or self._worker is None:
            return
        if self._kill_at is None:
            self._worker.cancel(self._live.id)
        at = time.monotonic() + grace
        self._kill_at = at if self._kill_at is None else min(self._kill_at, at)

    # ---- the process

    def _ensure_worker(self) -> WorkerHandle:
        self._idle_since = time.monotonic()
        if self._worker is None:
            self._worker = WorkerHandle(self._config, lambda worker, news: self.post(partial(self._hear, worker, news)))
        return self._worker

    def _end_worker(self, patience: float = 0.0) -> int | None:
        worker, self._worker = self._worker, None
        return worker.end(patience) if worker else None

    def _hear(self, worker: WorkerHandle, news: News) -> None:
        if worker is not self._worker:
            return  # the last words of a process that was ended
        if isinstance(news, Gone):
            self._lose(worker)
            return
        if self._live is None or self._live.id != news.job:
            return
        match news:
            case Progressed() | Previewed():
                self._tell(self._live, news)
            case Finished() | Failed() | WasCancelled():
                self._finish(news)
            case Unsent(job, error):
                self._finish(Failed(job, transport_failure(error)))
            case Unread(job, error):
                self._end_worker()  # it may still be at work on the job
                self._finish(Failed(job, transport_failure(error)))

    def _lose(self, worker: WorkerHandle) -> None:
        """The process died by itself."""
        code = self._end_worker()
        _log.error("the engine process %s", ending(code))
        job = self._live
        if job is None:
            return  # it was idle; the next job gets a new one
        if self._kill_at is not None:
            self._finish(WasCancelled(job.id))
        elif not worker.ready:
            self._finish(Failed(job.id, start_failure("it " + ending(code))))
        else:
            self._finish(Failed(job.id, self._health.crashed(job.request.engine, code)))

    # ---- the end of a job

    def _finish(self, event: Finished | Failed | WasCancelled) -> None:
        job, self._live, self._kill_at = self._live, None, None
        self._idle_since = time.monotonic()
        if job is None:
            return
        if isinstance(event, Finished):
            self._health.finished(job.request.engine)
        if isinstance(event, Failed) and event.error.fault is Fault.DEVICE_LOST:
            self._end_worker(_POLITE_SECONDS)  # it ends itself: the device's context is dead for that process
        self._tell(job, event)

    def _tell(self, job: Job, event: Event) -> None:
        try:
            job.on_event(event)
        except Exception:  # whatever a callback does, the other jobs go on
            _log.exception("a callback failed for %s", type(event).__name__)
