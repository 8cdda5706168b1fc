"""Draws a small film with sound whose frames tell their own number."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

FRAMES, RATE, HEIGHT, WIDTH = 50, 25, 120, 160


def drawn(number: int) -> np.ndarray:
    """``(h, w, 3)`` uint8: a still, soft ground, and the number as eight black or white fields along the top."""
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    picture = np.stack([80 + rows * 0.6, 90 + columns * 0.5, 140 - rows * 0.3], axis=2)
    for bit in range(8):
        picture[:16, bit * 20 : bit * 20 + 20] = 235 if number >> bit & 1 else 20
    return np.clip(picture, 0, 255).astype(np.uint8)


def number_of(picture: np.ndarray) -> int:
    """Which frame a picture ``(h, w, 3 or 4)`` of any size is."""
    height, width = picture.shape[:2]
    row, field = height * 8 // HEIGHT, width / 8
    return sum(1 << bit for bit in range(8) if picture[row, int((bit + 0.5) * field), :3].mean() > 128)


def make_clip(path: Path, frames: int = FRAMES, *, sound: bool = True) -> Path:
    """Write the film; its path."""
    with av.open(str(path), "w") as container:
        options = {"preset": "ultrafast", "crf": "12", "g": "12"}
        stream = container.add_stream("libx264", rate=RATE, options=options)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        tone = container.add_stream("aac", rate=48000, layout="stereo") if sound else None
        for number in range(frames):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(drawn(number), "rgb24")))
        container.mux(stream.encode(None))
        if tone is not None:
            _sound(container, tone, frames / RATE)
    return path


def _sound(container: av.container.OutputContainer, stream: av.AudioStream, seconds: float) -> None:
    step = 1024
    for start in range(0, int(seconds * 48000), step):
        wave = 0.2 * np.sin(2 * np.pi * 440 * np.arange(start, start + step) / 48000)
        frame = av.AudioFrame.from_ndarray(np.stack([wave, wave]).astype(np.float32), "fltp", "stereo")
        frame.sample_rate, frame.pts, frame.time_base = 48000, start, Fraction(1, 48000)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))
