"""Encoders of pictures: which ones open here, what they take, and how they are set up for a film."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import cast

import av
from av.codec.context import Flags

from engines.core.faults import EngineError, Fault
from engines.media.film.formats import CODECS, Codec
from engines.media.film.info import FilmInfo, Layout, Light
from engines.media.film.paint import planar_name
from engines.media.film.probe import layout


@dataclass(frozen=True, slots=True)
class Encoding:
    """How pictures are to be compressed. None: the default, whose result looks like the source.

    ``encoder``: FFmpeg's name of one; ``quality``: the constant rate factor (less is better); ``bit_rate``:
    bits a second, in its stead; ``preset``: the encoder's own word for speed.
    """

    codec: Codec
    encoder: str | None = None
    quality: float | None = None
    bit_rate: int | None = None
    preset: str | None = None


@dataclass(frozen=True, slots=True)
class Setup:
    """An encoder ready to be opened any number of times, always alike.

    ``pixels``: FFmpeg's pixel format in which it takes frames. ``notes``: what the person must be told.
    """

    encoder: str
    pixels: str
    options: Mapping[str, str]
    bit_rate: int | None
    flags: int
    info: FilmInfo
    notes: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """All that decides what the encoder makes of frames, for a checksum."""
        told = self.info
        return repr((self.encoder, self.pixels, sorted(self.options.items()), self.bit_rate, self.flags)) + repr(
            (told.coded, told.rate, told.time_base, told.colour, told.light, told.sample_aspect, told.field_order)
        )


os.environ.setdefault("SVT_LOG", "1")  # its library writes to the terminal by itself, unless it is told not to


@functools.cache
def opens(encoder: str) -> bool:
    """Whether the encoder is there and works: hardware ones have a name everywhere, but not everywhere a device."""
    try:
        context = cast("av.VideoCodecContext", av.CodecContext.create(encoder, "w"))
        context.width, context.height = 640, 360
        context.pix_fmt = _formats(encoder)[0]
        context.time_base, context.framerate = Fraction(1, 25), Fraction(25)
        context.options = {"x265-params": "log-level=none"} if encoder == "libx265" else {}
        context.open()
    except (av.FFmpegError, ValueError, IndexError):
        return False
    return True


def encoders_of(codec: Codec) -> list[str]:
    """The encoders of a codec that open here, the one in software first."""
    return [name for name in CODECS[codec].encoders if opens(name)]


def set_up(encoding: Encoding, info: FilmInfo, *, global_header: bool) -> Setup:
    """The encoder for the film ``info``. Raises ``EngineError``: ``NO_BACKEND`` where it does not open here,
    ``BAD_INPUT`` for a quality outside of its range."""
    encoder = _chosen(encoding)
    pixels, notes = _pixel_format(encoder, info)
    flags = int(Flags.global_header) if global_header else 0
    if info.interlaced and encoder in ("libx264", "prores_ks"):
        flags |= int(Flags.interlaced_dct) | int(Flags.interlaced_me)
    elif info.interlaced:
        notes.append(f"{CODECS[encoding.codec].name} is written in whole frames: the film's fields are kept in them.")
    options = _options(encoder, encoding, info, pixels)
    if info.light.dynamic:
        notes.append(f"{' and '.join(sorted(info.light.dynamic))} metadata cannot be written; what is static is kept.")
    return Setup(encoder, pixels, options, encoding.bit_rate, flags, info, tuple(notes))


def _chosen(encoding: Encoding) -> str:
    row = CODECS[encoding.codec]
    encoder = encoding.encoder or row.encoders[0]
    if encoder not in row.encoders:
        known = ", ".join(encoders_of(encoding.codec))
        raise EngineError(Fault.BAD_INPUT, f"{encoder} is no encoder of {row.name}.", f"Use one of {known}.")
    if not opens(encoder):
        known = ", ".join(encoders_of(encoding.codec)) or "another codec"
        raise EngineError(Fault.NO_BACKEND, f"The encoder {encoder} does not open on this machine.", f"Use {known}.")
    if encoding.quality is not None:
        if row.quality is None:
            raise EngineError(Fault.BAD_INPUT, f"{row.name} has no quality setting.", "Leave it out.")
        _, best, worst = row.quality
        if not best <= encoding.quality <= worst:
            message = f"The quality of {row.name} lies between {best:g} and {worst:g}, not at {encoding.quality:g}."
            raise EngineError(Fault.BAD_INPUT, message, "Less is better, and larger.")
    return encoder


def _formats(encoder: str) -> list[str]:
    """The pixel formats that an encoder takes."""
    told = av.codec.Codec(encoder, "w").video_formats or []
    names = [kind.name for kind in told if not kind.name.startswith("yuvj")]
    names = [name for name in names if not name.endswith(("f16le", "f32le"))]
    if encoder == "libx265":
        return [name for name in names if not name.startswith("yuva")]  # its alpha is a layer few readers know
    return names


def _pixel_format(encoder: str, info: FilmInfo) -> tuple[str, list[str]]:
    """The format nearest to the film's own in which nothing is lost; else the nearest, and a word about it."""
    source = info.layout
    name = planar_name(source.name).replace("yuvj", "yuv")
    odd = encoder in _EVEN_ONLY and (info.coded[0] % 2 > 0 or info.coded[1] % 2 > 0)
    offered = [
        (kind, layout(av.VideoFormat(kind, 64, 64)))
        for kind in _formats(encoder)
        if not kind.endswith(("f16le", "f32le"))
    ]
    if odd:
        offered = [(kind, told) for kind, told in offered if told.across == told.down == 0]
        if not offered:
            height, width = info.coded
            message = f"{encoder} takes no film of odd size ({width} x {height})."
            raise EngineError(Fault.BAD_INPUT, message, "Use --codec h264, h265 or ffv1.")
    if name in {kind for kind, _ in offered}:
        return name, []
    best, told = min(offered, key=lambda pair: _distance(source, pair[1]))
    return best, [f"{loss} with {encoder}." for loss in _losses(source, told, odd=odd)]


_EVEN_ONLY = frozenset({"libx264", "libx265", "libsvtav1", "h264_nvenc", "hevc_nvenc", "h264_qsv", "hevc_qsv"})


def _distance(source: Layout, target: Layout) -> tuple[int, ...]:
    """Losses first, then waste."""
    lost = (
        (source.alpha and not target.alpha),
        max(source.bits - target.bits, 0),
        max(target.across - source.across, 0) + max(target.down - source.down, 0),
        source.rgb != target.rgb,
    )
    waste = (
        target.alpha and not source.alpha,
        max(target.bits - source.bits, 0),
        max(source.across - target.across, 0) + max(source.down - target.down, 0),
        target.name.startswith("gray"),
    )
    grey = target.name.startswith("gray") and not source.name.startswith("gray")
    return (int(grey), *(int(value) for value in (*lost, *waste)))


def _losses(source: Layout, target: Layout, *, odd: bool) -> Iterator[str]:
    if source.alpha and not target.alpha:
        yield "Transparency is lost"
    if target.bits < source.bits:
        yield f"Samples are stored in {target.bits} bits instead of {source.bits}"
    if target.across > source.across or target.down > source.down:
        yield f"Colour is stored as {target.chroma} instead of {source.chroma}"
    elif odd and target.across < source.across:
        yield f"Colour is stored as {target.chroma}, because of the odd size,"
    if source.rgb and not target.rgb:
        yield "RGB is stored as luma and chroma"


def _options(encoder: str, encoding: Encoding, info: FilmInfo, pixels: str) -> dict[str, str]:
    row = CODECS[encoding.codec]
    quality = encoding.quality if encoding.quality is not None else (row.quality or (0,))[0]
    rate = {} if encoding.bit_rate else {"crf": f"{quality:g}"}
    preset = {"preset": encoding.preset} if encoding.preset else {}
    lights = _Lights(info.light)
    match encoder:
        case "libx264":
            fields = {"x264-params": ":".join(filter(None, [_field_word(info), lights.x264, _repeatable()]))}
            return {"preset": "medium", **rate, **preset, **{key: text for key, text in fields.items() if text}}
        case "libx265":
            words = ["log-level=none", *filter(None, [lights.x265])]
            return {"preset": "medium", **rate, **preset, "x265-params": ":".join(words)}
        case "libsvtav1":
            fields = {"svtav1-params": lights.svt} if lights.svt else {}
            return {"preset": "8", **rate, **preset, **fields}
        case "libvpx-vp9":
            base = {"deadline": "good", "cpu-used": "3", "row-mt": "1", "auto-alt-ref": "0" if "a4" in pixels else "1"}
            return {**base, **rate, **({"b": "0"} if not encoding.bit_rate else {})}
        case "prores_ks" | "ffv1":
            return _STILLS[encoder] | ({"profile": "4"} if encoder == "prores_ks" and "444" in pixels else {})
        case _:
            return preset if encoding.bit_rate else {**_hardware_quality(encoder, quality), **preset}


_AVX_512F = 13
"""OpenCV's CV_CPU_AVX_512F, which its Python module does not name."""


def _repeatable() -> str:
    """Keeps x264 from its AVX-512 code: that reads memory nobody has written, so that results vary by run.

    Seen with x264 165 (mbtree, segments of a few frames): a resumed export would differ from an unbroken one.
    """
    import cv2

    return "asm=avx2" if cv2.checkHardwareSupport(_AVX_512F) else ""


_STILLS: Mapping[str, dict[str, str]] = {
    "prores_ks": {"profile": "3", "vendor": "apl0"},
    "ffv1": {"level": "3", "coder": "1", "context": "1", "slices": "4", "slicecrc": "1", "g": "1"},
}
"""Options of encoders whose every frame stands for itself."""


def _field_word(info: FilmInfo) -> str:
    if not info.interlaced:
        return ""
    return "tff=1" if info.field_order in (2, 4) else "bff=1"


def _hardware_quality(encoder: str, quality: float) -> dict[str, str]:
    if encoder.endswith("_nvenc"):
        return {"rc": "vbr", "cq": f"{quality:g}", "b": "0"}
    if encoder.endswith("_qsv"):
        return {"global_quality": f"{quality:g}"}
    return {"rc": "cqp", "qp_i": f"{quality:g}", "qp_p": f"{quality:g}"}


@dataclass(frozen=True, slots=True)
class _Lights:
    """HDR metadata in the words of the encoders."""

    light: Light

    def _display(self, xy: int, candela: int, form: str) -> str:
        if self.light.primaries is None or self.light.luminance is None:
            return ""
        points = [(round(x * xy), round(y * xy)) for x, y in self.light.primaries]
        red, green, blue, white = (f"({x},{y})" for x, y in points)
        least, most = (round(value * candela) for value in self.light.luminance)
        return form.format(red=red, green=green, blue=blue, white=white, most=most, least=least)

    @property
    def _level(self) -> str:
        return f"{self.light.max_cll},{self.light.max_fall}" if self.light.max_cll else ""

    @property
    def x265(self) -> str:
        display = self._display(50000, 10000, "G{green}B{blue}R{red}WP{white}L({most},{least})")
        words = [f"master-display={display}" if display else "", f"max-cll={self._level}" if self._level else ""]
        return ":".join(filter(None, [*words, "hdr10=1" if display else ""]))

    @property
    def x264(self) -> str:
        display = self._display(50000, 10000, "G{green}B{blue}R{red}WP{white}L({most},{least})")
        words = [f"mastering-display={display}" if display else "", f"cll={self._level}" if self._level else ""]
        return ":".join(filter(None, words))

    @property
    def svt(self) -> str:
        light = self.light
        words = [f"content-light={self._level}" if self._level else ""]
        if light.primaries is not None and light.luminance is not None:
            red, green, blue, white = (f"({float(x):.5f},{float(y):.5f})" for x, y in light.primaries)
            least, most = (f"{float(value):.4f}" for value in light.luminance)
            words.append(f"mastering-display=G{green}B{blue}R{red}WP{white}L({most},{least})")
        return ":".join(filter(None, words))
