"""The sound of a film, decoded for a loudspeaker: 16 bits, stereo, one rate, from any moment on."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
from av.stream import Disposition

from engines.media.film.faults import readable
from engines.media.film.probe import opened, time_base

RATE, CHANNELS, WIDTH = 48000, 2, 2
"""Samples a second, channels, bytes of a sample."""

_FRAME = CHANNELS * WIDTH
_SLACK = RATE // 50
"""Samples by which the sound may be off before it is put right."""

_EARLY = Fraction(1, 2)
"""Seconds before the moment from which decoding begins: some codecs need a run-up."""


def has_sound(path: Path) -> bool:
    """Whether the film has a stream of sound that can be decoded here. Raises ``EngineError`` (UNREADABLE)."""
    with readable(path), opened(path) as container:
        return any(stream.codec_context is not None for stream in container.streams.audio)


def sound_from(path: Path, start: Fraction) -> Iterator[bytes]:
    """Interleaved samples (``RATE``, ``CHANNELS``, little endian) from the moment ``start`` of the film, in seconds.

    Where the film has no sound yet at ``start``, or none for a while, there is silence of that length: the bytes
    tell the time. Damaged packets are passed over. Raises ``EngineError`` (UNREADABLE).
    """
    with readable(path), opened(path) as container:
        stream = _chosen(container.streams.audio)
        if stream is None:
            return
        unit = time_base(stream)
        container.seek(max(int((start - _EARLY) / unit), 0), stream=stream, backward=True)
        timed = _Timed(start)
        resampler = av.AudioResampler(format="s16", layout="stereo", rate=RATE)
        for frame in _decoded(container, stream):
            if frame.pts is not None:
                samples = b"".join(_bytes(part) for part in resampler.resample(frame))
                yield from timed.placed(frame.pts * unit, samples)


class _Timed:
    """Puts runs of samples where their times say, from ``start`` on."""

    def __init__(self, start: Fraction) -> None:
        self._start = start
        self._written: int | None = None

    def placed(self, time: Fraction, samples: bytes) -> Iterator[bytes]:
        """``samples`` with the silence before them, or without what lies before the start.

        A resampler lags by some samples: only a real gap or overlap is mended, or each frame would click.
        """
        due = round((time - self._start) * RATE) - (self._written or 0)
        if self._written is not None and abs(due) < _SLACK:
            due = 0
        if due > 0:
            yield from (bytes(min(RATE, due - done) * _FRAME) for done in range(0, due, RATE))
        elif due < 0:
            samples = samples[-due * _FRAME :]
        if samples:
            yield samples
        if samples or due > 0 or self._written is not None:
            self._written = (self._written or 0) + max(due, 0) + len(samples) // _FRAME


def _chosen(streams: tuple[av.AudioStream, ...]) -> av.AudioStream | None:
    """The stream that players take: the one marked as default, else the first."""
    able = [stream for stream in streams if stream.codec_context is not None]
    marked = (stream for stream in able if stream.disposition & Disposition.default)
    return next(marked, able[0] if able else None)


def _decoded(container: av.container.InputContainer, stream: av.AudioStream) -> Iterator[av.AudioFrame]:
    for packet in container.demux(stream):
        try:
            yield from packet.decode()
        except av.InvalidDataError:
            continue


def _bytes(frame: av.AudioFrame) -> bytes:
    """The samples without what the plane is padded with."""
    return bytes(frame.planes[0])[: frame.samples * _FRAME]
