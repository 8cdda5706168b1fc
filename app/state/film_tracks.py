"""The mask tracks of the open film: which one is chosen, and what the person does to them."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from app.document import track_verbs as verbs
from app.document.state import State
from app.state.editor import Editor
from app.state.playback import Playback
from app.state.reel import Reel
from engines.core.tracks import MaskTrack, Span, TrackKind


class FilmTracks(QObject):
    """``changed``: the tracks, or which one is chosen."""

    changed = Signal()

    def __init__(self, playback: Playback) -> None:
        super().__init__(playback)
        self._playback = playback
        self._editor: Editor = playback.editor
        self._shown: tuple[MaskTrack, ...] = ()
        playback.opened.connect(self._renew)
        self._editor.changed.connect(self._renew)

    # ---- what there is

    @property
    def all(self) -> tuple[MaskTrack, ...]:
        return self._shown

    @property
    def chosen(self) -> int | None:
        """The number of the track that is painted on; None where there is none."""
        reel = self._playback.reel
        return min(reel.track, len(self._shown) - 1) if reel is not None and self._shown else None

    @property
    def track(self) -> MaskTrack | None:
        """The one that is painted on."""
        return None if self.chosen is None else self._shown[self.chosen]

    def reach(self, track: MaskTrack) -> tuple[Span, ...]:
        """The frames in which a track may erase something."""
        reel = self._playback.reel
        frames = reel.frames if reel is not None else 0
        spans = track.ranges or (track.reach,)
        cut = (Span(max(span.start, 0), min(span.stop, frames)) for span in spans)
        return tuple(span for span in cut if span.start < span.stop)

    # ---- what can be done

    def choose(self, number: int) -> None:
        """Paint on another track."""
        reel = self._playback.reel
        if reel is not None and 0 <= number < len(self._shown) and number != self.chosen:
            reel.track = number
            self.changed.emit()

    def add(self) -> None:
        """An empty track, which is chosen; active between the in and the out point."""
        reel = self._playback.reel
        if reel is not None:
            state = self._editor.state
            name = verbs.free_name(state, self.tr("Mask"))
            reel.track = len(state.tracks)
            self._editor.do("Add track", verbs.add_track(state, name, TrackKind.STATIC, reel.chosen_span))

    def remove(self, number: int) -> None:
        self._do("Delete track", lambda state: verbs.remove_track(state, number))

    def rename(self, number: int, name: str) -> None:
        self._do("Rename track", lambda state: verbs.rename_track(state, number, name))

    def move_key(self, number: int, frame: int, to: int) -> None:
        self._do("Move key", lambda state: verbs.move_key(state, number, frame, to))

    def delete_key(self, number: int, frame: int) -> None:
        self._do("Delete key", lambda state: verbs.delete_key(state, number, frame))

    def move_range(self, number: int, index: int, span: Span) -> None:
        """Another beginning or end for a range; a track without one gets its first."""
        track = self._shown[number]
        if track.ranges:
            self._do("Move range", lambda state: verbs.move_range(state, number, index, span))
        else:
            self._do("Move range", lambda state: verbs.set_ranges(state, number, [span]))

    def whole_clip(self) -> None:
        """One mask for all frames."""
        number = self.chosen
        if number is not None:
            self._do("Whole clip", lambda state: verbs.whole_clip(state, number))

    def adjust(self, **changes: int) -> None:
        """Grow, feather or smooth of the chosen track."""
        number = self.chosen
        if number is not None:
            self._do("Adjust track", lambda state: verbs.adjust_track(state, number, **changes))

    def set_engine(self, engine: str) -> None:
        number = self.chosen
        if number is not None:
            self._do("Choose engine", lambda state: verbs.set_engine(state, number, engine))

    def set_learnt(self, learnt: bool) -> None:
        number = self.chosen
        if number is not None:
            self._do("Learn mark", lambda state: verbs.set_learnt(state, number, learnt))

    def set_hidden(self, number: int, hidden: bool) -> None:
        """Leave a track alone for now, or show and erase it again."""
        if hidden:
            self._do("Hide track", lambda state: verbs.set_hidden(state, number, True))
        else:
            self._do("Show track", lambda state: verbs.set_hidden(state, number, False))

    def put(self, label: str, number: int, track: MaskTrack) -> None:
        """What a tracker made of a track."""
        self._editor.do(label, verbs.put_track(self._editor.state, number, track))

    def step_key(self, way: int) -> None:
        """The playhead to the next (1) or previous (-1) key of the chosen track."""
        reel, track = self._playback.reel, self.track
        if reel is None or track is None:
            return
        frames = sorted(frame for frame in track.keys if (frame - reel.frame) * way > 0)
        if frames:
            self._playback.go(frames[0] if way > 0 else frames[-1])

    def delete_key_here(self) -> None:
        """Forget the chosen track's key in this frame."""
        reel, track, number = self._playback.reel, self.track, self.chosen
        if reel is not None and track is not None and number is not None and reel.frame in track.keys:
            self.delete_key(number, reel.frame)

    def _do(self, label: str, verb: Callable[[State], State]) -> None:
        self._editor.do(label, verb(self._editor.state))

    def _renew(self) -> None:
        reel: Reel | None = self._playback.reel
        tracks = self._editor.state.tracks if reel is not None and self._editor.sheet is not None else ()
        if tracks is not self._shown:
            self._shown = tracks
            self.changed.emit()
