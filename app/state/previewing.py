"""Previews in place: what the engine would make of this frame, or of a short range, before anything is exported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.state.jobs import Job, JobKind, JobQueue
from app.state.notices import Notice, Weight, of_error
from app.state.playback import Playback
from app.state.reel import Reel
from app.state.settings import SettingsStore
from engines.core.faults import EngineError
from engines.core.tracks import masks_at, visible
from engines.jobs.film_desk import CleanSpan, SpanCleaned
from engines.requests import AnyResult

if TYPE_CHECKING:
    from engines.jobs.clean_film import Cleaning

SECONDS = 2
"""How much of the film a preview of a range shows, where the in and out points say nothing shorter."""


class Previewing(QObject):
    """``changed``: a preview began, moved on, came or went."""

    changed = Signal()

    def __init__(self, playback: Playback, queue: JobQueue, settings: SettingsStore) -> None:
        super().__init__(playback)
        self._playback = playback
        self._editor = playback.editor
        self._queue = queue
        self._settings = settings
        queue.changed.connect(self.changed)

    @property
    def running(self) -> Job | None:
        return next((job for job in self._queue.jobs if job.kind is JobKind.PREVIEW), None)

    @property
    def there(self) -> bool:
        """Whether any frame shows a preview."""
        reel = self._playback.reel
        return reel is not None and bool(reel.previews)

    def cancel(self) -> bool:
        """End what runs; whether there was anything."""
        job = self.running
        if job is not None:
            self._queue.cancel(job)
        return job is not None

    def frame(self) -> None:
        """What becomes of the frame at the playhead."""
        reel = self._playback.reel
        if reel is not None:
            self._ask(reel.frame, reel.frame + 1)

    def short_range(self) -> None:
        """What becomes of the frames between the in and out points, or of the next two seconds; then play it."""
        reel = self._playback.reel
        if reel is not None:
            self._ask(*self.short_span(reel))

    def short_span(self, reel: Reel) -> tuple[int, int]:
        """Which frames a preview of a range takes."""
        most = max(round(reel.film.info.rate * SECONDS), 1)
        if not reel.whole and reel.span[1] - reel.span[0] <= 3 * most:
            return reel.span
        start = min(reel.frame, max(reel.frames - most, 0))
        return start, min(start + most, reel.frames)

    def clear(self) -> None:
        """Show the masks again."""
        sheet = self._editor.sheet
        if sheet is not None:
            sheet.set_previews({})
            self._editor.redraw()
            self.changed.emit()

    def cleaning(self) -> Cleaning:
        """What is to be erased from the film, and with what."""
        from engines.jobs.clean_film import Cleaning

        value = self._settings.value
        return Cleaning(visible(self._editor.state.tracks), fill=value.object_engine, device=value.device)

    def _ask(self, start: int, stop: int) -> None:
        reel, sheet = self._playback.reel, self._editor.sheet
        if reel is None or sheet is None or self.running is not None:
            return
        tracks = self._editor.state.tracks
        if all(masks_at(tracks, frame).empty for frame in range(start, stop)):
            hint = self.tr("Paint over it, or use Find subtitles.")
            self._editor.tell(Notice(Weight.INFO, self.tr("Nothing is marked to be erased here yet."), hint))
            return
        self._playback.pause()

        def then(result: AnyResult) -> None:
            if isinstance(result, SpanCleaned) and self._editor.sheet is sheet:
                self._show(reel, tracks, result)

        request = CleanSpan(reel.path, self.cleaning(), start, stop, engine=visible(tracks)[0].engine)
        self._queue.add(request, Job(JobKind.PREVIEW, then, self._failed))

    def _show(self, reel: Reel, tracks: object, result: SpanCleaned) -> None:
        sheet = self._editor.sheet
        if sheet is None:
            return
        if self._editor.state.tracks is not tracks:
            words = self.tr("The preview was dropped: the masks changed meanwhile.")
            self._editor.tell(Notice(Weight.WARNING, words, self.tr("Preview again.")))
            return
        made = {result.start + number: patches for number, patches in enumerate(result.patches)}
        sheet.set_previews({**reel.previews, **made})
        self._editor.redraw()
        for note in result.notes:
            self._editor.tell(Notice(Weight.INFO, note))
        self.changed.emit()
        if len(made) > 1:
            self._playback.play_span(result.start, result.start + len(made))

    def _failed(self, error: EngineError) -> None:
        self._editor.tell(of_error(error))
