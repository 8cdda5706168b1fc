"""The motion of a whole picture as one homography: what a turning or panning camera does to it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.pipeline.sampling import places, sample

_STEP = 8
_FEWEST = 24
"""Vectors of a grid of every ``_STEP`` pixels, and how many of them there must be."""

_TOLERANCE = 1.0
"""Pixels by which a vector may miss the motion and still belong to it."""

_MOST = 1e-3
"""Perspective terms (per pixel) beyond which a fit is no camera's motion between two frames."""


def fit_motion(flow: NDArray[np.float32], trusted: NDArray[np.bool_]) -> NDArray[np.float64] | None:
    """The 3 x 3 homography that most trusted vectors of ``flow`` (``(h, w, 2)``) follow; None where none is found."""
    rows, columns = np.nonzero(trusted[_STEP // 2 :: _STEP, _STEP // 2 :: _STEP])
    if len(rows) < _FEWEST:
        return None
    y, x = rows * _STEP + _STEP // 2, columns * _STEP + _STEP // 2
    start = np.stack([x, y], axis=1).astype(np.float64)
    end = start + flow[y, x]
    cv2.setRNGSeed(1)  # the same frames must give the same film
    found, inliers = cv2.findHomography(start, end, cv2.USAC_MAGSAC, _TOLERANCE, maxIters=500, confidence=0.999)
    if found is None or inliers is None or inliers.sum() < _FEWEST:
        return None
    motion = np.asarray(found / found[2, 2], np.float64)
    return motion if _sane(motion) else None


def _sane(motion: NDArray[np.float64]) -> bool:
    scaled = motion / motion[2, 2]
    turn = scaled[:2, :2]
    return bool(np.isfinite(scaled).all() and np.abs(scaled[2, :2]).max() < _MOST and 0.5 < np.linalg.det(turn) < 2)


def motion_field(motion: NDArray[np.float64], size: tuple[int, int]) -> NDArray[np.float32]:
    """The flow ``(h, w, 2)`` that the homography stands for, over a picture of ``size`` = (height, width)."""
    own = places(np.zeros((*size, 2), np.float32)).astype(np.float64)
    moved = own @ motion[:2, :2].T + motion[:2, 2]
    depth = own @ motion[2, :2] + motion[2, 2]
    return np.asarray(moved / depth[..., None] - own, np.float32)


_PIXELS = 24_000
"""Pixels that the refinement looks at: those with the steepest slopes."""

_ROUNDS = 6
_STILL = 2e-3
"""Pixels by which no corner of the picture moves any more: refined enough."""


def refined(
    motion: NDArray[np.float64], first: NDArray[np.uint8], second: NDArray[np.uint8], trusted: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """``motion`` made to fit the two ``(h, w)`` pictures themselves, to hundredths of a pixel.

    Gauss-Newton on the differences of levels, gain and offset free, with Huber weights (Lucas and Kanade 1981;
    Baker and Matthews 2004, forward additive). Flow has a bias towards whole pixels, which would add up from frame
    to frame. Where it does not converge, ``motion`` comes back as it was.
    """
    chosen = _steep(first, trusted)
    if len(chosen[0]) < 20 * _FEWEST:
        return motion
    a, b = (cv2.GaussianBlur(picture.astype(np.float32), (0, 0), 0.8) for picture in (first, second))
    slopes = [cv2.Sobel(b, cv2.CV_32F, *axis, ksize=3, scale=1 / 8) for axis in ((1, 0), (0, 1))]
    stack = np.dstack([b, *slopes])
    h, w = first.shape
    unit = np.array([[w / 2, 0, w / 2], [0, h / 2, h / 2], [0, 0, 1]])  # coordinates of -1..1: well conditioned
    current = motion @ unit
    x, y = (chosen[1] - w / 2) / (w / 2), (chosen[0] - h / 2) / (h / 2)
    seen = a[chosen].astype(np.float64)
    light = np.array([1.0, 0.0])
    for _ in range(_ROUNDS):
        step, light = _step(current, stack, (x, y), seen, light)
        if step is None:
            return motion
        current = current + step
        if np.abs(step).max() < _STILL:
            break
    result = current @ np.linalg.inv(unit)
    result = result / result[2, 2]
    near = np.abs(motion_field(result, first.shape) - motion_field(motion, first.shape)).max() < 2 * _TOLERANCE
    return np.asarray(result, np.float64) if near and _sane(result) else motion


def _steep(picture: NDArray[np.uint8], trusted: NDArray[np.bool_]) -> tuple[NDArray[np.intp], ...]:
    soft = cv2.GaussianBlur(picture.astype(np.float32), (0, 0), 0.8)
    slope = np.abs(cv2.Sobel(soft, cv2.CV_32F, 1, 0)) + np.abs(cv2.Sobel(soft, cv2.CV_32F, 0, 1))
    usable = trusted.copy()
    usable[:2] = usable[-2:] = False
    usable[:, :2] = usable[:, -2:] = False
    count = int(usable.sum())
    if count > _PIXELS:
        usable &= slope > np.quantile(slope[usable], 1 - _PIXELS / count)
    return np.nonzero(usable)


def _step(
    current: NDArray[np.float64],
    stack: NDArray[np.float32],
    at: tuple[NDArray[np.float64], NDArray[np.float64]],
    seen: NDArray[np.float64],
    light: NDArray[np.float64],
) -> tuple[NDArray[np.float64] | None, NDArray[np.float64]]:
    """One round: how much each of the first eight numbers of ``current`` changes, and the gain and offset."""
    x, y = at
    one = np.ones_like(x)
    moved = np.stack([x, y, one], axis=1) @ current.T
    depth = moved[:, 2]
    u, v = moved[:, 0] / depth, moved[:, 1] / depth
    h, w = stack.shape[:2]
    inside = (u >= 1) & (v >= 1) & (u <= w - 2) & (v <= h - 2)
    if inside.sum() < 20 * _FEWEST:
        return None, light
    x, y, u, v, depth, seen = (each[inside] for each in (x, y, u, v, depth, seen))
    read = sample(stack, np.stack([u, v], axis=1).astype(np.float32)).astype(np.float64)
    gx, gy = light[0] * read[:, 1] / depth, light[0] * read[:, 2] / depth
    sideways = -(gx * u + gy * v)
    columns = [gx * x, gx * y, gx, gy * x, gy * y, gy, sideways * x, sideways * y, read[:, 0], np.ones_like(x)]
    slopes = np.stack(columns, axis=1)
    error = seen - (light[0] * read[:, 0] + light[1])
    spread = max(1.5 * float(np.median(np.abs(error))), 0.5)
    weight = np.minimum(1, spread / np.maximum(np.abs(error), 1e-6))
    normal = slopes.T @ (slopes * weight[:, None])
    right = slopes.T @ (error * weight)
    try:
        solved = np.linalg.solve(normal + np.diag(1e-9 * np.diag(normal) + 1e-12), right)
    except np.linalg.LinAlgError:
        return None, light
    step = np.zeros(9)
    step[:8] = solved[:8]
    return step.reshape(3, 3), light + solved[8:]
