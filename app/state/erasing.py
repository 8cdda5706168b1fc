"""Erasing: from the button to an edit in the list."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import Signal

from app.document import verbs
from app.document.state import State, Variant, diff
from app.state.choosing import Choosing
from app.state.editor import Editor
from app.state.holes import Order, Prepared, finished, prepare, preview_patch
from app.state.jobs import Job, JobKind, JobQueue
from app.state.library import EngineInfo, Library
from app.state.measurements import Measurements, Run
from app.state.notices import Notice, Remedy, Weight, of_error
from app.state.settings import SettingsStore
from app.state.sheet import Sheet
from engines.core.engine import OptionValue, Task
from engines.core.faults import EngineError, Fault
from engines.core.types import FloatImage, Patch
from engines.requests import AnyResult, Erased

Accept = Callable[[State, State, Variant], State]
"""From the state asked with, the present one and the answer to the next state."""

Judge = Callable[[Sheet, State, Variant, Callable[[Variant], None]], None]
"""Looks at a variant before it is taken, then hands it on with its scores."""


@dataclass(frozen=True, slots=True, eq=False)
class _Wish:
    """What is to be run. ``info`` None: choose an engine for the mask. ``below``: an edit to be made anew."""

    sheet: Sheet
    state: State
    task: Task
    info: EngineInfo | None
    below: int | None
    options: Mapping[str, OptionValue] | None
    accept: Accept


class Erasing(Choosing):
    """One run at a time. ``previewed`` carries a ``Patch`` in 8 bits, or None when it is over."""

    previewed = Signal(object)
    beginning = Signal()
    """A job is about to start: the moment to save."""
    arrived = Signal(int)
    """A result is in the list; the id of its edit."""
    failed = Signal()
    """There will be no result."""

    def __init__(
        self, editor: Editor, queue: JobQueue, library: Library, measurements: Measurements, settings: SettingsStore
    ) -> None:
        super().__init__(editor, queue, library, measurements, settings)
        self.judge: Judge | None = None
        self._preparing: _Wish | None = None
        queue.cancelled.connect(lambda: self.previewed.emit(None))

    @property
    def running(self) -> Job | None:
        """The erase that is under way in the engine process."""
        return next((job for job in self.queue.jobs if job.kind is JobKind.ERASE), None)

    @property
    def busy(self) -> bool:
        """Whether an erase has been asked for and is not over."""
        return self._preparing is not None or self.running is not None

    def erase(self, engine: str = "") -> None:
        """Erase what the mask covers, with the chosen engine or with ``engine``."""
        sheet = self.editor.sheet
        if sheet is None or self.busy:
            return
        if self.editor.state.masks.blank:
            hint = self.tr("Paint over it, or use Find text.")
            self.editor.tell(Notice(Weight.INFO, self.tr("Nothing is marked to be erased yet."), hint))
            return
        wanted = engine or self.engine
        info = None if wanted == "auto" else self.library.info(wanted)
        accept = partial(_appended, self.task)
        self._start(_Wish(sheet, self.editor.state, self.task, info, None, None, accept), chosen=wanted != "auto")

    def rerun(self, number: int, engine: str = "", options: Mapping[str, OptionValue] | None = None) -> None:
        """Make an edit anew as another variant, with another engine or other options."""
        sheet = self.editor.sheet
        if sheet is None or self.busy:
            return
        info = self.library.info(engine) if engine else self.info
        state = self.editor.state
        wish = _Wish(sheet, state, state.edit(number).task, info, number, options, partial(_varied, number))
        self._start(wish, chosen=True)

    def cancel(self) -> bool:
        """Cancel whatever runs or is about to; whether there was anything."""
        preparing, self._preparing = self._preparing is not None, None
        if preparing:
            self.queue.changed.emit()
            self.queue.cancelled.emit()
        return self.queue.cancel_all() or preparing

    def _start(self, wish: _Wish, *, chosen: bool) -> None:
        if chosen and (wish.info is None or not wish.info.ready):
            message = self.tr("No engine is ready on this machine.")
            if wish.info is not None:
                message = self.tr("%1 needs weights that are not on this machine yet.")
                message = message.replace("%1", wish.info.card.name)
            hint = self.tr("The models page says how to get them.")
            self.editor.tell(Notice(Weight.WARNING, message, hint, Remedy.MODELS))
            self.failed.emit()
            return
        self.beginning.emit()
        self._preparing = wish
        self.queue.changed.emit()

        def then(prepared: Prepared | None) -> None:
            if self._preparing is not wish:
                return
            self._preparing = None
            if prepared is None:
                self.editor.tell(Notice(Weight.INFO, self.tr("The mask is empty: everything in it is protected.")))
                self._over()
            elif self.editor.sheet is wish.sheet:
                self._submit(wish, prepared)

        self.editor.tasks.run(self.tr("Preparing"), partial(self._prepared, wish), then, self._failed)

    def _prepared(self, wish: _Wish) -> Prepared | None:
        """Off the window's thread: the hole, the engine for it, the request."""
        state, below = wish.state, wish.below
        hole = state.masks.erase_mask() if below is None else state.edit(below).variant.hole
        if hole.empty:
            return None
        info = wish.info or self._choose(hole, state, wish.sheet, wish.task)[0]
        if info is None:
            raise EngineError(Fault.WEIGHTS_MISSING, "No engine is ready on this machine.")
        card = info.card
        device = self._device if self._device in ("auto", *card.devices) else "auto"
        values = dict(wish.options) if wish.options is not None else self.options(card, wish.task)
        return prepare(state, wish.sheet.document.pixels, Order(card, values, device, hole, below))

    def _submit(self, wish: _Wish, prepared: Prepared) -> None:
        def then(result: AnyResult) -> None:
            self.previewed.emit(None)
            if isinstance(result, Erased):
                self._measure(prepared, result)
                self._finished(wish, prepared, finished(prepared, result, job.seconds))

        def preview(image: FloatImage, done: float) -> None:
            patch: Patch | None = preview_patch(prepared, image, done)
            if patch is not None and self.editor.sheet is wish.sheet:
                self.previewed.emit(patch)

        job = Job(JobKind.ERASE, then, self._failed, preview)
        self.queue.add(prepared.request, job)

    def _failed(self, error: EngineError) -> None:
        self._preparing = None
        self.previewed.emit(None)
        self.editor.tell(of_error(error, _remedy(error)))
        self._over()

    def _over(self) -> None:
        self.queue.changed.emit()
        self.failed.emit()

    def _finished(self, wish: _Wish, prepared: Prepared, variant: Variant) -> None:
        if self.judge is not None and self.editor.sheet is wish.sheet:
            self.judge(wish.sheet, self.editor.state, variant, partial(self._take, wish, prepared))
        else:
            self._take(wish, prepared, variant)

    def _take(self, wish: _Wish, prepared: Prepared, variant: Variant) -> None:
        if self.editor.sheet is not wish.sheet:
            return
        now, below = self.editor.state, wish.below
        gone = below is not None and all(edit.id != below for edit in now.edits)
        changed = below is None and not (diff(wish.state, now).pixels & prepared.view).empty
        if gone or changed:
            words = self.tr("The result was dropped: the picture under it changed meanwhile.")
            self.editor.tell(Notice(Weight.WARNING, words, self.tr("Erase again.")))
            self._over()
            return
        self.editor.do("Erase" if below is None else "Erase anew", wish.accept(wish.state, now, variant))
        for note in variant.notes:
            self.editor.tell(Notice(Weight.INFO, note))
        self.arrived.emit(below if below is not None else self.editor.state.edits[-1].id)

    def _measure(self, prepared: Prepared, erased: Erased) -> None:
        seconds = erased.seconds
        run = Run(prepared.megapixels, seconds.get("erase", 0.0), seconds.get("load", 0.0), erased.peak_memory)
        self.measurements.add(erased.engine, erased.device, run)
        self.changed.emit()


def _appended(task: Task, asked: State, now: State, variant: Variant) -> State:
    return verbs.erase(now, task, variant, asked.masks)


def _varied(number: int, asked: State, now: State, variant: Variant) -> State:
    del asked
    return verbs.add_variant(now, number, variant)


def _remedy(error: EngineError) -> Remedy:
    if error.fault in (Fault.WEIGHTS_MISSING, Fault.WEIGHTS_INVALID):
        return Remedy.MODELS
    return Remedy.LOG if error.fault in (Fault.CRASHED, Fault.INTERNAL) else Remedy.NONE
