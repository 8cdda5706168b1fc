"""What the menus do: dialogs before, words after; the work itself is done by ``app.state``."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QGuiApplication, QImage, QKeyEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QInputDialog, QMenu, QMessageBox

from app.document import operations
from app.document.operations import Operation
from app.document.project import SUFFIX
from app.document.recipe import Recipe
from app.document.render import composite
from app.document.state import LayerRole, State
from app.state.loading import FILMS, PICTURES, SourceMissing
from app.state.notices import Notice, Remedy, Weight, of_error
from app.state.settings import MaskLook
from app.ui import mask_exchange, theme
from app.ui.compare import Compare
from engines.core.paths import resources_dir
from engines.core.types import Box

if TYPE_CHECKING:
    from app.ui.window import Window

_BRUSH_STEP = 1.18
"""By which [ and ] change the brush."""


class Commands(QObject):
    """Bound to a window; ``table`` names every action."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self._window = window
        self._shop = window.workshop
        self._editor = window.workshop.editor
        self._dressed = self._shop.settings.value.theme

    def table(self) -> dict[str, Callable[[], object]]:
        """What each row of ``actions.ROWS`` does."""
        canvas, editor, shop = self._window.canvas, self._editor, self._shop
        return {
            "open": self.open, "paste": self.paste,
            "next": partial(self.neighbour, 1), "previous": partial(self.neighbour, -1),
            "save": self.save, "save_as": self.save_as, "export": self.export, "export_mask": self.export_mask,
            "close": self.close_picture, "quit": self._window.close,
            "undo": editor.undo, "redo": editor.redo, "erase": self.erase, "cancel": self.cancel,
            "try": shop.trying.start, "copy": self.copy, "copy_command": self.copy_command,
            "shortcuts": self.shortcuts, "preferences": self.preferences,
            "find_text": shop.finding.find, "all_text": partial(shop.finding.choose_all, True),
            "grow": partial(self.amount, self.tr("Grow mask"), operations.grow),
            "shrink": partial(self.amount, self.tr("Shrink mask"), lambda px, size: operations.grow(-px, size)),
            "feather": partial(self.amount, self.tr("Feather mask"), operations.feather),
            "smooth": partial(self.amount, self.tr("Smooth mask"), operations.smooth),
            "fill": partial(editor.operate, self.tr("Fill holes"), lambda _: operations.fill_holes()),
            "shadow": shop.shadows.add, "invert": editor.invert_mask, "clear": editor.clear_mask,
            "mask_file": self.mask_file, "mask_alpha": shop.files.mask_from_alpha,
            **self._film_table(),
            "zoom_in": partial(canvas.step_zoom, True), "zoom_out": partial(canvas.step_zoom, False),
            "fit": canvas.fit, "actual": canvas.actual_size,
            "split": partial(self.compare, Compare.SPLIT), "side": partial(self.compare, Compare.SIDE),
            "difference": partial(self.compare, Compare.DIFFERENCE), "ants": self.ants,
            "models": self.models, "log": self.log, "diagnostics": self.diagnostics,
            "sample": self.sample, "sample_film": self.sample_film, "about": self.about,
        }  # fmt: skip

    def _film_table(self) -> dict[str, Callable[[], object]]:
        play = self._shop.playback
        return {
            "play": play.toggle, "frame_back": partial(play.step, -1), "frame_on": partial(play.step, 1),
            "film_start": partial(play.go, 0), "film_end": partial(play.go, 1 << 62),
            "key_back": partial(self._shop.tracks.step_key, -1), "key_on": partial(self._shop.tracks.step_key, 1),
            "key_delete": self._shop.tracks.delete_key_here, "add_track": self._shop.tracks.add,
            "track": self._shop.following.track, "whole_clip": self._shop.tracks.whole_clip,
            "find_titles": self._shop.following.find_titles, "preview_range": self._shop.previewing.short_range,
            "film_masks": partial(mask_exchange.read_file, self._window, self._shop.mask_exchange),
            "loop": lambda: play.set_loops(not play.loops),
            "mute": lambda: self._shop.loudspeaker.mute(not self._shop.loudspeaker.muted),
            "mark_in": play.mark_in, "mark_out": play.mark_out, "clear_span": play.clear_span,
        }  # fmt: skip

    # ---- opening

    def open(self) -> None:
        patterns = " ".join(f"*.{suffix} *.{suffix.upper()}" for suffix in (*PICTURES, *FILMS))
        some, every = self.tr("Pictures, films and projects"), self.tr("All files")
        filters = f"{some} ({patterns} *{SUFFIX});;{every} (*)"
        recent = self._shop.settings.value.recent
        folder = str(Path(recent[0]).parent) if recent else ""
        name, _ = QFileDialog.getOpenFileName(self._window, self.tr("Open"), folder, filters)
        if name:
            self.open_path(Path(name))

    def open_path(self, path: Path) -> None:
        """Open a file, once what is open may be left."""
        self.leave(lambda: self._shop.files.open(path))

    def sample(self) -> None:
        self.leave(lambda: self._shop.files.open(resources_dir() / "samples" / "coffee.jpg", sample=True))

    def sample_film(self) -> None:
        self.leave(lambda: self._shop.files.open(resources_dir() / "samples" / "lake.mp4", sample=True))

    def paste(self) -> None:
        image = QGuiApplication.clipboard().image()
        if image.isNull():
            urls = QGuiApplication.clipboard().mimeData().urls()
            if urls and urls[0].isLocalFile():
                self.open_path(Path(urls[0].toLocalFile()))
                return
            self._editor.tell(Notice(Weight.INFO, self.tr("There is no picture on the clipboard.")))
            return
        self.leave(lambda: self._open_image(image))

    def _open_image(self, image: QImage) -> None:
        path = self._shop.files.scratch / f"pasted-{int(time.time())}.png"

        def work() -> None:
            path.parent.mkdir(parents=True, exist_ok=True)
            image.save(str(path), "PNG")  # type: ignore[call-overload]

        fail = lambda error: self._editor.tell(of_error(error))  # noqa: E731
        done = lambda _: self._shop.files.open(path, pasted=True)  # noqa: E731
        self._shop.tasks.run(self.tr("Pasting"), work, done, fail)

    def neighbour(self, step: int) -> None:
        path = self._shop.files.neighbour(step)
        if path is not None:
            self.open_path(path)

    def locate(self, missing: SourceMissing) -> None:
        """The picture of a project is gone: ask where it is."""
        box = QMessageBox(self._window)
        box.setText(self.tr("The file %1 of this project was moved or deleted.").replace("%1", missing.picture))
        box.setInformativeText(self.tr("Do you know where it is now?"))
        find = box.addButton(self.tr("Find it…"), QMessageBox.ButtonRole.AcceptRole)
        box.addButton(QMessageBox.StandardButton.Cancel)
        box.exec()
        if box.clickedButton() is find:
            name, _ = QFileDialog.getOpenFileName(self._window, missing.picture)
            if name:
                self._shop.files.open(missing.project, source=Path(name))

    def fill_recent(self, menu: QMenu) -> None:
        """The recent files."""
        menu.clear()
        for name in self._shop.settings.value.recent:
            menu.addAction(name, partial(self.open_path, Path(name)))
        menu.setEnabled(bool(self._shop.settings.value.recent))

    def close_picture(self) -> None:
        def close() -> None:
            self._editor.open(None)
            self._shop.files.recovery.forget()

        self.leave(close)

    @property
    def unsaved(self) -> bool:
        """Whether leaving the open picture would lose anything."""
        sheet = self._editor.sheet
        return sheet is not None and sheet.dirty

    def leave(self, go: Callable[[], object]) -> None:
        """Call ``go`` once the open picture may be left: nothing would be lost, it was saved, or the person says so."""
        sheet = self._editor.sheet
        if sheet is None or not sheet.dirty:
            go()
            return
        box = QMessageBox(self._window)
        box.setText(self.tr("Keep the changes to %1?").replace("%1", sheet.title.name))
        kept = self.tr("A project keeps the picture, the mask and every edit.")
        if sheet.reel is not None:
            kept = self.tr("A project keeps the film's place, its mask tracks and their engines.")
        box.setInformativeText(kept)
        buttons = QMessageBox.StandardButton
        box.setStandardButtons(buttons.Save | buttons.Discard | buttons.Cancel)
        answer = box.exec()
        if answer == buttons.Save:
            self._save_to(sheet.title.project or self._ask_project(), go)
        elif answer == buttons.Discard:
            go()

    # ---- saving

    def save(self) -> None:
        sheet = self._editor.sheet
        if sheet is not None:
            self._save_to(sheet.title.project or self._ask_project())

    def save_as(self) -> None:
        self._save_to(self._ask_project())

    def _ask_project(self) -> Path | None:
        kind = self.tr("Project")
        name = self._ask_target(self.tr("Save project"), SUFFIX, f"{kind} (*{SUFFIX})")
        return Path(name) if name else None

    def _save_to(self, path: Path | None, then: Callable[[], object] | None = None) -> None:
        if path is not None:
            self._shop.files.save_project(path, then)

    def export(self) -> None:
        if self._shop.playback.reel is not None:
            from app.ui.film_export_dialog import FilmExportDialog

            FilmExportDialog(self._window, self._shop).open()
            return
        from app.ui.export_dialog import ExportDialog

        ExportDialog(self._window, self._shop).open()

    def export_mask(self) -> None:
        if self._shop.playback.reel is not None:
            mask_exchange.save(self._window, self._shop.mask_exchange)
            return
        name = self._ask_target(self.tr("Export mask"), "-mask.png", "PNG (*.png)")
        if name:
            path = Path(name)
            self._shop.files.export_mask(path if path.suffix.lower() == ".png" else path.with_name(f"{path.name}.png"))

    def mask_file(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self._window, self.tr("Mask from file"))
        if name:
            self._shop.files.import_mask(Path(name))

    def _ask_target(self, title: str, suffix: str, filters: str) -> str:
        sheet = self._editor.sheet
        source = sheet.title.project or sheet.title.path if sheet is not None else None
        stem = (source.stem if source is not None else self.tr("untitled")) + suffix
        start = str(source.parent / stem) if source is not None else stem
        name, _ = QFileDialog.getSaveFileName(self._window, title, start, filters)
        return name

    def erase(self) -> None:
        """Ctrl+Enter: erase from the picture; from a film, show what would become of this frame."""
        if self._shop.playback.reel is not None:
            self._shop.previewing.frame()
        else:
            self._shop.erasing.erase()

    # ---- the clipboard

    def copy(self) -> None:
        """The result as a picture on the clipboard; made elsewhere."""
        sheet = self._editor.sheet
        if sheet is None:
            return
        state = sheet.document.state

        def work() -> QImage:
            whole = Box(0, 0, state.size[1], state.size[0])
            pixels = sheet.shown.to_display(composite(state, sheet.document.pixels, whole))
            return QImage(pixels.data, whole.w, whole.h, 3 * whole.w, QImage.Format.Format_RGB888).copy()

        def done(image: QImage) -> None:
            QGuiApplication.clipboard().setImage(image)
            self._editor.tell(Notice(Weight.DONE, self.tr("The result is on the clipboard.")))

        self._shop.tasks.run(self.tr("Copying"), work, done, lambda error: self._editor.tell(of_error(error)))

    def copy_command(self) -> None:
        """The line that does the same on the command line; a hand-drawn mask is written beside it as a file."""
        sheet, info = self._editor.sheet, self._shop.erasing.info
        if sheet is None or info is None or sheet.title.path is None:
            self._editor.tell(Notice(Weight.INFO, self.tr("This needs a picture that has a file, and an engine.")))
            return
        state, source = self._editor.state, sheet.title.path
        only_text = _is_all_text(state)
        masks = self._shop.folder / "masks"
        mask = None if only_text else masks / f"{source.stem}-{int(time.time())}.png"
        spared = state.masks.has(LayerRole.NO_SAMPLE)
        no_sample = masks / f"{source.stem}-{int(time.time())}-no-sample.png" if spared else None
        options, device = self._shop.erasing.changed_options(info.card), self._shop.settings.value.device
        task = self._shop.erasing.task
        recipe = Recipe(info.card.id, only_text, mask, options, device, no_sample, task)
        target = source.with_name(f"{source.stem}-clean{source.suffix}")
        masks.mkdir(parents=True, exist_ok=True)
        if mask is not None:
            self._shop.files.export_mask(mask)
        if no_sample is not None:
            self._shop.files.export_mask(no_sample, LayerRole.NO_SAMPLE)
        QGuiApplication.clipboard().setText(recipe.command(source, target))
        self._editor.tell(Notice(Weight.DONE, self.tr("The command is on the clipboard.")))

    # ---- masks and views

    def amount(self, label: str, make: Callable[[int, tuple[int, int]], Operation]) -> None:
        """Ask for pixels, then apply the operation."""
        pixels, ok = QInputDialog.getInt(self._window, label, self.tr("Pixels"), 4, 1, 200)
        if ok:
            self._editor.operate(label, partial(make, pixels))

    def compare(self, mode: Compare) -> None:
        canvas = self._window.canvas
        canvas.set_compare(Compare.OFF if canvas.compare is mode else mode)

    def ants(self) -> None:
        look = self._shop.settings.value.mask_look
        self._shop.settings.update(mask_look=MaskLook.TINT if look is MaskLook.ANTS else MaskLook.ANTS)

    def cancel(self) -> None:
        """Esc: the gesture, then what runs, then a comparison, then the notice."""
        window = self._window
        shop = self._shop
        if self._editor.escape():
            return
        stopped = [
            job.cancel() for job in (shop.selecting, shop.following, shop.mask_exchange, shop.previewing, shop.erasing)
        ]
        if any(stopped):
            return
        if window.canvas.compare is not Compare.OFF:
            window.canvas.set_compare(Compare.OFF)
        else:
            window.notices.dismiss()

    def key(self, event: QKeyEvent, *, pressed: bool) -> bool:
        """Keys that work while they are held, and those for the brush."""
        if event.text() in ("[", "]") and pressed:
            factor = _BRUSH_STEP if event.text() == "]" else 1 / _BRUSH_STEP
            size = self._editor.settings.size * factor
            self._editor.set_tool(size=float(min(max(round(size), 1), 1000)))
            return True
        if event.text() == "\\" or event.key() == Qt.Key.Key_Backslash:
            if not event.isAutoRepeat():
                self._window.compare_bar.hold(pressed)
            return True
        return False

    # ---- dialogs

    def preferences(self) -> None:
        from app.ui.settings_dialog import SettingsDialog

        SettingsDialog(self._window, self._shop).open()

    def shortcuts(self) -> None:
        from app.ui.shortcuts_dialog import ShortcutsDialog

        ShortcutsDialog(self._window, self._shop.settings).open()

    def models(self) -> None:
        from app.ui.models_dialog import ModelsDialog

        ModelsDialog(self._window, self._shop).open()

    def log(self) -> None:
        from app.ui.about import LogDialog

        LogDialog(self._window, self._shop.log_path).open()

    def about(self) -> None:
        from app.ui.about import AboutDialog

        AboutDialog(self._window, self._shop.library).open()

    def diagnostics(self) -> None:
        from app.ui.about import diagnostics

        QGuiApplication.clipboard().setText(diagnostics(self._shop.log_path))
        self._editor.tell(Notice(Weight.DONE, self.tr("Diagnostics are on the clipboard. Nothing was sent.")))

    def remedy(self, remedy: Remedy) -> None:
        """The button of a notice."""
        {Remedy.MODELS: self.models, Remedy.LOG: self.log}.get(remedy, lambda: None)()

    def settings_changed(self) -> None:
        """Take up what the preferences say."""
        value = self._shop.settings.value
        self._window.actions_.set_keys(self._shop.settings)
        self._window.actions_.by_id["ants"].setChecked(value.mask_look is MaskLook.ANTS)
        self.fill_recent_menu()
        application = QApplication.instance()
        if value.theme is not self._dressed and isinstance(application, QApplication):
            self._dressed = value.theme
            self._window.restyle(theme.apply(application, value.theme))

    def fill_recent_menu(self) -> None:
        self.fill_recent(self._window.actions_.recent)


def _is_all_text(state: State) -> bool:
    """Whether the mask is exactly all the text that was found."""
    text = state.masks.text
    return bool(text.lines) and len(text.chosen) == len(text.lines) and not state.masks.layers
