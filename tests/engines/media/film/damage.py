"""Reads damaged films, one after the other, and says of each how it went. Run as a program, so that a crash is seen.

Arguments: files. A line each: ``frames N`` or ``told: `` and the sentence for the person.
"""

from __future__ import annotations

import sys
from pathlib import Path

from engines.core.faults import EngineError
from engines.media.film.reader import open_film


def look(path: Path) -> str:
    """Open the film, decode some of it, and go back and forth in it."""
    try:
        with open_film(path, cache_bytes=2_000_000) as film:
            shown = sum(1 for frame in film.frames(0, min(len(film), 60)) if frame.native.width)
            for index in (len(film) - 1, len(film) // 2, 0):
                film.frame(index).pixels.sum()
            return f"frames {shown}"
    except EngineError as error:
        return f"told: {error}".replace("\n", "<newline>")


if __name__ == "__main__":
    for name in sys.argv[1:]:
        print(look(Path(name)), flush=True)  # noqa: T201
