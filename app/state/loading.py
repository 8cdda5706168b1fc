"""Reads pictures and projects into sheets. Slow: called off the window's thread. No Qt."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from app.document.document import Document
from app.document.project import SUFFIX, file_hash, find_source, load_project
from app.document.pyramid import build_levels
from app.document.state import Source, State
from app.state.display import ToDisplay, eight_bits
from app.state.film_loading import film_seal, reopened_film
from app.state.sheet import Loaded, Sheet, Shown, Title
from engines.core.faults import EngineError, Fault
from engines.core.types import Alpha, Pixels, readonly

if TYPE_CHECKING:
    from engines.media.picture import Picture

PICTURES = (
    "jpg", "jpeg", "jpe", "jfif", "png", "tif", "tiff", "webp", "bmp", "heic", "heif", "avif",
)  # fmt: skip
"""Suffixes that the dialogs offer."""

FILMS = (
    "mp4", "m4v", "mov", "mkv", "webm", "avi", "ts", "m2ts", "mts", "mpg", "mpeg", "wmv", "flv", "mxf", "ogv", "3gp",
    "gif",
)  # fmt: skip
"""Suffixes of what is opened as a film."""


class SourceMissing(Exception):  # noqa: N818 - a question, not an error: where is it?
    """The picture of a project is not where it was."""

    def __init__(self, project: Path, picture: str) -> None:
        super().__init__(project, picture)
        self.project = project
        self.picture = picture


def load_picture(path: Path) -> Loaded:
    """A picture that nothing has been done to; raises ``EngineError``."""
    picture = _read(path)
    state = State.fresh(_source(path, picture))
    return Loaded(_sheet(state, picture, Title(path.name, path)), picture, picture.stored.notes)


def load_sheet(path: Path, scratch: Path, source: Path | None = None) -> Loaded:
    """A project with its picture, which is looked for, or is ``source``.

    ``scratch``: a folder for pictures that travel inside projects. Raises ``EngineError`` or ``SourceMissing``.
    """
    project = load_project(path)
    state = project.state
    notes: tuple[str, ...] = ()
    if project.pixels is not None:
        from engines.media.images import write_png

        place = scratch / f"{path.stem}.png"
        write_png(project.pixels, place, overwrite=True)
    else:
        found = source or find_source(path, project)
        if found is None:
            raise SourceMissing(path, state.source.path.name if state.source.path is not None else "")
        place, notes = found, _moved(state, found)
    if state.source.film is not None:
        return reopened_film(path, place, state, notes)
    picture = _read(place)
    if picture.size != state.size or str(picture.pixels.dtype) != state.source.dtype:
        height, width = state.size
        raise EngineError(
            Fault.UNREADABLE,
            f"{place.name} is not the picture that {path.name} was made for: that one is {width} × {height} pixels.",
            "Open the project again and choose the right picture.",
        )
    state = replace(state, source=_source(place, picture))
    title = Title(path.name, None if project.pixels is not None else place, path)
    sheet = _sheet(state, picture, title)
    sheet.saved = state
    return Loaded(sheet, picture, (*notes, *picture.stored.notes))


def is_project(path: Path) -> bool:
    return path.suffix.lower() == SUFFIX


def is_film(path: Path) -> bool:
    return path.suffix.lower().lstrip(".") in FILMS


def _moved(state: State, found: Path) -> tuple[str, ...]:
    notes: list[str] = []
    if found != state.source.path:
        notes.append(f"It was found in another place: {found}.")
    seal = file_hash if state.source.film is None else film_seal
    if state.source.sha256 and seal(found) != state.source.sha256:
        notes.append(f"{found.name} has been changed since this project was saved; the edits may not fit it any more.")
    return tuple(notes)


def _read(path: Path) -> Picture:
    from engines.media.images import DEFAULT_MAX_PIXELS, read_picture

    return read_picture(path, DEFAULT_MAX_PIXELS)


def _source(path: Path, picture: Picture) -> Source:
    return Source(path, picture.size, str(picture.pixels.dtype), file_hash(path))


def _sheet(state: State, picture: Picture, title: Title) -> Sheet:
    from engines.pipeline.composite import scale_of

    convert = display_of(picture.stored.metadata.icc, scale_of(picture.pixels))
    alpha = None if picture.alpha is None else _alpha(picture.alpha)
    shown = Shown(build_levels(convert(picture.pixels)), None if alpha is None else build_levels(alpha), convert)
    return Sheet(Document(state, picture.pixels, alpha), shown, title)


def _alpha(samples: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> Alpha:
    if samples.dtype == np.uint8:
        return np.asarray(samples, np.uint8)
    top = 1.0 if samples.dtype.kind == "f" else float(np.iinfo(str(samples.dtype)).max)
    return np.asarray(readonly(np.rint(np.clip(samples.astype(np.float32) / top, 0, 1) * 255).astype(np.uint8)))


def display_of(icc: bytes, scale: float) -> ToDisplay:
    """What turns pixels of that profile, in which ``scale`` is white, into 8-bit sRGB."""
    from engines.media.display import to_srgb

    convert = to_srgb(icc)

    def shown(pixels: Pixels) -> Pixels:
        small = eight_bits(pixels, scale)
        return small if convert is None else convert(small)

    return shown


__all__ = ["FILMS", "PICTURES", "Loaded", "SourceMissing", "is_film", "is_project", "load_picture", "load_sheet"]
