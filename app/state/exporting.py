"""The queue of exports: one at a time in an engine process of its own, so that editing goes on beside it."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.state.editor import Editor
from app.state.export_choice import ExportChoice
from app.state.export_journal import Export, ExportStatus, Journal
from app.state.host import Client, EngineHost
from app.state.jobs import Job, JobKind, JobQueue
from app.state.notices import Notice, Remedy, Weight, of_error
from app.state.settings import SettingsStore
from app.state.tasks import Tasks
from engines.core.faults import EngineError, Fault
from engines.core.tracks import visible
from engines.jobs.film_desk import ExportFilm, FilmExported
from engines.requests import AnyResult

_OVER = (ExportStatus.DONE, ExportStatus.FAILED)


class Exporting(QObject):
    """``changed``: an export came, moved on, or ended. ``client`` is made when the first one begins."""

    changed = Signal()

    def __init__(
        self, editor: Editor, settings: SettingsStore, tasks: Tasks, folder: Path, client: Callable[[], Client]
    ) -> None:
        super().__init__(editor)
        self._editor = editor
        self._settings = settings
        self._tasks = tasks
        self._journal = Journal(folder)
        self._client = client
        self._queue: JobQueue | None = None
        self._job: Job | None = None
        self._running: str | None = None
        self._exports: dict[str, Export] = {export.id: export for export in self._journal.load()}

    # ---- what there is

    @property
    def all(self) -> list[Export]:
        """Oldest first."""
        return list(self._exports.values())

    @property
    def unfinished(self) -> int:
        """How many would go on with the next start."""
        return sum(export.status not in _OVER for export in self._exports.values())

    def job(self, number: str) -> Job | None:
        """How far an export is, while it runs."""
        return self._job if number == self._running else None

    # ---- what can be done

    def add(self, choice: ExportChoice) -> None:
        """Export what the open film's tracks erase from it now."""
        sheet = self._editor.sheet
        if sheet is None or sheet.reel is None:
            return
        state, value = self._editor.state, self._settings.value
        number = f"{time.time_ns():x}-{uuid.uuid4().hex[:6]}"
        export = Export(number, choice, state.tracks, value.object_engine, value.device)
        sheet.exported = state

        def then(_: None) -> None:
            self._exports[number] = export
            self._next()
            self.changed.emit()

        self._tasks.run(self.tr("Queueing"), lambda: self._journal.add(state, export), then, self._tell)

    def pause(self, number: str) -> None:
        """Stop, keeping what is encoded; ``resume`` goes on from there."""
        export = self._exports.get(number)
        if export is not None and export.status in (ExportStatus.WAITING, ExportStatus.RUNNING):
            self._stop(number)
            self._put(replace(export, status=ExportStatus.PAUSED))
            self._next()

    def resume(self, number: str) -> None:
        """Go on with one that is paused, or try one again that failed."""
        export = self._exports.get(number)
        if export is not None and export.status in (ExportStatus.PAUSED, ExportStatus.FAILED):
            self._put(replace(export, status=ExportStatus.WAITING, message=""))
            self._next()

    def cancel(self, number: str) -> None:
        """Give it up: what was encoded is removed, and it leaves the list."""
        export = self._exports.pop(number, None)
        if export is None:
            return
        self._stop(number)
        choice, over = export.choice, export.status is ExportStatus.DONE

        def work() -> None:
            self._journal.forget(number)
            if not over:
                _discard(choice)

        self._tasks.run("", work, lambda _: None, self._tell)
        self._next()
        self.changed.emit()

    def clear(self) -> None:
        """Take those that are done from the list; their files stay."""
        for number in [export.id for export in self.all if export.status is ExportStatus.DONE]:
            self.cancel(number)

    def close(self) -> None:
        """End the engine process; what is unfinished goes on after the next start."""
        if self._queue is not None:
            self._queue.cancel_all()
            self._queue.host.close()

    # ---- one after the other

    def _next(self) -> None:
        if self._running is not None:
            return
        waiting = next((e for e in self._exports.values() if e.status is ExportStatus.WAITING), None)
        if waiting is None:
            return
        self._running = waiting.id
        self._put(replace(waiting, status=ExportStatus.RUNNING))
        number = waiting.id
        job = Job(JobKind.EXPORT, lambda result: self._done(number, result), lambda error: self._failed(number, error))
        try:
            self._job = self._queue_made().add(request_of(waiting), job)
        except (EngineError, ValueError) as error:
            self._failed(number, error if isinstance(error, EngineError) else EngineError(Fault.BAD_INPUT, str(error)))

    def _queue_made(self) -> JobQueue:
        if self._queue is None:
            self._queue = JobQueue(EngineHost(self._client(), self), self)
            self._queue.changed.connect(self.changed)
        return self._queue

    def _stop(self, number: str) -> None:
        if number == self._running:
            job, self._job, self._running = self._job, None, None
            if job is not None and self._queue is not None:
                self._queue.cancel(job)

    def _done(self, number: str, result: AnyResult) -> None:
        export = self._ended(number)
        if export is None or not isinstance(result, FilmExported):
            return
        notes = " ".join(result.notes)
        self._put(replace(export, status=ExportStatus.DONE, message=notes, size=result.size))
        words = self.tr("Exported %1, %2 MB.").replace("%1", export.target.name)
        self._editor.tell(Notice(Weight.DONE, words.replace("%2", f"{result.size / 1e6:.1f}"), notes))
        self._next()

    def _failed(self, number: str, error: EngineError) -> None:
        export = self._ended(number)
        if export is not None:
            self._put(replace(export, status=ExportStatus.FAILED, message=f"{error.message} {error.hint}".strip()))
            remedy = Remedy.LOG if error.fault in (Fault.CRASHED, Fault.INTERNAL) else Remedy.NONE
            self._editor.tell(of_error(error, remedy))
        self._next()

    def _ended(self, number: str) -> Export | None:
        if number == self._running:
            self._running, self._job = None, None
        return self._exports.get(number)

    def _put(self, export: Export) -> None:
        self._exports[export.id] = export
        self._tasks.run("", lambda: self._journal.note(export), lambda _: None, self._tell)
        self.changed.emit()

    def _tell(self, error: EngineError) -> None:
        self._editor.tell(of_error(error))


def request_of(export: Export) -> ExportFilm:
    """What the engine process is asked."""
    from engines.jobs.clean_film import Cleaning

    tracks = visible(export.tracks)
    engine = tracks[0].engine if tracks else "propagate"
    return ExportFilm(export.choice.settings(), Cleaning(tracks, fill=export.fill, device=export.device), engine)


def _discard(choice: ExportChoice) -> None:
    from engines.jobs.export_film import discard

    discard(choice.settings())
