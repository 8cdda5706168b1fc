"""A film that is open: its frames by number, the moment that is looked at, and what of it is chosen. No Qt.

All of this is how the person looks at the film. What is undone and saved is in the document.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from app.document.pyramid import Plane, build_levels
from app.state.display import eight_bits
from engines.core.tracks import Span
from engines.core.types import Alpha, Patch, Pixels

if TYPE_CHECKING:
    from engines.media.film.film import Film, Frame

Picture = NDArray[np.uint8]
"""``(h, w, 4)`` BGRA, opaque, of whatever size it is shown in."""


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """One exact frame, made ready off the window's thread. ``levels``: its pyramid in 8 bits."""

    index: int
    pixels: Pixels
    levels: tuple[Plane, ...]
    alpha: tuple[Plane, ...] | None
    damaged: bool = False

    @property
    def nbytes(self) -> int:
        """What it holds in memory."""
        planes = (*self.levels[1:], *(self.alpha or ()))
        base = 0 if self.levels[0] is self.pixels else self.levels[0].nbytes
        return int(self.pixels.nbytes + base + sum(plane.nbytes for plane in planes))


@dataclass(slots=True, eq=False)
class Reel:
    """``frame``: the playhead. ``span``: from the in point up to, not including, the frame behind the out point.

    ``track``: the number of the track that is painted on. ``previews``: what an engine painted into frames.
    """

    film: Film
    path: Path
    frame: int = 0
    track: int = 0
    span: tuple[int, int] = field(init=False)
    previews: dict[int, tuple[Patch, ...]] = field(default_factory=dict)
    _keys: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self.span = (0, len(self.film))
        self._keys = list(self.film.keys())

    @property
    def frames(self) -> int:
        return len(self.film)

    def key_in(self, start: int, stop: int) -> int | None:
        """The first frame of ``start`` to ``stop`` (excluded) from which decoding can begin."""
        at = bisect_left(self._keys, start)
        return self._keys[at] if at < len(self._keys) and self._keys[at] < stop else None

    @property
    def chosen_span(self) -> tuple[Span, ...]:
        """From the in to the out point, where the person has set one."""
        return () if self.whole else (Span(*self.span),)

    @property
    def whole(self) -> bool:
        """Whether the in and out points are the film's ends."""
        return self.span == (0, self.frames)


def moment_of(frame: Frame) -> Moment:
    """The exact picture of a frame, ready to be looked at. Slow."""
    pixels, alpha = frame.pixels, frame.alpha
    levels = build_levels(eight_bits(pixels, _white(pixels)))
    return Moment(
        frame.index, pixels, levels, None if alpha is None else build_levels(opacity(alpha)), damaged=frame.damaged
    )


def picture_of(moment: Moment, size: tuple[int, int]) -> Picture:
    """The frame as a picture of ``size`` = (height, width), from the level that is next larger."""
    level = next((plane for plane in reversed(moment.levels) if plane.shape[0] >= size[0]), moment.levels[0])
    way = cv2.INTER_AREA if level.shape[0] >= size[0] else cv2.INTER_LINEAR
    return np.asarray(cv2.cvtColor(cv2.resize(level, size[::-1], interpolation=way), cv2.COLOR_RGB2BGRA), np.uint8)


def opacity(samples: NDArray[np.generic]) -> Alpha:
    """An alpha plane of any depth in 8 bits."""
    return np.asarray(samples if samples.dtype == np.uint8 else np.asarray(samples) >> 8, np.uint8)


def display(pixels: Pixels) -> Pixels:
    """Film samples as the screen shows them: their own transfer, in 8 bits."""
    return eight_bits(pixels, _white(pixels))


def _white(pixels: Pixels) -> float:
    return 1.0 if pixels.dtype.kind == "f" else float(np.iinfo(str(pixels.dtype)).max)
