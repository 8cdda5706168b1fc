"""Mask tracks from files and to files: read and written by the engine process, which says how far it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.document import track_verbs as verbs
from app.state.film_tracks import FilmTracks
from app.state.jobs import Job, JobKind, JobQueue
from app.state.notices import Notice, Weight, of_error
from app.state.playback import Playback
from engines.core.faults import EngineError
from engines.core.tracks import MaskTrack, TrackKind
from engines.jobs.film_desk import MasksWritten, ReadMasks, TrackMade, WriteMasks
from engines.requests import AnyResult, FilmRequest


class MaskExchange(QObject):
    """``changed``: it began, moved on or ended. One run at a time."""

    changed = Signal()

    def __init__(self, playback: Playback, tracks: FilmTracks, queue: JobQueue) -> None:
        super().__init__(playback)
        self._playback = playback
        self._editor = playback.editor
        self._tracks = tracks
        self._queue = queue
        queue.changed.connect(self.changed)

    @property
    def running(self) -> Job | None:
        return next((job for job in self._queue.jobs if job.kind is JobKind.MASK_FILES), None)

    def cancel(self) -> bool:
        """End what runs; whether there was anything."""
        job = self.running
        if job is not None:
            self._queue.cancel(job)
        return job is not None

    def read(self, path: Path) -> None:
        """A new track of the masks in a film, in a folder of numbered pictures, or in a picture."""
        reel, sheet = self._playback.reel, self._editor.sheet
        if reel is None or self.running is not None:
            return

        def then(result: AnyResult) -> None:
            if isinstance(result, TrackMade) and self._editor.sheet is sheet:
                self._take(result.track, path)
                for note in result.notes:
                    self._editor.tell(Notice(Weight.WARNING, note))

        self._ask(ReadMasks(path, self._editor.state.size, reel.frames), then)

    def suggested(self) -> Path | None:
        """A folder for the masks of the chosen track: beside the film, and not there yet."""
        reel, track = self._playback.reel, self._tracks.track
        if reel is None or track is None:
            return None
        plain = "".join(letter if letter.isalnum() or letter in " -_" else "_" for letter in track.name)
        stem = reel.path.parent / f"{reel.path.stem} {plain.strip() or 'masks'}"
        numbers = range(2, 1000)
        return next(
            (path for path in (stem, *(stem.with_name(f"{stem.name} {n}") for n in numbers)) if not path.exists()), stem
        )

    def write(self, folder: Path) -> None:
        """The masks of the chosen track as numbered PNGs in a folder that is new or empty."""
        reel, track = self._playback.reel, self._tracks.track
        if reel is not None and track is not None and self.running is None:
            self._ask(WriteMasks(track, folder, reel.frames), self._written)

    def _ask(self, request: FilmRequest, then: Callable[[AnyResult], None]) -> None:
        self._playback.pause()
        self._queue.add(request, Job(JobKind.MASK_FILES, then, self._failed))

    def _take(self, track: MaskTrack, path: Path) -> None:
        reel, state = self._playback.reel, self._editor.state
        if reel is None:
            return
        ranges = reel.chosen_span if track.kind is TrackKind.STATIC else ()
        reel.track = len(state.tracks)
        named = replace(track, name=verbs.unused_name(state, track.name), ranges=ranges)
        self._editor.do("Masks from file", verbs.insert_track(state, named))
        words = self.tr("Read masks for %1 frames from %2.").replace("%1", str(self._frames(named)))
        self._editor.tell(Notice(Weight.DONE, words.replace("%2", path.name)))

    def _frames(self, track: MaskTrack) -> int:
        if track.kind is not TrackKind.STATIC:
            return len(track.made)
        return sum(span.stop - span.start for span in self._tracks.reach(track))

    def _written(self, result: AnyResult) -> None:
        if isinstance(result, MasksWritten):
            words = self.tr("Saved %1 masks in %2.").replace("%1", str(result.count))
            self._editor.tell(Notice(Weight.DONE, words.replace("%2", str(result.folder))))

    def _failed(self, error: EngineError) -> None:
        self._editor.tell(of_error(error))
