"""How far the texture in an erased hole is from the truth's, wherever each of its grains lies.

PSNR punishes a convincing texture that is a few pixels off, and praises a blur; this distance does neither. It is
the sliced Wasserstein distance between patches of a Laplacian pyramid, as Karras and others (*Progressive Growing
of GANs*, ICLR 2018, section 5) judge generated pictures, taken between one hole and its truth.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.core.types import Alpha, Pixels

Floats = NDArray[np.float32]

_PATCH = 7
_BANDS = 4
"""The last one is what is left after the others: colours and slow shades."""

_DIRECTIONS = 128
_SAMPLES = 1 << 14
"""Most patches that are compared on a band; of larger holes an even choice."""

_FEWEST = 16
"""A band on which a hole has fewer patches says nothing."""

_FAINTEST = 1.0
"""Grey levels: a band that varies less than this is judged as if it varied so much."""

_MASKING = 0.3
"""So is one that varies less than this share of a finer band: slow shades hide under a strong texture."""


def patch_distance(result: Pixels, truth: Pixels, hole: Alpha) -> float:
    """How unlike the patches of ``result`` and of ``truth`` are that are centred in ``hole`` (> 0).

    ``result``, ``truth``: ``(h, w, 3)`` uint8 of the same shape; ``hole``: ``(h, w)``. The mean over the bands and
    over random directions of the one-dimensional Wasserstein-1 distance between the projected patches, divided by
    the truth's standard deviation on that band. 0: the same patches, in whatever order; about 0.8: a flat surface
    in place of a texture; more: something of greater contrast or another colour. Always the same directions, so
    that figures compare. Raises ``ValueError`` for pictures that do not fit or an empty hole.
    """
    if result.shape != truth.shape or hole.shape != truth.shape[:2]:
        msg = f"cannot compare {result.shape} with {truth.shape} in a hole of {hole.shape}"
        raise ValueError(msg)
    if result.dtype != np.uint8 or truth.dtype != np.uint8:
        msg = f"cannot compare {result.dtype} with {truth.dtype}: both must be uint8"
        raise ValueError(msg)
    if not (hole > 0).any():
        msg = "there is no pixel to judge"
        raise ValueError(msg)
    total, bands, spread = 0.0, 0, _FAINTEST
    directions = _directions()
    for ours, theirs, at in zip(_bands(result), _bands(truth), _centres(hole), strict=True):
        if bands and len(at) < _FEWEST <= np.count_nonzero(hole):
            break
        old = _patches(theirs, at)
        deviation = float(old.std(axis=0).mean())
        total += _distance(_patches(ours, at), old, directions) / max(deviation, spread)
        bands, spread = bands + 1, max(spread, _MASKING * deviation)
    return total / bands


def _distance(ours: Floats, theirs: Floats, directions: Floats) -> float:
    """The sliced Wasserstein-1 distance between two sets of as many patches, ``(n, values)``."""
    gaps = np.sort(ours @ directions, axis=0) - np.sort(theirs @ directions, axis=0)
    return float(np.abs(gaps).mean())


def _directions() -> Floats:
    """``(values, directions)``: projecting keeps, on average, the deviation of a single value."""
    drawn = np.random.default_rng(0).standard_normal((_PATCH * _PATCH * 3, _DIRECTIONS))
    return np.asarray(drawn / np.linalg.norm(drawn, axis=0), np.float32)


def _bands(pixels: Pixels) -> Iterator[Floats]:
    """The Laplacian pyramid, finest first, mirrored at the border by half a patch."""
    picture = pixels.astype(np.float32)
    for _ in range(_BANDS - 1):
        h, w = picture.shape[:2]
        coarse = np.asarray(cv2.pyrDown(picture), np.float32)
        yield _framed(picture - cv2.pyrUp(coarse, dstsize=(w, h)))
        picture = coarse
    yield _framed(picture)


def _framed(picture: Floats) -> Floats:
    rim = _PATCH // 2
    return np.pad(picture, ((rim, rim), (rim, rim), (0, 0)), mode="symmetric")


def _centres(hole: Alpha) -> Iterator[NDArray[np.int64]]:
    """``(n, 2)`` rows and columns of the hole on each band."""
    places = np.argwhere(hole > 0)
    h, w = hole.shape
    for _ in range(_BANDS):
        yield places[:: -(-len(places) // _SAMPLES)]
        h, w = (h + 1) // 2, (w + 1) // 2
        covered = np.zeros((h, w), np.bool_)
        covered[places[:, 0] // 2, places[:, 1] // 2] = True
        places = np.argwhere(covered)


def _patches(framed: Floats, at: NDArray[np.int64]) -> Floats:
    """``(n, values)``: the patches centred at ``at``."""
    reach = np.arange(_PATCH)
    rows = at[:, 0, None, None] + reach[:, None]
    columns = at[:, 1, None, None] + reach[None, :]
    return np.asarray(framed[rows, columns].reshape(len(at), -1), np.float32)
