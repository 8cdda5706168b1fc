"""What was open, kept apart from the person's files, for the start after a crash."""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import psutil

from app.document.project import SUFFIX, save_project
from app.document.state import State
from engines.core.atomic import write_bytes
from engines.core.types import Alpha, Pixels


@dataclass(frozen=True, slots=True)
class Leftover:
    """An autosaved project of a process that is gone. ``name``: what was open; ``project``: its own file, if any."""

    path: Path
    name: str
    project: Path | None
    saved: float


class Recovery:
    """One autosave file for this process, in ``folder``. ``save`` may be called from any one thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / f"{os.getpid()}{SUFFIX}"

    def save(self, state: State, pixels: Pixels, alpha: Alpha | None, about: tuple[str, Path | None]) -> None:
        """Keep this; raises ``EngineError`` where the disk refuses."""
        self._folder.mkdir(parents=True, exist_ok=True)
        save_project(self._path, state, pixels, alpha)
        name, project = about
        note = {"pid": os.getpid(), "born": _born(os.getpid()), "name": name, "project": str(project or "")}
        write_bytes(self._path.with_suffix(".json"), json.dumps(note).encode())

    def forget(self) -> None:
        """Nothing needs to be kept (any more)."""
        _delete(self._path)

    def leftovers(self) -> list[Leftover]:
        """Those of processes that did not end well, newest first."""
        found: list[Leftover] = []
        for path in self._folder.glob(f"*{SUFFIX}"):
            note = _note(path)
            pid, born = note.get("pid"), note.get("born")
            if isinstance(pid, int) and _born(pid) == born:
                continue
            project = str(note.get("project") or "")
            name = str(note.get("name") or path.stem)
            found.append(Leftover(path, name, Path(project) if project else None, path.stat().st_mtime))
        return sorted(found, key=lambda item: -item.saved)


def discard(leftover: Leftover) -> None:
    """The person does not want it."""
    _delete(leftover.path)


def _delete(path: Path) -> None:
    for file in (path, path.with_suffix(".json")):
        with contextlib.suppress(OSError):
            file.unlink()


def _note(path: Path) -> dict[str, object]:
    try:
        table: object = json.loads(path.with_suffix(".json").read_bytes())
    except (OSError, ValueError):
        return {}
    return cast("dict[str, object]", table) if isinstance(table, dict) else {}


def _born(pid: int) -> float:
    """When the process started: numbers of processes are used again."""
    try:
        return float(psutil.Process(pid).create_time())
    except psutil.Error:
        return 0.0
