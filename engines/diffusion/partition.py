"""Which cells of a latent are target, foreign and background: foreground exclusion of EraseLoRA.

EraseLoRA (arXiv 2512.21545), Background-aware Foreground Exclusion: the picture is divided into what is to go, other
things that must not come up in its place, and background, whose kinds may be named.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.core.types import Alpha, FloatImage
from engines.diffusion.grids import pooled

Cells = NDArray[np.bool_]

_LEAST = 0.1
"""The share of the cells that is left as background, whatever is foreign."""


@dataclass(frozen=True, slots=True, eq=False)
class Partition:
    """Three maps ``(h, w)`` that are disjoint and together everything. ``labels``: what the background consists of.

    ``shrunk``: some of what was foreign is counted as background, because too little was left of it.
    """

    target: Cells
    foreign: Cells
    background: Cells
    labels: tuple[str, ...] = ()
    shrunk: bool = False

    @property
    def certain(self) -> Cells:
        """Background without the cells that touch something else; all of it where nothing else is left."""
        inner = cv2.erode(self.background.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
        return inner if inner.any() else self.background


def partition(hole: Alpha, foreign: Alpha, size: tuple[int, int], labels: tuple[str, ...] = ()) -> Partition:
    """The partition of a latent of ``size`` = (rows, columns) for masks in pixels (more than 0 = covered)."""
    target = pooled(hole, size).numpy()
    other = pooled(foreign, size).numpy() & ~target
    kept = _kept(target, other)
    return Partition(target, kept, ~(target | kept), labels, bool((kept != other).any()))


def _kept(target: Cells, foreign: Cells) -> Cells:
    """``foreign`` without the cells farthest from the target, as many as the background needs to have its least."""
    short = int(np.ceil(_LEAST * target.size)) - int((~(target | foreign)).sum())
    if short <= 0 or not foreign.any():
        return foreign
    distance = cv2.distanceTransform((~target).astype(np.uint8), cv2.DIST_L2, 5)
    order = np.argsort(np.where(foreign, distance, -1), axis=None)[::-1]
    kept = foreign.copy()
    kept.flat[order[: min(short, int(foreign.sum()))]] = False
    return kept


def read_labels(text: str) -> tuple[str, ...]:
    """The names in ``text``, separated by commas; each once."""
    return tuple(dict.fromkeys(name for part in text.split(",") if (name := part.strip().lower())))


def outlined(picture: FloatImage, hole: Alpha) -> FloatImage:
    """The picture with the hole's outline in red, for whoever is to name what lies around it."""
    contours, _ = cv2.findContours((hole > 0).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    shown = np.ascontiguousarray(picture.copy())
    cv2.drawContours(shown, contours, -1, (1.0, 0.0, 0.0), 2)
    return shown
