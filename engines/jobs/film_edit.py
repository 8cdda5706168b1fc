"""What is done to a film, as its export sees it: patches for frames. The engines' side implements it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from engines.core.context import Context
from engines.core.types import Patch
from engines.media.film.film import Film, Frame


class FilmEdit(Protocol):
    """What is done to a film.

    A frame's patches may depend on other frames, but not on where ``edited`` was told to start: segments are
    made one at a time, in any run, and must come out the same.
    """

    def key(self, start: int, stop: int) -> str:
        """All that decides the patches of frames ``start`` to ``stop`` (masks, engine, options), as a checksum.

        Empty where nothing is edited there: the frames are passed on without asking for patches.
        """
        ...

    def edited(self, film: Film, start: int, stop: int, ctx: Context) -> Iterator[tuple[Frame, Sequence[Patch]]]:
        """Each of the frames ``start`` to ``stop``, in order, with its patches (none: it is passed on).

        Runs in a thread of its own; ``film`` may be asked for any frame, before and after them, too.
        Boxes are in the picture as shown; ``Frame.region`` is cheaper than ``Frame.pixels``.
        """
        ...


class Untouched:
    """The edit that changes nothing."""

    def key(self, start: int, stop: int) -> str:
        del start, stop
        return ""

    def edited(self, film: Film, start: int, stop: int, ctx: Context) -> Iterator[tuple[Frame, Sequence[Patch]]]:
        del ctx
        return ((frame, ()) for frame in film.frames(start, stop))
