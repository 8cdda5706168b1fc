"""Draws the sample film: a slow move over the sample photo's own picture, with subtitles, a mark and a sound.

python packaging/make_sample_film.py coffee.png resources/samples      # coffee.png: see make_samples.py
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

RATE, FRAMES, WIDTH, HEIGHT = 25, 110, 448, 252
SOUND_RATE = 44100
TITLES = ((12, 52, "Good morning."), (60, 100, "The coffee is ready."))
"""First frame, the frame after the last, and what it says."""

MARK = "AURORA TV"
CHORDS = ((220.0, 277.18, 329.63), (246.94, 293.66, 369.99))

Picture = NDArray[np.uint8]


def main(photo: Path, folder: Path) -> None:
    source = np.asarray(Image.open(photo).convert("RGB"), np.uint8)
    folder.mkdir(parents=True, exist_ok=True)
    with av.open(str(folder / "coffee.mp4"), "w", options={"movflags": "faststart"}) as film:
        pictures = film.add_stream("libx264", rate=RATE, options={"crf": "23", "preset": "slow"})
        pictures.width, pictures.height, pictures.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        sound = film.add_stream("aac", rate=SOUND_RATE, layout="mono")
        sound.bit_rate = 48000
        for picture in frames(source):
            film.mux(pictures.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        film.mux(pictures.encode(None))
        for block in sounds():
            film.mux(sound.encode(block))
        film.mux(sound.encode(None))


def frames(source: Picture) -> Iterator[Picture]:
    """The camera moves across the picture while titles come and go."""
    mark = lettered(MARK, 15, (WIDTH - 100, 12), opacity=0.55)
    h, w = source.shape[:2]
    for number in range(FRAMES):
        share = number / (FRAMES - 1)
        scale = 0.86 - 0.08 * share
        left, top = (w - WIDTH * scale) * share, (h - HEIGHT * scale) * (0.25 + 0.5 * share)
        move = np.asarray([[scale, 0, left], [0, scale, top]], np.float32)
        shown = cv2.warpAffine(source, move, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
        picture = blended(np.asarray(shown, np.uint8), mark)
        for start, stop, words in TITLES:
            if start <= number < stop:
                picture = blended(picture, title(words))
        yield picture


Layer = tuple[NDArray[np.float32], NDArray[np.float32]]
"""Colour ``(h, w, 3)`` and opacity ``(h, w, 1)``."""


def title(words: str) -> Layer:
    """In the middle of the lower edge."""
    font = ImageFont.load_default(24)
    left, _, right, _ = font.getbbox(words)
    at = (round((WIDTH - (right - left)) / 2), HEIGHT - 40)
    return lettered(words, 24, at, rim=2)


def lettered(words: str, height: int, at: tuple[int, int], *, opacity: float = 1.0, rim: int = 0) -> Layer:
    """White letters, their top left corner ``at`` (x, y), with a dark rim."""
    page = Image.new("RGBA", (WIDTH, HEIGHT))
    font = ImageFont.load_default(height)
    draw = ImageDraw.Draw(page)
    draw.text(at, words, (255, 255, 255, 255), font, stroke_width=rim, stroke_fill=(16, 14, 12, 255))
    drawn = np.asarray(page, np.float32)
    return drawn[..., :3], np.asarray(drawn[..., 3:] * np.float32(opacity / 255), np.float32)


def blended(picture: Picture, layer: Layer) -> Picture:
    colour, opacity = layer
    return np.asarray(np.rint(picture * (1 - opacity) + colour * opacity), np.uint8)


def sounds() -> Iterator[av.AudioFrame]:
    """Two soft chords, as long as the film."""
    count = SOUND_RATE * FRAMES // RATE
    time = np.arange(count) / SOUND_RATE
    second = time >= time[-1] / 2
    waves = [sum(np.sin(2 * np.pi * tone * time) for tone in chord) for chord in CHORDS]
    swell = np.sin(np.pi * ((time / time[-1] * 2) % 1)) ** 2
    level = np.asarray(0.06 * swell * np.where(second, waves[1], waves[0]), np.float32)
    for start in range(0, count, 1024):
        block = av.AudioFrame.from_ndarray(level[None, start : start + 1024], format="fltp", layout="mono")
        block.sample_rate, block.pts, block.time_base = SOUND_RATE, start, Fraction(1, SOUND_RATE)
        yield block


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
