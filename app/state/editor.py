"""The editor: the open picture, the active tool, and everything that can be done to them. No widgets."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, QTimer, Signal

from app.document import operations, verbs
from app.document.coverage import Combine
from app.document.document import DEFAULT_BUDGET
from app.document.operations import Operation
from app.document.render import composite
from app.document.state import LayerRole, State, diff
from app.document.track_verbs import add_track, free_name, paint_key
from app.state.notices import Notice, Weight, of_error
from app.state.sheet import Sheet
from app.state.tasks import Tasks
from app.tools import ToolRow, tool_row
from app.tools.pointer import Guide, Kind, Live, Look, Pointer, Tool, ToolSettings
from app.tools.rough import Rough
from engines.core.faults import EngineError
from engines.core.types import Box, Mask, Pixels

_SLICE = 0.005
"""Seconds of drawing per turn of the event loop."""


@dataclass(frozen=True, slots=True)
class Painting:
    """What a mask is painted on, and how, as it was chosen when the gesture was made."""

    role: LayerRole
    how: Combine


class Editor(QObject):
    """A ``Desk`` for the tools. ``shown`` carries the box that looks different; ``changed`` any change of state."""

    opened = Signal()
    shown = Signal(object)
    changed = Signal()
    tool_changed = Signal()
    settings_changed = Signal()
    guide_changed = Signal()
    told = Signal(object)
    text_wanted = Signal(object)
    """Find text, then choose the lines under a mask (None: all of them)."""
    selection_wanted = Signal(object, object)
    """Find the thing that a ``Rough`` means; how it joins the mask (``Combine``)."""

    def __init__(self, tasks: Tasks, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.tasks = tasks
        self.sheet: Sheet | None = None
        self.settings = ToolSettings()
        self.hovered: int | None = None
        self.row: ToolRow = tool_row("brush")
        self._guide = Guide()
        self._tool: Tool | None = None
        self._drawing = QTimer(self, interval=0)
        self._drawing.timeout.connect(self._draw)
        self._budget = DEFAULT_BUDGET

    # ---- the picture

    def open(self, sheet: Sheet | None) -> None:
        """Show another picture (or none)."""
        if self.sheet is not None:
            self.sheet.document.changed.clear()
            self.sheet.document.close()
        self.sheet = sheet
        self.hovered, self._guide = None, Guide()
        if sheet is not None:
            sheet.document.budget = self._budget
            sheet.document.changed.append(self._follow)
            self._wake()
        self._arm()
        self.opened.emit()
        self.changed.emit()

    def set_history_budget(self, size: int) -> None:
        """Bytes that the history may hold in memory."""
        self._budget = size
        if self.sheet is not None:
            self.sheet.document.budget = size

    @property
    def state(self) -> State:
        """The present; only while a picture is open."""
        if self.sheet is None:
            msg = "no picture is open"
            raise RuntimeError(msg)
        return self.sheet.document.state

    def do(self, label: str, state: State) -> None:
        """One step of history."""
        if self.sheet is not None:
            self.sheet.document.do(label, state)

    def undo(self) -> None:
        if self.sheet is not None and not self._abort_gesture():
            self._tell_failure(self.sheet.document.undo)

    def redo(self) -> None:
        if self.sheet is not None:
            self._tell_failure(self.sheet.document.redo)

    def tell(self, notice: Notice) -> None:
        self.told.emit(notice)

    def _tell_failure(self, move: Callable[[], bool]) -> None:
        try:
            move()
        except EngineError as error:
            self.tell(of_error(error))

    def _follow(self, before: State, after: State) -> None:
        if self.sheet is None:
            return
        self.sheet.follow(before, after)
        if before.masks.text.lines is not after.masks.text.lines:
            self.hovered = None
        self.redraw()
        trouble = self.sheet.document.trouble
        if trouble is not None:
            self.sheet.document.trouble = None
            self.tell(of_error(trouble))
        self.changed.emit()

    def redraw(self) -> None:
        """Bring to the screen what of the sheet has changed."""
        if self.sheet is not None and self.sheet.pending:
            self._wake()

    def _wake(self) -> None:
        self._draw()
        if self.sheet is not None and self.sheet.pending:
            self._drawing.start()

    def _draw(self) -> None:
        """Bring the pyramids up to date, a little at a time."""
        if self.sheet is None:
            self._drawing.stop()
            return
        box = self.sheet.settle(_SLICE)
        if not self.sheet.pending:
            self._drawing.stop()
        if not box.empty:
            self.shown.emit(box)

    # ---- tools

    def use(self, name: str) -> None:
        """Take a tool up; a gesture under way is given up."""
        self._abort_gesture()
        self.row = tool_row(name)
        self.hovered = None
        self._arm()
        self.tool_changed.emit()

    def set_tool(self, **changes: object) -> None:
        """Change fields of the tool settings."""
        self.settings = replace(self.settings, **changes)  # type: ignore[arg-type]
        self.settings_changed.emit()

    def pointer(self, pointer: Pointer) -> None:
        """Send a pointer to the active tool."""
        if self._tool is None or self.sheet is None:
            return
        guide, hovered = self._guide, self.hovered
        self.sheet.live_role = self.settings.role
        dirty = self._tool.send(pointer)
        if not dirty.empty:
            self.sheet.stroke_changed(dirty)
            self._wake()
        if self._guide is not guide or self.hovered != hovered:
            self.guide_changed.emit()

    def _arm(self) -> None:
        self._tool = self.row.make(self) if self.sheet is not None else None
        if self._tool is not None:
            next(self._tool)

    def _abort_gesture(self) -> bool:
        """Give up what the tool is in the middle of; whether there was anything."""
        busy = self.live is not None or bool(self._guide.points)
        if busy:
            self.pointer(Pointer(Kind.ABORT, 0, 0))
            self.guide_changed.emit()
        return busy

    def escape(self) -> bool:
        """Esc: give up a gesture; whether there was one."""
        return self._abort_gesture()

    # ---- the desk that tools work on

    @property
    def live(self) -> Live | None:
        return self.sheet.live if self.sheet is not None else None

    @live.setter
    def live(self, live: Live | None) -> None:
        if self.sheet is not None:
            self.sheet.live = live

    @property
    def guide(self) -> Guide:
        return self._guide

    @guide.setter
    def guide(self, guide: Guide) -> None:
        if guide != self._guide:
            self._guide = guide

    def commit(self, label: str, mask: Mask, how: Combine) -> None:
        reel = self.sheet.reel if self.sheet is not None else None
        if reel is None:
            self.do(label, verbs.paint(self.state, self.settings.role, mask, how))
            return
        state = self.state
        if not state.tracks:
            state = add_track(state, free_name(state, self.tr("Mask")), ranges=reel.chosen_span)
        reel.track = min(reel.track, len(state.tracks) - 1)
        self.do(label, paint_key(state, reel.track, reel.frame, mask, how))

    def restore(self, label: str, mask: Mask, how: Combine) -> None:
        before = self.state
        after = verbs.restore(before, mask, how)
        if all(a is b for a, b in zip(before.edits, after.edits, strict=True)):
            hint = self.tr("Restore paints through what was erased.")
            self.tell(Notice(Weight.INFO, self.tr("There is nothing to restore here."), hint))
            return
        self.do(label, after)

    def compute(self, label: str, work: Callable[[Look], Mask], how: Combine) -> None:
        sheet, state, role = self.sheet, self.state, self.settings.role
        if sheet is None:
            return
        pixels = sheet.document.pixels  # of a film's present frame: another one may be shown soon

        def look(box: Box) -> Pixels:
            return sheet.shown.to_display(composite(state, pixels, box))

        def found(mask: Mask) -> None:
            if self.sheet is sheet:
                self.take_mask(label, state, mask, Painting(role, how))

        self.tasks.run(label, lambda: work(look), found, self._failed)

    def take_mask(self, label: str, seen: State, mask: Mask, painting: Painting) -> None:
        """Commit what was found in the picture as ``seen``; dropped, and told, where it looks different by now."""
        if not (diff(seen, self.state).pixels & mask.box).empty:
            words = self.tr("The selection was dropped: the picture changed meanwhile.")
            self.tell(Notice(Weight.WARNING, words, self.tr("Try again.")))
            return
        if self.sheet is not None and self.sheet.reel is not None:
            self.commit(label, mask, painting.how)
        else:
            self.do(label, verbs.paint(self.state, painting.role, mask, painting.how))

    def select(self, rough: Rough, how: Combine) -> None:
        self.selection_wanted.emit(rough, how)

    def choose_text(self, numbers: Iterable[int], on: bool) -> None:
        self.do("Choose text", verbs.choose_text(self.state, numbers, on))

    def find_text(self, under: Mask | None = None) -> None:
        self.text_wanted.emit(under)

    # ---- masks

    def operate(self, label: str, make: Callable[[tuple[int, int]], Operation]) -> None:
        """Apply an operation to the layer being painted on, elsewhere; one step of history."""
        if self.sheet is None:
            return
        sheet, before, role = self.sheet, self.state, self.settings.role

        def work() -> State:
            state = verbs.flatten(before) if role in (LayerRole.ADD, LayerRole.SUBTRACT) else before
            number = state.masks.top(LayerRole.ADD if role is LayerRole.SUBTRACT else role)
            return state if number is None else verbs.alter(state, number, make(state.size))

        def then(after: State) -> None:
            if self.sheet is sheet and self.state is before:
                self.do(label, after)
            else:
                words = self.tr("The operation was dropped: the picture changed meanwhile.")
                self.tell(Notice(Weight.WARNING, words, self.tr("Try again.")))

        self.tasks.run(label, work, then, self._failed)

    def invert_mask(self) -> None:
        self.operate("Invert mask", operations.invert)

    def clear_mask(self) -> None:
        if self.sheet is not None and not self.state.masks.blank:
            self.do("Clear mask", verbs.clear(self.state))

    def _failed(self, error: EngineError) -> None:
        self.tell(of_error(error))
