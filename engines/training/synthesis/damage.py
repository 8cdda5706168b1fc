"""What lens, sensor and file format do, applied to two pictures alike: same parameters, same noise."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.core.types import FloatImage
from engines.training.synthesis.style import Damage

JPEG_SKIRT = 8
"""Pixels by which JPEG ringing passes a stroke: one block."""


@dataclass(frozen=True, slots=True, eq=False)
class Recipe:
    """One drawn damage. ``kernel``: blur, or None. ``noise``: standard deviation, 0..1. ``quality``: JPEG, 0 = none."""

    kernel: NDArray[np.float32] | None
    shrink: float
    noise: float
    grey_noise: bool
    quality: int

    @property
    def skirt(self) -> int:
        """Pixels by which the damage spreads a stroke visibly."""
        blur = 0 if self.kernel is None else self.kernel.shape[0] // 2
        return blur + (2 if self.shrink < 1 else 0) + (JPEG_SKIRT if self.quality else 0)


def draw_recipe(kind: Damage, rng: np.random.Generator) -> Recipe:
    """A random damage of ``kind``."""

    def has(one: Damage) -> bool:
        return kind is one or (kind is Damage.ALL and rng.random() < 0.75)

    kernel, shrink, noise, quality = None, 1.0, 0.0, 0
    if has(Damage.BLUR):
        if rng.random() < 0.3:
            shrink = float(rng.uniform(0.5, 0.9))
        else:
            kernel = _kernel(rng)
    if has(Damage.NOISE):
        noise = float(rng.uniform(1, 9)) / 255
    if has(Damage.JPEG):
        quality = int(rng.integers(35, 96))
    return Recipe(kernel, shrink, noise, bool(rng.random() < 0.5), quality)


def _kernel(rng: np.random.Generator) -> NDArray[np.float32]:
    if rng.random() < 0.3:
        size = 2 * int(rng.integers(1, 4)) + 1
        line = np.zeros((size, size), np.float32)
        dx, dy = np.array([np.cos(a := rng.uniform(0, np.pi)), np.sin(a)]) * (size // 2)
        middle = size // 2
        ends = (round(middle - dx), round(middle - dy)), (round(middle + dx), round(middle + dy))
        cv2.line(line, ends[0], ends[1], (1.0,), 1)
        return np.asarray(line / line.sum(), np.float32)
    sigma = float(rng.uniform(0.4, 1.5))
    size = 2 * int(np.ceil(2 * sigma)) + 1
    row = cv2.getGaussianKernel(size, sigma)
    return np.asarray(row @ row.T, np.float32)


def soften(recipe: Recipe, picture: FloatImage) -> FloatImage:
    """The part that spreads strokes smoothly: blur, or a smaller size and back."""
    if recipe.kernel is not None:
        picture = np.asarray(cv2.filter2D(picture, -1, recipe.kernel, borderType=cv2.BORDER_REFLECT_101), np.float32)
    if recipe.shrink < 1:
        side = picture.shape[0]
        small = max(8, round(side * recipe.shrink))
        reduced = cv2.resize(picture, (small, small), interpolation=cv2.INTER_AREA)
        picture = np.asarray(cv2.resize(reduced, (side, side), interpolation=cv2.INTER_LINEAR), np.float32)
    return picture


def grain(recipe: Recipe, side: int, rng: np.random.Generator) -> FloatImage | None:
    """The noise that both pictures get, or None."""
    if not recipe.noise:
        return None
    field = rng.standard_normal((side, side, 1 if recipe.grey_noise else 3), np.float32)
    return field * np.float32(recipe.noise)


def finish(recipe: Recipe, picture: FloatImage, noise: FloatImage | None) -> FloatImage:
    """Noise, then JPEG; in 0..1."""
    if noise is not None:
        picture = picture + noise
    picture = np.clip(picture, 0, 1)
    if not recipe.quality:
        return np.asarray(picture, np.float32)
    levels = np.round(picture * 255).astype(np.uint8)
    _, data = cv2.imencode(".jpg", levels[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, recipe.quality])
    decoded = cv2.imdecode(data, cv2.IMREAD_COLOR)
    if decoded is None:
        msg = "a JPEG just written could not be read"
        raise RuntimeError(msg)
    return np.ascontiguousarray(decoded[:, :, ::-1], np.float32) * np.float32(1 / 255)
