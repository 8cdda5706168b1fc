"""Encodes a run of frames on its own: the packets of one segment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import av
from av.video.frame import PictureType
from av.video.reformatter import ColorRange, Interpolation

from engines.media.film.encoders import Setup
from engines.media.film.faults import writable
from engines.media.film.samples import sws_matrix
from engines.media.film.segments import Coded


class SegmentEncoder:
    """One encoder from its first frame to its last. ``OSError`` and ``EngineError`` end it."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._context = open_encoder(setup)

    @property
    def extradata(self) -> bytes:
        return bytes(self._context.extradata or b"")

    def encode(self, native: av.VideoFrame) -> Iterator[Coded]:
        """Packets that are ready once ``native``, with its pts, has gone in."""
        frame = fitted(native, self._setup)
        frame.pict_type = PictureType.NONE
        with writable(self._setup.info.path):
            packets = self._context.encode(frame)
        return map(_coded, packets)

    def finish(self) -> Iterator[Coded]:
        """What the encoder still holds."""
        return map(_coded, self._context.encode(None))


def open_encoder(setup: Setup) -> av.VideoCodecContext:
    """The encoder, open."""
    context = cast("av.VideoCodecContext", av.CodecContext.create(setup.encoder, "w"))
    apply(setup, context)
    context.open()
    return context


def apply(setup: Setup, context: av.VideoCodecContext) -> None:
    """Give an encoder that is not open yet the film's size, times and tags."""
    info = setup.info
    context.height, context.width = info.coded
    context.pix_fmt = setup.pixels
    context.time_base, context.framerate = info.time_base, info.rate
    context.sample_aspect_ratio = info.sample_aspect
    colour = info.colour
    context.colorspace, context.color_range = colour.matrix, colour.range
    context.color_trc, context.color_primaries = colour.transfer, colour.primaries
    context.flags |= setup.flags
    if setup.bit_rate:
        context.bit_rate = setup.bit_rate
    context.options = dict(setup.options)
    context.thread_type = "AUTO"


def fitted(native: av.VideoFrame, setup: Setup) -> av.VideoFrame:
    """``native`` in the encoder's pixel format; where that is its own, the frame itself."""
    if native.format.name == setup.pixels:
        return native
    info = setup.info
    matrix = sws_matrix(info.colour, info.coded[0])
    full = info.colour.range == 2
    target = av.VideoFormat(setup.pixels, native.width, native.height)
    return native.reformat(
        format=setup.pixels,
        src_colorspace=matrix,
        dst_colorspace=matrix,
        src_color_range=_range(full=full or native.format.is_rgb),
        dst_color_range=_range(full=full or target.is_rgb),
        interpolation=Interpolation.BICUBIC,
    )


def _range(*, full: bool) -> ColorRange:
    return ColorRange.JPEG if full else ColorRange.MPEG


def _coded(packet: av.Packet[av.VideoStream]) -> Coded:
    if packet.pts is None or packet.dts is None:
        message = "the encoder gave a packet without a time"
        raise RuntimeError(message)
    return Coded(packet.pts, packet.duration or 0, packet.is_keyframe, bytes(packet))
