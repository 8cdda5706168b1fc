"""What has been erased: each edit a card to hide, delete, make anew, and to choose among its variants."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QCoreApplication, QSize, Qt, QTimer
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QToolButton, QVBoxLayout, QWidget

from app.document import verbs
from app.document.state import Edit, State, Variant
from app.state.editor import Editor
from app.state.erasing import Erasing
from app.ui.bits import clear_layout, label, row, set_role, tool_button
from app.ui.canvas import Canvas
from app.ui.icons import icon
from app.ui.thumbs import thumbnail
from engines.core.engine import Task

_LARGE, _SMALL = QSize(64, 48), QSize(58, 44)


class EditsPanel(QWidget):
    """Cards for ``State.edits``, the newest at the top."""

    def __init__(self, editor: Editor, erasing: Erasing, canvas: Canvas) -> None:
        super().__init__()
        self._editor = editor
        self._erasing = erasing
        self._canvas = canvas
        self._shown: tuple[Edit, ...] | None = None
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._show)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 12, 14, 14)
        layout.setSpacing(8)
        self._count = label(role="faint")
        layout.addLayout(row(label(self.tr("Edits"), "title"), None, self._count))
        self._empty = label(self.tr("What you erase is listed here. The picture itself is never changed."), "faint")
        self._empty.setWordWrap(True)
        layout.addWidget(self._empty)
        self._cards = QVBoxLayout()
        self._cards.setSpacing(8)
        layout.addLayout(self._cards)
        editor.changed.connect(self._soon.start)
        editor.opened.connect(self._forget)

    def _forget(self) -> None:
        self._shown = None
        self._soon.start()

    def _show(self) -> None:
        edits = self._editor.state.edits if self._editor.sheet is not None else ()
        if edits is self._shown:
            return
        self._shown = edits
        clear_layout(self._cards)
        for edit in reversed(edits):
            self._cards.addWidget(self._card(edit))
        self._empty.setVisible(not edits)
        self._count.setText(str(len(edits)) if edits else "")

    def _card(self, edit: Edit) -> QWidget:
        card = QFrame()
        card.setObjectName("card")
        outer = QVBoxLayout(card)
        outer.setContentsMargins(8, 8, 8, 8)
        outer.setSpacing(7)
        outer.addLayout(self._head(edit))
        if len(edit.variants) > 1:
            outer.addLayout(self._variants(edit))
        return card

    def _head(self, edit: Edit) -> QHBoxLayout:
        variant = edit.variant
        picture = QToolButton()
        picture.setObjectName("thumb")
        picture.setIcon(self._icon(edit, variant if edit.visible else None, _LARGE))
        picture.setIconSize(_LARGE)
        picture.setAccessibleName(self.tr("Show this edit on the canvas"))
        picture.setToolTip(self.tr("Show this edit on the canvas"))
        picture.clicked.connect(lambda: self._canvas.show_box(edit.reach))
        info = self._erasing.library.info(variant.engine)
        what = self.tr("Text") if edit.task is Task.TEXT else self.tr("Object")
        title = label(f"{what} {edit.id}", "title")
        engine = info.card.name if info is not None else variant.engine
        below = label(f"{engine} · {variant.seconds:.1f} s", "small")
        if not edit.visible:
            set_role(title, "role", "muted")
        words = QVBoxLayout()
        words.setSpacing(1)
        words.addStretch(1)
        words.addWidget(title)
        words.addWidget(below)
        words.addStretch(1)
        eye = tool_button("eye" if edit.visible else "eye-off", self.tr("Hide") if edit.visible else self.tr("Show"))
        eye.clicked.connect(
            lambda: self._do(self.tr("Hide edit"), lambda state: verbs.show_edit(state, edit.id, not edit.visible))
        )
        again = tool_button("again", self.tr("Make anew"), size=17)
        again.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        again.setMenu(self._again_menu(edit, again))
        bin_ = tool_button("trash", self.tr("Delete this edit"), size=17)
        bin_.clicked.connect(lambda: self._do(self.tr("Delete edit"), lambda state: verbs.delete_edit(state, edit.id)))
        for small in (eye, again, bin_):
            small.setProperty("flat", "small")
        return row(picture, words, None, eye, again, bin_, spacing=4)

    def _again_menu(self, edit: Edit, parent: QWidget) -> QMenu:
        menu = QMenu(parent)
        seeded = "seed" in edit.variant.options
        if seeded:
            menu.addAction(icon("again"), self.tr("With another seed"), partial(self._reseed, edit))
        for info in self._erasing.library.erasers:
            action = menu.addAction(self.tr("With %1").replace("%1", info.card.name))
            action.triggered.connect(partial(self._rerun, edit.id, info.card.id))
            action.setEnabled(info.ready)
        menu.addSeparator()
        take_up = menu.addAction(self.tr("Take its mask up again"))
        take_up.triggered.connect(
            lambda: self._do(self.tr("Mask of edit"), lambda state: verbs.mask_of_edit(state, edit.id))
        )
        return menu

    def _variants(self, edit: Edit) -> QHBoxLayout:
        strip = row(spacing=5)
        for number, variant in enumerate(edit.variants):
            made = QToolButton()
            made.setObjectName("thumb")
            made.setCheckable(True)
            made.setChecked(number == edit.chosen)
            made.setIcon(self._icon(edit, variant, _SMALL))
            made.setIconSize(_SMALL)
            made.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
            info = self._erasing.library.info(variant.engine)
            name = info.card.name if info is not None else variant.engine
            short = made.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, _SMALL.width())
            made.setText("\n".join((short, f"{variant.seconds:.1f} s", *_scores(variant))))
            made.setToolTip(f"<b>{name}</b><br>{variant.seconds:.1f} s · {variant.device}{_words(variant)}")
            made.setAccessibleName(name)
            made.clicked.connect(partial(self._choose, edit.id, number))
            strip.addWidget(made)
        strip.addStretch(1)
        return strip

    def _icon(self, edit: Edit, variant: Variant | None, size: QSize) -> QIcon:
        sheet = self._editor.sheet
        if sheet is None:
            return QIcon()
        ratio = self.devicePixelRatioF()
        around = variant.reach if variant is not None and not variant.reach.empty else edit.reach
        made: QPixmap = thumbnail(sheet, variant, around, size * ratio)
        made.setDevicePixelRatio(ratio)
        return QIcon(made)

    def _do(self, name: str, verb: Callable[[State], State]) -> None:
        self._editor.do(name, verb(self._editor.state))

    def _choose(self, edit: int, variant: int, _checked: bool = True) -> None:
        self._do(self.tr("Choose variant"), lambda state: verbs.choose_variant(state, edit, variant))

    def _rerun(self, number: int, engine: str, _checked: bool = False) -> None:
        self._erasing.rerun(number, engine)

    def _reseed(self, edit: Edit) -> None:
        variant = edit.variant
        seed = int(variant.options["seed"]) + 1
        self._erasing.rerun(edit.id, variant.engine, {**variant.options, "seed": seed})


def _scores(variant: Variant) -> list[str]:
    """Short words for under a thumbnail."""
    translate = QCoreApplication.translate
    seam, left = translate("EditsPanel", "seam"), translate("EditsPanel", "text")
    return [f"{name} {value:.0%}" for name, value in ((seam, variant.seam), (left, variant.left)) if value is not None]


def _words(variant: Variant) -> str:
    translate = QCoreApplication.translate
    seam, left = translate("EditsPanel", "Visible seam"), translate("EditsPanel", "Text left")
    parts = [(seam, variant.seam), (left, variant.left)]
    return "".join(f"<br>{name}: {value:.0%}" for name, value in parts if value is not None)
