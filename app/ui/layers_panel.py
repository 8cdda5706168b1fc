"""The mask's layers: what each means, hide, delete; and the operations on the mask."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QComboBox, QFrame, QVBoxLayout, QWidget

from app.document import verbs
from app.document.state import LayerRole, MaskLayer, MaskStack
from app.state.editor import Editor
from app.ui.bits import clear_layout, label, row, tool_button
from app.ui.icons import icon

ROLES = (LayerRole.ADD, LayerRole.SUBTRACT, LayerRole.PROTECT, LayerRole.NO_SAMPLE)
ICONS = ("erase", "subtract", "shield", "no-sample")


class LayersPanel(QWidget):
    """Rows for ``MaskStack.layers``, the uppermost first, and one for chosen text."""

    def __init__(self, editor: Editor) -> None:
        super().__init__()
        self._editor = editor
        self._shown: MaskStack | None = None
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._show)
        clear = tool_button("clear", self.tr("Clear the mask"), editor.clear_mask, 16)
        invert = tool_button("invert", self.tr("Invert the mask"), editor.invert_mask, 16)
        for small in (clear, invert):
            small.setProperty("flat", "small")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 12, 14, 12)
        layout.setSpacing(6)
        layout.addLayout(row(label(self.tr("Mask"), "title"), None, invert, clear, spacing=2))
        nothing = self.tr("Nothing is marked yet. Paint over what should go, or find text.")
        self._empty = label(nothing, "faint", wraps=True)
        layout.addWidget(self._empty)
        self._rows = QVBoxLayout()
        self._rows.setSpacing(6)
        layout.addLayout(self._rows)
        editor.changed.connect(self._soon.start)
        editor.opened.connect(self._soon.start)

    def _show(self) -> None:
        stack = self._editor.state.masks if self._editor.sheet is not None else None
        if stack is not None and self._shown is not None and _alike(stack, self._shown):
            self._shown = stack
            return
        self._shown = stack
        clear_layout(self._rows)
        if stack is not None:
            for number in reversed(range(len(stack.layers))):
                self._rows.addWidget(self._row(number, stack.layers[number]))
            if stack.text.lines:
                self._rows.addWidget(self._text_row(stack))
        self._empty.setVisible(stack is None or not (stack.layers or stack.text.lines))

    def _row(self, number: int, layer: MaskLayer) -> QWidget:
        editor = self._editor
        meaning = QComboBox()
        meaning.setAccessibleName(self.tr("What this layer does"))
        words = self.tr("Erase"), self.tr("Keep (subtract)"), self.tr("Protect"), self.tr("Do not copy from")
        for text, name in zip(words, ICONS, strict=True):
            meaning.addItem(icon(name), text)
        meaning.setCurrentIndex(ROLES.index(layer.role))
        meaning.activated.connect(partial(self._set_role, number))
        eye = tool_button("eye" if layer.visible else "eye-off", self.tr("Hide") if layer.visible else self.tr("Show"))
        eye.clicked.connect(
            lambda: editor.do(self.tr("Hide layer"), verbs.show_layer(editor.state, number, not layer.visible))
        )
        bin_ = tool_button("trash", self.tr("Delete this layer"), size=17)
        bin_.clicked.connect(lambda: editor.do(self.tr("Delete layer"), verbs.remove_layer(editor.state, number)))
        return _framed(meaning, eye, bin_)

    def _text_row(self, stack: MaskStack) -> QWidget:
        words = self.tr("Text: %1 of %2 lines").replace("%1", str(len(stack.text.chosen)))
        forget = tool_button("trash", self.tr("Forget the lines that were found"), size=17)
        editor = self._editor
        forget.clicked.connect(lambda: editor.do(self.tr("Forget text"), verbs.set_text(editor.state, ())))
        return _framed(label(words.replace("%2", str(len(stack.text.lines)))), forget)

    def _set_role(self, number: int, index: int) -> None:
        self._editor.do(self.tr("Role of layer"), verbs.set_role(self._editor.state, number, ROLES[index]))


def _framed(first: QWidget, *buttons: QWidget) -> QWidget:
    frame = QFrame()
    frame.setObjectName("card")
    for small in buttons:
        small.setProperty("flat", "small")
    inner = row(first, None, *buttons, spacing=2)
    inner.setContentsMargins(8, 5, 6, 5)
    frame.setLayout(inner)
    return frame


def _alike(a: MaskStack, b: MaskStack) -> bool:
    """Whether the rows would be the same."""
    rows = [[(layer.role, layer.visible) for layer in stack.layers] for stack in (a, b)]
    return rows[0] == rows[1] and a.text is b.text
