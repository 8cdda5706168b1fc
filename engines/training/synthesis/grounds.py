"""Drawn backgrounds and panels: paper, gradients, patterns, and the plates that text stands on."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.core.types import FloatImage
from engines.training.synthesis.colours import vivid
from engines.training.synthesis.layers import Colour3
from engines.training.synthesis.placing import Matrix


def _tint(rng: np.random.Generator) -> Colour3:
    if rng.random() < 0.4:
        return np.full(3, rng.choice([rng.uniform(0.85, 1), rng.uniform(0, 0.2), rng.random()]), np.float32)
    return vivid(rng) if rng.random() < 0.5 else rng.random(3, np.float32)


def _axes(side: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    along = np.linspace(0, 1, side, dtype=np.float32)
    return along[:, None], along[None, :]


def _mix(first: Colour3, second: Colour3, share: NDArray[np.float32]) -> FloatImage:
    return np.asarray(first + (second - first) * share[:, :, None], np.float32)


def _gradient(side: int, rng: np.random.Generator) -> FloatImage:
    y, x = _axes(side)
    if rng.random() < 0.3:
        share = np.sqrt((y - np.float32(rng.random())) ** 2 + (x - np.float32(rng.random())) ** 2)
    else:
        angle = rng.uniform(0, 2 * np.pi)
        share = 0.5 + (y - 0.5) * np.float32(np.sin(angle)) + (x - 0.5) * np.float32(np.cos(angle))
    first = _tint(rng)
    second = _tint(rng) if rng.random() < 0.5 else np.clip(first + np.float32(rng.uniform(-0.3, 0.3)), 0, 1)
    return _mix(first, second, np.clip(share, 0, 1))


def _paper(side: int, rng: np.random.Generator) -> FloatImage:
    base = np.full(3, rng.uniform(0.8, 1), np.float32) - np.array([0, 0.2, 0.5], np.float32) * np.float32(
        rng.uniform(0, 0.25)
    )
    coarse = rng.normal(0, rng.uniform(0, 0.05), (6, 6)).astype(np.float32)
    light = cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC)
    grain = rng.standard_normal((side, side), np.float32) * np.float32(rng.uniform(0, 0.02))
    return np.asarray(base + (light + grain)[:, :, None], np.float32)


def _stripes(side: int, rng: np.random.Generator) -> FloatImage:
    y, x = _axes(side)
    turn, angle = np.float32(2 * np.pi * rng.uniform(2, side / 6)), rng.uniform(0, np.pi)
    wave = np.sin(turn * (np.float32(np.sin(angle)) * y + np.float32(np.cos(angle)) * x))
    if rng.random() < 0.5:
        wave = wave * np.sin(turn * (np.float32(np.cos(angle)) * y - np.float32(np.sin(angle)) * x))
    sharp = np.float32(rng.uniform(0.6, 6))
    first = _tint(rng)
    second = _tint(rng) if rng.random() < 0.4 else np.clip(first + np.float32(rng.uniform(-0.25, 0.25)), 0, 1)
    return _mix(first, second, np.clip(0.5 + wave * sharp / 2, 0, 1))


def _screen(side: int, rng: np.random.Generator) -> FloatImage:
    """Black dots on white, as in printed comics: their size follows a slow gradient."""
    y, x = _axes(side)
    turn = np.float32(2 * np.pi * side / rng.uniform(4, 9))
    wave = np.sin(turn * (x + y) / np.float32(1.414)) * np.sin(turn * (x - y) / np.float32(1.414))
    level = np.float32(rng.uniform(-0.3, 0.7)) + (y - 0.5) * np.float32(rng.uniform(-0.8, 0.8))
    return _mix(np.full(3, 0.05, np.float32), np.full(3, 0.97, np.float32), np.clip(0.5 + 3 * (wave + level), 0, 1))


def _blocks(side: int, rng: np.random.Generator) -> FloatImage:
    picture = _gradient(side, rng)
    for _ in range(int(rng.integers(1, 6))):
        x, y = (int(v) for v in rng.integers(-side // 4, side, 2))
        w, h = (int(v) for v in rng.integers(side // 8, side, 2))
        colour = tuple(float(v) for v in _tint(rng))
        if rng.random() < 0.6:
            cv2.rectangle(picture, (x, y), (x + w, y + h), colour, -1)
        else:
            cv2.circle(picture, (x + w // 2, y + h // 2), h // 2, colour, -1, cv2.LINE_AA)
    return picture


def _clouds(side: int, rng: np.random.Generator) -> FloatImage:
    total = np.zeros((side, side), np.float32)
    for cells in (3, 8, 20, 48):
        coarse = rng.standard_normal((cells, cells), np.float32)
        total += cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC) / np.float32(cells**0.7)
    share = np.clip(0.5 + total * np.float32(rng.uniform(0.2, 0.9)), 0, 1)
    return _mix(_tint(rng), _tint(rng), share)


_MAKERS: tuple[Callable[[int, np.random.Generator], FloatImage], ...] = (
    _gradient,
    _gradient,
    _paper,
    _stripes,
    _screen,
    _blocks,
    _clouds,
)


def drawn(side: int, rng: np.random.Generator) -> FloatImage:
    """A background without a photo, ``(side, side, 3)`` in 0..1."""
    return np.clip(_MAKERS[int(rng.integers(len(_MAKERS)))](side, rng), 0, 1)


def paper(side: int, rng: np.random.Generator) -> FloatImage:
    """A sheet of paper, ``(side, side, 3)`` in 0..1."""
    return np.clip(_paper(side, rng), 0, 1)


def developed(picture: FloatImage, rng: np.random.Generator) -> FloatImage:
    """Sometimes another exposure, contrast, or black-and-white, so that few photos look like many."""
    roll = rng.random()
    if roll < 0.08:
        tone = np.array([1, rng.uniform(0.9, 1), rng.uniform(0.75, 1)], np.float32)
        return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)[:, :, None] * tone, np.float32)
    if roll < 0.45:
        gain = rng.uniform(0.75, 1.2) * rng.uniform(0.92, 1.08, 3)
        lifted = picture * gain.astype(np.float32) + np.float32(rng.uniform(-0.08, 0.08))
        return np.asarray(np.clip(lifted, 0, 1), np.float32)
    if roll < 0.5:
        return np.ascontiguousarray(picture[:, :, rng.permutation(3)])
    if roll < 0.57:  # text is often set on a photo that was made pale or dark for it
        share = np.float32(rng.uniform(0.3, 0.8))
        return np.asarray(picture * (1 - share) + share * np.float32(rng.choice([0.03, 0.97])), np.float32)
    return picture


def _shape(width: float, height: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Outline of a plate, ``(n, 2)``: rectangle, rounded or ellipse."""
    angle = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    c, s = np.cos(angle), np.sin(angle)
    roll = rng.random()
    if roll < 0.15:
        return np.stack([width / 2 * (1 + c), height / 2 * (1 + s)], 1)
    radius = 0.0 if roll < 0.55 else float(rng.uniform(0.05, 0.5)) * min(width, height)
    x = np.where(c > 0, width - radius, radius) + radius * c
    y = np.where(s > 0, height - radius, radius) + radius * s
    return np.stack([x, y], 1)


def _cover(points: NDArray[np.float64], matrix: Matrix, side: int) -> NDArray[np.float32]:
    moved = np.concatenate([points, np.ones((len(points), 1))], 1) @ matrix.T
    flat = np.round((moved[:, :2] / moved[:, 2:]) * 16).astype(np.int32)
    cover = np.zeros((side, side), np.uint8)
    cv2.fillPoly(cover, [flat.reshape(-1, 1, 2)], (255,), lineType=cv2.LINE_AA, shift=4)
    return np.asarray(cover, np.float32) * np.float32(1 / 255)


def plate(
    picture: FloatImage, size: tuple[float, float], matrix: Matrix, rng: np.random.Generator, opacity: float = 1.0
) -> FloatImage:
    """``picture`` with a panel of ``size`` = (width, height) on it, seen through ``matrix``; often bordered."""
    width, height = size
    side = picture.shape[0]
    points = _shape(width, height, rng)
    skin = _gradient(side, rng) if rng.random() < 0.35 else np.broadcast_to(_tint(rng), picture.shape)
    if rng.random() < 0.4:  # printed on the surface: its shading shows through
        shade = cv2.blur(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), (side // 12 | 1, side // 12 | 1))
        skin = skin * (shade / max(float(shade.mean()), 0.05)).clip(0.6, 1.3)[:, :, None]
    share = _cover(points, matrix, side) * np.float32(opacity)
    out = picture + (np.clip(skin, 0, 1) - picture) * share[:, :, None]
    if rng.random() < 0.5:
        thick, gap = max(1.0, 0.03 * height), rng.choice([0.0, 0.05]) * min(width, height)
        rim = _cover(_inset(points, size, gap), matrix, side) - _cover(_inset(points, size, gap + thick), matrix, side)
        out = out + (_tint(rng) - out) * (rim.clip(0, 1) * np.float32(opacity))[:, :, None]
    return np.asarray(out, np.float32)


def _inset(points: NDArray[np.float64], size: tuple[float, float], px: float) -> NDArray[np.float64]:
    centre = np.array(size) / 2
    factor = np.maximum(1 - 2 * px / np.array(size), 0.1)
    return np.asarray((points - centre) * factor + centre, np.float64)
