"""An engine's options as fields, made from the card's own schema."""

from __future__ import annotations

from functools import partial

from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QGridLayout,
    QLineEdit,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from app.state.erasing import Erasing
from app.ui.bits import button, clear_layout, label, roomy
from engines.core.engine import Card, Option, OptionValue, Task

_MANY = 10**9


class OptionFields(QWidget):
    """Folded up until it is asked for; nothing where an engine has no options."""

    def __init__(self, erasing: Erasing) -> None:
        super().__init__()
        self._erasing = erasing
        self._card: Card | None = None
        self._task: Task | None = None
        self._toggle = button("", self._fold, "link")
        self._fields = QWidget()
        self._grid = QGridLayout(self._fields)
        self._grid.setContentsMargins(0, 2, 0, 2)
        self._grid.setHorizontalSpacing(10)
        self._grid.setColumnStretch(0, 1)
        self._fields.setVisible(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self._toggle)
        layout.addWidget(self._fields)

    def show_card(self, card: Card | None) -> None:
        """The fields of an engine, for the task that is chosen."""
        if card is not self._card or self._erasing.task is not self._task:
            self._card, self._task = card, self._erasing.task
            clear_layout(self._grid)
            for number, option in enumerate(card.options if card is not None else ()):
                self._add(number, option)
        self.setVisible(card is not None and bool(card.options))
        self._name_toggle()

    def _fold(self) -> None:
        self._fields.setVisible(not self._fields.isVisibleTo(self))
        self._name_toggle()

    def _name_toggle(self) -> None:
        count = len(self._erasing.changed_options(self._card)) if self._card is not None else 0
        more = self.tr("Hide options") if self._fields.isVisibleTo(self) else self.tr("Options")
        changed = self.tr("%1 changed").replace("%1", str(count))
        self._toggle.setText(f"{more} · {changed}" if count else more)

    def _add(self, number: int, option: Option) -> None:
        assert self._card is not None
        value = self._erasing.options(self._card)[option.name]
        name, field = label(option.label, "muted"), self._field(option, value)
        for part in (name, field):
            part.setToolTip(option.help)
        field.setAccessibleName(option.label)
        field.setAccessibleDescription(option.help)
        self._grid.addWidget(name, number, 0)
        self._grid.addWidget(field, number, 1)

    def _set(self, name: str, value: OptionValue) -> None:
        if self._card is not None:
            self._erasing.set_option(self._card, name, value)

    def _field(self, option: Option, value: OptionValue) -> QWidget:
        change = partial(self._set, option.name)
        if isinstance(value, bool):
            check = QCheckBox()
            check.setChecked(value)
            check.toggled.connect(change)
            return check
        if isinstance(value, int):
            whole = QSpinBox()
            whole.setRange(round(option.minimum or 0), round(option.maximum or _MANY))
            whole.setValue(value)
            roomy(whole)
            whole.valueChanged.connect(change)
            return whole
        if isinstance(value, float):
            return _number(option, value, change)
        return _words(option, value, change)


def _number(option: Option, value: float, change: partial[None]) -> QDoubleSpinBox:
    field = QDoubleSpinBox()
    low, high = option.minimum or 0.0, option.maximum if option.maximum is not None else float(_MANY)
    field.setRange(low, high)
    field.setSingleStep(0.05 if high - low <= 2 else 1.0)
    field.setValue(value)
    roomy(field)
    field.valueChanged.connect(change)
    return field


def _words(option: Option, value: str, change: partial[None]) -> QComboBox | QLineEdit:
    if option.choices:
        box = QComboBox()
        box.addItems(option.choices)
        box.setCurrentText(value)
        box.textActivated.connect(change)
        return box
    line = QLineEdit(value)
    line.editingFinished.connect(lambda: change(line.text()))
    return line
