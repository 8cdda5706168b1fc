"""Distances between an erased picture and its truth, as the scene text removal papers define them.

The definitions are those of EraseNet's evaluation (IEEE TIP 2020), which later papers reuse. Pixels are
``(h, w, 3)`` uint8 RGB; luma is 0.299 R + 0.587 G + 0.114 B on 0..255. Shares are divided by the number of pixels
judged: the same as the papers' constant 512 * 512 for their pictures, and right for all others.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.core.types import Alpha, Pixels

Floats = NDArray[np.float64]
Bits = NDArray[np.bool_]

ERROR_LEVEL = 20
"""Rounded luma differences above this make an error pixel."""

SCALE_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
"""Exponents of the five scales of MS-SSIM, finest first (Wang, Simoncelli and Bovik 2003)."""

_WINDOW, _SIGMA = 11, 1.5
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2


@dataclass(frozen=True, slots=True)
class Scores:
    """One picture against its truth; all but PSNR, MSSIM and MS-SSIM are better when lower.

    ``psnr``: dB, infinite where nothing differs. ``mse``: on 0..1. ``age``: grey levels, 0..255. ``peps``,
    ``pceps``: shares, 0..1. ``mssim``: as published, which is at one scale only: mean contrast and structure to
    the power of 0.8668, times mean SSIM to 0.1333. ``ms_ssim``: the true five-scale one; None where a side is
    under 176 pixels, too short for its coarsest scale. The two must never be compared with each other.
    """

    psnr: float
    mssim: float
    ms_ssim: float | None
    mse: float
    age: float
    peps: float
    pceps: float


def scores(result: Pixels, truth: Pixels, where: Alpha | None = None) -> Scores:
    """All distances between two ``(h, w, 3)`` uint8 pictures; ``where`` > 0: the only pixels that count.

    Windows and neighbours that a metric looks at may lie outside ``where``. Raises ``ValueError`` for pictures
    of different shapes or where there is no pixel to judge.
    """
    if result.shape != truth.shape or result.dtype != np.uint8 or truth.dtype != np.uint8:
        msg = f"cannot compare {result.dtype}{result.shape} with {truth.dtype}{truth.shape}"
        raise ValueError(msg)
    judged = np.ones(truth.shape[:2], bool) if where is None else where > 0
    if not judged.any():
        msg = "there is no pixel to judge"
        raise ValueError(msg)
    difference = (result.astype(np.float64) - truth) / 255
    mse = float(np.square(difference[judged]).mean())
    levels = np.rint(np.abs(_thousandths(result) - _thousandths(truth)) / 1000)
    old, new = luma(truth), luma(result)
    finest = _ssim(new, old, where)
    wrong = levels > ERROR_LEVEL
    return Scores(
        psnr=psnr(mse),
        mssim=_published_mssim(finest),
        ms_ssim=_multi_scale_ssim(finest, new, old, where),
        mse=mse,
        age=float(levels[judged].mean()),
        peps=float(wrong[judged].mean()),
        pceps=float(_clustered(wrong)[judged].mean()),
    )


def psnr(mse: float) -> float:
    """Decibels of a mean squared error on 0..1: 10 log10(1 / MSE); infinite for 0."""
    return math.inf if mse == 0 else -10 * math.log10(mse)


def luma(pixels: Pixels) -> Floats:
    """``(h, w)`` float64 in 0..255."""
    return np.asarray(_thousandths(pixels) / 1000)


def _thousandths(pixels: Pixels) -> NDArray[np.int64]:
    """Luma in exact integers: which differences lie halfway between two levels must not depend on the machine."""
    return np.asarray(pixels.astype(np.int64) @ np.array([299, 587, 114]))


def ssim(result: Pixels, truth: Pixels, where: Alpha) -> float:
    """Mean SSIM of luma (Wang et al. 2004) over the pixels where ``where`` > 0."""
    return _ssim(luma(result), luma(truth), where)[1]


def mean_scores(every: Sequence[Scores]) -> tuple[Scores | None, int]:
    """The mean of each metric over the pictures that differ from their truth, and how many those are.

    Pictures without any difference are left out of all means, as in the papers: their PSNR is infinite. None
    where none is left. MS-SSIM is averaged over the pictures that have it.
    """
    differing = [each for each in every if each.mse > 0]
    if not differing:
        return None, 0
    means = {
        field.name: _mean([value for each in differing if (value := getattr(each, field.name)) is not None])
        for field in fields(Scores)
    }
    return Scores(**means), len(differing)  # type: ignore[arg-type] # only ms_ssim can be None


def _mean(values: Sequence[float]) -> float | None:
    return math.fsum(values) / len(values) if values else None


def _clustered(wrong: Bits) -> Bits:
    """Error pixels whose four neighbours are error pixels as well; beyond the border there are none."""
    plus = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], np.uint8)
    inner = cv2.erode(wrong.astype(np.uint8), plus, borderType=cv2.BORDER_CONSTANT, borderValue=(0.0,))
    return np.asarray(inner > 0)


def _published_mssim(finest: tuple[float, float]) -> float:
    """From what ``_ssim`` says of the pictures at their own size."""
    structure, similarity = finest
    return float(max(structure, 0.0) ** sum(SCALE_WEIGHTS[:-1]) * max(similarity, 0.0) ** SCALE_WEIGHTS[-1])


def _multi_scale_ssim(finest: tuple[float, float], x: Floats, y: Floats, where: Alpha | None) -> float | None:
    """MS-SSIM; each scale halves the one before by 2 x 2 means, and judges cells that hold a judged pixel."""
    if min(x.shape) < _WINDOW * 2 ** (len(SCALE_WEIGHTS) - 1):
        return None
    product: float = max(finest[0], 0.0) ** SCALE_WEIGHTS[0]
    for number, weight in enumerate(SCALE_WEIGHTS[1:], 2):
        x, y = _halved(x).mean(axis=(1, 3)), _halved(y).mean(axis=(1, 3))
        where = where if where is None else _halved(where).max(axis=(1, 3))
        structure, similarity = _ssim(x, y, where)
        coarsest = number == len(SCALE_WEIGHTS)
        product *= max(similarity if coarsest else structure, 0.0) ** weight
    return product


def _halved(values: NDArray[np.generic]) -> NDArray[np.generic]:
    """``(h / 2, 2, w / 2, 2)``: cells of 2 x 2; an odd last row or column joins none."""
    h, w = values.shape[0] // 2 * 2, values.shape[1] // 2 * 2
    return values[:h, :w].reshape(h // 2, 2, w // 2, 2)


def _ssim(x: Floats, y: Floats, where: Alpha | None) -> tuple[float, float]:
    """Mean contrast-and-structure and mean SSIM (Wang et al. 2004) of two luma pictures.

    Over windows that lie wholly inside the picture; with ``where``, over those centred on a judged pixel, the
    picture mirrored beyond its border.
    """
    mean_x, mean_y = _blurred(x), _blurred(y)
    spread_x, spread_y = _blurred(x * x) - mean_x**2, _blurred(y * y) - mean_y**2
    shared = _blurred(x * y) - mean_x * mean_y
    structure = (2 * shared + _C2) / (spread_x + spread_y + _C2)
    similarity = structure * (2 * mean_x * mean_y + _C1) / (mean_x**2 + mean_y**2 + _C1)
    judged = _whole_windows(x.shape) if where is None else where > 0
    return float(structure[judged].mean()), float(similarity[judged].mean())


def _whole_windows(shape: tuple[int, ...]) -> Bits:
    """Where a window does not stick out; everywhere in a picture too small for one."""
    rim = _WINDOW // 2
    judged = np.zeros(shape, bool)
    judged[rim : shape[0] - rim, rim : shape[1] - rim] = True
    return judged if min(shape) >= _WINDOW else np.ones(shape, bool)


def _blurred(values: Floats) -> Floats:
    return np.asarray(cv2.GaussianBlur(values, (_WINDOW, _WINDOW), _SIGMA, borderType=cv2.BORDER_REFLECT_101))
