"""Smart select: by a segmenter in the engine process where one is ready, else by GrabCut in a thread here."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QObject, Signal

from app.document.coverage import Combine
from app.document.render import composite
from app.document.state import State
from app.state.editor import Editor, Painting
from app.state.jobs import Job, JobKind, JobQueue
from app.state.library import EngineInfo, Library
from app.state.notices import Notice, Remedy, Weight, of_error
from app.state.settings import SettingsStore
from app.state.sheet import Sheet
from app.tools.click import cut
from app.tools.rough import Rough, prompt_of, selected, shrunk, view_of, with_rim
from engines.core.engine import Card
from engines.core.faults import EngineError
from engines.core.types import Alpha, Box, Mask, Pixels
from engines.requests import Result, Segment, Segmented


@dataclass(frozen=True, slots=True, eq=False)
class _Gesture:
    """A gesture, and the picture it was made on. ``turn``: a later ``cancel`` makes it void."""

    rough: Rough
    sheet: Sheet
    state: State
    painting: Painting
    view: Box
    turn: int


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    """The small picture of a view that was asked for last: more clicks on it need not make it again."""

    sheet: Sheet
    state: State
    view: Box
    picture: Pixels

    def shows(self, gesture: _Gesture) -> bool:
        return self.sheet is gesture.sheet and self.view == gesture.view and self.state.edits is gesture.state.edits


class Selecting(QObject):
    """``changed``: which way is used, or something began or ended."""

    changed = Signal()

    def __init__(self, editor: Editor, queue: JobQueue, library: Library, settings: SettingsStore) -> None:
        super().__init__(editor)
        self._editor = editor
        self._queue = queue
        self._library = library
        self._settings = settings
        self._turn = 0
        self._under_way = 0
        self._look: _Look | None = None
        editor.selection_wanted.connect(self.select)
        editor.settings_changed.connect(self.changed)
        library.changed.connect(self.changed)
        queue.cancelled.connect(self.cancel)

    @property
    def segmenter(self) -> EngineInfo | None:
        """The network for it, ready or not; None where the catalogue has none."""
        return next(iter(self._library.segmenters), None)

    @property
    def uses(self) -> Card | None:
        """The network that the next gesture is answered by; None: GrabCut."""
        info = self.segmenter
        return info.card if info is not None and info.ready and self._editor.settings.trained else None

    @property
    def running(self) -> bool:
        """Whether an answer is awaited."""
        return self._under_way > 0

    def select(self, rough: Rough, how: Combine) -> None:
        """Find the thing that ``rough`` means, and combine it with the mask."""
        sheet, card = self._editor.sheet, self.uses
        if sheet is None:
            return
        state, painting = self._editor.state, Painting(self._editor.settings.role, how)
        gesture = _Gesture(rough, sheet, state, painting, view_of(rough, state.size), self._turn)
        self._began()
        if card is None:
            self._editor.tasks.run("", partial(_cut, gesture), partial(self._take, gesture), self._failed)
            return
        work = partial(self._request, gesture, card.id)
        self._editor.tasks.run("", work, partial(self._submit, gesture), self._failed)

    def cancel(self) -> bool:
        """Nothing that was asked for comes any more; whether there was anything."""
        was, self._turn, self._under_way = self.running, self._turn + 1, 0
        for job in [job for job in self._queue.jobs if job.kind is JobKind.SELECT]:
            self._queue.cancel(job)
        self.changed.emit()
        return was

    def _request(self, gesture: _Gesture, engine: str) -> Segment:
        """In a thread: what the segmenter is shown and told."""
        look = self._look
        if look is None or not look.shows(gesture):
            picture = shrunk(_shown(gesture, gesture.view))
            self._look = look = _Look(gesture.sheet, gesture.state, gesture.view, picture)
        size = look.picture.shape[0], look.picture.shape[1]
        points, box = prompt_of(gesture.rough, gesture.view, size)
        return Segment(look.picture, points, box, engine, self._settings.value.device)

    def _submit(self, gesture: _Gesture, request: Segment) -> None:
        if self._stale(gesture):
            return
        if request.box is None and not request.points:  # the stroke ran beside the picture
            self._ended()
            return
        self._queue.add(request, Job(JobKind.SELECT, partial(self._arrived, gesture), self._failed))

    def _arrived(self, gesture: _Gesture, result: Result) -> None:
        if self._stale(gesture) or not isinstance(result, Segmented):
            return
        work = partial(_fitted, gesture, result.selection.likelihood)
        self._editor.tasks.run("", work, partial(self._take, gesture), self._failed)

    def _take(self, gesture: _Gesture, mask: Mask) -> None:
        if self._stale(gesture):
            return
        self._ended()
        if mask.empty:
            hint = self.tr("Stroke over more of it, draw around it, or use GrabCut.")
            self._editor.tell(Notice(Weight.INFO, self.tr("Nothing was recognised there."), hint))
            return
        self._editor.take_mask("Smart select", gesture.state, mask, gesture.painting)

    def _stale(self, gesture: _Gesture) -> bool:
        """Whether it was cancelled, or its picture is no longer open: then nobody wants the answer."""
        if gesture.turn != self._turn:
            return True
        if gesture.sheet is not self._editor.sheet:
            self._ended()
            return True
        return False

    def _failed(self, error: EngineError) -> None:
        self._ended()
        self._editor.tell(of_error(error, Remedy.NONE))

    def _began(self) -> None:
        self._under_way += 1
        self.changed.emit()

    def _ended(self) -> None:
        self._under_way = max(self._under_way - 1, 0)
        self.changed.emit()


def _shown(gesture: _Gesture, box: Box) -> Pixels:
    """The picture as it was when the gesture was made."""
    return gesture.sheet.shown.to_display(composite(gesture.state, gesture.sheet.document.pixels, box))


def _fitted(gesture: _Gesture, likelihood: Alpha) -> Mask:
    return with_rim(selected(likelihood, gesture.view, gesture.rough), gesture.state.size)


def _cut(gesture: _Gesture) -> Mask:
    return with_rim(cut(gesture.rough, gesture.state.size, partial(_shown, gesture)), gesture.state.size)
