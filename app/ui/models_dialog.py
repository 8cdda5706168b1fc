"""The models page: each engine with its weights: here or not, size, licence; download, import, remove, reveal."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QMessageBox,
    QProgressBar,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.state.checking import check_apart
from app.state.library import EngineInfo
from app.state.tasks import Post
from app.state.workshop import Workshop
from app.ui.bits import Dialog, button, clear_layout, label, row
from engines.core.context import Context
from engines.core.engine import Card, Weight
from engines.core.faults import EngineError
from engines.core.types import FloatImage
from engines.model_files import size_of
from engines.store import Holding


class ModelsDialog(Dialog):
    """A card for each engine. Nothing is fetched unless its button is pressed."""

    def __init__(self, parent: QWidget, shop: Workshop) -> None:
        super().__init__(parent, self.tr("Models"))
        self._shop = shop
        self._post = Post(self)
        self._stop = threading.Event()
        self._bars: dict[str, QProgressBar] = {}
        self.resize(680, 600)
        contents = QWidget()
        contents.setObjectName("clear")
        self._cards = QVBoxLayout(contents)
        self._cards.setSpacing(10)
        self._cards.setContentsMargins(2, 2, 10, 2)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setWidget(contents)
        scroll.setObjectName("clearScroll")
        self._trouble = label(role="bad", wraps=True)
        self._trouble.hide()
        close = button(self.tr("Close"), self.accept, "primary")
        intro = self.tr("Weights are fetched or taken in only when you ask for it, and checked before they are used.")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 18, 20, 16)
        layout.setSpacing(12)
        layout.addWidget(label(intro, "muted", wraps=True))
        layout.addWidget(scroll, 1)
        layout.addWidget(self._trouble)
        layout.addLayout(row(None, close))
        shop.library.changed.connect(self._fill)
        self._fill()

    def done(self, result: int) -> None:
        """A download that is under way stops; what has come is kept for the next time."""
        self._stop.set()
        super().done(result)

    def _fill(self) -> None:
        clear_layout(self._cards)
        self._bars.clear()
        for info in self._shop.library.all:
            self._cards.addWidget(self._card(info))
        self._cards.addStretch(1)

    def _card(self, info: EngineInfo) -> QWidget:
        card, frame = info.card, QFrame()
        frame.setObjectName("card")
        layout = QVBoxLayout(frame)
        layout.setContentsMargins(14, 12, 14, 12)
        layout.setSpacing(6)
        state = label(self.tr("Ready") if info.ready else self.tr("Weights missing"), "good" if info.ready else "warn")
        layout.addLayout(row(label(card.name, "title"), None, state))
        layout.addWidget(label(card.summary, "muted", wraps=True))
        for holding in self._shop.library.store.holdings(card):
            layout.addLayout(self._weight(card, holding))
        if not card.weights:
            layout.addWidget(label(self.tr("Needs no weights."), "faint"))
        bar = QProgressBar()
        bar.setRange(0, 1000)
        bar.hide()
        self._bars[card.id] = bar
        layout.addWidget(bar)
        return frame

    def _weight(self, card: Card, holding: Holding) -> QVBoxLayout:
        weight = holding.weight
        size = size_of(holding.path) if holding.path is not None else weight.size
        about = [weight.licence, f"{size / 1e6:.1f} MB" if size else "", weight.source]
        words = label(" · ".join(part for part in about if part), "faint", wraps=True)
        words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        buttons = row(label(weight.file, "small"), None, spacing=4)
        if holding.path is None and weight.downloadable:
            buttons.addWidget(button(self.tr("Download"), partial(self._download, card, weight), "", "download"))
        if holding.path is None:
            buttons.addWidget(button(self.tr("Import…"), partial(self._import, card, weight), "", "folder"))
            if weight.folder:
                into = partial(self._import, card, weight, folder=True)
                buttons.addWidget(button(self.tr("Import folder…"), into, "", "folder"))
        else:
            buttons.addWidget(button(self.tr("Show file"), partial(_reveal, holding.path), "plain", "folder"))
            if not holding.bundled:
                buttons.addWidget(button(self.tr("Remove"), partial(self._remove, card, weight), "plain", "trash"))
        column = QVBoxLayout()
        column.setSpacing(2)
        column.addLayout(buttons)
        column.addWidget(words)
        return column

    def _download(self, card: Card, weight: Weight) -> None:
        if not self._agreed(weight):
            return
        bar = self._bars[card.id]
        bar.show()
        self._stop.clear()

        def report(done: float, note: str, preview: FloatImage | None) -> None:
            del note, preview
            self._post(lambda: bar.setValue(round(done * 1000)))

        ctx = Context(report=report, cancelled=self._stop.is_set)
        store = self._shop.library.store
        self._run(lambda: store.download(card, ctx, partial(check_apart, card, weight), lambda _: True, weight.file))

    def _import(self, card: Card, weight: Weight, *, folder: bool = False) -> None:
        title = self.tr("Import weights")
        name = QFileDialog.getExistingDirectory(self, title) if folder else QFileDialog.getOpenFileName(self, title)[0]
        if name and self._agreed(weight):
            store, check = self._shop.library.store, partial(check_apart, card, weight)
            self._run(lambda: store.import_file(card, Path(name), check, lambda _: True, weight.file))

    def _remove(self, card: Card, weight: Weight) -> None:
        words = self.tr("Delete %1 from this machine?").replace("%1", weight.file)
        if QMessageBox.question(self, self.tr("Remove"), words) == QMessageBox.StandardButton.Yes:
            self._run(lambda: self._shop.library.store.remove(card, weight.file))

    def _run(self, work: Callable[[], object]) -> None:
        """Elsewhere; then look again at what is here."""
        self._trouble.hide()
        self._shop.fetching.run(self.tr("Models"), work, lambda _: self._shop.library.refresh(), self._failed)

    def _failed(self, error: EngineError) -> None:
        self._trouble.setText(str(error))
        self._trouble.show()
        self._shop.library.refresh()

    def _agreed(self, weight: Weight) -> bool:
        if weight.commercial:
            return True
        words = self.tr("These weights may not be used commercially: %1. Go on?").replace("%1", weight.licence)
        return QMessageBox.question(self, self.tr("Licence"), words) == QMessageBox.StandardButton.Yes


def _reveal(path: Path) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(path.parent)))
