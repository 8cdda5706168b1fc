"""Track, and Find subtitles: what the engine process makes of a track, and how the person is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.document import track_verbs as verbs
from app.state.film_tracks import FilmTracks
from app.state.jobs import Job, JobKind, JobQueue
from app.state.notices import Notice, Weight, of_error
from app.state.playback import Playback
from app.state.settings import SettingsStore, TitlePlace
from engines.core.faults import EngineError
from engines.core.tracks import MaskTrack, mask_at
from engines.core.types import Box
from engines.jobs.film_desk import FindTitles, FollowTrack, TrackMade
from engines.requests import AnyResult, FilmRequest

if TYPE_CHECKING:
    from engines.jobs.track_masks import Direction

_UNSURE = 0.6
"""Confidence below which frames deserve a look."""


class Following(QObject):
    """``changed``: it began, moved on or ended. One run at a time."""

    changed = Signal()

    def __init__(self, playback: Playback, tracks: FilmTracks, queue: JobQueue, settings: SettingsStore) -> None:
        super().__init__(playback)
        self._playback = playback
        self._editor = playback.editor
        self._tracks = tracks
        self._queue = queue
        self._settings = settings
        queue.changed.connect(self.changed)

    @property
    def running(self) -> Job | None:
        kinds = (JobKind.TRACK, JobKind.FIND_TITLES)
        return next((job for job in self._queue.jobs if job.kind in kinds), None)

    def cancel(self) -> bool:
        """End what runs; whether there was anything."""
        job = self.running
        if job is not None:
            self._queue.cancel(job)
        return job is not None

    def track(self, direction: Direction | None = None) -> None:
        """Carry the keys of the chosen track through the film: forward, backward, or (None) both ways."""
        from engines.jobs.track_masks import Direction

        reel, track, number = self._playback.reel, self._tracks.track, self._tracks.chosen
        if reel is None or self.running is not None:
            return
        if track is None or number is None or not track.keys:
            hint = self.tr("Paint over the thing in one frame, then track it.")
            self._editor.tell(Notice(Weight.INFO, self.tr("There is no key to track from yet."), hint))
            return
        request = FollowTrack(reel.path, track, direction or Direction.BOTH, *reel.span, device=self._device)
        self._ask(request, JobKind.TRACK, lambda made: self._followed(number, track, made))

    @property
    def place(self) -> TitlePlace:
        """Where in the picture text is looked for."""
        return self._settings.value.title_place

    def look_in(self, place: TitlePlace) -> None:
        """Look for text elsewhere from now on."""
        self._settings.update(title_place=place)

    def find_titles(self) -> None:
        """Find the text between the in and the out point, in the part of the picture that is chosen: a new track."""
        reel, place = self._playback.reel, self.place
        if reel is None or self.running is not None:
            return
        region, around = self._region(), self._tracks.track if place is TitlePlace.PAINTED else None
        if place is TitlePlace.PAINTED and region is None:
            hint = self.tr("Draw a box where the text appears, with the rectangle tool; then find it.")
            self._editor.tell(Notice(Weight.INFO, self.tr("Nothing is painted in this frame."), hint))
            return
        name = verbs.free_name(self._editor.state, self.tr("Subtitles"))
        request = FindTitles(reel.path, *reel.span, region, name, device=self._device)
        self._ask(request, JobKind.FIND_TITLES, lambda track: self._found(track, around))

    def _region(self) -> Box | None:
        """The chosen part of the picture; None: all of it, or nothing is painted."""
        from engines.jobs.find_subtitles import bottom_of

        reel, track = self._playback.reel, self._tracks.track
        if self.place is TitlePlace.BOTTOM:
            return bottom_of(self._editor.state.size)
        if self.place is TitlePlace.WHOLE or reel is None or track is None:
            return None
        painted = mask_at(replace(track, ranges=(), grow=0, feather=0), reel.frame)
        return None if painted.empty else painted.box

    @property
    def _device(self) -> str:
        device = self._settings.value.device
        return "auto" if device == "mps" else device

    def _ask(self, request: FilmRequest, kind: JobKind, take: Callable[[MaskTrack], None]) -> None:
        self._playback.pause()
        sheet = self._editor.sheet

        def then(result: AnyResult) -> None:
            if isinstance(result, TrackMade) and self._editor.sheet is sheet:
                take(result.track)
                for note in result.notes:
                    self._editor.tell(Notice(Weight.INFO, note))

        self._queue.add(request, Job(kind, then, self._failed))

    def _failed(self, error: EngineError) -> None:
        self._editor.tell(of_error(error))

    def _followed(self, number: int, asked: MaskTrack, made: MaskTrack) -> None:
        tracks = self._tracks.all
        if number >= len(tracks) or tracks[number].keys is not asked.keys:
            words = self.tr("What was tracked was dropped: the keys changed meanwhile.")
            self._editor.tell(Notice(Weight.WARNING, words, self.tr("Track again.")))
            return
        self._tracks.put("Track", number, made)
        self._tell_of(made)

    def _tell_of(self, track: MaskTrack) -> None:
        """Where the tracker gave up, or where it was unsure; nothing, where all went well."""
        if track.stops:
            stop = track.stops[0]
            words = self.tr("%1 stops at frame %2.").replace("%1", track.name).replace("%2", str(stop.frame))
            self._editor.tell(Notice(Weight.WARNING, words, stop.reason))
            return
        unsure = sum(made.confidence < _UNSURE for made in track.made.values())
        if unsure:
            words = self.tr("The tracker was not sure in %1 frames; they are marked on the track.")
            self._editor.tell(Notice(Weight.WARNING, words.replace("%1", str(unsure))))
        else:
            words = self.tr("Tracked %1 through %2 frames.").replace("%1", track.name)
            self._editor.tell(Notice(Weight.DONE, words.replace("%2", str(len(track.made)))))

    def _found(self, track: MaskTrack, around: MaskTrack | None) -> None:
        """``around``: the track that said where to look, which is hidden now: it is not what was to go."""
        reel = self._playback.reel
        if reel is None:
            return
        if not track.made:
            hint = self.tr("Paint over it by hand; small or faint text may be missed.")
            self._editor.tell(Notice(Weight.INFO, self.tr("No text was found."), hint))
            return
        state = self._editor.state
        reel.track = len(state.tracks)
        found = verbs.insert_track(state, track)
        hint = self.tr("Preview it, or take single frames away by painting.")
        number = next((i for i, each in enumerate(state.tracks) if each is around), None)
        if around is not None and number is not None:
            found = verbs.set_hidden(found, number, True)
            hint = self.tr("%1 said where to look; it is hidden now.").replace("%1", around.name)
        self._editor.do("Find subtitles", found)
        words = self.tr("Found text in %1 frames.").replace("%1", str(len(track.made)))
        self._editor.tell(Notice(Weight.DONE, words, hint))
