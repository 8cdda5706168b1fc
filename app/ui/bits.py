"""Small widgets that several panels are made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QButtonGroup,
    QDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QLineEdit,
    QMenu,
    QPushButton,
    QSizePolicy,
    QSlider,
    QSpinBox,
    QToolButton,
    QWidget,
    QWidgetAction,
)

from app.ui.icons import icon

W = TypeVar("W", bound=QWidget)


def label(text: str = "", role: str = "", *, wraps: bool = False) -> QLabel:
    """A text; ``role`` is one of the style sheet's."""
    made = QLabel(text)
    made.setProperty("role", role)
    made.setWordWrap(wraps)
    return made


def set_role(widget: QWidget, name: str, value: str) -> None:
    """Change a property that the style sheet looks at."""
    if widget.property(name) != value:
        widget.setProperty(name, value)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


def button(text: str, does: Callable[[], object], kind: str = "", icon_name: str = "") -> QPushButton:
    """A push button; ``kind``: primary, plain, link or nothing."""
    made = QPushButton(text)
    made.setProperty("kind", kind)
    if icon_name:
        made.setIcon(icon(icon_name))
    made.clicked.connect(lambda _checked: does())
    if kind == "link":
        made.setCursor(Qt.CursorShape.PointingHandCursor)
    return made


def tool_button(icon_name: str, tip: str, does: Callable[[], object] | None = None, size: int = 18) -> QToolButton:
    """A small button that is only an icon; its tip is its accessible name."""
    made = QToolButton()
    made.setIcon(icon(icon_name))
    made.setIconSize(QSize(size, size))
    made.setToolTip(tip)
    made.setAccessibleName(tip)
    made.setAutoRaise(True)
    if does is not None:
        made.clicked.connect(lambda _checked: does())
    return made


def rule(*, upright: bool = False) -> QFrame:
    """A hairline."""
    made = QFrame()
    made.setObjectName("rule")
    made.setFixedSize(QSize(1, 22)) if upright else made.setFixedHeight(1)
    return made


def row(*parts: QWidget | QLayout | int | None, spacing: int = 8) -> QHBoxLayout:
    """Widgets beside each other; None stretches, a number is a gap."""
    made = QHBoxLayout()
    made.setSpacing(spacing)
    made.setContentsMargins(0, 0, 0, 0)
    for part in parts:
        if part is None:
            made.addStretch(1)
        elif isinstance(part, int):
            made.addSpacing(part)
        elif isinstance(part, QLayout):
            made.addLayout(part)
        else:
            made.addWidget(part)
    return made


class Segments(QFrame):
    """A row of choices of which one is taken. ``chosen`` carries its number."""

    chosen = Signal(int)

    def __init__(self, choices: Sequence[tuple[str, str, str]], name: str) -> None:
        """``choices``: icon (or nothing), text (or nothing), tip."""
        super().__init__()
        self.setObjectName("segments")
        self.setAccessibleName(name)
        self._group = QButtonGroup(self)
        layout = row(spacing=0)
        for number, (icon_name, text, tip) in enumerate(choices):
            made = tool_button(icon_name, tip, size=16) if icon_name else QToolButton()
            made.setText(f" {text}" if icon_name and text else text)
            made.setToolTip(tip)
            made.setAccessibleName(tip or text)
            made.setCheckable(True)
            beside = Qt.ToolButtonStyle.ToolButtonTextBesideIcon
            made.setToolButtonStyle(beside if icon_name and text else Qt.ToolButtonStyle.ToolButtonIconOnly if icon_name
                                    else Qt.ToolButtonStyle.ToolButtonTextOnly)  # fmt: skip
            made.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
            self._group.addButton(made, number)
            layout.addWidget(made)
        self.setLayout(layout)
        self._group.idClicked.connect(self.chosen)

    def set_chosen(self, number: int) -> None:
        """Show a choice without telling."""
        chosen = self._group.button(number)
        if chosen is not None and not chosen.isChecked():
            with QSignalBlocker(self._group):
                chosen.setChecked(True)

    def buttons(self) -> list[QToolButton]:
        return [b for b in self._group.buttons() if isinstance(b, QToolButton)]


class Amount(QWidget):
    """A slider with a number beside it, both showing the same whole number. ``changed`` carries it."""

    changed = Signal(int)

    def __init__(self, name: str, low: int, high: int, unit: str = "", *, curved: bool = False) -> None:
        """``curved``: small numbers take more of the slider, as sizes want it."""
        super().__init__()
        self._low, self._high, self._curved = low, high, curved
        self._slider = QSlider(Qt.Orientation.Horizontal)
        self._slider.setRange(0, 1000)
        self._slider.setFixedWidth(92)
        self._slider.setAccessibleName(name)
        self._box = QSpinBox()
        self._box.setRange(low, high)
        self._box.setSuffix(unit)
        self._box.setFixedWidth(66)
        self._box.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
        self._box.setAlignment(Qt.AlignmentFlag.AlignRight)
        self._box.setAccessibleName(name)
        self._box.setKeyboardTracking(False)
        self._name = label(name, "muted")
        self._box.setToolTip(name)
        self.setLayout(row(self._name, self._slider, self._box, spacing=7))
        self._slider.valueChanged.connect(self._slid)
        self._box.valueChanged.connect(self._typed)

    def set_value(self, value: int) -> None:
        """Show a number without telling."""
        with QSignalBlocker(self._box), QSignalBlocker(self._slider):
            self._box.setValue(value)
            self._slider.setValue(self._place(value))

    def make_room(self, slider: bool, name: bool) -> None:
        """Show the slider and the name, or leave them out."""
        self._slider.setVisible(slider)
        self._name.setVisible(name)
        self.updateGeometry()

    def _place(self, value: int) -> int:
        share = (value - self._low) / max(self._high - self._low, 1)
        return round(1000 * (share ** (1 / 3) if self._curved else share))

    def _slid(self, place: int) -> None:
        share = place / 1000
        value = self._low + (self._high - self._low) * (share**3 if self._curved else share)
        with QSignalBlocker(self._box):
            self._box.setValue(round(value))
        self.changed.emit(self._box.value())

    def _typed(self, value: int) -> None:
        with QSignalBlocker(self._slider):
            self._slider.setValue(self._place(value))
        self.changed.emit(value)


def roomy(box: QAbstractSpinBox) -> None:
    """Leave some air before the number: style sheets do not reach it where a box has arrows."""
    line = box.findChild(QLineEdit)
    if line is not None:
        line.setTextMargins(6, 0, 0, 0)


class Dialog(QDialog):
    """Gone for good once it is closed."""

    def __init__(self, parent: QWidget, title: str) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)


class More(QToolButton):
    """A button that opens a small panel of further settings."""

    def __init__(self, tip: str, contents: QWidget) -> None:
        super().__init__()
        self.setIcon(icon("settings"))
        self.setIconSize(QSize(18, 18))
        self.setToolTip(tip)
        self.setAccessibleName(tip)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self)
        action = QWidgetAction(menu)
        action.setDefaultWidget(contents)
        menu.addAction(action)
        self.setMenu(menu)


def clear_layout(layout: QLayout) -> None:
    """Take everything out, and delete it soon."""
    while (item := layout.takeAt(0)) is not None:
        widget, inner = item.widget(), item.layout()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
        elif inner is not None:
            clear_layout(inner)
            inner.deleteLater()
