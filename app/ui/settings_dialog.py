"""Preferences, made from the fields of ``Settings``. Every change is in force at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import Field
from enum import Enum
from typing import Any

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QColorDialog,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QLabel,
    QPushButton,
    QSpinBox,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from app.state.settings import Settings, shown_fields
from app.state.workshop import Workshop
from app.ui.bits import Dialog, button, label, roomy, row

CONTEXT = "Settings"


WORDS = {
    "system": "As the system", "light": "Light", "dark": "Dark", "tint": "Colour", "ants": "Marching ants",
    "auto": "Automatic", "cpu": "Processor (CPU)", "cuda": "NVIDIA graphics card (CUDA)",
    "mps": "Apple graphics (Metal)",
    "en": "English", "zh_CN": "简体中文",
}  # fmt: skip
"""How choices are called."""


def _name(choice: object) -> str:
    return _say(WORDS.get(str(choice), str(choice)))


def _say(text: str) -> str:
    return QCoreApplication.translate(CONTEXT, text) if text else ""


class SettingsDialog(Dialog):
    """One tab for each section."""

    def __init__(self, parent: QWidget, shop: Workshop) -> None:
        super().__init__(parent, self.tr("Preferences"))
        self._shop = shop
        self.setMinimumSize(520, 360)
        tabs = QTabWidget()
        forms: dict[str, QFormLayout] = {}
        for field in shown_fields():
            section = str(field.metadata["section"])
            if section not in forms:
                page = QWidget()
                forms[section] = QFormLayout(page)
                forms[section].setContentsMargins(6, 18, 6, 10)
                forms[section].setHorizontalSpacing(22)
                forms[section].setVerticalSpacing(12)
                tabs.addTab(page, _say(section))
            self._add(forms[section], field)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 14, 20, 16)
        layout.addWidget(tabs, 1)
        close = button(self.tr("Close"), self.accept, "primary")
        close.setDefault(True)
        layout.addLayout(row(button(self.tr("Defaults"), self._defaults), None, close))

    def _add(self, form: QFormLayout, field: Field[Any]) -> None:
        value = getattr(self._shop.settings.value, field.name)
        widget = self._field(field, value)
        name, help_text = _say(str(field.metadata["label"])), _say(str(field.metadata["help"]))
        widget.setAccessibleName(name)
        holder = QVBoxLayout()
        holder.setSpacing(4)
        holder.addWidget(widget)
        if help_text:
            holder.addWidget(label(help_text, "faint", wraps=True))
        form.addRow(QLabel(name), holder)

    def _field(self, field: Field[Any], value: object) -> QWidget:
        choices = self._choices(field)
        if choices:
            return self._combo(field.name, choices, value)
        if field.metadata.get("colour"):
            return self._colour(field.name, str(value))
        low, high = field.metadata.get("low", 0), field.metadata.get("high", 10**6)
        box: QSpinBox | QDoubleSpinBox
        if isinstance(value, float):
            box = QDoubleSpinBox()
            box.setSingleStep(0.05)
        else:
            box = QSpinBox()
        box.setRange(low, high)
        roomy(box)
        box.setValue(value)  # type: ignore[arg-type]
        box.valueChanged.connect(self._setter(field.name))
        return box

    def _setter(self, name: str) -> Callable[[object], None]:
        return lambda value: self._shop.settings.update(**{name: value})

    def _choices(self, field: Field[Any]) -> list[tuple[str, object]]:
        if isinstance(field.default, Enum):
            return [(_name(member.value), member) for member in type(field.default)]
        if field.metadata.get("engines"):
            infos = [(info.card.name, info.card.id) for info in self._shop.library.erasers]
            return [(_name("auto"), "auto"), *infos]
        return [(_name(choice), choice) for choice in field.metadata.get("choices", ())]

    def _combo(self, name: str, choices: list[tuple[str, object]], value: object) -> QComboBox:
        box = QComboBox()
        for text, item in choices:
            box.addItem(text, item)
        box.setCurrentIndex(max(0, [item for _, item in choices].index(value)))
        box.activated.connect(lambda number: self._shop.settings.update(**{name: choices[number][1]}))
        return box

    def _colour(self, name: str, value: str) -> QPushButton:
        made = QPushButton(value)

        def show(colour: str) -> None:
            dark = QColor(colour).lightness() < 140
            made.setText(colour)
            made.setStyleSheet(f"background: {colour}; color: {'white' if dark else 'black'};")

        def ask() -> None:
            chosen = QColorDialog.getColor(QColor(made.text()), self)
            if chosen.isValid():
                show(chosen.name())
                self._shop.settings.update(**{name: chosen.name()})

        made.clicked.connect(ask)
        show(value)
        return made

    def _defaults(self) -> None:
        fresh = Settings()
        self._shop.settings.update(**{field.name: getattr(fresh, field.name) for field in shown_fields()})
        self.accept()
