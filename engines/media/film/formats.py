"""Codecs and containers that films are written with, one row each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import PurePath

from engines.core.faults import EngineError, Fault


class Codec(Enum):
    """How pictures are compressed; the value is how the command line calls it."""

    H264 = "h264"
    H265 = "h265"
    VP9 = "vp9"
    AV1 = "av1"
    PRORES = "prores"
    FFV1 = "ffv1"


@dataclass(frozen=True, slots=True)
class CodecRow:
    """``encoders``: FFmpeg's names, the one in software first. ``quality``: the constant rate factor that
    looks like the source to the eye, and the range, least loss first; None where a codec has no such number.
    ``canonical``: how FFmpeg's readers call the codec. ``in_band``: streams of unlike settings can follow each
    other in one file, because each key frame carries what its decoder needs.
    """

    name: str
    canonical: str
    encoders: tuple[str, ...]
    quality: tuple[float, float, float] | None
    in_band: bool = False


CODECS: Mapping[Codec, CodecRow] = {
    Codec.H264: CodecRow("H.264", "h264", ("libx264", "h264_nvenc", "h264_qsv", "h264_amf"), (16, 0, 51), in_band=True),
    Codec.H265: CodecRow("H.265", "hevc", ("libx265", "hevc_nvenc", "hevc_qsv", "hevc_amf"), (17, 0, 51), in_band=True),
    Codec.VP9: CodecRow("VP9", "vp9", ("libvpx-vp9",), (18, 0, 63), in_band=True),
    Codec.AV1: CodecRow("AV1", "av1", ("libsvtav1", "av1_nvenc", "av1_qsv", "av1_amf"), (18, 0, 63), in_band=True),
    Codec.PRORES: CodecRow("ProRes", "prores", ("prores_ks",), None, in_band=True),
    Codec.FFV1: CodecRow("FFV1", "ffv1", ("ffv1",), None),
}


def codec_named(text: str) -> Codec:
    """The codec that a person names; ``BAD_INPUT`` for a name that is none."""
    for codec, row in CODECS.items():
        if text.lower() in {codec.value, row.name.lower(), row.canonical, row.name.lower().replace(".", "")}:
            return codec
    names = ", ".join(codec.value for codec in CODECS)
    raise EngineError(Fault.BAD_INPUT, f"There is no codec {text!r}.", f"Use one of {names}.")


def codec_of(canonical: str) -> Codec | None:
    """The codec of a stream as FFmpeg's readers call it, if films can be written with it."""
    return next((codec for codec, row in CODECS.items() if row.canonical == canonical), None)


@dataclass(frozen=True, slots=True)
class Container:
    """A kind of film file. ``codecs``: what it takes, the usual first.

    ``tick``: its unit of time as a share of a second, where it has only one. ``global_header``: decoders get
    their set-up from the file's head. ``keeps_start``: a film may begin at any moment; else it is moved to
    zero. ``turns``: the EXIF orientations that it can tell of. ``copies``: FFmpeg's names of what it takes of
    sound and the rest; None: its muxer is asked. ``pictures``: it holds whole pictures, which are kept without
    loss until they are written all at once; the value is what Pillow calls the format, ``folder`` a folder of PNG.
    """

    name: str
    muxer: str
    endings: tuple[str, ...]
    codecs: tuple[Codec, ...]
    options: Mapping[str, str] = field(default_factory=dict)
    tick: int | None = None
    global_header: bool = True
    keeps_start: bool = False
    turns: frozenset[int] = frozenset(range(1, 9))
    copies: frozenset[str] | None = None
    pictures: str = ""


_INDEX_FIRST = {"movflags": "faststart"}
_EVERY = tuple(Codec)
_TURNS = frozenset({1, 3, 6, 8})
_WEBM = frozenset({"vp8", "vp9", "av1", "opus", "vorbis", "webvtt"})
_BROADCAST = frozenset(
    {"h264", "hevc", "mpeg2video", "aac", "mp2", "mp3", "ac3", "eac3", "dts", "opus", "dvb_subtitle", "dvb_teletext"}
)


def _of_pictures(name: str, endings: tuple[str, ...], pictures: str, tick: int | None) -> Container:
    return Container(
        name,
        "",
        endings,
        (Codec.FFV1,),
        tick=tick,
        copies=frozenset(),
        pictures=pictures,
    )


CONTAINERS: tuple[Container, ...] = (
    Container("MP4", "mp4", (".mp4", ".m4v"), (Codec.H264, Codec.H265, Codec.AV1, Codec.VP9), _INDEX_FIRST),
    Container("QuickTime", "mov", (".mov", ".qt"), (Codec.H264, Codec.H265, Codec.PRORES), _INDEX_FIRST),
    Container("Matroska", "matroska", (".mkv",), _EVERY, tick=1000, turns=_TURNS),
    Container("WebM", "webm", (".webm",), (Codec.VP9, Codec.AV1), tick=1000, turns=_TURNS, copies=_WEBM),
    Container(
        "MPEG transport stream",
        "mpegts",
        (".ts", ".m2ts", ".mts"),
        (Codec.H264, Codec.H265),
        {"mpegts_copyts": "1"},
        tick=90000,
        global_header=False,
        keeps_start=True,
        turns=frozenset({1}),
        copies=_BROADCAST,
    ),
    _of_pictures("GIF", (".gif",), "GIF", 100),
    _of_pictures("animated WebP", (".webp",), "WEBP", 1000),
    _of_pictures("APNG", (".apng", ".png"), "PNG", 1000),
    _of_pictures("picture folder", ("",), "folder", None),
)

_ENDINGS = {ending: row for row in CONTAINERS for ending in row.endings}


def container_of(target: PurePath) -> Container:
    """The kind of film file to write under this name; ``BAD_INPUT`` where its ending names none."""
    found = _ENDINGS.get(target.suffix.lower())
    if found is None:
        message = f"The ending {target.suffix!r} names no kind of film that can be written."
        raise EngineError(Fault.BAD_INPUT, message, f"Use one of {', '.join(filter(None, _ENDINGS))}.")
    return found
