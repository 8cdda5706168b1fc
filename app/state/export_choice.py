"""What an export is to be, as a plain value that is kept on disk; and the presets. No Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from enum import Enum
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from engines.core.faults import EngineError, Fault

if TYPE_CHECKING:
    from engines.jobs.film_pieces import ExportSettings
    from engines.media.film.info import FilmInfo, StreamInfo


class Preset(Enum):
    """What the person wants of the file."""

    SAME = "same"
    SMALL = "small"
    EDITING = "editing"


@dataclass(frozen=True, slots=True)
class ExportChoice:
    """``codec``: as the command line calls it; empty: the film's own where it can be written.

    ``quality``: a constant rate factor, less is better; None: looks like the source. ``encoder``: FFmpeg's name;
    empty: in software. ``start``, ``end``: seconds as ``numerator/denominator``; empty: all of the film.
    """

    source: str
    target: str
    codec: str = ""
    quality: float | None = None
    encoder: str = ""
    copy_untouched: bool = False
    leave_out: bool = False
    overwrite: bool = False
    start: str = ""
    end: str = ""

    def plain(self) -> dict[str, object]:
        """For JSON."""
        return asdict(self)

    @classmethod
    def of_plain(cls, table: Mapping[str, object]) -> ExportChoice:
        """What ``plain`` made; ``ValueError`` for anything else."""
        known = {f.name: f.default for f in fields(cls)}
        if not {"source", "target"} <= table.keys() <= known.keys():
            msg = "not an export"
            raise ValueError(msg)
        made = cls(**cast("dict[str, Any]", dict(table)))
        if not isinstance(made.source, str) or not isinstance(made.target, str):
            msg = "not an export"
            raise ValueError(msg)
        return made

    def settings(self) -> ExportSettings:
        """As the engines' side takes it."""
        from engines.jobs.film_pieces import ExportSettings
        from engines.media.film.encoders import Encoding
        from engines.media.film.formats import codec_named

        encoding = None
        if self.codec:
            encoding = Encoding(codec_named(self.codec), self.encoder or None, self.quality)
        return ExportSettings(
            Path(self.source),
            Path(self.target),
            encoding,
            Fraction(self.start) if self.start else None,
            Fraction(self.end) if self.end else None,
            leave_out=self.leave_out,
            copy_untouched=self.copy_untouched,
            overwrite=self.overwrite,
        )


SMALL_QUALITY = 25.0
"""A constant rate factor of H.265 at which films are about a third as large and still look good."""


def preset_choice(preset: Preset, info: FilmInfo, target: Path) -> ExportChoice:
    """The export that a preset stands for; its target has the ending that the preset needs."""
    from engines.media.film.formats import Codec

    plain = ExportChoice(str(info.path), str(target))
    match preset:
        case Preset.SMALL:
            ending = target.suffix if _takes(target, Codec.H265) else ".mp4"
            return replace(plain, target=str(target.with_suffix(ending)), codec="h265", quality=SMALL_QUALITY)
        case Preset.EDITING:
            return replace(plain, target=str(target.with_suffix(".mov")), codec="prores")
        case Preset.SAME:
            return replace(plain, target=str(same_container(info, target)))


def same_container(info: FilmInfo, target: Path) -> Path:
    """``target`` with the source's own ending where such files can be written; else as Matroska, which holds all."""
    from engines.media.film.formats import container_of

    for ending in (info.path.suffix, ".mkv"):
        try:
            container_of(target.with_suffix(ending))
        except (EngineError, ValueError):
            continue
        return target.with_suffix(ending)
    return target.with_suffix(".mkv")


def lost_streams(choice: ExportChoice, info: FilmInfo) -> tuple[StreamInfo, ...]:
    """The streams that the file could not hold. Raises ``EngineError`` where it could not even hold the pictures."""
    from engines.jobs.export_film import default_encoding
    from engines.media.film.formats import CODECS, codec_named, container_of
    from engines.media.film.others import check_streams

    container = container_of(Path(choice.target))
    codec = codec_named(choice.codec) if choice.codec else default_encoding(info, container).codec
    if codec not in container.codecs:
        others = ", ".join(CODECS[other].name for other in container.codecs)
        message = f"{container.name} files do not hold {CODECS[codec].name}."
        raise EngineError(Fault.BAD_INPUT, message, f"They hold {others}; Matroska (.mkv) holds all.")
    return check_streams(info, container, codec)


def _takes(target: Path, codec: object) -> bool:
    from engines.media.film.formats import container_of

    try:
        return codec in container_of(target).codecs
    except EngineError:
        return False
