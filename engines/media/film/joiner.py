"""Joins segments, and everything else of the film, into one file."""

from __future__ import annotations

import contextlib
import heapq
import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.container import InputContainer, OutputContainer
from av.stream import Stream
from numpy.typing import NDArray

from engines.core.faults import EngineError, Fault
from engines.media.film import others
from engines.media.film.encode import apply
from engines.media.film.encoders import Setup
from engines.media.film.faults import readable, writable
from engines.media.film.formats import Container
from engines.media.film.info import FilmInfo, Kind
from engines.media.film.others import Span
from engines.media.film.packets import whole_packets
from engines.media.film.probe import film_stream, opened
from engines.media.film.segments import Coded, Segment

Tick = Callable[[int], None]
"""Called with the number of frames written so far; may raise to stop."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is joined: ``end``: the tick at which the last frame ends; ``left_out``: streams not to copy.

    ``in_band``: segments differ in what decoders need, and each brings it along.
    """

    info: FilmInfo
    setup: Setup
    container: Container
    span: Span
    end: int
    left_out: frozenset[int] = frozenset()
    in_band: bool = False


def join(plan: Plan, segments: Sequence[Segment], target: Path, tick: Tick) -> None:
    """Write the film to ``target``, which must be a name nobody looks at yet.

    Raises ``EngineError``: ``NOT_WRITTEN`` for what the system refuses; what ``tick`` raises.
    """
    times = _Times.of(segments, plan)
    container = plan.container
    with readable(plan.info.path), _source(plan.info) as source:
        options = _mux_options(plan)
        with writable(target):
            result = av.open(f"file:{target}", "w", format=container.muxer, container_options=options)
        try:
            _fill(plan, (source, result), (segments, times), tick)
        except BaseException:
            _close_quietly(result)
            raise
        with writable(target):
            result.close()
    check_joined(target, sum(len(segment.packets) for segment in segments))


def _mux_options(plan: Plan) -> dict[str, str]:
    container = plan.container
    options = dict(container.options)
    if container.keeps_start:
        options["avoid_negative_ts"] = "disabled"
    if container.muxer in ("mp4", "mov"):  # the unit of the moment at which each stream begins
        options["movie_timescale"] = str(_common_unit(plan.info))
    return options


def _common_unit(info: FilmInfo) -> int:
    """Ticks a second in which the beginnings of all streams are whole, as far as 31 bits reach."""
    own = info.time_base.denominator
    common = math.lcm(own, *(stream.time_base.denominator for stream in info.others if stream.kind is Kind.AUDIO))
    return common if common < 1 << 31 else own


def _close_quietly(result: OutputContainer) -> None:
    """What is closed here is thrown away: the first error is the one to tell."""
    try:
        result.close()
    except (av.FFmpegError, OSError, ValueError):
        return


def _fill(
    plan: Plan,
    files: tuple[InputContainer | None, OutputContainer],
    video: tuple[Sequence[Segment], _Times],
    tick: Tick,
) -> None:
    source, result = files
    streams = _streams(plan, source, result)
    if source is not None:
        result.metadata.update(others.kept_tags(source.metadata))
        others.copy_chapters(source, result, plan.span)
    with writable(plan.info.path):
        result.start_encoding()
    own = cast("av.VideoStream", streams.pop(plan.info.video))
    _check_heads(own, video[0], plan)
    pictures = _pictures(own, video, plan)
    rest = others.packets(source, streams, plan.span) if source is not None else iter(())
    done = 0
    for _, packet in heapq.merge(pictures, rest, key=lambda pair: pair[0]):
        if packet.stream is own:
            done += 1
            tick(done)
        with writable(plan.info.path):
            result.mux_one(packet)


def _source(info: FilmInfo) -> contextlib.AbstractContextManager[InputContainer | None]:
    """The film again, to copy from; None where it has nothing but pictures."""
    return opened(info.path) if info.streams else contextlib.nullcontext()


def _streams(plan: Plan, source: InputContainer | None, result: OutputContainer) -> dict[int, Stream]:
    """A new stream for each of the source's, in the same order."""
    if source is None:
        return {plan.info.video: _film_stream(plan, None, result)}
    kept = {stream.index for stream in others.copied(plan.info)} - plan.left_out
    made: dict[int, Stream] = {}
    for stream in source.streams:
        if stream.index == plan.info.video:
            made[stream.index] = _film_stream(plan, stream, result)
        elif stream.index in kept:
            made[stream.index] = others.add_copy(result, stream)
    return made


def _film_stream(plan: Plan, stream: Stream | None, result: OutputContainer) -> av.VideoStream:
    info = plan.info
    new = cast("av.VideoStream", result.add_stream(plan.setup.encoder, rate=info.rate))
    apply(plan.setup, new.codec_context)
    new.time_base = info.time_base
    if stream is not None:
        new.disposition = stream.disposition
        new.metadata.update(others.timecode(info) | others.kept_tags(stream.metadata))
    tag = _tag(plan, new.codec_context.codec.canonical_name)
    if tag:
        new.codec_context.codec_tag = tag
    if info.display_matrix and plan.container.muxer != "mpegts":
        new.set_display_matrix(info.display_matrix)
    return new


def _tag(plan: Plan, codec: str) -> str:
    """The name of the stream's kind where there are several; empty where the container knows best."""
    if plan.container.muxer not in ("mp4", "mov") or codec != "hevc":
        return ""
    return "hev1" if plan.in_band else "hvc1"  # Apple's players know hvc1 only; hev1 may change on the way


def _check_heads(stream: av.VideoStream, segments: Sequence[Segment], plan: Plan) -> None:
    heads = {segment.head for segment in segments}
    if plan.container.global_header and not plan.in_band and heads != {bytes(stream.codec_context.extradata or b"")}:
        message = "The parts of the film were encoded with unlike settings and cannot be joined."
        raise EngineError(Fault.INTERNAL, message, "Export it anew, without the parts that are there.")


@dataclass(frozen=True, slots=True)
class _Times:
    """For each packet in the order of decoding: when it is decoded, and how long its frame is shown, in ticks."""

    dts: NDArray[np.int64]
    lasts: NDArray[np.int64]

    @classmethod
    def of(cls, segments: Sequence[Segment], plan: Plan) -> _Times:
        pts = np.array([packet[0] for segment in segments for packet in segment.packets], np.int64)
        places = np.argsort(np.argsort(pts))
        shown = np.sort(pts)
        lasts = np.append(np.diff(shown), max(plan.end - int(shown[-1]), 1))
        return cls(decoding_times(pts), lasts[places])


def decoding_times(pts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rising times at which frames have to be decoded, given when each is shown, in the order of decoding.

    As late as can be with one delay for all. Encoders give such times, too, but of each segment for itself.
    """
    shown = np.sort(pts)
    places = np.argsort(np.argsort(pts))
    delay = int(max((np.arange(pts.size) - places).max(initial=0), 0))
    step = int(shown[1] - shown[0]) if shown.size > 1 else 1
    before = shown[0] - step * np.arange(delay, 0, -1, dtype=np.int64)
    return np.concatenate([before, shown])[: pts.size]


def _pictures(
    stream: av.VideoStream, video: tuple[Sequence[Segment], _Times], plan: Plan
) -> Iterator[tuple[Fraction, av.Packet[Stream]]]:
    segments, times = video
    unit = plan.info.time_base
    moved = round(plan.span.shift / unit)
    coded = itertools.chain.from_iterable(segment.coded() for segment in segments)
    for frame, dts, lasts in zip(coded, times.dts, times.lasts, strict=True):
        yield (int(dts) + moved) * unit, _packet(stream, frame, (int(dts), int(lasts), moved), unit)


def _packet(stream: Stream, frame: Coded, times: tuple[int, int, int], unit: Fraction) -> av.Packet[Stream]:
    dts, lasts, moved = times
    packet: av.Packet[Stream] = av.Packet(frame.data)
    packet.stream = stream
    packet.time_base = unit
    packet.pts, packet.dts, packet.duration = frame.pts + moved, dts + moved, lasts
    packet.is_keyframe = frame.key
    return packet


def check_joined(target: Path, frames: int) -> None:
    """Whether the file can be opened and holds ``frames`` pictures; ``INTERNAL`` where not."""
    with readable(target), opened(target) as result:
        found = sum(1 for _ in whole_packets(result.demux(film_stream(result, target))))
    if found != frames:
        message = f"The new file holds {found} frames where {frames} were written."
        raise EngineError(Fault.INTERNAL, message, "The parts are kept: try again, or use another container.")
