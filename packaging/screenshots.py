"""Writes pictures of the editor's main states, in dark and light: ``python packaging/screenshots.py docs/screenshots``.

Needs no screen. The engine that erases in them is the one recommended on this machine.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication, QWidget

    from app.state.settings import Theme
    from app.ui.window import Window

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))


def main(target: Path) -> int:
    """0 when all were written."""
    from PySide6.QtWidgets import QApplication

    from app.state.settings import Theme

    application = QApplication([])
    target.mkdir(parents=True, exist_ok=True)
    for shade in (Theme.DARK, Theme.LIGHT):
        with tempfile.TemporaryDirectory() as folder:
            _shoot(application, Path(folder), target, shade)
    return 0


def _shoot(application: QApplication, folder: Path, target: Path, shade: Theme) -> None:
    from app.main import open_workshop
    from app.ui import theme
    from app.ui.window import Window

    shop = open_workshop(folder)
    shop.settings.update(theme=shade)
    window = Window(shop, theme.apply(application, shade))
    window.resize(1360, 860)
    window.show()
    camera = Camera(application, window, target, shade.value)
    try:
        _states(camera, window)
        _film_states(camera, window)
    finally:
        sheet = shop.editor.sheet
        if sheet is not None:
            sheet.exported = sheet.document.state
        window.close()


class Camera:
    """Waits until all is drawn, then takes a picture."""

    def __init__(self, application: QApplication, window: Window, target: Path, shade: str) -> None:
        self.application = application
        self.window = window
        self._target = target
        self._shade = shade

    def wait(self, true: Callable[[], object], seconds: float = 120) -> None:
        """Return when ``true()`` is; raises after a while."""
        end = time.monotonic() + seconds
        while not true():
            self.application.processEvents()
            time.sleep(0.01)
            if time.monotonic() > end:
                raise TimeoutError(true)

    def settle(self, seconds: float = 0.4) -> None:
        """Let what was begun be finished."""
        until = time.monotonic() + seconds
        self.wait(lambda: time.monotonic() > until and not self.window.workshop.tasks.running)

    def take(self, name: str, widget: QWidget | None = None) -> None:
        """Write ``<name>-<shade>.jpg``."""
        self.settle()
        (widget or self.window).grab().save(str(self._target / f"{name}-{self._shade}.jpg"), "JPG", 90)


def _film_states(camera: Camera, window: Window) -> None:
    """A film with tracks of all three kinds, and its export dialog."""
    from app.document import track_verbs
    from engines.core.mask_ops import box_mask, polygon_mask
    from engines.core.tracks import MaskTrack, TrackKind
    from engines.core.types import Box

    shop, editor = window.workshop, window.workshop.editor
    sheet = editor.sheet
    if sheet is not None:
        sheet.exported = sheet.document.state
    window.commands.sample_film()
    camera.wait(lambda: shop.playback.reel is not None)
    size = editor.state.size
    mark = MaskTrack("Station mark", TrackKind.STATIC, size, {0: box_mask(Box(530, 10, 105, 40), size)})
    state = track_verbs.insert_track(editor.state, mark)
    outline = ((92, 229), (99, 225), (121, 178), (126, 170), (158, 227), (166, 229), (155, 248), (100, 248))
    boat = MaskTrack("Boat", TrackKind.TRACKED, size, {40: polygon_mask(outline, size)})
    editor.do("tracks", track_verbs.insert_track(state, boat))
    shop.tracks.choose(1)
    shop.playback.set_span(20, 90)
    shop.following.track()
    camera.wait(lambda: shop.following.running is None)
    shop.following.find_titles()
    camera.wait(lambda: shop.following.running is None)
    window.notices.dismiss()
    shop.tracks.choose(1)
    shop.playback.go(52)
    camera.settle(1.5)
    camera.take("film")
    shop.playback.set_span(20, 22)
    shop.previewing.frame()
    camera.wait(lambda: shop.previewing.there)
    camera.settle(1.0)
    camera.take("film-preview")
    window.commands.export()
    dialog = camera.application.activeModalWidget()
    if dialog is None:
        raise RuntimeError("film export")
    camera.settle(1.0)
    camera.take("film-export", dialog)
    dialog.close()


def _states(camera: Camera, window: Window) -> None:
    from app.ui.compare import Compare

    shop, editor = window.workshop, window.workshop.editor
    camera.take("start")
    window.commands.sample()
    camera.wait(lambda: editor.sheet is not None)
    shop.finding.find()
    camera.wait(lambda: editor.state.masks.text.lines)
    editor.use("text")
    camera.take("text")
    if shop.library.erasers and any(info.ready for info in shop.library.erasers):
        shop.erasing.erase()
        camera.wait(lambda: editor.state.edits)
        window.notices.dismiss()
        editor.use("brush")
        camera.take("erased")
        for mode in (Compare.SPLIT, Compare.SIDE):
            window.canvas.set_compare(mode)
            camera.take(mode.value)
        window.canvas.set_compare(Compare.OFF)
    for name, show in (
        ("preferences", window.commands.preferences),
        ("models", window.commands.models),
        ("export", window.commands.export),
        ("shortcuts", window.commands.shortcuts),
        ("about", window.commands.about),
    ):
        show()
        dialog = camera.application.activeModalWidget()
        if dialog is None:
            raise RuntimeError(name)
        camera.settle()
        camera.take(name, dialog)
        dialog.close()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/screenshots")))
