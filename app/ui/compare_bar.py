"""Floating buttons at the foot of the canvas: before, split, side by side, difference."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QFrame, QToolButton

from app.ui.bits import row, tool_button
from app.ui.canvas import Canvas
from app.ui.compare import Compare

_GAP = 16


class CompareBar(QFrame):
    """The first button works while it is held, as its key does; the others stay."""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self.setObjectName("floating")
        self._canvas = canvas
        before = tool_button("before", self.tr("Hold to see the original (\\)"))
        before.pressed.connect(lambda: self.hold(True))
        before.released.connect(lambda: self.hold(False))
        self._kept = Compare.OFF
        self._buttons: dict[Compare, QToolButton] = {Compare.BEFORE: before}
        layout = row(before, spacing=2)
        for mode, name, tip in (
            (Compare.SPLIT, "split", self.tr("Split line (F9)")),
            (Compare.SIDE, "side", self.tr("Side by side (F10)")),
            (Compare.DIFFERENCE, "difference", self.tr("Difference (F11)")),
        ):
            made = tool_button(name, tip)
            made.setCheckable(True)
            made.clicked.connect(lambda on, mode=mode: canvas.set_compare(mode if on else Compare.OFF))
            self._buttons[mode] = made
            layout.addWidget(made)
        layout.setContentsMargins(6, 5, 6, 5)
        self.setLayout(layout)
        canvas.installEventFilter(self)
        canvas.compare_changed.connect(self._show)
        canvas.editor.opened.connect(self._show)
        self._show()

    def hold(self, on: bool) -> None:
        """The original while it is held."""
        if on and self._canvas.compare is not Compare.BEFORE:
            self._kept = self._canvas.compare
            self._canvas.set_compare(Compare.BEFORE)
        elif not on and self._canvas.compare is Compare.BEFORE:
            self._canvas.set_compare(self._kept)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Show):
            self._place()
        return super().eventFilter(watched, event)

    def _show(self) -> None:
        self.setVisible(self._canvas.sheet is not None)
        for mode, made in self._buttons.items():
            if made.isCheckable():
                made.setChecked(mode is self._canvas.compare)
        self._place()

    def _place(self) -> None:
        self.adjustSize()
        sheet = self._canvas.sheet
        film = sheet is not None and sheet.reel is not None  # whose subtitles stand in the middle
        x = self._canvas.width() - self.width() - _GAP if film else (self._canvas.width() - self.width()) // 2
        self.move(x, self._canvas.height() - self.height() - _GAP)
        self.raise_()
