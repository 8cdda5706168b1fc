"""Draws the sample film: a boat on a lake, with a station's mark and subtitles burnt into it, and sound.

``python packaging/make_sample_film.py resources/samples/lake.mp4``. The same bytes on every machine with the same
encoder; nothing in it is anybody else's.
"""

from __future__ import annotations

import sys
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Floats = NDArray[np.float32]

SIZE = (360, 640)
RATE, FRAMES, HERTZ = 25, 200, 48000
SUBTITLES = ((20, 85, "The boat leaves at seven."), (105, 180, "Nobody knows when it returns."))
"""First frame, the frame behind the last one, words."""


def main(target: Path) -> None:
    scene = _Scene()
    with av.open(str(target), "w", options={"movflags": "+faststart"}) as container:
        options = {"preset": "slow", "crf": "24", "g": "50"}
        stream = cast("av.VideoStream", container.add_stream("libx264", rate=RATE, options=options))
        stream.height, stream.width = SIZE
        stream.pix_fmt = "yuv420p"
        tone = cast("av.AudioStream", container.add_stream("aac", rate=HERTZ, layout="stereo"))
        for number in range(FRAMES):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(scene.frame(number), "rgb24")))
        container.mux(stream.encode(None))
        for start in range(0, FRAMES * HERTZ // RATE, 1024):
            container.mux(tone.encode(_sound(start)))
        container.mux(tone.encode(None))


class _Scene:
    def __init__(self) -> None:
        self._rng = np.random.default_rng(11)
        self._sky = _sky(SIZE[1] + 240)
        self._ripples = self._rng.normal(0, 1, (SIZE[0] // 2, SIZE[1] + 240)).astype(np.float32)

    def frame(self, number: int) -> NDArray[np.uint8]:
        """``(h, w, 3)``: the camera pans slowly, the boat crosses, the water moves."""
        pan = 0.6 * number
        picture = cv2.warpAffine(self._sky, np.array([[1, 0, -pan], [0, 1, 0]]), SIZE[::-1])
        self._water(picture, number, pan)
        _boat(picture, 60 + 2.3 * number - pan, 232 + 2 * np.sin(number / 9))
        page = Image.fromarray(np.clip(picture + self._rng.normal(0, 1.2, picture.shape), 0, 255).astype(np.uint8))
        _write(page, "LAKE TV", (540, 18), 20, 235)
        for begin, end, words in SUBTITLES:
            if begin <= number < end:
                width = ImageFont.load_default(26).getlength(words)
                _write(page, words, (round((SIZE[1] - width) / 2), 312), 26, 255)
        return np.asarray(page)

    def _water(self, picture: Floats, number: int, pan: float) -> None:
        half = SIZE[0] // 2
        above = picture[half - 1 :: -1][:half]
        rows = np.arange(half, dtype=np.float32)[:, None]
        shift = cv2.warpAffine(self._ripples, np.array([[1, 0, -pan], [0, 1, number * 0.4]]), (SIZE[1], half))
        glitter = cv2.GaussianBlur(shift, (0, 0), 5, sigmaY=1.2) * (8 + rows / 8)
        picture[half:] = above[:half] * 0.72 + np.array([6, 18, 30], np.float32) + glitter[..., None] * 2.2


def _sky(width: int) -> Floats:
    """The upper half is sky and hills, over a width that the camera pans across."""
    height = SIZE[0]
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    glow = np.exp(-(((columns - 430) / 190) ** 2 + ((rows - 150) / 90) ** 2))
    picture = np.stack([96 + rows * 0.55 + 90 * glow, 120 + rows * 0.3 + 55 * glow, 168 - rows * 0.2], axis=2)
    picture[((columns - 430) ** 2 + (rows - 128) ** 2) < 24**2] = (255, 236, 190)
    for level, base, colour in ((0, 118, (92, 104, 128)), (1, 142, (66, 82, 96)), (2, 163, (40, 58, 62))):
        ridge = base + 16 * np.sin(columns / (70 - 14 * level) + 2.1 * level) + 7 * np.sin(columns / 17 + level)
        cover = np.clip(rows - ridge, 0, 1)[..., None]
        shade = np.array(colour, np.float32) + 9 * np.sin(columns / 5.3 + rows / 3.1)[..., None]
        picture = picture * (1 - cover) + shade * cover
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 0.7), np.float32)


def _boat(picture: Floats, x: float, y: float) -> None:
    at = np.array([x, y])
    hull = np.array([(-34, 0), (34, 0), (24, 13), (-26, 13)]) + at
    sail = np.array([(-2, -58), (-2, -5), (27, -5)]) + at
    jib = np.array([(-6, -50), (-6, -5), (-27, -5)]) + at
    for shape, colour in ((hull, (120, 52, 40)), (sail, (238, 232, 220)), (jib, (222, 212, 196))):
        points = np.rint(shape * 16).astype(np.int32)
        cv2.fillPoly(picture, [points], colour, cv2.LINE_AA, shift=4)


def _write(page: Image.Image, words: str, at: tuple[int, int], size: int, grey: int) -> None:
    ImageDraw.Draw(page).text(
        at, words, (grey, grey, grey), ImageFont.load_default(size), stroke_width=2, stroke_fill=(15, 15, 15)
    )


def _sound(start: int) -> av.AudioFrame:
    """1024 samples: four slow notes over a soft wash of water."""
    at = np.arange(start, start + 1024)
    seconds = at / HERTZ
    note = np.array([220.0, 277.18, 329.63, 246.94])[(seconds // 2).astype(int) % 4]
    fade = np.sin(np.pi * (seconds % 2) / 2) ** 0.7
    wash = np.random.default_rng(start).normal(0, 0.012, 1024)
    wave = (0.16 * fade * np.sin(2 * np.pi * note * seconds) + wash).astype(np.float32)
    frame = av.AudioFrame.from_ndarray(np.stack([wave, wave]), "fltp", "stereo")
    frame.sample_rate, frame.pts, frame.time_base = HERTZ, start, Fraction(1, HERTZ)
    return frame


if __name__ == "__main__":
    main(Path(sys.argv[1]))
