"""The ``.cleanplate`` file: a zip of ``state.json``, masks and patches as PNG; the source by path and hash.

A picture that has no file (pasted) travels inside. Written beside its target, flushed and renamed, so that a
crash leaves the old file or the new one, whole.
"""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from app.document.codec import decode, encode
from app.document.plain import Json, Table, broken
from app.document.state import State
from engines.core.atomic import replacing
from engines.core.faults import EngineError, Fault
from engines.core.files import sha256_of
from engines.core.types import Alpha, Pixels, readonly

SUFFIX = ".cleanplate"
VERSION = 2

Migration = Callable[[Json], Json]


def _with_films(document: Json) -> Json:
    """Version 1 knew pictures only."""
    if isinstance(document, dict):
        state = document.get("state")
        if isinstance(state, dict) and isinstance(state.get("source"), dict):
            source = {**cast("dict[str, Json]", state["source"]), "film": None}
            return {**document, "state": {**state, "source": source, "tracks": []}}
    return document


MIGRATIONS: dict[int, Migration] = {1: _with_films}
"""From each older version to the next: a function over ``state.json``."""

_LARGEST_ENTRY = 4 << 30
"""Bytes; a zip that claims more for one file is not one of ours."""


@dataclass(frozen=True, slots=True, eq=False)
class Project:
    """What a project file holds. ``pixels`` and ``alpha`` only where the picture has no file of its own."""

    state: State
    pixels: Pixels | None = None
    alpha: Alpha | None = None
    relative: str = ""


def save_project(path: Path, state: State, pixels: Pixels, alpha: Alpha | None = None) -> None:
    """Write the project; ``pixels`` are kept inside where ``state.source`` has no path.

    Raises ``EngineError`` (NOT_WRITTEN); an older file of that name is then as it was.
    """
    with replacing(path) as beside, beside.open("wb") as file:
        _write(file, path, state, pixels, alpha)


def _write(file: io.BufferedWriter, path: Path, state: State, pixels: Pixels, alpha: Alpha | None) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        arrays = _ZipArrays(archive)
        document: dict[str, Json] = {"version": VERSION, "relative": _relative(path, state.source.path)}
        document["state"] = encode(state, arrays)
        if state.source.path is None:
            document["pixels"] = arrays.put(pixels, "source")
            document["transparency"] = "" if alpha is None else arrays.put(alpha, "source-alpha")
        archive.writestr("state.json", json.dumps(document, ensure_ascii=False, indent=1), zipfile.ZIP_DEFLATED)


def load_project(path: Path) -> Project:
    """Read a project; raises ``EngineError`` (UNREADABLE) for anything that is not one, or is damaged."""
    try:
        with zipfile.ZipFile(path) as archive:
            return _read(archive)
    except FileNotFoundError as error:
        raise EngineError(
            Fault.UNREADABLE, f"There is no file {path}.", "It may have been moved or renamed."
        ) from error
    except (OSError, zipfile.BadZipFile, KeyError, ValueError, RuntimeError, NotImplementedError) as error:
        raise EngineError(
            Fault.UNREADABLE, f"{path.name} is not a project file, or it is damaged.", "Open an older copy of it."
        ) from error


def _read(archive: zipfile.ZipFile) -> Project:
    arrays = _ZipArrays(archive)
    document = _migrated(json.loads(arrays.bytes_of("state.json")))
    table = Table(document)
    state = decode(document["state"], arrays)
    if state.source.path is not None:
        return Project(state, relative=table.text("relative"))
    pixels = arrays.get(table.text("pixels"))
    if pixels.shape != (*state.size, 3) or pixels.dtype != np.dtype(state.source.dtype):
        raise broken("pixels")
    transparency = table.text("transparency")
    return Project(state, pixels, arrays.get(transparency) if transparency else None)


def _migrated(document: Json) -> dict[str, Json]:
    version = Table(document).whole("version")
    if version > VERSION:
        raise EngineError(
            Fault.UNREADABLE, "This project was saved by a newer version of Cleanplate.", "Install the newer version."
        )
    while version < VERSION:
        document = MIGRATIONS[version](document)
        version += 1
    if not isinstance(document, dict) or "state" not in document:
        raise broken("state")
    return document


def find_source(project_path: Path, project: Project) -> Path | None:
    """Where the picture of a project is now: beside the project as before, or where it was; None if nowhere."""
    recorded = project.state.source.path
    if recorded is None:
        return None
    places = ([project_path.parent / project.relative] if project.relative else []) + [recorded]
    places.append(project_path.parent / recorded.name)
    return next((Path(os.path.normpath(place)) for place in places if place.is_file()), None)


def file_hash(path: Path) -> str:
    """The SHA-256 of a file, in hex; raises ``EngineError`` (UNREADABLE)."""
    try:
        return sha256_of(path)
    except OSError as error:
        raise EngineError(Fault.UNREADABLE, f"{path} cannot be read: {error.strerror or error}.") from error


def _relative(project: Path, source: Path | None) -> str:
    if source is None:
        return ""
    try:
        return Path(os.path.relpath(source.absolute(), project.absolute().parent)).as_posix()
    except ValueError:  # another drive
        return ""


class _ZipArrays:
    """Pictures and masks as PNG, floats as ``.npy``; both stored without further compression."""

    tiled = False

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive

    def put(self, array: NDArray[Any], name: str) -> str:
        if array.dtype in (np.uint8, np.uint16) and array.size:
            file = f"{name}.png"
            self._archive.writestr(file, _png(array))
        else:
            file, stream = f"{name}.npy", io.BytesIO()
            np.save(stream, array, allow_pickle=False)
            self._archive.writestr(file, stream.getvalue(), zipfile.ZIP_DEFLATED)
        return file

    def get(self, key: str) -> NDArray[Any]:
        data = self.bytes_of(key)
        if key.endswith(".npy"):
            return readonly(np.load(io.BytesIO(data), allow_pickle=False))
        array = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
        if array is None:
            raise broken(key)
        return readonly(cv2.cvtColor(array, cv2.COLOR_BGR2RGB) if array.ndim == 3 else np.asarray(array))

    def bytes_of(self, key: str) -> bytes:
        if self._archive.getinfo(key).file_size > _LARGEST_ENTRY:
            raise broken(key)
        return self._archive.read(key)


def _png(array: NDArray[Any]) -> bytes:
    # lossless whatever the level; 1 is four times as quick as the default and hardly larger for masks
    ordered = cv2.cvtColor(array, cv2.COLOR_RGB2BGR) if array.ndim == 3 else array
    done, data = cv2.imencode(".png", ordered, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    if not done:
        raise OSError("a picture could not be encoded")
    return bytes(data)
