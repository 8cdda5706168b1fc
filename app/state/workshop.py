"""All of the editor's state, wired together once; the window is given this and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject

from app.state.editor import Editor
from app.state.erasing import Erasing
from app.state.exporting import Exporting
from app.state.files import Files
from app.state.film_look import painted
from app.state.film_tracks import FilmTracks
from app.state.finding import TextFinding
from app.state.following import Following
from app.state.host import Client, EngineHost
from app.state.jobs import JobQueue
from app.state.library import Library
from app.state.mask_exchange import MaskExchange
from app.state.measurements import Measurements
from app.state.playback import Playback
from app.state.previewing import Previewing
from app.state.qt_sink import open_sink
from app.state.reel import Picture
from app.state.selecting import Selecting
from app.state.settings import SettingsStore
from app.state.shadows import ShadowFinding
from app.state.sound import Loudspeaker
from app.state.tasks import Tasks
from app.state.thumbnails import Thumbnails
from app.state.trying import Trying
from engines.catalog import Catalog
from engines.store import Store


class Workshop(QObject):
    """``folder``: where the program keeps what it remembers."""

    def __init__(
        self, client: Client, catalog: Catalog, store: Store, folder: Path, exporter: Callable[[], Client] | None = None
    ) -> None:
        """``exporter``: makes the engine process of the exports; None: they share the editor's."""
        super().__init__()
        self.folder = folder
        self.settings = SettingsStore(folder / "settings.json", self)
        self.tasks = Tasks(self)
        self.fetching = Tasks(self)
        """Downloads and imports of weights: they must not hold anything else up."""
        self.host = EngineHost(client, self)
        self.queue = JobQueue(self.host, self)
        self.library = Library(catalog, store, self)
        self.measurements = Measurements(folder / "measurements.json")
        self.editor = Editor(self.tasks, self)
        self.erasing = Erasing(self.editor, self.queue, self.library, self.measurements, self.settings)
        self.trying = Trying(self.erasing)
        self.finding = TextFinding(self.editor, self.queue, self.settings)
        self.shadows = ShadowFinding(self.editor)
        self.selecting = Selecting(self.editor, self.queue, self.library, self.settings)
        self.playback = Playback(self.editor)
        self.tracks = FilmTracks(self.playback)
        self.thumbnails = Thumbnails(self.playback)
        self.following = Following(self.playback, self.tracks, self.queue, self.settings)
        self.mask_exchange = MaskExchange(self.playback, self.tracks, self.queue)
        self.loudspeaker = Loudspeaker(self.playback, self.tasks, self.settings, open_sink)
        self.previewing = Previewing(self.playback, self.queue, self.settings)
        self.playback.paint = self._paint
        self.exporting = Exporting(
            self.editor, self.settings, self.tasks, folder / "exports", exporter or (lambda: client)
        )
        self.files = Files(self.editor, self.settings, folder)
        self.erasing.beginning.connect(self.files.autosave)
        self.settings.changed.connect(self._apply)
        self._apply()

    @property
    def log_path(self) -> Path:
        """What the program and its engines log."""
        return self.folder / "log.txt"

    def close(self) -> None:
        """Cancel what runs, end the engine process, leave nothing to recover."""
        self.queue.cancel_all()
        self.playback.close()
        self.thumbnails.close()
        self.files.close()
        self.exporting.close()
        self.tasks.close()
        self.fetching.close()
        self.host.close()
        if self.editor.sheet is not None:
            self.editor.sheet.document.close()

    def _paint(self, index: int, picture: Picture) -> Picture:
        """What is drawn over a frame that plays; called in the decoding thread."""
        sheet, value = self.editor.sheet, self.settings.value
        if sheet is None or sheet.reel is None:
            return picture
        colour = int(value.mask_colour.lstrip("#"), 16)
        rgb = colour >> 16 & 255, colour >> 8 & 255, colour & 255
        return painted(sheet.reel, sheet.document.state.tracks, (rgb, value.mask_opacity), index, picture)

    def _apply(self) -> None:
        self.editor.set_history_budget(self.settings.value.history_mb << 20)
