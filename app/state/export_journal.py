"""The queue of exports on disk: what was asked for survives the end of the program, however it comes. No Qt.

Of each export there is a project file with its masks, and a note of JSON beside it with all the rest.
"""

from __future__ import annotations

import contextlib
import json
import time
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from typing import cast

import numpy as np

from app.document.project import SUFFIX, load_project, save_project
from app.document.state import State
from app.state.export_choice import ExportChoice
from engines.core.atomic import write_bytes
from engines.core.faults import EngineError
from engines.core.tracks import MaskTrack


class ExportStatus(Enum):
    """How far an export is. Those that are done, failed or cancelled do not go on by themselves."""

    WAITING = "waiting"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, eq=False)
class Export:
    """``fill`` and ``device``: the image engine for what no frame shows, and where engines run.

    ``message``: why it failed, or what is to be known of the file; ``size``: its bytes; ``begun``: since 1970.
    """

    id: str
    choice: ExportChoice
    tracks: tuple[MaskTrack, ...] = ()
    fill: str = "auto"
    device: str = "auto"
    status: ExportStatus = ExportStatus.WAITING
    message: str = ""
    size: int = 0
    begun: float = field(default_factory=time.time)

    @property
    def target(self) -> Path:
        return Path(self.choice.target)


class Journal:
    """Exports in ``folder``, one pair of files each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(self, state: State, export: Export) -> None:
        """Keep an export with its masks; raises ``EngineError`` where the disk refuses."""
        self._folder.mkdir(parents=True, exist_ok=True)
        save_project(self._masks(export.id), state, np.zeros((0, 0, 3), np.uint8))
        self.note(export)

    def note(self, export: Export) -> None:
        """Keep how far it is."""
        table: dict[str, object] = {"choice": export.choice.plain(), "fill": export.fill, "device": export.device}
        table |= {"status": export.status.value, "message": export.message}
        table |= {"size": export.size, "begun": export.begun}
        write_bytes(self._note(export.id), json.dumps(table, ensure_ascii=False).encode())

    def forget(self, number: str) -> None:
        for path in (self._masks(number), self._note(number)):
            with contextlib.suppress(OSError):
                path.unlink()

    def load(self) -> list[Export]:
        """All of them, oldest first. What was at work when the program ended is paused now."""
        found = [export for note in self._folder.glob("*.json") if (export := self._read(note)) is not None]
        return sorted(found, key=lambda export: export.begun)

    def _read(self, note: Path) -> Export | None:
        """One export; None where its files are damaged: then there is nothing that could go on."""
        try:
            table = cast("dict[str, object]", json.loads(note.read_bytes()))
            export = Export(
                note.stem,
                ExportChoice.of_plain(cast("dict[str, object]", table["choice"])),
                load_project(self._masks(note.stem)).state.tracks,
                str(table["fill"]),
                str(table["device"]),
                ExportStatus(table["status"]),
                str(table["message"]),
                int(cast("int", table["size"])),
                float(cast("float", table["begun"])),
            )
        except (OSError, ValueError, TypeError, KeyError, AttributeError, EngineError):
            return None
        if export.status in (ExportStatus.RUNNING, ExportStatus.WAITING):
            return replace(export, status=ExportStatus.PAUSED)
        return export

    def _masks(self, number: str) -> Path:
        return self._folder / f"{number}{SUFFIX}"

    def _note(self, number: str) -> Path:
        return self._folder / f"{number}.json"
