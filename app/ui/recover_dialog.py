"""After a crash: what was open, to take up again or to throw away."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from PySide6.QtWidgets import QListWidget, QVBoxLayout, QWidget

from app.state.recovery import Leftover, discard
from app.state.workshop import Workshop
from app.ui.bits import Dialog, button, label, row


class RecoverDialog(Dialog):
    """Closing it any other way keeps everything for the next start."""

    def __init__(self, parent: QWidget, shop: Workshop, leftovers: Sequence[Leftover]) -> None:
        super().__init__(parent, self.tr("Recover"))
        self._shop = shop
        self._leftovers = list(leftovers)
        self.setMinimumWidth(460)
        self._list = QListWidget()
        for item in leftovers:
            when = datetime.fromtimestamp(item.saved).astimezone().strftime("%Y-%m-%d %H:%M")
            self._list.addItem(f"{item.name}   –   {when}")
        self._list.setCurrentRow(0)
        self._list.setMaximumHeight(150)
        self._list.itemDoubleClicked.connect(self._recover)
        recover = button(self.tr("Recover"), self._recover, "primary")
        recover.setDefault(True)
        words = self.tr("Cleanplate did not end well the last time. What was open has been kept.")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(22, 20, 22, 18)
        layout.setSpacing(12)
        layout.addWidget(label(words, wraps=True))
        layout.addWidget(self._list)
        layout.addLayout(
            row(button(self.tr("Throw away"), self._discard), None, button(self.tr("Later"), self.reject), recover)
        )

    def _recover(self) -> None:
        self._shop.files.recover(self._leftovers[max(0, self._list.currentRow())])
        self.accept()

    def _discard(self) -> None:
        for item in self._leftovers:
            discard(item)
        self.accept()
