"""Draws small films with PyAV: every kind of storing that the reader and the writer must cope with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace

from engines.media.film.turn import matrix


@dataclass(frozen=True)
class Clip:
    """How a film is stored. ``times``: ticks of ``time_base`` at which frames are shown; None: evenly."""

    name: str
    codec: str = "libx264"
    kind: str = "yuv420p"
    size: tuple[int, int] = (96, 128)
    frames: int = 40
    options: Mapping[str, str] = field(default_factory=dict)
    times: tuple[int, ...] | None = None
    time_base: Fraction = Fraction(1, 12800)
    rate: int = 25
    orientation: int = 1
    aspect: Fraction = Fraction(1)
    interlaced: bool = False
    colour: tuple[int, int, int, int] = (2, 0, 2, 2)

    def shown_at(self) -> tuple[int, ...]:
        step = int(1 / (self.rate * self.time_base))
        return self.times or tuple(number * step for number in range(self.frames))


def picture(number: int, size: tuple[int, int]) -> np.ndarray:
    """``(h, w, 3)`` uint8: soft waves that move, and a bar that tells the number of the frame."""
    height, width = size
    rows, columns = np.mgrid[0:height, 0:width]
    wave = 60 * np.sin((columns + 3 * number) / 9.0) + 40 * np.cos(rows / 7.0)
    image = np.stack([128 + wave, 110 + 0.5 * wave, 140 - 0.7 * wave], axis=2)
    image[:8, : (number * 3) % width] = (250, 40, 30)
    return np.clip(image, 0, 255).astype(np.uint8)


def frames(clip: Clip) -> Iterator[av.VideoFrame]:
    """The frames of ``clip`` as its encoder takes them."""
    matrix_code, range_code = clip.colour[:2]
    space = {1: Colorspace.ITU709, 9: Colorspace.BT2020}.get(matrix_code, Colorspace.ITU601)
    for number, pts in enumerate(clip.shown_at()):
        drawn = av.VideoFrame.from_ndarray(picture(number, clip.size), "rgb24")
        to_range = ColorRange.JPEG if range_code == 2 else ColorRange.MPEG
        frame = drawn.reformat(format=clip.kind, dst_colorspace=space, dst_color_range=to_range)
        frame.pts, frame.time_base = pts, clip.time_base
        yield frame


def make(clip: Clip, folder: Path) -> Path:
    """Write ``clip`` into ``folder``; its path."""
    path = folder / clip.name
    with av.open(str(path), "w") as container:
        stream = cast("av.VideoStream", container.add_stream(clip.codec, rate=clip.rate, options=dict(clip.options)))
        stream.height, stream.width = clip.size
        stream.pix_fmt = clip.kind
        stream.time_base = stream.codec_context.time_base = clip.time_base
        stream.codec_context.sample_aspect_ratio = clip.aspect
        context = stream.codec_context
        context.colorspace, context.color_range, context.color_trc, context.color_primaries = clip.colour
        if clip.orientation != 1:
            stream.set_display_matrix(matrix(clip.orientation, clip.size))
        for frame in frames(clip):
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


_JITTER = tuple(int(tick) for tick in np.cumsum(np.random.default_rng(3).integers(300, 1500, 40)))
_OPEN = {"x264-params": "open-gop=1:keyint=12:bframes=3:b-adapt=0:scenecut=0", "preset": "veryfast"}
_FAST = {"preset": "ultrafast"}
_GOP = {"g": "10", "preset": "veryfast", "bf": "2"}

ZOO: tuple[Clip, ...] = (
    Clip("plain.mp4", options=_GOP),
    Clip("open_gop.mp4", options=_OPEN),
    Clip("open_gop.mkv", options=_OPEN),
    Clip("open_gop.ts", options=_OPEN, time_base=Fraction(1, 90000)),
    Clip("hevc_open_gop.mp4", "libx265", options={"x265-params": "keyint=10:open-gop=1:bframes=3:log-level=none"}),
    Clip("variable.mp4", options=_GOP, times=_JITTER),
    Clip(
        "variable.mkv", options=_GOP, times=tuple(tick * 10 for tick in range(0, 120, 3)), time_base=Fraction(1, 1000)
    ),
    Clip("phone.mov", options=_GOP, orientation=6),
    Clip("mirrored.mp4", options=_GOP, orientation=5),
    Clip("odd.mp4", kind="yuv444p", size=(97, 131), options=_GOP),
    Clip("wide_pixels.mp4", options=_GOP, aspect=Fraction(64, 45)),
    Clip("interlaced.mkv", options={"x264-params": "tff=1:keyint=10", "flags": "+ildct+ilme"}, interlaced=True),
    Clip("ten_bit.mp4", kind="yuv420p10le", options=_GOP, colour=(9, 1, 16, 9)),
    Clip("ten_bit_422.mp4", kind="yuv422p10le", options=_GOP, colour=(1, 1, 1, 1)),
    Clip("full_range.mp4", options=_GOP, colour=(1, 2, 1, 1)),
    Clip("bt601.mp4", options=_GOP, colour=(6, 1, 6, 6)),
    Clip("vp9.webm", "libvpx-vp9", options={"g": "10", "deadline": "realtime", "cpu-used": "8"}),
    Clip("av1.mp4", "libsvtav1", options={"g": "10", "preset": "12", "svtav1-params": "lp=1"}, frames=24),
    Clip("prores_alpha.mov", "prores_ks", "yuva444p10le", options={"profile": "4"}, frames=8),
    Clip("lossless.mkv", "ffv1", "yuv422p10le", time_base=Fraction(1, 1000), frames=12),
    Clip("old.avi", "mpeg4", options={"g": "12", "bf": "2"}, time_base=Fraction(1, 25)),
    Clip("disc.ts", "mpeg2video", options={"g": "12", "bf": "2"}, time_base=Fraction(1, 25)),
    Clip("motion.avi", "mjpeg", "yuvj420p", time_base=Fraction(1, 25), frames=8, colour=(5, 2, 2, 2)),
    Clip("one_frame.mp4", options=_FAST, frames=1),
)
