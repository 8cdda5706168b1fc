"""Opening, saving, exporting, autosaving: the files of the open picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from app.document import operations, verbs
from app.document.project import SUFFIX, save_project
from app.document.render import composite
from app.document.state import LayerRole, State
from app.state.editor import Editor
from app.state.film_loading import load_film
from app.state.loading import PICTURES, Loaded, SourceMissing, is_film, is_project, load_picture, load_sheet
from app.state.notices import Notice, Remedy, Weight, of_error
from app.state.recovery import Leftover, Recovery, discard
from app.state.settings import SettingsStore
from app.state.sheet import Sheet
from engines.core.faults import EngineError, Fault
from engines.core.types import Alpha, Box

if TYPE_CHECKING:
    from engines.media.picture import Picture


@dataclass(frozen=True, slots=True)
class Exported:
    """A file that was written, its bytes, and what had to be told of it."""

    path: Path
    size: int
    notes: tuple[str, ...]


class Files(QObject):
    """``missing``: the picture of a project (carried) is not where it was. ``exported`` carries an ``Exported``."""

    missing = Signal(object)
    exported = Signal(object)
    saved = Signal()

    def __init__(self, editor: Editor, settings: SettingsStore, folder: Path) -> None:
        super().__init__(editor)
        self.editor = editor
        self.settings = settings
        self.scratch = folder / "pasted"
        self.recovery = Recovery(folder / "recovery")
        self._picture: Picture | None = None
        self._kept: State | None = None
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.autosave)
        self._timer.start(settings.value.autosave_seconds * 1000)

    # ---- opening

    def open(self, path: Path, *, source: Path | None = None, pasted: bool = False, sample: bool = False) -> None:
        """Open a picture or a project; what is wrong with it is told."""
        project = is_project(path)

        def work() -> Loaded | SourceMissing:
            try:
                if project:
                    return load_sheet(path, self.scratch, source)
                return load_film(path) if is_film(path) else load_picture(path)
            except SourceMissing as missing:
                return missing

        def then(loaded: Loaded | SourceMissing) -> None:
            if isinstance(loaded, SourceMissing):
                self.missing.emit(loaded)
                return
            title = loaded.sheet.title
            if pasted:
                title.name, title.path = "Pasted picture", None
            title.sample = sample
            self._show(loaded)
            if not pasted and not sample:
                self.settings.remember(path)

        self.editor.tasks.run(self.tr("Opening %1").replace("%1", path.name), work, then, self._failed)

    def recover(self, leftover: Leftover) -> None:
        """Open what a crashed process had open."""

        def then(loaded: Loaded) -> None:
            title = loaded.sheet.title
            title.name, title.project = leftover.name, leftover.project
            loaded.sheet.saved = None
            self._show(loaded)
            discard(leftover)
            self.autosave()

        self.editor.tasks.run(
            self.tr("Recovering"), lambda: load_sheet(leftover.path, self.scratch), then, self._failed
        )

    def neighbour(self, step: int) -> Path | None:
        """The next (1) or previous (-1) picture in the folder of the open one."""
        sheet = self.editor.sheet
        if sheet is None or sheet.title.path is None:
            return None
        here = sheet.title.path
        names = sorted(p.name for p in here.parent.iterdir() if p.suffix.lower().lstrip(".") in PICTURES)
        if here.name not in names:
            return None
        index = names.index(here.name) + step
        return here.parent / names[index] if 0 <= index < len(names) else None

    def _show(self, loaded: Loaded) -> None:
        self._picture = loaded.picture
        self._kept = loaded.sheet.document.state
        self.editor.open(loaded.sheet)
        for note in loaded.notes:
            self.editor.tell(Notice(Weight.WARNING, note))

    # ---- saving

    def save_project(self, path: Path, then: Callable[[], object] | None = None) -> None:
        """Write the project file."""
        sheet = self.editor.sheet
        if sheet is None:
            return
        path = path if is_project(path) else path.with_name(path.name + SUFFIX)
        state, inside = sheet.document.state, _inside(sheet)

        def done(_: None) -> None:
            sheet.saved = state
            sheet.title.project, sheet.title.name = path, path.name
            self.settings.remember(path)
            self.recovery.forget()
            self.saved.emit()
            self.editor.tell(Notice(Weight.DONE, self.tr("Saved %1.").replace("%1", path.name)))
            if then is not None:
                then()

        work = _saving(path, inside(state), sheet)
        self.editor.tasks.run(self.tr("Saving %1").replace("%1", path.name), work, done, self._failed)

    def export(self, path: Path, *, overwrite: bool, quiet: bool = False) -> None:
        """Write the picture as it is now; the source itself is refused. ``quiet``: only ``exported`` is told."""
        sheet, picture = self.editor.sheet, self._picture
        if sheet is None or picture is None:
            return
        state = sheet.document.state

        def then(done: Exported) -> None:
            if not quiet:
                sheet.exported = state
                words = self.tr("Exported %1, %2 MB.").replace("%1", path.name)
                self.editor.tell(Notice(Weight.DONE, words.replace("%2", f"{done.size / 1e6:.1f}")))
                for note in done.notes:
                    self.editor.tell(Notice(Weight.INFO, note))
            self.exported.emit(done)

        work = partial(_export, picture, state, path, overwrite)
        self.editor.tasks.run(self.tr("Exporting %1").replace("%1", path.name), work, then, self._failed)

    def export_mask(self, path: Path, role: LayerRole = LayerRole.ADD) -> None:
        """Write what would be erased as a grey PNG: white = erase; or the layers of another role alone."""
        if self.editor.sheet is None:
            return
        masks = self.editor.state.masks

        def work() -> None:
            from engines.media.images import write_png

            whole = Box(0, 0, masks.size[1], masks.size[0])
            alpha = masks.coverage(whole) if role is LayerRole.ADD else masks.of_role(role, whole)
            write_png(np.repeat(alpha[..., None], 3, axis=2), path, overwrite=True)

        def then(_: None) -> None:
            self.editor.tell(Notice(Weight.DONE, self.tr("Exported the mask as %1.").replace("%1", path.name)))

        self.editor.tasks.run(self.tr("Exporting the mask"), work, then, self._failed)

    def import_mask(self, path: Path) -> None:
        """Add a mask file of the picture's size: white = erase."""
        if self.editor.sheet is None:
            return
        size = self.editor.state.size

        def work() -> Alpha:
            from engines.media.images import read_mask

            alpha: Alpha = read_mask(path, size, resize=False)
            return alpha

        def then(alpha: Alpha) -> None:
            mask = operations.from_dense(alpha)(verbs.clear(self.editor.state).masks.erase_mask())
            self.editor.do("Mask from file", verbs.paint(self.editor.state, LayerRole.ADD, mask))

        self.editor.tasks.run(self.tr("Reading the mask"), work, then, self._failed)

    def mask_from_alpha(self) -> None:
        """Cover what is transparent in the picture."""
        sheet = self.editor.sheet
        if sheet is None or sheet.document.alpha is None:
            self.editor.tell(Notice(Weight.INFO, self.tr("This picture has no transparency.")))
            return
        mask = operations.from_dense(255 - sheet.document.alpha)(self.editor.state.masks.erase_mask())
        self.editor.do("Mask from transparency", verbs.paint(self.editor.state, LayerRole.ADD, mask))

    # ---- after a crash

    def autosave(self) -> None:
        """Keep what is open, if it has changed since the last time."""
        self._timer.setInterval(self.settings.value.autosave_seconds * 1000)
        sheet = self.editor.sheet
        if sheet is None or sheet.document.state is self._kept:
            return
        state = sheet.document.state
        self._kept = state
        about = (sheet.title.name, sheet.title.project)
        inside, document = _inside(sheet)(state), sheet.document
        work = partial(self.recovery.save, inside, document.pixels, document.alpha, about)
        self.editor.tasks.run(self.tr("Autosave"), work, lambda _: None, self._failed)

    def close(self) -> None:
        """A good end: nothing is left to recover."""
        self._timer.stop()
        self.recovery.forget()

    def _failed(self, error: EngineError) -> None:
        self.editor.tell(of_error(error, Remedy.NONE))


def _inside(sheet: Sheet) -> Callable[[State], State]:
    """A picture without a file of its own travels inside the project."""
    if sheet.title.path is not None:
        return lambda state: state
    return lambda state: replace(state, source=replace(state.source, path=None))


def _saving(path: Path, state: State, sheet: Sheet) -> Callable[[], None]:
    return lambda: save_project(path, state, sheet.document.pixels, sheet.document.alpha)


def _export(picture: Picture, state: State, path: Path, overwrite: bool) -> Exported:
    from engines.media.images import write_picture

    if path.exists() and picture.path.exists() and path.samefile(picture.path):
        words = f"{path.name} is the picture itself, which is never overwritten."
        raise EngineError(Fault.EXISTS, words, "Choose another name.")
    whole = Box(0, 0, state.size[1], state.size[0])
    notes = write_picture(picture, composite(state, picture.pixels, whole), path, overwrite=overwrite)
    return Exported(path, path.stat().st_size, tuple(notes))
