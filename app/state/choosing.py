"""What would be erased with: task, engine, options, and what earlier runs say of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from PySide6.QtCore import QObject, QTimer, Signal

from app.document.render import composite
from app.document.state import State
from app.state.editor import Editor
from app.state.jobs import JobQueue
from app.state.library import EngineInfo, Library
from app.state.measurements import Forecast, Measurements
from app.state.notices import of_error
from app.state.settings import SettingsStore
from app.state.sheet import Sheet
from engines.core.engine import Card, OptionValue, Task
from engines.core.types import Box, Mask
from engines.pipeline.hole_shape import HoleShape, hole_shape, ring_view
from engines.pipeline.region import crop_boxes
from engines.planner import Need


@dataclass(frozen=True, slots=True)
class Plan:
    """What the panel says before a run. ``crops``: what the engine will be shown, one after the other.

    ``each``: what is known of the others, by engine.
    """

    info: EngineInfo | None
    crops: tuple[Box, ...]
    forecast: Forecast | None
    note: str = ""
    each: Mapping[str, Forecast] = field(default_factory=dict)

    @property
    def megapixels(self) -> float:
        return sum(crop.area for crop in self.crops) / 1e6


class Choosing(QObject):
    """``changed``: task, engine, options or plan."""

    changed = Signal()

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
        self.plan = Plan(None, (), None)
        self._planning = QTimer(self, singleShot=True, interval=200)
        self._planning.timeout.connect(self._replan)
        for signal in (editor.changed, library.changed, settings.changed):
            signal.connect(self._plan_soon)
        self._options: dict[tuple[Task, str], dict[str, OptionValue]] = {}
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

    def options(self, card: Card, task: Task | None = None) -> dict[str, OptionValue]:
        """Every option's value for an engine, for ``task`` or for the chosen one."""
        task = task or self.task
        return card.resolve(self._options.get((task, card.id), {}), task)

    def changed_options(self, card: Card) -> dict[str, OptionValue]:
        """Only those that are not at their default for the task."""
        values = self.options(card)
        return {o.name: values[o.name] for o in card.options if values[o.name] != o.default_for(self.task)}

    def set_option(self, card: Card, name: str, value: OptionValue) -> None:
        option = next(option for option in card.options if option.name == name)
        self._options.setdefault((self.task, card.id), {})[name] = option.check(value)
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
            info, note = self._choose(hole, state, sheet, task) if auto else (engine, "")
            each = dict(self._forecasts(hole, state))
            if info is None:
                return Plan(None, (), None, note, each)
            crops = tuple(crop_boxes(hole, state.size, info.card)) if not hole.empty else ()
            area = sum(crop.area for crop in crops) / 1e6
            return Plan(info, crops, self.measurements.forecast(info.card.id, self._device, area), note, each)

        def then(plan: Plan) -> None:
            self.plan = plan
            self.changed.emit()

        self.editor.tasks.run("", work, then, lambda error: self.editor.tell(of_error(error)))

    def _forecasts(self, hole: Mask, state: State) -> Iterator[tuple[str, Forecast]]:
        """How long every engine would take for this hole, as far as it has run here."""
        for info in self.library.erasers if not hole.empty else ():
            area = _megapixels(hole, state, info.card)
            forecast = self.measurements.forecast(info.card.id, self._device, area)
            if forecast is not None:
                yield info.card.id, forecast

    def _choose(self, hole: Mask, state: State, sheet: Sheet, task: Task) -> tuple[EngineInfo | None, str]:
        device = self._device
        kind = self.measurements.device_seen() if device == "auto" else device.partition(":")[0]
        shape = _shape(hole, state, sheet) if task is Task.OBJECT and not hole.empty else None
        return self.library.choose(Need(hole, state.size, kind, device != "auto", task=task, shape=shape))

    @property
    def _device(self) -> str:
        return self.settings.value.device


def _shape(hole: Mask, state: State, sheet: Sheet) -> HoleShape:
    view = ring_view(hole, state.size)
    around = composite(state, sheet.document.pixels, view)
    return hole_shape(around, Mask(hole.box.moved(-view.x, -view.y), hole.alpha))


def _megapixels(hole: Mask, state: State, card: Card) -> float:
    """Of the crops that an engine would be given."""
    return sum(crop.area for crop in crop_boxes(hole, state.size, card)) / 1e6 if not hole.empty else 0.0
