"""Erasing: which engine, with which options; from the button to an edit in the list."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal

from app.document import verbs
from app.document.state import State, Variant, diff
from app.state.editor import Editor
from app.state.holes import Order, Prepared, finished, prepare, preview_patch
from app.state.jobs import Job, JobQueue
from app.state.library import EngineInfo, Library
from app.state.measurements import Forecast, Measurements, Run
from app.state.notices import Notice, Remedy, Weight, of_error
from app.state.settings import SettingsStore
from app.state.sheet import Sheet
from engines.core.engine import Card, OptionValue, Task
from engines.core.faults import EngineError, Fault
from engines.core.types import FloatImage, Mask, Patch
from engines.pipeline.region import crop_boxes
from engines.planner import Need
from engines.requests import Erased, Result

Accept = Callable[[State, State, Variant], State]
"""From the state asked with, the present one and the answer to the next state."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What the panel says before a run."""

    info: EngineInfo | None
    megapixels: float
    forecast: Forecast | None
    note: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    """What a job was started with, to be looked at when it ends."""

    sheet: Sheet
    state: State
    prepared: Prepared
    accept: Accept


class Erasing(QObject):
    """``changed``: task, engine or options; ``previewed`` carries a ``Patch`` in 8 bits, or None when it is over."""

    changed = Signal()
    previewed = Signal(object)
    beginning = Signal()
    """A job is about to start: the moment to save."""

    def __init__(
        self, editor: Editor, queue: JobQueue, library: Library, measurements: Measurements, settings: SettingsStore
    ) -> None:
        super().__init__(editor)
        self.editor = editor
        self.queue = queue
        self.library = library
        self.measurements = measurements
        self.settings = settings
        self.task = Task.TEXT
        self.plan = Plan(None, 0.0, None)
        self._planning = QTimer(self, singleShot=True, interval=200)
        self._planning.timeout.connect(self._replan)
        for signal in (editor.changed, library.changed, settings.changed):
            signal.connect(self._plan_soon)
        self._options: dict[str, dict[str, OptionValue]] = {}
        queue.cancelled.connect(lambda: self.previewed.emit(None))
        library.changed.connect(self.changed)

    # ---- the choice

    @property
    def engine(self) -> str:
        """``auto``, or the engine that the person chose for this task."""
        value = self.settings.value
        return value.text_engine if self.task is Task.TEXT else value.object_engine

    @property
    def info(self) -> EngineInfo | None:
        """The engine that would be used; None where none is ready."""
        if self.engine == "auto":
            return self.library.recommended(self.task)
        return self.library.info(self.engine)

    def set_task(self, task: Task) -> None:
        self.task = task
        self._plan_soon()
        self.changed.emit()

    def set_engine(self, engine: str) -> None:
        if self.task is Task.TEXT:
            self.settings.update(text_engine=engine)
        else:
            self.settings.update(object_engine=engine)
        self.changed.emit()

    def options(self, card: Card) -> dict[str, OptionValue]:
        """Every option's value for an engine."""
        return card.resolve(self._options.get(card.id, {}))

    def changed_options(self, card: Card) -> dict[str, OptionValue]:
        """Only those that are not at their default."""
        return {o.name: v for o in card.options if (v := self.options(card)[o.name]) != o.default}

    def set_option(self, card: Card, name: str, value: OptionValue) -> None:
        option = next(option for option in card.options if option.name == name)
        self._options.setdefault(card.id, {})[name] = option.check(value)
        self.changed.emit()

    def _plan_soon(self) -> None:
        self._planning.start()

    def _replan(self) -> None:
        """Look elsewhere at what would run; ``changed`` is emitted when it is known."""
        sheet = self.editor.sheet
        if sheet is None or self.editor.live is not None:
            return
        state, engine, task = self.editor.state, self.info, self.task
        auto = self.engine == "auto"

        def work() -> Plan:
            hole = state.masks.erase_mask()
            info, note = self._choose(hole, state, task) if auto else (engine, "")
            crops = crop_boxes(hole, state.size, info.card) if info is not None and not hole.empty else []
            area = sum(crop.area for crop in crops) / 1e6
            forecast = self.measurements.forecast(info.card.id, self._device, area) if info is not None else None
            return Plan(info, area, forecast, note)

        def then(plan: Plan) -> None:
            self.plan = plan
            self.changed.emit()

        self.editor.tasks.run("", work, then, lambda error: self.editor.tell(of_error(error)))

    def _choose(self, hole: Mask, state: State, task: Task) -> tuple[EngineInfo | None, str]:
        device = self._device
        kind = self.measurements.device_seen() if device == "auto" else device.partition(":")[0]
        return self.library.choose(Need(hole, state.size, kind, device != "auto", task=task))

    @property
    def _device(self) -> str:
        return self.settings.value.device

    # ---- running

    @property
    def running(self) -> Job | None:
        """The erase that is under way."""
        return next((job for job in self.queue.jobs if job.label == "Erase"), None)

    def erase(self) -> None:
        """Erase what the mask covers."""
        sheet = self.editor.sheet
        if sheet is None or self.running is not None:
            return
        if self.editor.state.masks.blank:
            hint = "Paint over it, or use Find text."
            self.editor.tell(Notice(Weight.INFO, "Nothing is marked to be erased yet.", hint))
            return
        self._start(sheet, self.info, None, partial(_appended, self.task))

    def rerun(self, number: int, engine: str = "", options: Mapping[str, OptionValue] | None = None) -> None:
        """Make an edit anew as another variant, with another engine or other options."""
        sheet = self.editor.sheet
        if sheet is None or self.running is not None:
            return
        info = self.library.info(engine) if engine else self.info
        self._start(sheet, info, number, partial(_varied, number), options)

    def cancel(self) -> bool:
        """Cancel whatever runs; whether there was anything."""
        return self.queue.cancel_all()

    def _start(
        self, sheet: Sheet, info: EngineInfo | None, below: int | None, accept: Accept,
        options: Mapping[str, OptionValue] | None = None,
    ) -> None:  # fmt: skip
        auto = self.engine == "auto" and below is None
        if not auto and (info is None or not info.ready):
            message = info.missing if info is not None else "No engine is ready on this machine."
            self.editor.tell(Notice(Weight.WARNING, message, "The models page says how to get them.", Remedy.MODELS))
            return
        self.beginning.emit()
        state, task = self.editor.state, self.task

        def work() -> Prepared | None:
            hole = state.masks.erase_mask() if below is None else state.edit(below).variant.hole
            if hole.empty:
                return None
            chosen = self._choose(hole, state, task)[0] if auto else info
            if chosen is None:
                raise EngineError(Fault.WEIGHTS_MISSING, "No engine is ready on this machine.")
            card = chosen.card
            device = self._device if self._device in ("auto", *card.devices) else "auto"
            values = dict(options) if options is not None else self.options(card)
            return prepare(state, sheet.document.pixels, Order(card, values, device, hole, below))

        def then(prepared: Prepared | None) -> None:
            if prepared is None:
                self.editor.tell(Notice(Weight.INFO, "The mask is empty: everything in it is protected."))
            elif self.editor.sheet is sheet:
                self._submit(_Asked(sheet, state, prepared, accept))

        self.editor.tasks.run("Preparing", work, then, lambda error: self.editor.tell(of_error(error)))

    def _submit(self, asked: _Asked) -> None:
        def then(result: Result) -> None:
            self.previewed.emit(None)
            if isinstance(result, Erased):
                self._arrived(asked, result, job)

        def failed(error: EngineError) -> None:
            self.previewed.emit(None)
            self.editor.tell(of_error(error, _remedy(error)))

        def preview(image: FloatImage, done: float) -> None:
            patch: Patch | None = preview_patch(asked.prepared, image, done)
            if patch is not None and self.editor.sheet is asked.sheet:
                self.previewed.emit(patch)

        job = Job("Erase", then, failed, preview)
        self.queue.add(asked.prepared.request, job)

    def _arrived(self, asked: _Asked, erased: Erased, job: Job) -> None:
        prepared = asked.prepared
        self._measure(prepared, erased)
        if self.editor.sheet is not asked.sheet:
            return
        now, below = self.editor.state, prepared.order.below
        gone = below is not None and all(edit.id != below for edit in now.edits)
        changed = below is None and not (diff(asked.state, now).pixels & prepared.view).empty
        if gone or changed:
            words = "The result was dropped: the picture under it changed meanwhile."
            self.editor.tell(Notice(Weight.WARNING, words, "Erase again."))
            return
        variant = finished(prepared, erased, job.seconds)
        self.editor.do("Erase" if below is None else "Erase anew", asked.accept(asked.state, now, variant))
        for note in erased.notes:
            self.editor.tell(Notice(Weight.INFO, note))

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
