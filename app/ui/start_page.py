"""What is shown while no picture is open: how to begin, and what was open before."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

from app.state.settings import SettingsStore
from app.ui.bits import button, clear_layout, label, row
from app.ui.icons import app_icon

_SHOWN = 5


class StartPage(QWidget):
    """``open_wanted``, ``sample_wanted``, and ``recent_wanted`` with a path."""

    open_wanted = Signal()
    sample_wanted = Signal()
    sample_film_wanted = Signal()
    recent_wanted = Signal(object)

    def __init__(self, settings: SettingsStore) -> None:
        super().__init__()
        self._settings = settings
        hint = QFrame()
        hint.setObjectName("dropHint")
        hint.setFixedWidth(520)
        inner = QVBoxLayout(hint)
        inner.setContentsMargins(40, 44, 40, 40)
        inner.setSpacing(10)
        sign = QLabel()
        sign.setPixmap(app_icon().pixmap(64, 64))
        for part in (
            sign,
            label(self.tr("Drop a picture or a film here"), "headline"),
            label(self.tr("or paste a picture with Ctrl+V"), "muted"),
        ):
            inner.addWidget(part, alignment=Qt.AlignmentFlag.AlignHCenter)
        inner.addSpacing(12)
        openers = row(
            None,
            button(self.tr("Open…"), self.open_wanted.emit, "primary", ""),
            button(self.tr("Sample picture"), self.sample_wanted.emit),
            button(self.tr("Sample film"), self.sample_film_wanted.emit),
            None,
            spacing=10,
        )
        inner.addLayout(openers)
        self._recent = QVBoxLayout()
        self._recent.setSpacing(2)
        inner.addSpacing(8)
        inner.addLayout(self._recent)
        outer = QVBoxLayout(self)
        outer.addStretch(1)
        outer.addWidget(hint, alignment=Qt.AlignmentFlag.AlignHCenter)
        outer.addStretch(1)
        settings.changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        clear_layout(self._recent)
        for name in self._settings.value.recent[:_SHOWN]:
            path = Path(name)
            made = button(path.name, partial(self.recent_wanted.emit, path), "link")
            made.setToolTip(name)
            self._recent.addWidget(made, alignment=Qt.AlignmentFlag.AlignHCenter)
