"""What is known of a film without looking at its pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from fractions import Fraction
from pathlib import Path


class Kind(Enum):
    """The kinds of stream in a film."""

    VIDEO = "video"
    AUDIO = "audio"
    SUBTITLE = "subtitle"
    DATA = "data"
    ATTACHMENT = "attachment"


@dataclass(frozen=True, slots=True)
class StreamInfo:
    """One stream. ``start`` and ``duration`` in seconds, None where the file does not tell."""

    index: int
    kind: Kind
    codec: str
    time_base: Fraction
    start: Fraction | None = None
    duration: Fraction | None = None
    dispositions: frozenset[str] = frozenset()
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """How a person calls it: ``audio (aac, ger)``."""
        language = self.metadata.get("language", "und")
        return f"{self.kind.value} ({self.codec}{'' if language == 'und' else ', ' + language})"


@dataclass(frozen=True, slots=True)
class Chapter:
    """A titled part of the film, in seconds."""

    start: Fraction
    end: Fraction
    title: str


@dataclass(frozen=True, slots=True)
class Colour:
    """How code values stand for colours: code points of ITU-T H.273; 2 stands for untagged.

    ``range``: 0 untagged, 1 limited (16..235 of 8 bits), 2 full.
    """

    matrix: int = 2
    range: int = 0
    transfer: int = 2
    primaries: int = 2

    @property
    def hdr(self) -> bool:
        """Whether the transfer is PQ (16) or HLG (18)."""
        return self.transfer in (16, 18)


@dataclass(frozen=True, slots=True)
class Layout:
    """How samples are stored: FFmpeg's pixel format, bits per sample, chroma subsampling as powers of two."""

    name: str
    bits: int
    across: int
    down: int
    alpha: bool
    rgb: bool

    @property
    def chroma(self) -> str:
        """``4:2:0`` and the like; ``RGB`` where there is no chroma."""
        names = {(0, 0): "4:4:4", (1, 0): "4:2:2", (1, 1): "4:2:0", (2, 0): "4:1:1", (0, 1): "4:4:0", (2, 2): "4:1:0"}
        return "RGB" if self.rgb else names.get((self.across, self.down), "other")


@dataclass(frozen=True, slots=True)
class Light:
    """The light of an HDR film (SMPTE ST 2086 and CTA-861.3).

    ``primaries``: red, green, blue and white as CIE x, y; ``luminance``: least and most of the mastering
    display in candela per square metre; ``max_cll``, ``max_fall``: brightest pixel and brightest mean of a
    frame in the same unit. None and 0: not told. ``dynamic``: scene by scene metadata (HDR10+, Dolby Vision).
    """

    primaries: tuple[tuple[Fraction, Fraction], ...] | None = None
    luminance: tuple[Fraction, Fraction] | None = None
    max_cll: int = 0
    max_fall: int = 0
    dynamic: frozenset[str] = frozenset()

    @property
    def told(self) -> bool:
        return self.primaries is not None or self.luminance is not None or self.max_cll > 0


@dataclass(frozen=True, slots=True)
class FilmInfo:
    """A film as its file tells of it.

    ``size``: (height, width) as shown, after rotation; ``coded``: as stored. ``orientation``: EXIF code 1..8
    that turns what is stored into what is shown. ``rate``: mean frames a second. ``variable``: whether frames
    are shown for unlike times; None where only the index tells (``Film.info`` has it). ``frames``: None
    likewise. ``field_order``: 0 unknown, 1 progressive, 2 to 5 interlaced (2, 4 top field first).
    """

    path: Path
    container: str
    video: int
    codec: str
    profile: str
    size: tuple[int, int]
    coded: tuple[int, int]
    orientation: int
    sample_aspect: Fraction
    rate: Fraction
    variable: bool | None
    time_base: Fraction
    layout: Layout
    colour: Colour
    light: Light
    field_order: int
    duration: Fraction | None
    frames: int | None
    bit_rate: int | None
    streams: tuple[StreamInfo, ...] = ()
    chapters: tuple[Chapter, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)
    display_matrix: tuple[int, ...] = ()

    @property
    def interlaced(self) -> bool:
        return self.field_order >= 2

    @property
    def others(self) -> tuple[StreamInfo, ...]:
        """All streams but the film's own pictures: sound, subtitles, cover art and the rest."""
        return tuple(stream for stream in self.streams if stream.index != self.video)
