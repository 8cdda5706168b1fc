"""Writes drawn frames as a film, with a tone beside them."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np

from engines.core.types import Pixels

RATE, SOUND_RATE = 25, 44100


def write_film(path: Path, frames: Sequence[Pixels], *, codec: str = "ffv1", kind: str = "bgr0") -> Path:
    """``frames`` (``(h, w, 3)`` uint8) at 25 a second; with ``ffv1`` and ``bgr0`` to the bit."""
    with av.open(str(path), "w") as film:
        pictures = cast("av.VideoStream", film.add_stream(codec, rate=RATE))
        pictures.height, pictures.width = frames[0].shape[:2]
        pictures.pix_fmt = kind
        sound = film.add_stream("flac" if path.suffix == ".mkv" else "aac", rate=SOUND_RATE, layout="mono")
        for number, picture in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), "rgb24").reformat(format=kind)
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            film.mux(pictures.encode(frame))
        film.mux(pictures.encode(None))
        count = SOUND_RATE * len(frames) // RATE
        level = np.asarray(8000 * np.sin(np.arange(count) * 0.05), np.int16)
        for start in range(0, count, 4096):
            block = av.AudioFrame.from_ndarray(level[None, start : start + 4096], format="s16", layout="mono")
            block.sample_rate, block.pts, block.time_base = SOUND_RATE, start, Fraction(1, SOUND_RATE)
            resampled = av.AudioResampler(sound.codec_context.format, "mono", SOUND_RATE).resample(block)
            for part in resampled:
                film.mux(sound.encode(part))
        film.mux(sound.encode(None))
    return path


def frames_of(path: Path) -> list[Pixels]:
    """All frames of a film, decoded one after the other by PyAV itself."""
    with av.open(str(path)) as film:
        return [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]


def sound_packets(path: Path) -> list[tuple[float, bytes]]:
    """When each packet of sound begins, and its bytes."""
    with av.open(str(path)) as film:
        stream = film.streams.audio[0]
        packets = [packet for packet in film.demux(stream) if packet.size]
        return [(round(float((packet.pts or 0) * (stream.time_base or 0)), 3), bytes(packet)) for packet in packets]
