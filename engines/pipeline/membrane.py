"""Fills holes with the smoothest surface through their rim: the solution of Laplace's equation."""

from __future__ import annotations

from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

Flags: TypeAlias = NDArray[np.bool_]
Planes: TypeAlias = NDArray[np.float32]

_RELAXATION = 1.6
"""Over-relaxation of each sweep; between 1 (Gauss-Seidel) and 2 (unstable)."""

_SWEEPS = 12
_NEIGHBOURS = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]], np.float32) / 4
_MARGIN = 2


def membrane(image: Planes, unknown: Flags, sweeps: int = _SWEEPS) -> Planes:
    """``image`` with ``unknown`` pixels filled so that each is the mean of its four neighbours.

    ``image``: ``(h, w, 3)`` float32 of any range; ``unknown``: ``(h, w)``. Solved from coarse to fine grids, with
    ``sweeps`` red-black over-relaxations on each (Young, Iterative Solution of Large Linear Systems, chapter 5).
    Known pixels are returned as they are; where there are none, the whole is 0.
    """
    out: Planes = image.copy()
    rows, columns = np.flatnonzero(unknown.any(axis=1)), np.flatnonzero(unknown.any(axis=0))
    if rows.size:
        part = _grown(rows[0], rows[-1]), _grown(columns[0], columns[-1])
        out[part] = _solved(image[part], unknown[part], sweeps)
    return out


def _grown(first: np.intp, last: np.intp) -> slice:
    return slice(max(int(first) - _MARGIN, 0), int(last) + 1 + _MARGIN)


def _solved(image: Planes, unknown: Flags, sweeps: int) -> Planes:
    grids = [(np.where(unknown[..., None], np.float32(0), image), unknown)]
    while grids[-1][1].any() and min(grids[-1][1].shape) > 1:
        grids.append(_halved(*grids[-1]))
    values, missing = grids[-1]
    solution = np.where(missing[..., None], _mean(values, missing), values)
    for values, missing in reversed(grids[:-1]):
        h, w = missing.shape
        guess = cv2.resize(solution, (w, h), interpolation=cv2.INTER_LINEAR).reshape(values.shape)
        solution = _relaxed(np.where(missing[..., None], guess, values), missing, sweeps)
    return solution


def _halved(values: Planes, missing: Flags) -> tuple[Planes, Flags]:
    """Half as many rows and columns; each cell is the mean of what is known in it."""
    h, w = missing.shape
    odd = ((0, h % 2), (0, w % 2))
    known = np.pad(~missing, odd).astype(np.float32)
    count = _block_sums(known[..., None])
    sums = _block_sums(np.pad(values, (*odd, (0, 0))))
    return np.asarray(sums / np.maximum(count, 1), np.float32), np.asarray(count[..., 0] == 0, np.bool_)


def _block_sums(planes: Planes) -> Planes:
    h, w, channels = planes.shape
    sums: Any = planes.reshape(h // 2, 2, w // 2, 2, channels).sum(axis=(1, 3), dtype=np.float32)
    return np.asarray(sums, np.float32)


def _mean(values: Planes, missing: Flags) -> NDArray[np.float32]:
    known = values[~missing]
    return known.mean(axis=0) if len(known) else np.zeros(values.shape[2], np.float32)


def _relaxed(solution: Planes, missing: Flags, sweeps: int) -> Planes:
    rows, columns = np.ogrid[: missing.shape[0], : missing.shape[1]]
    red = (rows + columns) % 2 == 0
    steps = [(missing & colour)[..., None] * np.float32(_RELAXATION) for colour in (red, ~red)]
    for _ in range(sweeps):
        for step in steps:
            means = cv2.filter2D(solution, -1, _NEIGHBOURS, borderType=cv2.BORDER_REPLICATE).reshape(solution.shape)
            solution = solution + step * (means - solution)
    return solution
