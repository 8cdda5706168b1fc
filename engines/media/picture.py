"""A picture as its file holds it, and as it is shown and edited."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from engines.core.types import Pixels
from engines.media.formats import Format, Model

Samples: TypeAlias = NDArray[Any]
"""``(h, w)`` or ``(h, w, n)`` code values as stored: bool never; uint8, uint16, float16, float32 or float64."""

Touched: TypeAlias = NDArray[np.bool_]
"""``(h, w)``: which pixels an edit has changed, in the orientation of the file."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """What can move from one kind of file to another. Empty bytes: there is none.

    ``exif``: a TIFF structure (``II*`` or ``MM*`` first), without thumbnail. ``icc``: a profile. ``xmp``: an
    XMP packet. ``dpi``: pixels per inch across and down.
    """

    exif: bytes = b""
    icc: bytes = b""
    xmp: bytes = b""
    dpi: tuple[float, float] | None = None


class Traits(Protocol):
    """What only one kind of file can hold; each codec has its own."""

    @property
    def kind(self) -> Format: ...

    def left_behind(self) -> list[str]:
        """What another kind of file has no place for, in words."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Stored:
    """A picture in the samples, colour model and orientation of its file.

    ``samples``: ``(h, w)`` for grey and palette, else ``(h, w, 3 or 4)``; integers are right-aligned
    (0 .. 2**bits - 1, 0 is black). ``alpha``: ``(h, w)`` in the samples' own depth, or None. ``palette``:
    ``(n, 4)`` uint8 RGBA. ``key``: the one colour that stands for transparent (PNG). ``orientation``: EXIF's
    1..8. ``premultiplied``: the samples are already scaled by alpha. ``lossy``: the file's own compression is.
    ``notes``: what reading left out.
    """

    format: Format
    model: Model
    bits: int
    samples: Samples
    alpha: Samples | None = None
    palette: NDArray[np.uint8] | None = None
    key: tuple[int, ...] | None = None
    orientation: int = 1
    premultiplied: bool = False
    lossy: bool = False
    metadata: Metadata = field(default_factory=Metadata)
    traits: Traits | None = None
    notes: tuple[str, ...] = ()

    @property
    def floating(self) -> bool:
        return bool(np.issubdtype(self.samples.dtype, np.floating))

    @property
    def top(self) -> float:
        """The code value of white; 1 for floats."""
        return 1.0 if self.floating else float(2**self.bits - 1)


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A picture as it is shown and edited, with all that is needed to write it back.

    ``pixels``: ``(h, w, 3)`` RGB, uint8, uint16 or float32, read-only, EXIF orientation applied; grey is three
    equal channels. ``alpha``: ``(h, w)`` in the same orientation, or None. ``path``: where it was read.
    """

    pixels: Pixels
    alpha: Samples | None
    stored: Stored
    path: Path

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) as shown."""
        return int(self.pixels.shape[0]), int(self.pixels.shape[1])


_TAIL = 1024


class Damaged(Exception):  # noqa: N818 - it says what the file is
    """A codec found the file broken; the words go on from the file's name: ``is truncated``."""


class Unsupported(Exception):  # noqa: N818 - it says what the file is
    """A codec found something whole that it does not edit; the words go on from the file's name."""

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(reason, hint)
        self.reason = reason
        self.hint = hint


class TooLarge(Exception):  # noqa: N818 - it says what the file is
    """More pixels than allowed, found before any was decoded."""

    def __init__(self, width: int, height: int) -> None:
        super().__init__(width, height)
        self.width = width
        self.height = height


def check_size(width: int, height: int, max_pixels: int) -> None:
    """Raise ``Damaged`` for a picture without pixels and ``TooLarge`` for one of more than ``max_pixels``."""
    if width <= 0 or height <= 0:
        msg = f"is damaged: it claims to be {width} x {height} pixels"
        raise Damaged(msg)
    if width * height > max_pixels:
        raise TooLarge(width, height)


def check_tail(data: bytes) -> None:
    """Raise ``Damaged`` where a compressed file ends in nothing but zeros, as a copy does that broke off.

    For kinds whose decoders take zeros for data; no whole file of them ends in a thousand.
    """
    if len(data) > _TAIL and not any(data[-_TAIL:]):
        raise Damaged("is truncated: its end is empty")
