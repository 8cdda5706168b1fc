"""Glyph coverage: a line of text, or a simple mark, as a grey image before it is placed."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from engines.training.synthesis.fonts import Face
from engines.training.synthesis.words import Script

GreyImage = NDArray[np.uint8]
"""``(h, w)`` uint8 coverage."""


def supersampling(height: float) -> int:
    """Small letters are drawn at twice their size, so that placing them does not hurt their edges."""
    return 2 if height < 28 else 1


def row(text: str, face: Face, size: int, script: Script, spacing: int = 0) -> GreyImage:
    """``text`` in one row at ``size`` pixels; ``spacing`` pixels more between letters of unshaped scripts."""
    font = face.at(size, script)
    if spacing and len(text) > 1:
        return _spaced(text, face, size, script, spacing)
    left, top, right, bottom = font.getbbox(text)
    width, height = int(np.ceil(right - left)), int(np.ceil(bottom - top))
    if width < 1 or height < 1:
        return np.zeros((1, 1), np.uint8)
    image = Image.new("L", (width, height))
    ImageDraw.Draw(image).text((-left, -top), text, fill=255, font=font)
    return np.asarray(image)


def _spaced(text: str, face: Face, size: int, script: Script, spacing: int) -> GreyImage:
    font = face.at(size, script)
    steps = [font.getlength(c) + spacing for c in text]
    ascent, descent = font.getmetrics()
    image = Image.new("L", (int(sum(steps)) + size, ascent + descent))
    pen = ImageDraw.Draw(image)
    x = size / 4
    for character, step in zip(text, steps, strict=True):
        pen.text((x, 0), character, fill=255, font=font)
        x += step
    return _trimmed(np.asarray(image))


def column(text: str, face: Face, size: int, script: Script) -> GreyImage:
    """``text`` from top to bottom, letters upright and centred."""
    font = face.at(size, script)
    step = round(size * 1.08)
    image = Image.new("L", (2 * size, step * len(text) + size))
    pen = ImageDraw.Draw(image)
    for number, character in enumerate(text):
        pen.text((size, number * step), character, fill=255, font=font, anchor="ma")
    return _trimmed(np.asarray(image))


def _trimmed(image: GreyImage) -> GreyImage:
    x, y, w, h = cv2.boundingRect(image)
    return image[y : y + h, x : x + w] if w and h else np.zeros((1, 1), np.uint8)


def arched(image: GreyImage, bend: float) -> GreyImage:
    """The row bent on a circle: ``bend`` is the angle it spans, in radians (positive: middle up)."""
    height, width = image.shape
    radius = width / abs(bend)
    source = image if bend > 0 else image[::-1, ::-1]
    outer = radius + height
    half = abs(bend) / 2
    reach = outer * np.sin(min(half, np.pi / 2))
    low = radius * np.cos(half) if half < np.pi / 2 else outer * np.cos(half)
    size = (max(int(np.ceil(2 * reach)), 1), max(int(np.ceil(outer - low)), 1))
    x = np.arange(size[0], dtype=np.float32)[None, :] - np.float32(reach)
    y = np.float32(outer) - np.arange(size[1], dtype=np.float32)[:, None]
    distance = np.sqrt(x * x + y * y)
    along = np.arctan2(x, y) * np.float32(radius) + np.float32(width / 2)
    bent = cv2.remap(np.ascontiguousarray(source), along, np.float32(outer) - distance, cv2.INTER_LINEAR)
    return np.asarray(bent if bend > 0 else bent[::-1, ::-1], np.uint8)


def mark(rng: np.random.Generator, size: int) -> GreyImage:
    """A simple logo of about ``size`` pixels: ring, star, polygon, arrow, bars, heart or check."""
    makers = (_ring, _star, _polygon, _arrow, _bars, _heart, _check)
    image = np.zeros((size, size), np.uint8)
    for _ in range(int(rng.integers(1, 3))):
        makers[int(rng.integers(len(makers)))](image, rng)
    return _trimmed(image)


def _fill(image: GreyImage, points: NDArray[np.float64], value: int = 255) -> None:
    scaled = np.round(points * image.shape[0] * 16).astype(np.int32)
    cv2.fillPoly(image, [scaled.reshape(-1, 1, 2)], (value,), lineType=cv2.LINE_AA, shift=4)


def _ring(image: GreyImage, rng: np.random.Generator) -> None:
    size = image.shape[0]
    thick = max(1, round(size * rng.uniform(0.03, 0.15)))
    centre = (size // 2, size // 2)
    cv2.circle(image, centre, max(1, round(size * rng.uniform(0.3, 0.48)) - thick), (255,), thick, cv2.LINE_AA)


def _star(image: GreyImage, rng: np.random.Generator) -> None:
    points = int(rng.integers(4, 9))
    angle = np.arange(2 * points) * np.pi / points + rng.uniform(0, np.pi)
    radius = np.where(np.arange(2 * points) % 2, rng.uniform(0.15, 0.3), 0.48)
    _fill(image, 0.5 + np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1))


def _polygon(image: GreyImage, rng: np.random.Generator) -> None:
    angle = np.sort(rng.uniform(0, 2 * np.pi, int(rng.integers(3, 7))))
    shape = 0.5 + 0.47 * np.stack([np.cos(angle), np.sin(angle)], 1)
    _fill(image, shape)
    if rng.random() < 0.5:
        _fill(image, 0.5 + (shape - 0.5) * rng.uniform(0.4, 0.8), 0)


def _arrow(image: GreyImage, rng: np.random.Generator) -> None:
    size = image.shape[0]
    ends = (rng.uniform(0.1, 0.9, (2, 2)) * size).astype(int)
    thick = max(1, size // int(rng.integers(8, 16)))
    start, stop = (int(ends[0, 0]), int(ends[0, 1])), (int(ends[1, 0]), int(ends[1, 1]))
    cv2.arrowedLine(image, start, stop, (255,), thick, cv2.LINE_AA, tipLength=0.35)


def _bars(image: GreyImage, rng: np.random.Generator) -> None:
    size, x = image.shape[0], 0
    top, bottom = round(size * rng.uniform(0, 0.4)), size - 1
    while x < size - 2:
        width = int(rng.integers(1, max(2, size // 12) + 1))
        cv2.rectangle(image, (x, top), (x + width - 1, bottom), (255,), -1)
        x += width + int(rng.integers(1, max(2, size // 10) + 1))


def _heart(image: GreyImage, rng: np.random.Generator) -> None:
    t = np.linspace(0, 2 * np.pi, 40)
    x = 16 * np.sin(t) ** 3
    y = 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
    _fill(image, 0.5 + np.stack([x, -y], 1) / rng.uniform(36, 60))


def _check(image: GreyImage, rng: np.random.Generator) -> None:
    size = image.shape[0]
    points = np.array([[0.12, 0.55], [0.4, 0.85], [0.9, 0.15]]) + rng.uniform(-0.05, 0.05, (3, 2))
    line = np.round(points * size).astype(np.int32).reshape(-1, 1, 2)
    cv2.polylines(image, [line], isClosed=False, color=(255,), thickness=max(1, size // 9), lineType=cv2.LINE_AA)
