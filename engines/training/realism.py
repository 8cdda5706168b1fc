"""How real a line of text looks: a small judge that learns real against drawn lines from plain measurements.

Stands for the mask decoder that *Self-Supervised Text Erasing* (2022) takes its realism reward from; with the few
hundred lines that a person's photos hold, logistic regression on two dozen numbers is what can be learnt.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.core.types import Alpha, Box, FloatImage
from engines.training.synthesis.photos import Photo
from engines.training.synthesis.sample import Sample

Floats = NDArray[np.float64]

ENOUGH = 200
"""Real lines that it takes; with fewer, sample around what was measured and leave realism alone."""

_HEIGHT = 32
_RIDGE = 1e-2


def line_box(stroke: Alpha) -> Box | None:
    """The box of the largest piece of text in a ``(h, w)`` stroke map, its letters joined; None where empty."""
    joined = cv2.dilate(stroke, np.ones((5, 9), np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(joined)
    if count < 2:
        return None
    x, y, w, h = (int(v) for v in stats[1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA])), :4])
    return Box(x, y, w, h)


def describe(picture: FloatImage, box: Box) -> Floats:
    """Measurements of the line in ``box``, ``(FEATURES,)``: contrast, sharpness, edges, colours, stroke share."""
    part = np.ascontiguousarray(picture[box.within(picture.shape[:2]).slices])
    height, width = max(part.shape[0], 1), max(part.shape[1], 1)
    vertical = height > width
    if vertical:
        part, height, width = part.transpose(1, 0, 2), width, height
    size = (int(np.clip(round(width * _HEIGHT / height), 16, 8 * _HEIGHT)), _HEIGHT)
    scaled = cv2.resize(np.ascontiguousarray(part), size, interpolation=cv2.INTER_AREA)
    grey = scaled @ np.array([0.299, 0.587, 0.114], np.float32)
    steps = np.hypot(np.diff(grey, axis=0)[:, :-1], np.diff(grey, axis=1)[:-1])
    levels = np.percentile(grey, [2, 25, 50, 75, 98])
    contrast = max(float(levels[4] - levels[0]), 1e-3)
    edges = np.histogram(steps / contrast, bins=[0, 0.02, 0.05, 0.1, 0.2, 0.4, 2])[0] / steps.size
    tones = np.histogram((grey - levels[0]) / contrast, bins=np.linspace(0, 1, 6))[0] / grey.size
    chroma = scaled.max(axis=2) - scaled.min(axis=2)
    laplacian = np.abs(cv2.Laplacian(np.asarray(grey, np.float32), cv2.CV_32F))
    plain = [contrast, float(np.log(height)), float(np.log(width / height)), float(vertical)]
    looks = [float(chroma.mean()), float(chroma.std()), float(laplacian.mean()) / contrast, float(grey.std())]
    return np.concatenate([plain, looks, edges, tones, levels]).astype(np.float64)


def real_lines(photos: Iterable[Photo]) -> list[Floats]:
    """Descriptions of the text that photos carry."""
    return [
        describe(np.asarray(photo.pixels, np.float32) / np.float32(255), box)
        for photo in photos
        for box in photo.boxes
        if not box.within(photo.pixels.shape[:2]).empty
    ]


def drawn_lines(samples: Iterable[Sample]) -> list[Floats]:
    """Descriptions of the largest line of each sample that has one."""
    found = ((sample, line_box(sample.stroke)) for sample in samples)
    return [describe(sample.image, box) for sample, box in found if box is not None]


class RealismJudge:
    """Logistic regression between real and drawn lines (ridge, iteratively reweighted least squares)."""

    def __init__(self) -> None:
        self._weights: Floats | None = None
        self._mean: Floats | None = None
        self._spread: Floats | None = None

    @property
    def ready(self) -> bool:
        return self._weights is not None

    def learn(self, real: Sequence[Floats], drawn: Sequence[Floats]) -> None:
        """Fit to descriptions of both kinds; raises ``ValueError`` with fewer than ``ENOUGH`` of either."""
        if min(len(real), len(drawn)) < ENOUGH:
            msg = f"{len(real)} real and {len(drawn)} drawn lines; it takes {ENOUGH} of each"
            raise ValueError(msg)
        rows = np.concatenate([np.stack(real), np.stack(drawn)])
        labels = np.concatenate([np.ones(len(real)), np.zeros(len(drawn))])
        balance = np.where(labels > 0, 0.5 / len(real), 0.5 / len(drawn))
        self._mean, self._spread = rows.mean(axis=0), rows.std(axis=0) + 1e-6
        self._weights = _fit(self._inputs(rows), labels, balance)

    def log_odds(self, rows: Sequence[Floats]) -> Floats:
        """Of being real, one per description, at equal shares of both kinds."""
        if self._weights is None:
            msg = "the judge has not learnt yet"
            raise ValueError(msg)
        return np.asarray(self._inputs(np.stack(rows)) @ self._weights, np.float64)

    def _inputs(self, rows: Floats) -> Floats:
        assert self._mean is not None
        assert self._spread is not None
        scaled = np.clip((rows - self._mean) / self._spread, -4, 4)
        return np.concatenate([scaled, np.ones((len(rows), 1))], axis=1)


def _fit(inputs: Floats, labels: Floats, balance: Floats) -> Floats:
    weights = np.zeros(inputs.shape[1])
    for _ in range(12):
        chance = 1 / (1 + np.exp(-np.clip(inputs @ weights, -30, 30)))
        curvature = balance * np.maximum(chance * (1 - chance), 1e-4)
        slope = inputs.T @ (balance * (labels - chance)) - _RIDGE * weights
        weights = weights + np.linalg.solve((inputs.T * curvature) @ inputs + _RIDGE * np.eye(len(weights)), slope)
    return np.asarray(weights, np.float64)
