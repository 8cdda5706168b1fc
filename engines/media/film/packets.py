"""From packets to frames: what is damaged is left out, and the rest goes on."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TypeVar

import av
from av.stream import Stream

S = TypeVar("S", bound=Stream)


def decoded(stream: av.VideoStream, packets: Iterator[av.Packet[av.VideoStream]]) -> Iterator[av.VideoFrame]:
    """Frames as they come; what is damaged is left out, and the rest goes on."""
    for packet in whole_packets(packets):
        with contextlib.suppress(av.InvalidDataError, av.PatchWelcomeError):
            yield from stream.codec_context.decode(packet)
    with contextlib.suppress(av.FFmpegError):  # what the decoder still holds; it says EOF where it holds nothing
        yield from stream.codec_context.decode(None)


def whole_packets(packets: Iterator[av.Packet[S]]) -> Iterator[av.Packet[S]]:
    """The packets up to where the file ends or breaks off, without empty ones."""
    with contextlib.suppress(av.FFmpegError, IndexError):  # IndexError: damage that looks like one more stream
        for packet in packets:
            if packet.size:
                yield packet
