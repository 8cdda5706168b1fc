"""The shadow of what is marked, as a part of the mask: a proposal to look at, correct, or undo."""

from __future__ import annotations

from PySide6.QtCore import QObject

from app.document import verbs
from app.document.render import composite
from app.document.state import LayerRole
from app.state.editor import Editor
from app.state.notices import Notice, Weight, of_error
from engines.core.types import Mask
from engines.pipeline.shadow import shadow_of, view_of


class ShadowFinding(QObject):
    """Works on the mask of an editor."""

    def __init__(self, editor: Editor) -> None:
        super().__init__(editor)
        self._editor = editor

    def add(self) -> None:
        """Mark the shadow of what is marked, too; one step of history."""
        editor, sheet = self._editor, self._editor.sheet
        if sheet is None:
            return
        if editor.state.masks.blank:
            words = self.tr("Nothing is marked yet.")
            editor.tell(Notice(Weight.INFO, words, self.tr("Mark a thing first; its shadow is looked for beside it.")))
            return
        before = editor.state

        def work() -> Mask:
            hole = before.masks.erase_mask()
            view = view_of(hole, before.size)
            shown = sheet.shown.to_display(composite(before, sheet.document.pixels, view))
            found = shadow_of(shown, Mask(hole.box.moved(-view.x, -view.y), hole.alpha))
            return Mask(found.box.moved(view.x, view.y), found.alpha)

        def then(found: Mask) -> None:
            if editor.sheet is not sheet or editor.state is not before:
                words = self.tr("The shadow was dropped: the picture changed meanwhile.")
                editor.tell(Notice(Weight.WARNING, words, self.tr("Try again.")))
            elif found.empty:
                words = self.tr("No shadow was found beside what is marked.")
                editor.tell(Notice(Weight.INFO, words, self.tr("Paint over it, if there is one.")))
            else:
                editor.do("Add shadow", verbs.paint(before, LayerRole.ADD, found))

        editor.tasks.run(self.tr("Looking for the shadow"), work, then, lambda error: editor.tell(of_error(error)))
