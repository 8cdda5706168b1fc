"""The static camera: what lies behind a hole is the median of what is seen there at other times."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.core.types import FloatImage
from engines.pipeline.flow import Grey
from engines.pipeline.membrane import Flags

_LOOKS = 13
"""Frames that are compared to tell whether the camera stands still."""

_LEVELS, _SHARE = 6, 0.95
"""So many levels may known pixels differ from their median, and so many of them must keep to it."""

FEWEST = 3
"""Frames that are needed to tell a still camera."""

CLEAR = 2
"""Pixels from a hole's edge from which a sample counts."""

_RING, _ENOUGH = 10, 50
"""The ring that a frame's light is judged by reaches so far, and has so many pixels."""

_BLOCK = 16_384


def stands_still(greys: Sequence[Grey], holes: Sequence[Flags]) -> bool:
    """Whether nearly all that is seen around the holes stays in its place and keeps its light.

    A slow drift adds up between the frames compared, so that edges give it away.
    """
    chosen = sorted({round(i) for i in np.linspace(0, len(greys) - 1, _LOOKS)})
    if len(chosen) < FEWEST:
        return False
    stack = np.stack([greys[i] for i in chosen]).astype(np.float32)
    known = np.stack([~holes[i] for i in chosen])
    middles = [np.median(frame[seen]) if seen.any() else 0 for frame, seen in zip(stack, known, strict=True)]
    stack *= (np.median(middles) / np.maximum(middles, 1))[:, None, None].astype(np.float32)
    usual = np.median(stack, axis=0)
    soft = np.stack([cv2.blur(np.abs(frame - usual), (3, 3)) for frame in stack])  # noise is no motion
    seen = soft[known]
    return bool(seen.size and (seen < _LEVELS).mean() >= _SHARE and _edges_stay(stack, known, usual))


def _edges_stay(stack: NDArray[np.float32], known: Flags, usual: NDArray[np.float32]) -> bool:
    """The same where there is something that would move: a plain wall stays plain under any motion."""
    slope = np.hypot(cv2.Sobel(usual, cv2.CV_32F, 1, 0), cv2.Sobel(usual, cv2.CV_32F, 0, 1)) / 8
    steep = slope > max(4.0, float(np.quantile(slope, 0.9)))
    if steep.mean() < 0.005:
        return True
    allowed = np.maximum(_LEVELS, 0.35 * slope)
    kept = [(np.abs(frame - usual) < allowed)[seen & steep] for frame, seen in zip(stack, known, strict=True)]
    every = np.concatenate(kept)
    return bool(every.size and every.mean() >= _SHARE)


def median_behind(
    frames: Sequence[FloatImage], holes: Sequence[Flags], exposures: NDArray[np.float64]
) -> tuple[FloatImage, Flags]:
    """What is behind the union of the holes, in the light of the first frame, and where it has been seen.

    Everywhere else it is the first frame that knows the pixel.
    """
    where = np.logical_or.reduce(list(holes))
    rows, columns = np.nonzero(where)
    samples = np.full((len(frames), len(rows), 3), np.inf, np.float32)
    picture: FloatImage | None = None
    for number, hole in enumerate(holes):
        frame = frames[number]
        picture = frame.copy() if picture is None else picture
        away = cv2.distanceTransform((~hole).astype(np.uint8), cv2.DIST_L2, 5) if hole.any() else None
        clear = np.ones(len(rows), bool) if away is None else away[rows, columns] > CLEAR
        light = np.exp(-exposures[number]).astype(np.float32)
        samples[number, clear] = frame[rows[clear], columns[clear]] * light
    if picture is None:
        raise ValueError("there are no frames")
    colours, enough = _medians(samples)
    picture[rows[enough], columns[enough]] = colours[enough]
    unseen = np.zeros_like(where)
    unseen[rows[~enough], columns[~enough]] = True
    return picture, unseen


def lit_like(frame: FloatImage, picture: FloatImage, hole: Flags) -> FloatImage:
    """``frame`` with ``picture`` in its hole, lighter or darker as the frame is around it."""
    away = cv2.distanceTransform((~hole).astype(np.uint8), cv2.DIST_L2, 5)
    ring = (away > CLEAR) & (away <= _RING)
    out: FloatImage = frame.copy()
    shift = np.zeros(3, np.float32)
    if ring.sum() >= _ENOUGH:
        shift = np.asarray(np.median((frame - picture)[ring], axis=0), np.float32)
    out[hole] = np.clip(picture[hole] + shift, 0, 1)
    return out


def _medians(samples: NDArray[np.float32]) -> tuple[NDArray[np.float32], Flags]:
    """Over the first axis; infinite samples do not count."""
    count = np.isfinite(samples[..., 0]).sum(axis=0)
    middle = np.zeros(samples.shape[1:], np.float32)
    for start in range(0, samples.shape[1], _BLOCK):
        part = np.sort(samples[:, start : start + _BLOCK], axis=0)
        n = np.maximum(count[start : start + _BLOCK], 1)
        pick = np.arange(part.shape[1])
        low, high = part[(n - 1) // 2, pick], part[n // 2, pick]
        middle[start : start + _BLOCK] = np.where(np.isfinite(low), (low + high) / 2, 0)
    return middle, count > 0
