"""Which way smart select goes, in the options bar: a network where its weights are here, or GrabCut."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QFrame

from app.state.editor import Editor
from app.state.selecting import Selecting
from app.ui.bits import button, label, row

_WAYS = (True, False)
"""Of the choices: whether a network may be used."""


class FinderChoice(QFrame):
    """``models_wanted``: the person asks for the network's weights; ``resized``: it shows something else."""

    models_wanted = Signal()
    resized = Signal()

    def __init__(self, editor: Editor, selecting: Selecting) -> None:
        super().__init__()
        self._editor, self._selecting = editor, selecting
        info = selecting.segmenter
        name = info.card.name if info is not None else ""
        self._ways = QComboBox()
        self._ways.setAccessibleName(self.tr("Find the rim with"))
        self._ways.addItems([name, "GrabCut"])
        self._ways.activated.connect(lambda number: editor.set_tool(trained=_WAYS[number]))
        self._get = button(self.tr("With GrabCut…"), self.models_wanted.emit, "link")
        tip = self.tr("GrabCut tells things apart by their colours. %1 knows things; get its weights here.")
        self._get.setToolTip(tip.replace("%1", name))
        self._busy = label(self.tr("Looking… Esc cancels"), "muted")
        self.setLayout(row(self._ways, self._get, self._busy))
        selecting.changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        info = self._selecting.segmenter
        ready = info is not None and info.ready
        self._ways.setVisible(ready and not self._selecting.running)
        with QSignalBlocker(self._ways):
            self._ways.setCurrentIndex(_WAYS.index(self._editor.settings.trained))
        self._get.setVisible(info is not None and not ready and not self._selecting.running)
        self._busy.setVisible(self._selecting.running)
        self.resized.emit()
