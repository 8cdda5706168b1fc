"""Try engines: several on the same hole, one after the other, as variants of one edit with scores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QObject, Signal

from app.document.render import composite
from app.document.state import State, Variant
from app.state.erasing import Erasing
from app.state.jobs import Job, JobKind
from app.state.notices import Notice, Weight
from app.state.scores import around, left_over, seam
from app.state.sheet import Sheet
from engines.core.engine import Task
from engines.core.types import Mask, Pixels
from engines.requests import AnyResult, Detected, DetectText

MOST = 4
"""Engines that are tried at once."""


class Trying(QObject):
    """``changed``: it began or ended."""

    changed = Signal()

    def __init__(self, erasing: Erasing) -> None:
        super().__init__(erasing)
        self._erasing = erasing
        self._left: list[str] = []
        self._edit: int | None = None
        erasing.arrived.connect(self._arrived)
        erasing.failed.connect(self._next)
        erasing.queue.cancelled.connect(self._stop)

    @property
    def engines(self) -> list[str]:
        """Those that would be tried: all that are ready, four at most."""
        return [info.card.id for info in self._erasing.library.erasers if info.ready][:MOST]

    @property
    def active(self) -> bool:
        return self._erasing.judge is not None

    def start(self) -> None:
        """Erase what is marked with every engine that is ready."""
        editor = self._erasing.editor
        if editor.sheet is None or editor.state.masks.blank or self._erasing.busy:
            self._erasing.erase()  # which says what is missing
            return
        if len(self.engines) < 2:
            words = self.tr("There is only one engine to try on this machine.")
            editor.tell(Notice(Weight.INFO, words, self.tr("The models page says how to get more.")))
            return
        self._left, self._edit = self.engines, None
        self._erasing.judge = self._judge
        self.changed.emit()
        self._next()

    def _arrived(self, edit: int) -> None:
        if self.active:
            self._edit = edit
            self._next()

    def _next(self) -> None:
        if not self.active:
            return
        if not self._left:
            self._stop()
        elif self._edit is None:
            self._erasing.erase(self._left.pop(0))
        else:
            self._erasing.rerun(self._edit, self._left.pop(0))

    def _stop(self) -> None:
        if self.active:
            self._erasing.judge, self._left = None, []
            self.changed.emit()

    def _judge(self, sheet: Sheet, state: State, variant: Variant, take: Callable[[Variant], None]) -> None:
        """Look for a seam and for text in the result; a look that fails leaves its score open."""
        editor = self._erasing.editor
        box = around(variant.hole, state.size)

        def work() -> tuple[Pixels, float]:
            view: Pixels = composite(state, sheet.document.pixels, box, self._edit).copy()
            for patch in variant.patches:
                replace(patch, box=patch.box.moved(-box.x, -box.y)).paint(view)
            shown = sheet.shown.to_display(view)
            return shown, seam(shown, variant.hole.dense(box))

        def judged(result: tuple[Pixels, float]) -> None:
            scored = replace(variant, seam=round(result[1], 3))
            if self._erasing.task is Task.TEXT and self.active:
                self._look_for_text(result[0], scored, Mask(box, variant.hole.dense(box)), take)
            else:
                take(scored)

        editor.tasks.run(self.tr("Judging"), work, judged, lambda _: take(variant))

    def _look_for_text(self, view: Pixels, variant: Variant, hole: Mask, take: Callable[[Variant], None]) -> None:
        local = Mask(hole.box.moved(-hole.box.x, -hole.box.y), hole.alpha)

        def found(result: AnyResult) -> None:
            lines = result.found.lines if isinstance(result, Detected) else ()
            take(replace(variant, left=round(left_over(lines, local), 3)))

        job = Job(JobKind.JUDGE, found, lambda _: take(variant))
        self._erasing.queue.add(DetectText(np.ascontiguousarray(view)), job)
