"""Draws the sample photo: text on the "coffee" picture that the scikit-image package carries (CC0, by Rachel Michetti).

pip download --no-deps scikit-image && unzip -p scikit_image-*.whl skimage/data/coffee.png > coffee.png
python packaging/make_samples.py coffee.png resources/samples
"""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Floats = NDArray[np.float32]
Corners = tuple[tuple[float, float], ...]

PRINTS: tuple[tuple[str, int, tuple[int, int, int], float, Corners], ...] = (
    # words, letter height in pixels, colour, opacity, where the four corners of the drawn line go
    ("CAFE AURORA", 90, (250, 240, 225), 0.92, ((425, 330), (575, 60), (600, 92), (465, 352))),
    ("open daily 7-19", 60, (250, 240, 225), 0.85, ((478, 362), (590, 150), (606, 170), (504, 376))),
    ("2026 11 24  09:41", 60, (255, 150, 40), 0.95, ((12, 368), (182, 368), (182, 390), (12, 390))),
)


def main(photo: Path, folder: Path) -> None:
    picture = np.asarray(Image.open(photo).convert("RGB"), np.float32)
    for words, height, colour, opacity, corners in PRINTS:
        cover = warped(line(words, height), corners, (picture.shape[0], picture.shape[1])) * opacity
        picture = picture * (1 - cover[..., None]) + np.asarray(colour, np.float32) * cover[..., None]
    noise = np.random.default_rng(7).normal(0, 1.5, picture.shape)
    out = Image.fromarray(np.clip(np.rint(picture + noise), 0, 255).astype(np.uint8))
    folder.mkdir(parents=True, exist_ok=True)
    out.save(folder / "coffee.jpg", quality=92, subsampling=0)


def line(words: str, height: int) -> Floats:
    """Coverage of one drawn line, ``(h, w)`` in 0..1, with a small border."""
    font = ImageFont.load_default(height)
    left, top, right, bottom = font.getbbox(words)
    page = Image.new("L", (int(right - left) + 8, int(bottom - top) + 8))
    ImageDraw.Draw(page).text((4 - left, 4 - top), words, 255, font)
    return np.asarray(np.asarray(page, np.float32) / np.float32(255), np.float32)


def warped(cover: Floats, corners: Corners, size: tuple[int, int]) -> Floats:
    """``cover`` with its corners moved to ``corners`` in a picture of ``size`` = (height, width), a little soft."""
    h, w = cover.shape
    start = np.asarray([(0, 0), (w, 0), (w, h), (0, h)], np.float32)
    matrix = cv2.getPerspectiveTransform(start, np.asarray(corners, np.float32))
    # the drawn line is larger than the printed one: blurred first, it does not alias
    moved = cv2.warpPerspective(cv2.GaussianBlur(cover, (0, 0), 1.2), matrix, (size[1], size[0]), flags=cv2.INTER_AREA)
    return np.asarray(cv2.GaussianBlur(moved, (0, 0), 0.5), np.float32)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
