"""Opens films into sheets. Slow: called off the window's thread. No Qt."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from app.document.document import Document
from app.document.state import Clip, Source, State
from app.state.reel import Reel, display, moment_of
from app.state.sheet import Loaded, Sheet, Shown, Title
from engines.core.faults import EngineError, Fault

if TYPE_CHECKING:
    from engines.media.film.film import Film

_SEALED = 1 << 20
"""Bytes of a film's beginning, and of its end, that its seal is made of."""

_CACHE = 192 << 20
"""Bytes of decoded frames that the editor keeps."""


def load_film(path: Path) -> Loaded:
    """A film that nothing has been done to; raises ``EngineError``."""
    film = _opened(path)
    return _loaded(film, State.fresh(_source(path, film)), Title(path.name, path))


def reopened_film(project: Path, path: Path, state: State, notes: tuple[str, ...]) -> Loaded:
    """The film of a project; raises ``EngineError`` where it is another one."""
    film = _opened(path)
    source = _source(path, film)
    known = state.source.film
    if known is None or (source.size, known.frames) != (state.size, len(film)):
        film.close()
        height, width = state.size
        frames = 0 if known is None else known.frames
        message = f"{path.name} is not the film that {project.name} was made for: "
        message += f"that one has {frames} frames of {width} × {height} pixels."
        raise EngineError(Fault.UNREADABLE, message, "Open the project again and choose the right film.")
    state = replace(state, source=source)
    loaded = _loaded(film, state, Title(project.name, path, project), notes)
    loaded.sheet.saved = state
    return loaded


def film_seal(path: Path) -> str:
    """The SHA-256 of a film's length, beginning and end: films are too large to be read whole when they are opened."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            digest = hashlib.sha256(str(size).encode())
            for start in (0, max(size - _SEALED, 0)):
                file.seek(start)
                digest.update(file.read(_SEALED))
    except OSError as error:
        raise EngineError(Fault.UNREADABLE, f"{path} cannot be read: {error.strerror or error}.") from error
    return digest.hexdigest()


def _opened(path: Path) -> Film:
    from engines.media.film.reader import open_film

    return open_film(path, cache_bytes=_CACHE)


def _source(path: Path, film: Film) -> Source:
    dtype = "uint16" if film.info.layout.bits > 8 else "uint8"
    return Source(path, film.info.size, dtype, film_seal(path), Clip(len(film), film.info.rate))


def _loaded(film: Film, state: State, title: Title, notes: tuple[str, ...] = ()) -> Loaded:
    moment = moment_of(film.frame(0))
    shown, reel = Shown(moment.levels, moment.alpha, display), Reel(film, film.info.path)
    sheet = Sheet(Document(state, moment.pixels), shown, title, reel=reel)
    return Loaded(sheet, None, (*notes, *_remarks(film)))


def _remarks(film: Film) -> tuple[str, ...]:
    """What the person should know before the work begins."""
    if film.info.colour.hdr:
        return ("This film is HDR; it is shown here without tone mapping, so that it looks paler than it is.",)
    return ()
