"""Looks into a film file: its streams, and how its pictures are stored. Decodes one frame, not the film."""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
from av.container import InputContainer
from av.sidedata.sidedata import SideData, SideDataContainer, Type
from av.stream import Disposition, Stream

from engines.core.faults import EngineError, Fault
from engines.media.film.faults import COPY_ANEW, readable
from engines.media.film.info import Chapter, Colour, FilmInfo, Kind, Layout, Light, StreamInfo
from engines.media.film.packets import whole_packets
from engines.media.film.turn import orientation

MAX_PIXELS = 16384 * 16384
"""Frames of more pixels are refused: no film has them, but damaged headers do."""

_DYNAMIC = {
    Type.DYNAMIC_HDR_PLUS: "HDR10+",
    Type.DOVI_RPU_BUFFER: "Dolby Vision",
    Type.DOVI_METADATA: "Dolby Vision",
    Type.DYNAMIC_HDR_VIVID: "HDR Vivid",
}
_NO_FILMS = frozenset({"tty", "image2", "ico"})
"""What FFmpeg takes for films, too."""
_PROBED_PACKETS = 400
"""Packets in which a first frame has to come up."""


def probe(path: Path) -> FilmInfo:
    """What the film file ``path`` holds.

    Raises ``EngineError(UNREADABLE)`` for what is no film, has no pictures, or none that can be decoded.
    """
    with readable(path), opened(path) as container:
        return describe(container, path)


def opened(path: Path) -> InputContainer:
    """The file as PyAV opens it. A name is never taken for an address: nothing is fetched."""
    options = {"protocol_whitelist": "file,crypto,data"}
    return av.open(f"file:{path}", "r", container_options=options, metadata_errors="replace")


def describe(container: InputContainer, path: Path) -> FilmInfo:
    """``probe`` of a file that is open; it is read up to the first frame that can be decoded."""
    kind = container.format.name
    if kind.endswith("_pipe") or kind in _NO_FILMS:
        what = "a text" if kind == "tty" else "a picture"
        raise EngineError(Fault.UNREADABLE, f"{path.name} is {what}, not a film.", "Give a film.")
    video = film_stream(container, path)
    context = video.codec_context
    first = _first_frame(container, video, path)
    turn, matrix = first.turn
    coded = (first.frame.height, first.frame.width)
    rate = video.average_rate or video.guessed_rate or video.base_rate or Fraction(25)
    return FilmInfo(
        path=path,
        container=container.format.name,
        video=video.index,
        codec=context.codec.canonical_name,
        profile=context.profile or "",
        size=coded[::-1] if turn >= 5 else coded,
        coded=coded,
        orientation=turn,
        sample_aspect=Fraction(video.sample_aspect_ratio or 1) or Fraction(1),
        rate=Fraction(rate),
        variable=None,
        time_base=time_base(video),
        layout=layout(first.frame.format),
        colour=_colour(first.frame, context),
        light=first.light,
        field_order=_field_order(first.frame, context),
        duration=_duration(container, video),
        frames=video.frames or None,
        bit_rate=container.bit_rate or None,
        streams=tuple(_stream(stream) for stream in container.streams),
        chapters=tuple(_chapters(container)),
        metadata=dict(container.metadata),
        display_matrix=matrix,
    )


def film_stream(container: InputContainer, path: Path) -> av.VideoStream:
    """The stream that holds the film: the first with pictures that is no cover art."""
    for stream in container.streams.video:
        if not stream.disposition & Disposition.attached_pic:
            if stream.codec_context is None:
                raise EngineError(Fault.UNREADABLE, f"No decoder here reads the pictures of {path.name}.", COPY_ANEW)
            return stream
    raise EngineError(Fault.UNREADABLE, f"{path.name} holds no moving pictures.", "Give a film.")


def time_base(stream: Stream) -> Fraction:
    """Seconds per tick of a stream; a microsecond, where it tells none."""
    return stream.time_base or Fraction(1, 1_000_000)


@dataclass(frozen=True, slots=True, eq=False)
class _First:
    """The first frame of a film, and what came with it."""

    frame: av.VideoFrame

    @property
    def turn(self) -> tuple[int, tuple[int, ...]]:
        data = next((bytes(item) for item in _side_data(self.frame) if item.type is Type.DISPLAYMATRIX), b"")
        if len(data) < 36:
            return 1, ()
        return orientation(data), struct.unpack("=9i", data[:36])

    @property
    def light(self) -> Light:
        found = {item.type: bytes(item) for item in _side_data(self.frame)}
        primaries, luminance = _mastering(found.get(Type.MASTERING_DISPLAY_METADATA, b""))
        level = found.get(Type.CONTENT_LIGHT_LEVEL, b"").ljust(8, b"\0")
        cll, fall = struct.unpack("=II", level[:8])
        dynamic = frozenset(name for kind, name in _DYNAMIC.items() if kind in found)
        return Light(primaries, luminance, cll, fall, dynamic)


def _side_data(frame: av.VideoFrame) -> Iterator[SideData]:
    container = cast("SideDataContainer", frame.side_data)
    for index in range(len(container)):
        yield container[index]


def _mastering(
    data: bytes,
) -> tuple[tuple[tuple[Fraction, Fraction], ...] | None, tuple[Fraction, Fraction] | None]:
    """AVMasteringDisplayMetadata: three primaries, white, least and most luminance as rationals, two flags."""
    if len(data) < 88:
        return None, None
    numbers = struct.unpack("=22i", data[:88])
    pairs = [Fraction(a, b) if b else Fraction(0) for a, b in zip(numbers[0:20:2], numbers[1:20:2], strict=True)]
    points = tuple((pairs[at], pairs[at + 1]) for at in range(0, 8, 2))
    has_primaries, has_luminance = numbers[20:22]
    return points if has_primaries else None, (pairs[8], pairs[9]) if has_luminance else None


def _first_frame(container: InputContainer, video: av.VideoStream, path: Path) -> _First:
    context = video.codec_context
    if context.width * context.height > MAX_PIXELS:
        message = f"{path.name} says that its frames are {context.width} x {context.height} pixels."
        raise EngineError(Fault.TOO_LARGE, message, "It is damaged, or no film.")
    for number, packet in enumerate(whole_packets(container.demux(video))):
        try:
            frames = video.codec_context.decode(packet)
        except (av.InvalidDataError, av.PatchWelcomeError):
            frames = []
        if frames:
            return _First(frames[0])
        if number >= _PROBED_PACKETS:
            break
    with contextlib.suppress(av.FFmpegError):  # a film of few frames: the decoder may still hold them
        for frame in video.codec_context.decode(None):
            return _First(frame)
    raise EngineError(Fault.UNREADABLE, f"No frame of {path.name} can be decoded.", COPY_ANEW)


def layout(kind: av.VideoFormat) -> Layout:
    """Depth and subsampling of one of FFmpeg's pixel formats."""
    size = 64
    alpha = kind.has_palette or any(part.is_alpha for part in kind.components)
    bits = 8 if kind.has_palette else max(part.bits for part in kind.components)
    chroma = [part for part in kind.components if part.is_chroma]
    across = (size // kind.chroma_width(size)).bit_length() - 1 if chroma else 0
    down = (size // kind.chroma_height(size)).bit_length() - 1 if chroma else 0
    return Layout(kind.name, bits, across, down, alpha, kind.is_rgb or kind.has_palette)


def _colour(frame: av.VideoFrame, context: av.VideoCodecContext) -> Colour:
    """The frame's own tags; the container's, where the frame has none."""
    full = 2 if frame.format.name.startswith("yuvj") else 0
    return Colour(
        matrix=_told(frame.colorspace, context.colorspace, 2),
        range=full or _told(frame.color_range, context.color_range, 0),
        transfer=_told(frame.color_trc, context.color_trc, 2),
        primaries=_told(frame.color_primaries, context.color_primaries, 2),
    )


def _told(first: int, second: int, unknown: int) -> int:
    return int(first) if int(first) != unknown else int(second)


def _field_order(frame: av.VideoFrame, context: av.VideoCodecContext) -> int:
    order = int(context.field_order)
    if frame.interlaced_frame and order < 2:
        return 2
    return order


def _duration(container: InputContainer, video: av.VideoStream) -> Fraction | None:
    if video.duration:
        return video.duration * time_base(video)
    return Fraction(container.duration, av.time_base) if container.duration else None


def _stream(stream: Stream) -> StreamInfo:
    unit = time_base(stream)
    context = stream.codec_context
    return StreamInfo(
        index=stream.index,
        kind=Kind(stream.type) if stream.type in {kind.value for kind in Kind} else Kind.DATA,
        codec=context.codec.canonical_name if context is not None else (getattr(stream, "name", None) or "unknown"),
        time_base=unit,
        start=None if stream.start_time is None else stream.start_time * unit,
        duration=None if stream.duration is None else stream.duration * unit,
        dispositions=frozenset(flag.name for flag in Disposition if flag & stream.disposition and flag.name),
        metadata=dict(stream.metadata),
    )


def _chapters(container: InputContainer) -> Iterator[Chapter]:
    for chapter in container.chapters():
        unit = chapter["time_base"] or Fraction(1, 1000)
        yield Chapter(chapter["start"] * unit, chapter["end"] * unit, chapter["metadata"].get("title", ""))
