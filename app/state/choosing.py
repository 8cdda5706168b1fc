"""What would be erased with: task, engine, options, and what earlier runs say of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import QObject, QTimer, Signal

from app.document.state import State
from app.state.editor import Editor
from app.state.jobs import JobQueue
from app.state.library import EngineInfo, Library
from app.state.measurements import Forecast, Measurements
from app.state.notices import of_error
from app.state.settings import SettingsStore
from engines.core.engine import Card, OptionValue, Task
from engines.core.types import Box, Mask
from engines.pipeline.region import crop_boxes
from engines.planner import Need

_FOR: Mapping[Task, Mapping[str, OptionValue]] = {Task.OBJECT: {"strokes": False}}
"""Options that a task sets before the person does: who looks for strokes would leave an object where it is."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What the panel says before a run. ``crops``: what the engine will be shown, one after the other."""

    info: EngineInfo | None
    crops: tuple[Box, ...]
    forecast: Forecast | None
    note: str = ""

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
        self._options: dict[tuple[str, Task], dict[str, OptionValue]] = {}
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
        """Every option's value for an engine, as the task wants it where the person has not said."""
        known = {option.name for option in card.options}
        usual = {name: value for name, value in _FOR.get(self.task, {}).items() if name in known}
        return card.resolve({**usual, **self._options.get((card.id, self.task), {})})

    def changed_options(self, card: Card) -> dict[str, OptionValue]:
        """Only those that are not at their default."""
        return {o.name: v for o in card.options if (v := self.options(card)[o.name]) != o.default}

    def set_option(self, card: Card, name: str, value: OptionValue) -> None:
        option = next(option for option in card.options if option.name == name)
        self._options.setdefault((card.id, self.task), {})[name] = option.check(value)
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
            if info is None:
                return Plan(None, (), None, note)
            area = sum(crop.area for crop in crops) / 1e6
            return Plan(info, tuple(crops), self.measurements.forecast(info.card.id, self._device, area), note)

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
