"""All that is in a film besides its pictures: sound, subtitles, attachments, chapters and tags, copied as they are."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, cast

import av
from av.container import InputContainer, OutputContainer
from av.stream import AttachmentStream, Disposition, Stream

from engines.core.faults import EngineError, Fault
from engines.media.film.faults import readable
from engines.media.film.formats import CONTAINERS, Codec, Container
from engines.media.film.info import FilmInfo, Kind, StreamInfo
from engines.media.film.packets import whole_packets
from engines.media.film.probe import opened, time_base

if TYPE_CHECKING:
    from av.container.core import Chapter  # only in PyAV's stubs

_WRITTEN_ANEW = frozenset(
    {"encoder", "duration", "number_of_frames", "number_of_bytes", "bps", "major_brand", "minor_version"}
    | {"compatible_brands", "variant_bitrate", "handler_name", "vendor_id"}
)
"""Tags that tell of the file, not of the film: the new file has its own."""


@dataclass(frozen=True, slots=True)
class Span:
    """The part of a film that is written: from ``start`` to ``end`` (excluded; None: all), moved by ``shift``."""

    start: Fraction | None
    end: Fraction | None
    shift: Fraction


def copied(info: FilmInfo) -> tuple[StreamInfo, ...]:
    """The streams to copy. QuickTime's tracks of chapter titles and of timecode are not: tags make them anew."""
    return tuple(stream for stream in info.others if not _made_of_tags(stream, info))


def _made_of_tags(stream: StreamInfo, info: FilmInfo) -> bool:
    if stream.kind is not Kind.DATA:
        return False
    return "timecode" in stream.metadata or (stream.codec == "bin_data" and bool(info.chapters))


def timecode(info: FilmInfo) -> dict[str, str]:
    """The timecode of the first frame as a tag of the pictures, where a track of its own tells it."""
    told = [stream.metadata["timecode"] for stream in info.others if "timecode" in stream.metadata]
    return {"timecode": told[0]} if told else {}


def check_streams(info: FilmInfo, container: Container, codec: Codec) -> tuple[StreamInfo, ...]:
    """The streams that ``container`` cannot hold, found before any work is done."""
    if not copied(info):
        return ()
    with readable(info.path), opened(info.path) as source:
        return _not_held(source, copied(info), container) if codec in container.codecs else copied(info)


def refuse_lost_streams(info: FilmInfo, container: Container, codec: Codec) -> None:
    """Raise ``BAD_INPUT`` where ``container`` cannot hold all of the film, with one that can in the hint."""
    if codec not in container.codecs:
        names = ", ".join(name.value for name in container.codecs)
        message = f"{container.name} files do not hold {codec.value}."
        raise EngineError(Fault.BAD_INPUT, message, f"They hold {names}; Matroska (.mkv) holds all of them.")
    lost = check_streams(info, container, codec)
    if not lost:
        return
    what = ", ".join(stream.name for stream in lost)
    films = [row for row in CONTAINERS if not row.pictures]
    others = [row for row in films if not check_streams(info, row, row.codecs[0])]
    better = " or ".join(f"{row.name} ({row.endings[0]})" for row in others)
    hint = f"Write to {better} instead." if better else "Allow that they are left out, or write to another container."
    raise EngineError(Fault.BAD_INPUT, f"{container.name} files cannot hold this film's {what}.", hint)


def _not_held(source: InputContainer, streams: Sequence[StreamInfo], container: Container) -> tuple[StreamInfo, ...]:
    return tuple(told for told in streams if not _holds(container, source.streams[told.index], told))


def _holds(container: Container, stream: Stream, told: StreamInfo) -> bool:
    if container.copies is not None:
        return told.codec in container.copies
    trial = av.open(io.BytesIO(), "w", format=container.muxer)
    try:
        add_copy(trial, stream)
        trial.start_encoding()
    except (av.FFmpegError, ValueError):
        return False
    finally:
        with contextlib.suppress(av.FFmpegError):
            trial.close()
    return True


def add_copy(target: OutputContainer, stream: Stream) -> Stream:
    """A stream of ``target`` that takes the packets of ``stream``, with its tags."""
    if stream.type == "attachment":
        name = stream.metadata.get("filename", "attachment")
        kind = stream.metadata.get("mimetype", "application/octet-stream")
        return target.add_attachment(name, kind, cast("AttachmentStream", stream).data)
    coded = {"opaque": True} if stream.codec_context is not None else {}
    new = target.add_stream_from_template(stream, **coded)
    new.disposition = stream.disposition
    new.metadata.update(kept_tags(stream.metadata))
    return new


def kept_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """The tags that tell of the film itself."""
    return {key: text for key, text in tags.items() if key.lower().split("-")[0] not in _WRITTEN_ANEW}


def packets(
    source: InputContainer, streams: Mapping[int, Stream], span: Span
) -> Iterator[tuple[Fraction, av.Packet[Stream]]]:
    """The packets of the streams to copy, ready for the new file, each with its time of decoding there."""
    chosen = [source.streams[index] for index in streams]
    if not chosen:
        return
    begun: set[int] = set()
    for packet in whole_packets(source.demux(chosen)):
        if not _inside(packet, span, begun):
            continue
        unit = time_base(packet.stream)
        moved = round(span.shift / unit)
        packet.pts = None if packet.pts is None else packet.pts + moved
        packet.dts = None if packet.dts is None else packet.dts + moved
        packet.stream = streams[packet.stream.index]
        at = packet.dts if packet.dts is not None else packet.pts
        yield (at or 0) * unit, packet


def _inside(packet: av.Packet[Stream], span: Span, begun: set[int]) -> bool:
    """Whether the packet belongs to the span. A subtitle on the screen at its start is cut to begin there."""
    at = packet.pts if packet.pts is not None else packet.dts
    if span.start is None or at is None or packet.stream.disposition & Disposition.attached_pic:
        return True
    unit = time_base(packet.stream)
    if span.end is not None and at * unit >= span.end:
        return False
    if packet.stream.type == "video" and packet.stream.index not in begun:
        if at * unit < span.start or not packet.is_keyframe:
            return False
        begun.add(packet.stream.index)
    return at * unit >= span.start or (packet.stream.type == "subtitle" and _cut(packet, unit, span.start))


def _cut(packet: av.Packet[Stream], unit: Fraction, start: Fraction) -> bool:
    """Let the packet begin at ``start``; false where it has ended by then."""
    begin = -int(-start // unit)
    left = (packet.pts or 0) + (packet.duration or 0) - begin
    if left > 0:
        packet.pts = packet.dts = begin
        packet.duration = left
    return left > 0


def copy_chapters(source: InputContainer, target: OutputContainer, span: Span) -> None:
    """The chapters inside ``span``, cut to it and moved with it."""
    kept: list[Chapter] = []
    for chapter in source.chapters():
        unit = chapter["time_base"] or Fraction(1, 1000)
        start, end = chapter["start"] * unit, chapter["end"] * unit
        start = start if span.start is None else max(start, span.start)
        end = end if span.end is None else min(end, span.end)
        if start < end:
            chapter["start"], chapter["end"] = round((start + span.shift) / unit), round((end + span.shift) / unit)
            kept.append(chapter)
    if kept:
        target.set_chapters(kept)
