"""The tools at the left, and the options of the active one above the canvas."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QSize, Qt
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QButtonGroup, QCheckBox, QComboBox, QFrame, QLabel, QToolButton, QVBoxLayout, QWidget

from app.document.coverage import Combine
from app.document.state import LayerRole
from app.state.editor import Editor
from app.state.finding import TextFinding
from app.tools import TOOLS, ToolRow
from app.ui.bits import Amount, More, Segments, button, label, row, rule
from app.ui.finder_choice import FinderChoice
from app.ui.icons import icon

MODES = (Combine.ADD, Combine.SUBTRACT, Combine.INTERSECT, Combine.REPLACE)
ROLES = (LayerRole.ADD, LayerRole.PROTECT, LayerRole.NO_SAMPLE, LayerRole.SUBTRACT)


_WIDE, _ICON = 1000, 62
"""Widths of the choice of what painting means: whatever its words need, or its icon alone."""


def say(text: str) -> str:
    """A text of the tools table in the person's language."""
    return QCoreApplication.translate("Tools", text)


class Toolbox(QFrame):
    """One button for each row of the tools table."""

    def __init__(self, editor: Editor) -> None:
        super().__init__()
        self.setObjectName("toolbox")
        self.setAccessibleName(self.tr("Tools"))
        self._editor = editor
        self._buttons: dict[str, QToolButton] = {}
        self._keys: dict[str, QShortcut] = {}
        self._group = QButtonGroup(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(7, 9, 7, 9)
        layout.setSpacing(3)
        group = 0
        for tool in TOOLS:
            if tool.group != group:
                layout.addSpacing(5)
                layout.addWidget(rule())
                layout.addSpacing(5)
                group = tool.group
            made = self._button(tool)
            self._buttons[tool.id] = made
            layout.addWidget(made)
        layout.addStretch(1)
        self.setFixedWidth(54)
        editor.tool_changed.connect(self._show)
        self._show()

    def _button(self, tool: ToolRow) -> QToolButton:
        made = QToolButton()
        name, hint = say(tool.name), say(tool.hint)
        made.setIcon(icon(tool.id))
        made.setIconSize(QSize(22, 22))
        made.setFixedSize(QSize(39, 38))
        made.setCheckable(True)
        made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        made.setToolTip(f"<b>{name}</b> &nbsp;<span style='color:gray'>{tool.shortcut}</span><br>{hint}")
        made.setAccessibleName(name)
        made.setAccessibleDescription(hint)
        made.clicked.connect(lambda: self._editor.use(tool.id))
        self._group.addButton(made)
        key = self._keys[tool.id] = QShortcut(QKeySequence(tool.shortcut), self)
        key.setContext(Qt.ShortcutContext.WindowShortcut)
        key.activated.connect(lambda: self._editor.use(tool.id))
        return made

    def offer(self, *, film: bool) -> None:
        """Leave out the tools that make no sense for films, or bring them back."""
        for tool in TOOLS:
            if not tool.film:
                self._buttons[tool.id].setVisible(not film)
                self._keys[tool.id].setEnabled(not film)
        if film and not self._editor.row.film:
            self._editor.use("brush")

    def _show(self) -> None:
        self._buttons[self._editor.row.id].setChecked(True)


class OptionsBar(QFrame):
    """What the active tool can be told; only the options that it has are shown."""

    def __init__(self, editor: Editor, finding: TextFinding, finder: FinderChoice) -> None:
        super().__init__()
        self.setObjectName("optionsBar")
        self.setFixedHeight(48)
        self._editor = editor
        self._finding = finding
        self._finder = finder
        finder.resized.connect(self._fit)
        self._name = label(role="title")
        self._paint = label(self.tr("Paint"), "muted")
        self._hint = label(role="small")
        self._parts = self._made()
        layout = row(self._name, rule(upright=True), spacing=12)
        layout.setContentsMargins(14, 0, 14, 0)
        for part in self._parts.values():
            layout.addWidget(part)
        layout.addWidget(self._hint)
        layout.addStretch(1)
        self.setLayout(layout)
        editor.tool_changed.connect(self._show_tool)
        editor.opened.connect(self._show_tool)
        editor.settings_changed.connect(self._show_values)
        editor.changed.connect(self._show_text)
        finding.changed.connect(self._show_text)
        self._show_tool()
        self._show_values()

    def _made(self) -> dict[str, QWidget]:
        editor = self._editor
        self._size = Amount(self.tr("Size"), 1, 1000, " px", curved=True)
        self._size.changed.connect(lambda v: editor.set_tool(size=float(v)))
        self._hardness = Amount(self.tr("Hardness"), 0, 100, " %")
        self._hardness.changed.connect(lambda v: editor.set_tool(hardness=v / 100))
        self._smoothing = Amount(self.tr("Smoothing"), 0, 100, " %")
        self._smoothing.changed.connect(lambda v: editor.set_tool(smoothing=v / 100))
        self._tolerance = Amount(self.tr("Tolerance"), 0, 128)
        self._tolerance.changed.connect(lambda v: editor.set_tool(tolerance=v))
        self._mode = Segments(
            [("add", "", self.tr("Add to the mask (Shift)")), ("subtract", "", self.tr("Take from the mask (Alt)")),
             ("intersect", "", self.tr("Keep only what is in both")), ("replace", "", self.tr("Replace the mask"))],
            self.tr("Mode"),
        )  # fmt: skip
        self._mode.setMinimumWidth(150)
        self._mode.chosen.connect(lambda number: editor.set_tool(mode=MODES[number]))
        self._checks = {
            "pressure": self._check(self.tr("Pen pressure changes the size"), "pressure"),
            "close_loops": self._check(self.tr("Fill closed loops"), "close_loops"),
        }
        return {
            "size": self._size,
            "hardness": self._hardness,
            "smoothing": self._more(),
            "tolerance": self._tolerance,
            "contiguous": self._check(self.tr("Connected only"), "contiguous"),
            "mode": self._mode,
            "role": self._role_box(),
            "text": self._text_part(),
            "boxed": self._check(self.tr("Box"), "boxed"),
            "finder": self._finder,
        }

    def _more(self) -> More:
        contents = QWidget()
        layout = QVBoxLayout(contents)
        layout.setContentsMargins(14, 12, 14, 12)
        layout.setSpacing(10)
        for part in (self._smoothing, *self._checks.values()):
            layout.addWidget(part)
        return More(self.tr("More about the stroke"), contents)

    def _check(self, text: str, field: str) -> QCheckBox:
        made = QCheckBox(text)
        made.toggled.connect(lambda on: self._editor.set_tool(**{field: on}))
        return made

    def _role_box(self) -> QWidget:
        self._role = QComboBox()
        self._role.setAccessibleName(self.tr("What painting means"))
        texts = self.tr("Erase"), self.tr("Protect"), self.tr("Do not copy from"), self.tr("Keep (subtract)")
        for text, name in zip(texts, ("erase", "shield", "no-sample", "subtract"), strict=True):
            self._role.addItem(icon(name), text)
        self._role.activated.connect(lambda number: self._editor.set_tool(role=ROLES[number]))
        holder = QWidget()
        holder.setLayout(row(self._paint, self._role))
        return holder

    def _text_part(self) -> QWidget:
        self._find = button(self.tr("Find text"), self._finding.find, icon_name="text")
        self._all = button(self.tr("All"), lambda: self._finding.choose_all(True), "plain")
        self._none = button(self.tr("None"), lambda: self._finding.choose_all(False), "plain")
        self._count = QLabel()
        self._count.setProperty("role", "muted")
        holder = QWidget()
        holder.setLayout(row(self._find, self._all, self._none, self._count))
        return holder

    def _show_tool(self) -> None:
        tool = self._editor.row
        self._name.setText(say(tool.name))
        self._hint.setText(say(tool.hint))
        sheet = self._editor.sheet
        film = sheet is not None and sheet.reel is not None
        for field, part in self._parts.items():
            part.setVisible(field in tool.options and not (film and field == "role"))
        self._show_text()
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Where the window is narrow, leave out what can be done without: the hint, sliders, names, words."""
        layout = self.layout()
        for left_out in range(5):
            self._hint.setVisible(left_out < 1)
            for amount in (self._size, self._hardness, self._tolerance):
                amount.make_room(slider=left_out < 2, name=left_out < 3)
            self._name.setVisible(left_out < 3)
            self._paint.setVisible(left_out < 3)
            self._role.setMaximumWidth(_WIDE if left_out < 4 else _ICON)
            self._parts["role"].updateGeometry()
            if layout is None:
                return
            layout.invalidate()
            if layout.sizeHint().width() <= self.width():
                return

    def _show_values(self) -> None:
        settings = self._editor.settings
        self._size.set_value(round(settings.size))
        self._hardness.set_value(round(settings.hardness * 100))
        self._smoothing.set_value(round(settings.smoothing * 100))
        self._tolerance.set_value(settings.tolerance)
        for field, part in {**self._parts, **self._checks}.items():
            if isinstance(part, QCheckBox):
                part.setChecked(bool(getattr(settings, field)))
        self._mode.set_chosen(MODES.index(settings.mode))
        self._role.setCurrentIndex(ROLES.index(settings.role))

    def _show_text(self) -> None:
        text = self._editor.state.masks.text if self._editor.sheet is not None else None
        found = text is not None and bool(text.lines)
        self._find.setEnabled(self._editor.sheet is not None and self._finding.running is None)
        for part in (self._all, self._none, self._count):
            part.setVisible(found)
        if text is not None and found:
            chosen = self.tr("%1 of %2 lines chosen").replace("%1", str(len(text.chosen)))
            self._count.setText(chosen.replace("%2", str(len(text.lines))))
