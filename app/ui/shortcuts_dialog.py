"""The keys of every menu entry, to change. Keys that are taken twice are told and not kept."""

from __future__ import annotations

from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QHeaderView, QKeySequenceEdit, QLabel, QTableWidget, QVBoxLayout, QWidget

from app.state.settings import SettingsStore
from app.tools import TOOLS
from app.ui.actions import ROWS, ActionRow, tr
from app.ui.bits import Dialog, button, label, row


class ShortcutsDialog(Dialog):
    """A table: action and keys."""

    def __init__(self, parent: QWidget, settings: SettingsStore) -> None:
        super().__init__(parent, self.tr("Keyboard shortcuts"))
        self._settings = settings
        self._edits: dict[str, QKeySequenceEdit] = {}
        self.resize(560, 560)
        rows = [item for item in ROWS if item.text and item.id != "recent"]
        self._table = QTableWidget(len(rows), 2)
        self._table.setHorizontalHeaderLabels([self.tr("Action"), self.tr("Keys")])
        self._table.verticalHeader().hide()
        self._table.setShowGrid(False)
        self._table.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self._table.setColumnWidth(1, 190)
        self._table.verticalHeader().setDefaultSectionSize(38)
        own = dict(settings.value.shortcuts)
        for number, item in enumerate(rows):
            self._add(number, item, own.get(item.id, item.keys))
        self._clash = label(role="bad", wraps=True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 18, 20, 16)
        layout.setSpacing(12)
        layout.addWidget(self._table, 1)
        layout.addWidget(self._clash)
        keep = button(self.tr("Keep"), self.keep, "primary")
        keep.setDefault(True)
        cancel = button(self.tr("Cancel"), self.reject)
        layout.addLayout(row(button(self.tr("Defaults"), self._defaults), None, cancel, keep))

    def _add(self, number: int, item: ActionRow, keys: str) -> None:
        name = QLabel("  " + tr(item.text).replace("&", "").rstrip("…"))
        edit = QKeySequenceEdit(QKeySequence(keys))
        edit.setClearButtonEnabled(True)
        edit.setAccessibleName(name.text().strip())
        self._edits[item.id] = edit
        self._table.setCellWidget(number, 0, name)
        self._table.setCellWidget(number, 1, edit)

    def set_keys(self, name: str, keys: str) -> None:
        """As if the person had typed them."""
        self._edits[name].setKeySequence(QKeySequence(keys))

    def clashes(self) -> list[str]:
        """Keys that more than one thing would have."""
        keys = [edit.keySequence().toString() for edit in self._edits.values()]
        keys = [key for key in keys if key] + [tool.shortcut for tool in TOOLS]
        return sorted({key for key in keys if keys.count(key) > 1})

    def keep(self) -> None:
        """Put the keys in force, unless some are used twice."""
        clashes = self.clashes()
        if clashes:
            self._clash.setText(self.tr("These keys are used twice: %1").replace("%1", ", ".join(clashes)))
            return
        table = {item.id: item.keys for item in ROWS}
        now = {name: edit.keySequence().toString() for name, edit in self._edits.items()}
        standard = {name: QKeySequence(keys).toString() for name, keys in table.items()}
        changed = tuple((name, keys) for name, keys in now.items() if keys != standard[name])
        self._settings.update(shortcuts=changed)
        self.accept()

    def _defaults(self) -> None:
        self._settings.update(shortcuts=())
        self.accept()
