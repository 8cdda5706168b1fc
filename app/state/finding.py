"""Finding text: ask the detector, turn its lines into outlines to switch, choose those that are meant."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QObject, Signal

from app.document import verbs
from app.document.render import composite
from app.document.state import FoundLine, State
from app.state.editor import Editor
from app.state.jobs import Job, JobKind, JobQueue
from app.state.notices import Notice, Weight, of_error
from app.state.settings import SettingsStore
from app.tools.text import lines_under
from engines.core.engine import FoundText, TextLine
from engines.core.types import Box, Mask, readonly
from engines.pipeline.text_mask import line_height, text_mask
from engines.requests import AnyResult, Detected, DetectText


class TextFinding(QObject):
    """``changed``: it began or ended."""

    changed = Signal()

    def __init__(self, editor: Editor, queue: JobQueue, settings: SettingsStore) -> None:
        super().__init__(editor)
        self._editor = editor
        self._queue = queue
        self._settings = settings
        editor.text_wanted.connect(self.find)

    @property
    def running(self) -> Job | None:
        return next((job for job in self._queue.jobs if job.kind is JobKind.FIND_TEXT), None)

    def find(self, under: Mask | None = None) -> None:
        """Find all lines; then choose those under a mask, or all of them."""
        sheet = self._editor.sheet
        if sheet is None or self.running is not None:
            return
        state, failed = self._editor.state, lambda error: self._editor.tell(of_error(error))

        def work() -> DetectText:
            picture = composite(state, sheet.document.pixels, Box(0, 0, state.size[1], state.size[0]))
            device = self._settings.value.device
            return DetectText(sheet.shown.to_display(picture), device="auto" if device == "mps" else device)

        def submit(request: DetectText) -> None:
            if self._editor.sheet is sheet:
                self._queue.add(request, Job(JobKind.FIND_TEXT, arrived, failed))

        def arrived(result: AnyResult) -> None:
            if isinstance(result, Detected) and self._editor.sheet is sheet:
                found, size = result.found, state.size
                self._editor.tasks.run(self.tr("Outlining text"), lambda: found_lines(found, size), take, failed)

        def take(lines: list[FoundLine]) -> None:
            if self._editor.sheet is sheet:
                self._take(lines, under)

        self._editor.tasks.run(self.tr("Looking for text"), work, submit, failed)

    def choose_all(self, on: bool) -> None:
        """Switch all lines on or off."""
        if self._editor.sheet is not None:
            self._editor.choose_text(range(len(self._editor.state.masks.text.lines)), on)

    def _take(self, lines: list[FoundLine], under: Mask | None) -> None:
        if not lines:
            hint = self.tr("Paint over it by hand; small or faint text may be missed.")
            self._editor.tell(Notice(Weight.INFO, self.tr("No text was found."), hint))
            return
        state: State = verbs.set_text(self._editor.state, lines)
        chosen = range(len(lines)) if under is None else lines_under(state.masks.text, under)
        self._editor.do("Find text", verbs.choose_text(state, chosen, on=True))


def found_lines(found: FoundText, size: tuple[int, int]) -> list[FoundLine]:
    """Each line with what it erases: its outline and the glyphs near it, without what belongs to its neighbours."""
    reaches = [_reach(line, size) for line in found.lines]
    lines: list[FoundLine] = []
    for number, line in enumerate(found.lines):
        polygon = readonly(np.asarray(line.polygon, np.float32))
        lines.append(FoundLine(polygon, line.text, line.confidence, _own_mask(found, number, reaches)))
    return lines


def _reach(line: TextLine, size: tuple[int, int]) -> Box:
    low, high = np.floor(line.polygon.min(axis=0)).astype(int), np.ceil(line.polygon.max(axis=0)).astype(int)
    box = Box(int(low[0]), int(low[1]), int(high[0] - low[0]) + 1, int(high[1] - low[1]) + 1)
    return box.grown(round(line_height(line)) + 2).within(size)


def _own_mask(found: FoundText, number: int, reaches: list[Box]) -> Mask:
    box = reaches[number]
    near = [_moved(line, box) for other, line in enumerate(found.lines) if not (reaches[other] & box).empty]
    mine = next(i for i, other in enumerate(o for o, r in enumerate(reaches) if not (r & box).empty) if other == number)
    part = FoundText(near, np.ascontiguousarray(found.coverage[box.slices]))
    mask = text_mask(part, [near[mine]], (box.h, box.w))
    return Mask(mask.box.moved(box.x, box.y), readonly(mask.alpha))


def _moved(line: TextLine, box: Box) -> TextLine:
    return TextLine(line.polygon - np.array([box.x, box.y], np.float32), line.text, line.confidence)
