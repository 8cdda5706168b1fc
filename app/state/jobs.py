"""What the engine process is doing for the window: each job, how far it is, and what to do when it ends."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from PySide6.QtCore import QObject, Signal

from app.state.host import EngineHost
from engines.core.faults import EngineError
from engines.core.types import FloatImage
from engines.requests import AnyRequest, AnyResult, Event, Failed, Finished, Previewed, Progressed, WasCancelled


class JobKind(Enum):
    """What a job is for."""

    ERASE = "erase"
    FIND_TEXT = "find text"
    SELECT = "select"
    JUDGE = "judge"
    TRACK = "track"
    FIND_TITLES = "find subtitles"
    PREVIEW = "preview"
    MASK_FILES = "mask files"
    EXPORT = "export"


@dataclass(slots=True, eq=False)
class Job:
    """One request under way. ``then``, ``failed`` and ``preview`` are called in the window's thread."""

    kind: JobKind
    then: Callable[[AnyResult], None]
    failed: Callable[[EngineError], None]
    preview: Callable[[FloatImage, float], None] | None = None
    id: int = 0
    done: float = 0.0
    note: str = ""
    cancelled: bool = False
    begun: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """Since it was asked."""
        return time.monotonic() - self.begun


class JobQueue(QObject):
    """``changed``: a job came, moved on or went. Jobs end exactly once; a cancelled one calls nobody."""

    changed = Signal()
    cancelled = Signal()

    def __init__(self, host: EngineHost, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.host = host
        self._jobs: dict[int, Job] = {}
        host.heard.connect(self._take)

    @property
    def jobs(self) -> list[Job]:
        """Those under way, oldest first; cancelled ones are no longer shown."""
        return [job for job in self._jobs.values() if not job.cancelled]

    def add(self, request: AnyRequest, job: Job) -> Job:
        job.id = self.host.submit(request, wants_preview=job.preview is not None)
        self._jobs[job.id] = job
        self.changed.emit()
        return job

    def cancel(self, job: Job) -> None:
        """The job is gone for the person at once; the process ends it at its next step, or is ended."""
        if not job.cancelled and job.id in self._jobs:
            job.cancelled = True
            self.host.cancel(job.id)
            self.changed.emit()
            self.cancelled.emit()

    def cancel_all(self) -> bool:
        """Cancel everything; whether there was anything."""
        running = self.jobs
        for job in running:
            self.cancel(job)
        return bool(running)

    def _take(self, event: Event) -> None:
        job = self._jobs.get(event.job)
        if job is None:
            return
        match event:
            case Progressed(_, done, note):
                job.done, job.note = done, note
            case Previewed(_, image) if job.preview is not None and not job.cancelled:
                job.preview(image, job.done)
            case Finished() | Failed() | WasCancelled():
                del self._jobs[event.job]
        if not isinstance(event, Previewed):
            self.changed.emit()
        if isinstance(event, Finished) and not job.cancelled:
            job.then(event.result)
        if isinstance(event, Failed) and not job.cancelled:
            job.failed(event.error)
