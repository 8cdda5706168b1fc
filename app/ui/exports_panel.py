"""The queue of exports: each with its progress, to pause, go on with, cancel, look at, or try again."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, QTimer, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFrame, QLabel, QProgressBar, QVBoxLayout, QWidget

from app.state.export_journal import Export, ExportStatus
from app.state.exporting import Exporting
from app.ui.bits import button, clear_layout, label, row, set_role, tool_button
from app.ui.engine_panel import duration


class ExportsPanel(QWidget):
    """Cards for the exports, the newest at the top; nothing while there are none."""

    def __init__(self, exporting: Exporting) -> None:
        super().__init__()
        self._exporting = exporting
        self._shown: list[tuple[str, ExportStatus]] = []
        self._cards: dict[str, _Card] = {}
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._show)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 12, 14, 14)
        layout.setSpacing(8)
        self._clear = button(self.tr("Clear finished"), exporting.clear, "link")
        layout.addLayout(row(label(self.tr("Exports"), "title"), None, self._clear))
        self._list = QVBoxLayout()
        self._list.setSpacing(8)
        layout.addLayout(self._list)
        exporting.changed.connect(self._soon.start)
        self._show()

    def _show(self) -> None:
        exports = self._exporting.all
        now = [(export.id, export.status) for export in exports]
        if now != self._shown:
            self._shown = now
            clear_layout(self._list)
            self._cards = {export.id: _Card(export, self._exporting) for export in reversed(exports)}
            for card in self._cards.values():
                self._list.addWidget(card)
        for export in exports:
            self._cards[export.id].show_progress(export)
        self.setVisible(bool(exports))
        self._clear.setVisible(any(export.status is ExportStatus.DONE for export in exports))


class _Card(QFrame):
    def __init__(self, export: Export, exporting: Exporting) -> None:
        super().__init__()
        self.setObjectName("card")
        self._exporting = exporting
        self._bar = QProgressBar()
        self._bar.setRange(0, 1000)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(export.target.name)
        self._words = QLabel()
        self._words.setWordWrap(True)
        name = label(role="title")
        name.setText(name.fontMetrics().elidedText(export.target.name, Qt.TextElideMode.ElideMiddle, 170))
        name.setToolTip(str(export.target))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 8, 8, 9)
        layout.setSpacing(6)
        layout.addLayout(row(name, None, *self._buttons(export), spacing=1))
        layout.addWidget(self._bar)
        layout.addWidget(self._words)
        self.setAccessibleName(export.target.name)

    def _buttons(self, export: Export) -> list[QWidget]:
        does, number = self._exporting, export.id
        made: list[QWidget] = []
        match export.status:
            case ExportStatus.WAITING | ExportStatus.RUNNING:
                made.append(tool_button("pause", self.tr("Pause"), partial(does.pause, number), 16))
            case ExportStatus.PAUSED:
                made.append(tool_button("play", self.tr("Go on"), partial(does.resume, number), 16))
            case ExportStatus.FAILED:
                made.append(tool_button("again", self.tr("Try again"), partial(does.resume, number), 16))
            case ExportStatus.DONE:
                made.append(tool_button("folder", self.tr("Show in folder"), partial(reveal, export), 16))
        over = export.status is ExportStatus.DONE
        tip = self.tr("Take from the list") if over else self.tr("Cancel this export")
        made.append(tool_button("close", tip, partial(does.cancel, number), 14))
        for small in made:
            small.setProperty("flat", "small")
        return made

    def show_progress(self, export: Export) -> None:
        """How far it is, and how long it will take."""
        job = self._exporting.job(export.id)
        running = export.status is ExportStatus.RUNNING
        self._bar.setVisible(running)
        words, role = self._status(export), "small"
        if running and job is not None:
            self._bar.setRange(0, 1000 if job.done > 0 else 0)
            self._bar.setValue(round(job.done * 1000))
            words = job.note or self.tr("starting the engine process")
            if job.done > 0.02:
                left = duration(job.seconds * (1 - job.done) / job.done)
                words = self.tr("%1 · %2 left").replace("%1", words).replace("%2", left)
        if export.status is ExportStatus.FAILED:
            role = "bad"
        self._words.setText(words)
        set_role(self._words, "role", role)

    def _status(self, export: Export) -> str:
        match export.status:
            case ExportStatus.WAITING:
                return self.tr("Waits for its turn")
            case ExportStatus.PAUSED:
                return self.tr("Paused; what is encoded is kept")
            case ExportStatus.DONE:
                return f"{export.size / 1e6:.1f} MB. {export.message}".strip()
            case _:
                return export.message


def reveal(export: Export) -> None:
    """Open the folder of the file."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(export.target.parent)))
