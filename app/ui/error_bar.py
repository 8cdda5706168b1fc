"""Notices over the top of the canvas: one clear sentence, what helps, perhaps a button. Nothing moves for them."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, QTimer, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

from app.state.notices import Notice, Remedy, Weight
from app.ui.bits import button, label, row, set_role, tool_button
from app.ui.icons import pixmap
from app.ui.theme import Tokens

_SECONDS = {Weight.INFO: 7, Weight.DONE: 4, Weight.WARNING: 14, Weight.ERROR: 0}
"""How long a notice stays; 0: until it is closed."""


_WIDTH, _GAP = 680, 14


class ErrorBar(QFrame):
    """Shows the newest notice; graver ones are not replaced by lighter ones. ``remedied`` carries a ``Remedy``."""

    remedied = Signal(object)

    def __init__(self, over: QWidget, tokens: Tokens) -> None:
        super().__init__(over)
        self._over = over
        over.installEventFilter(self)
        self.setObjectName("notice")
        self._tokens = tokens
        self._waiting: list[Notice] = []
        self._now: Notice | None = None
        self._sign = QLabel()
        self._message = label(role="title", wraps=True)
        self._hint = label(role="muted", wraps=True)
        self._remedy = button("", self._pressed)
        words = QVBoxLayout()
        words.setSpacing(1)
        words.addWidget(self._message)
        words.addWidget(self._hint)
        layout = row(self._sign, words, self._remedy, spacing=12)
        layout.setStretch(1, 1)
        layout.addWidget(tool_button("close", self.tr("Close this message (Esc)"), self.dismiss, 16))
        layout.setContentsMargins(14, 9, 10, 9)
        self.setLayout(layout)
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self.dismiss)
        self.hide()

    @property
    def notice(self) -> Notice | None:
        """What is shown."""
        return self._now

    def tell(self, notice: Notice) -> None:
        """Show a notice, or keep it until a graver one has been closed."""
        lasting = self._now is not None and _SECONDS[self._now.weight] == 0 and _SECONDS[notice.weight] > 0
        if lasting:
            self._waiting.append(notice)
            return
        self._show(notice)

    def dismiss(self) -> None:
        """Close what is shown; the next one, if any."""
        self._now = None
        self._timer.stop()
        if self._waiting:
            self._show(self._waiting.pop(0))
        else:
            self.hide()

    def restyle(self, tokens: Tokens) -> None:
        self._tokens = tokens
        if self._now is not None:
            self._paint_sign(self._now)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Stay at the top of what it lies over."""
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        width = min(_WIDTH, self._over.width() - 2 * _GAP)
        self.setFixedWidth(width)
        self.setFixedHeight(max(self.heightForWidth(width), self.sizeHint().height()))
        self.move((self._over.width() - width) // 2, _GAP)
        self.raise_()

    def _show(self, notice: Notice) -> None:
        self._now = notice
        self._message.setText(notice.message)
        self._hint.setText(notice.hint)
        self._hint.setVisible(bool(notice.hint))
        words = self._words(notice.remedy)
        self._remedy.setText(words)
        self._remedy.setVisible(bool(words))
        set_role(self, "weight", notice.weight.value)
        self._paint_sign(notice)
        seconds = _SECONDS[notice.weight]
        if seconds:
            self._timer.start(seconds * 1000)
        else:
            self._timer.stop()
        self.setAccessibleName(f"{notice.message} {notice.hint}")
        self.show()
        self._place()

    def _paint_sign(self, notice: Notice) -> None:
        tokens = self._tokens
        colours = {"info": tokens.accent, "done": tokens.good, "warning": tokens.warn, "error": tokens.bad}
        name = notice.weight.value
        self._sign.setPixmap(pixmap(name, 20, QColor(colours[name]), self.devicePixelRatioF()))
        self._sign.setFixedSize(QSize(20, 20))

    def _words(self, remedy: Remedy) -> str:
        return {
            Remedy.MODELS: self.tr("Open models…"),
            Remedy.LOG: self.tr("Show the log…"),
            Remedy.LOCATE: self.tr("Find the picture…"),
            Remedy.RECOVER: self.tr("Recover…"),
        }.get(remedy, "")

    def _pressed(self) -> None:
        if self._now is not None:
            remedy = self._now.remedy
            self.dismiss()
            self.remedied.emit(remedy)
