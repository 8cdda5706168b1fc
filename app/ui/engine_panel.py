"""The panel to erase with: what is to be done, which engine does it, how long that takes here, and the button."""

from __future__ import annotations

import psutil
from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtWidgets import QComboBox, QProgressBar, QVBoxLayout, QWidget

from app.state.choosing import Plan
from app.state.jobs import Job
from app.state.library import EngineInfo
from app.state.measurements import Forecast
from app.state.workshop import Workshop
from app.ui.bits import Segments, button, label, row, set_role, tool_button
from app.ui.option_fields import OptionFields
from engines.core.engine import Task

TASKS = (Task.TEXT, Task.OBJECT)


class EnginePanel(QWidget):
    """Bound to ``Erasing``. ``models_wanted``: the person asks for weights."""

    models_wanted = Signal()
    command_wanted = Signal()

    def __init__(self, shop: Workshop) -> None:
        super().__init__()
        self._erasing = erasing = shop.erasing
        self._finding = finding = shop.finding
        self._trying = shop.trying
        self._queue = queue = shop.queue
        self._listed = erasing.task
        self._clock = QTimer(self, interval=200)
        self._clock.timeout.connect(self._show_progress)
        self._make()
        erasing.changed.connect(self._show)
        erasing.editor.changed.connect(self._show)
        erasing.editor.opened.connect(self._show)
        erasing.library.changed.connect(self._fill_engines)
        queue.changed.connect(self._show_progress)
        queue.changed.connect(finding.changed)
        self._fill_engines()
        self._show()

    def _make(self) -> None:
        self._task = Segments(
            [("text", self.tr("Remove text"), self.tr("Letters, captions, signs, watermarks")),
             ("smart", self.tr("Remove object"), self.tr("Things and people"))], self.tr("Task"),
        )  # fmt: skip
        self._task.chosen.connect(lambda number: self._erasing.set_task(TASKS[number]))
        self._find = button(self.tr("Find text"), self._finding.find, icon_name="text")
        self._engine = QComboBox()
        self._engine.setAccessibleName(self.tr("Engine"))
        self._engine.activated.connect(self._engine_chosen)
        self._summary = label(role="small", wraps=True)
        self._forecast = label(role="small", wraps=True)
        self._missing = button(self.tr("Get what is missing…"), self.models_wanted.emit, "link")
        self._options = OptionFields(self._erasing)
        self._erase = button(self.tr("Erase"), self._pressed, "primary")
        self._erase.setToolTip(self.tr("Erase what is marked (Ctrl+Enter)"))
        self._try = button(self.tr("Try several engines"), self._trying.start, "plain")
        self._try.setToolTip(self.tr("Erase with every engine that is ready, and choose the best result"))
        self._bar = QProgressBar()
        self._bar.setRange(0, 1000)
        self._bar.setTextVisible(False)
        self._note = label(role="small", wraps=True)
        copy_tip = self.tr("Copy as command: the same on the command line")
        copy = tool_button("copy", copy_tip, self.command_wanted.emit, 16)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 14, 14, 14)
        layout.setSpacing(10)
        layout.addWidget(self._task)
        layout.addWidget(self._find)
        layout.addSpacing(2)
        layout.addLayout(row(label(self.tr("Engine"), "title"), None, copy))
        for part in (self._engine, self._summary, self._missing, self._options, self._forecast):
            layout.addWidget(part)
        layout.addSpacing(2)
        for below in (self._erase, self._try, self._bar, self._note):
            layout.addWidget(below)

    def _fill_engines(self) -> None:
        with QSignalBlocker(self._engine):
            self._engine.clear()
            self._engine.addItem("", "auto")
            self._listed = self._erasing.task
            for info in sorted(self._erasing.library.erasers, key=lambda info: info.card.task is not self._listed):
                self._engine.addItem(self._words(info), info.card.id)
                self._engine.setItemData(self._engine.count() - 1, info.card.summary, Qt.ItemDataRole.ToolTipRole)
        self._show()

    def _words(self, info: EngineInfo) -> str:
        """An engine's name, with what it needs or how long it would take."""
        size = sum(weight.size for weight in info.card.weights[:1])
        if not info.ready and size:
            text = self.tr("%1 (weights missing: %2 MB)").replace("%2", f"{size / 1e6:.0f}")
            return text.replace("%1", info.card.name)
        if not info.ready:
            return self.tr("%1 (weights missing)").replace("%1", info.card.name)
        forecast = self._erasing.plan.each.get(info.card.id)
        return f"{info.card.name} · {duration(forecast.seconds)}" if forecast is not None else info.card.name

    def _engine_chosen(self, number: int) -> None:
        self._erasing.set_engine(str(self._engine.itemData(number)))

    def _show(self) -> None:
        erasing = self._erasing
        if erasing.task is not self._listed:
            self._fill_engines()
            return
        self._task.set_chosen(TASKS.index(erasing.task) if erasing.task in TASKS else 0)
        self._find.setVisible(erasing.task is Task.TEXT)
        auto = erasing.engine == "auto"
        info = erasing.plan.info if auto and erasing.plan.info is not None else erasing.info
        best = info.card.name if auto and info is not None else self.tr("none is ready")
        best = best if auto else self.tr("the best for this mask")
        self._engine.setItemText(0, self.tr("Recommended: %1").replace("%1", best))
        for number in range(1, self._engine.count()):
            listed = erasing.library.info(str(self._engine.itemData(number)))
            if listed is not None:
                self._engine.setItemText(number, self._words(listed))
        with QSignalBlocker(self._engine):
            self._engine.setCurrentIndex(max(0, self._engine.findData(erasing.engine)))
        self._summary.setText(info.card.summary if info is not None else "")
        self._summary.setVisible(info is not None)
        self._missing.setVisible(info is None or not info.ready)
        self._options.show_card(info.card if info is not None else None)
        self._show_forecast()
        self._show_progress()

    def _show_forecast(self) -> None:
        plan = self._erasing.plan
        nothing = self._erasing.editor.sheet is None or self._erasing.editor.state.masks.blank
        if nothing or plan.info is None or not plan.crops:
            self._forecast.setText("")
        elif plan.forecast is None:
            first = self.tr("Not measured on this machine yet; the first run will tell.")
            self._forecast.setText(f"{first} {self._crops(plan)}")
            set_role(self._forecast, "role", "faint")
        else:
            text = self.tr("About %1 on this machine (%2 measured), %3 of memory.")
            text = text.replace("%1", duration(plan.forecast.seconds)).replace("%2", str(plan.forecast.runs))
            text, role = text.replace("%3", f"{plan.forecast.peak / 2**30:.1f} GB"), fit(plan.forecast)
            warning = {"warn": self.tr("Memory may become short."), "bad": self.tr("It may not fit into memory.")}
            self._forecast.setText(" ".join(part for part in (text, self._crops(plan), warning.get(role, "")) if part))
            set_role(self._forecast, "role", role)
        self._forecast.setVisible(bool(self._forecast.text()))

    def _crops(self, plan: Plan) -> str:
        """What the engine will look at."""
        largest = max(plan.crops, key=lambda crop: crop.area)
        words = self.tr("It looks at %1 × %2 px.")
        if len(plan.crops) > 1:
            words = self.tr("It looks at %3 parts, the largest %1 × %2 px.").replace("%3", str(len(plan.crops)))
        return words.replace("%1", str(largest.w)).replace("%2", str(largest.h))

    def _show_progress(self) -> None:
        job = self._erasing.running or self._finding.running
        busy = job is not None or self._erasing.busy or self._trying.active
        editor = self._erasing.editor
        self._find.setEnabled(editor.sheet is not None and not busy)
        ready = editor.sheet is not None and not editor.state.masks.blank
        self._erase.setEnabled(busy or ready)
        self._try.setVisible(not busy and len(self._trying.engines) > 1)
        self._try.setEnabled(ready)
        self._erase.setText(self.tr("Cancel (Esc)") if busy else self.tr("Erase"))
        set_role(self._erase, "kind", "" if busy else "primary")
        self._bar.setVisible(job is not None)
        self._note.setVisible(job is not None)
        if job is None:
            self._clock.stop()
            return
        self._show_job(job)
        if not self._clock.isActive():
            self._clock.start()

    def _show_job(self, job: Job) -> None:
        self._bar.setRange(0, 1000 if job.done > 0 else 0)
        self._bar.setValue(round(job.done * 1000))
        words = job.note or self.tr("starting the engine process")
        self._note.setText(f"{words[:1].upper()}{words[1:]} · {job.seconds:.0f} s")

    def _pressed(self) -> None:
        if not self._erasing.cancel():
            self._erasing.erase()


def duration(seconds: float) -> str:
    """A time in words: 0.4 s, 12 s, 3 min."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def fit(forecast: Forecast) -> str:
    """``good``, ``warn`` or ``bad``: the most memory the engine has used here against what is free now."""
    free = psutil.virtual_memory().available
    if forecast.peak * 1.3 < free:
        return "good"
    return "warn" if forecast.peak < free else "bad"
