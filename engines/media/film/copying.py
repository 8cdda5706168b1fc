"""Groups of pictures copied as they are, between others that are encoded anew.

That works where a group stands for itself: no frame of it refers to another group, and none of another group to
it. Each group then brings along what its decoder needs, and the result is decoded whole before it is trusted.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.bitstream import BitStreamFilterContext
from av.codec.context import Flags
from av.container import InputContainer
from av.stream import Stream

from engines.core.faults import EngineError
from engines.media.film.encoders import Setup
from engines.media.film.film import Film, Frame
from engines.media.film.formats import CODECS, Container, codec_of
from engines.media.film.index import Index
from engines.media.film.packets import whole_packets
from engines.media.film.probe import film_stream, opened
from engines.media.film.reader import StreamFilm, open_film
from engines.media.film.samples import plane
from engines.media.film.segments import Coded

_TO_ANNEX_B = {"h264": "h264_mp4toannexb", "hevc": "hevc_mp4toannexb"}
"""Filters that put the parameter sets before each key frame, and length fields aside."""


_TRIES = 8
"""Key frames before the wanted one that are tried, before the file is read from its start."""


class NotCopied(Exception):  # noqa: N818 - not an error: the film is encoded as a whole instead
    """Why nothing can be copied, as the end of a sentence."""


def cuts(film: Film, setup: Setup, container: Container) -> list[int]:
    """The frames at which groups begin that stand for themselves; ``NotCopied`` where none may be copied."""
    codec = codec_of(film.info.codec)
    if not isinstance(film, StreamFilm) or codec is None or film.index.counted:
        raise NotCopied("the source's kind of file does not allow to copy parts of it")
    row = CODECS[codec]
    if not row.in_band or setup.encoder not in row.encoders:
        raise NotCopied(f"the source is {film.info.codec}, and parts are copied into the same codec only")
    if setup.pixels != film.info.layout.name.replace("yuvj", "yuv"):
        raise NotCopied("the encoder cannot store samples as the source does")
    if film.info.interlaced or codec not in container.codecs:
        raise NotCopied("interlaced films are not copied in parts")
    return group_starts(film.index)


def group_starts(index: Index) -> list[int]:
    """Key frames before which all frames are decoded earlier, and after which all are decoded later."""
    order = index.order
    latest = np.maximum.accumulate(order)
    earliest = np.minimum.accumulate(order[::-1])[::-1]
    return [0] + [
        int(number)
        for number in index.key_numbers
        if number and latest[number - 1] < order[number] and earliest[number] == order[number]
    ]


def in_band(setup: Setup) -> Setup:
    """The encoder, with what decoders need in each key frame."""
    return dataclasses.replace(setup, flags=setup.flags & ~int(Flags.global_header))


def copied(film: Film, start: int, stop: int) -> Iterator[Coded]:
    """The packets of frames ``start`` to ``stop``, in the order of decoding; ``NotCopied`` where some are missing."""
    if not isinstance(film, StreamFilm):
        raise NotCopied("the source's kind of file does not allow to copy parts of it")
    index, info = film.index, film.info
    count = 0
    with opened(info.path) as container:
        stream = film_stream(container, info.path)
        for packet in _filtered(stream, _packets_from(container, stream, index, start)):
            number = None if packet.pts is None else index.number(packet.pts)
            if number is None or not start <= number < stop:
                if count == stop - start:
                    return
                continue
            if count == 0 and not (packet.is_keyframe and _stands_alone(info.codec, bytes(packet))):
                raise NotCopied("its groups of pictures refer to each other")
            count += 1
            yield Coded(int(index.pts[number]), 0, packet.is_keyframe, bytes(packet))
    if count != stop - start:
        raise NotCopied("some of its frames could not be found again")


def _packets_from(
    container: InputContainer, stream: av.VideoStream, index: Index, start: int
) -> Iterator[av.Packet[av.VideoStream]]:
    """Packets from frame ``start`` on, or from somewhere before: not every container seeks exactly."""
    key = start
    for _ in range(_TRIES):
        if key == 0:
            break
        container.seek(int(index.pts[key]), stream=stream)
        packets = whole_packets(container.demux(stream))
        first = next(packets, None)
        if first is not None and first.pts is not None and first.pts <= int(index.pts[start]):
            return itertools.chain([first], packets)
        key = index.key_before(key - 1)
    if start:
        container.seek(int(index.pts[0]) - (1 << 20), stream=stream)
    return whole_packets(container.demux(stream))


def _filtered(stream: av.VideoStream, packets: Iterator[av.Packet[av.VideoStream]]) -> Iterator[av.Packet[Stream]]:
    name = _TO_ANNEX_B.get(stream.codec_context.codec.canonical_name)
    convert = BitStreamFilterContext(name, stream) if name else None
    for packet in packets:
        plain = cast("av.Packet[Stream]", packet)
        yield from [plain] if convert is None else convert.filter(plain)


def _stands_alone(codec: str, data: bytes) -> bool:
    """Whether the key frame in ``data`` lets nothing after it refer to what was before.

    H.264 (7.4.1.2.4): a NAL unit of type 5; H.265 (7.4.2.2): types 16 to 21. Key frames of the others always do.
    """
    if codec not in _TO_ANNEX_B:
        return True
    heads = [data[at + 3] for at in _unit_starts(data) if at + 3 < len(data)]
    if codec == "h264":
        return any(head & 31 == 5 for head in heads)
    return any(16 <= (head >> 1) & 63 <= 21 for head in heads)


def _unit_starts(data: bytes) -> Iterator[int]:
    at = data.find(b"\0\0\1")
    while at >= 0:
        yield at
        at = data.find(b"\0\0\1", at + 3)


def check(film: Film, result: Path, spans: Sequence[tuple[int, int]], first: int) -> None:
    """Decode the whole ``result``; ``NotCopied`` unless frames of ``spans`` are the source's own.

    ``first``: the frame of the source with which the result begins.
    """
    try:
        with open_film(result, cache_bytes=0) as joined:
            untouched = {number for start, stop in spans for number in range(start, stop)}
            for frame in joined.frames():
                number = frame.index + first
                if frame.damaged or (number in untouched and not _alike(frame, film.frame(number))):
                    raise NotCopied("the joined film could not be decoded without an error")
    except (EngineError, IndexError) as error:
        raise NotCopied("the joined film could not be read again") from error


def _alike(one: Frame, other: Frame) -> bool:
    if one.native.format.name != other.native.format.name:
        return False
    wide = max(part.bits for part in one.native.format.components) > 8
    return all(
        np.array_equal(plane(one.native, number, wide=wide), plane(other.native, number, wide=wide))
        for number in range(len(one.native.planes))
    )
