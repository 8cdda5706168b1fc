"""The pixels of one frame that are painted, and how they are read from the frames they were traced to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.core.types import FloatImage
from engines.pipeline.chains import CLEAR, NOWHERE, Domain, Ints, Trace, by_source
from engines.pipeline.membrane import Flags, membrane
from engines.pipeline.sampling import Points, sample

Colours: TypeAlias = NDArray[np.float32]
"""``(n, 3)`` float32 in 0..1, one row a pixel."""

_OUTLIER = 25 / 255
"""A ring pixel that is further from the median difference is something else than a change of light."""

_EASE = 4.0
"""Standard deviation in pixels by which the ring's differences are smoothed: their noise is not to spread."""

_GHOST = 25 / 255
"""Where past and future differ by more, one of them is taken, not their mean."""


@dataclass(frozen=True, slots=True, eq=False)
class Canvas:
    """Pixels of the hole (``inside``) and of the ring around it, at full size.

    ``rows``, ``columns``: ``(n,)``. ``entry``: each one's pixel in the traced domain; ``rest``: how far it lies from
    that one's centre, in pixels of the domain, which is ``scale`` times as large as the frame.
    """

    rows: Ints
    columns: Ints
    inside: Flags
    entry: Ints
    rest: Points
    scale: float

    @classmethod
    def of(cls, hole: Flags, domain: Domain, scale: float) -> Canvas:
        """``hole``: ``(h, w)`` at full size."""
        away = cv2.distanceTransform((~hole).astype(np.uint8), cv2.DIST_L2, 5)
        h, w = domain.lookup.shape
        rows, columns = np.nonzero(away <= 8 / scale)
        place = (np.stack([columns, rows], axis=1) + 0.5) * scale - 0.5
        near = np.clip(np.rint(place), 0, [w - 1, h - 1]).astype(np.int32)
        entry = domain.lookup[near[:, 1], near[:, 0]]
        distance = away[rows, columns]
        # what is nearest to the hole may still show some of the object
        wanted = (entry != NOWHERE) & ((distance == 0) | (distance > (CLEAR - 1) / scale))
        keep = np.flatnonzero(wanted)
        return cls(
            rows[keep].astype(np.int32),
            columns[keep].astype(np.int32),
            distance[keep] == 0,
            entry[keep],
            (place[keep] - near[keep]).astype(np.float32),
            scale,
        )

    def __len__(self) -> int:
        return len(self.rows)

    def places(self, trace: Trace) -> Points:
        """Where each pixel is read, in full-size pixels of its source frame."""
        return np.asarray((trace.at[self.entry] + self.rest + 0.5) / self.scale - 0.5, np.float32)

    def seen(self, frame: FloatImage) -> Colours:
        """What the frame itself shows at these pixels."""
        return np.asarray(frame[self.rows, self.columns], np.float32)


def read(
    canvases: Sequence[Canvas], found: Sequence[Trace], frames: Sequence[FloatImage], extra: Mapping[int, FloatImage]
) -> list[Colours]:
    """The colours of every canvas's pixels; each source is opened once. ``extra``: sources that are no frames."""
    colours = [np.zeros((len(canvas), 3), np.float32) for canvas in canvases]
    wanted: dict[int, list[tuple[int, NDArray[np.intp]]]] = {}
    for number, (canvas, trace) in enumerate(zip(canvases, found, strict=True)):
        for source, chosen in by_source(trace.frame[canvas.entry]):
            wanted.setdefault(source, []).append((number, chosen))
    for source in sorted(wanted):
        picture = extra[source] if source in extra else frames[source]
        for number, chosen in wanted[source]:
            at = canvases[number].places(found[number])[chosen]
            colours[number][chosen] = sample(picture, at, sharp=True)
    return colours


def eased(canvas: Canvas, colours: Colours, valid: Flags, seen: Colours) -> Colours:
    """``colours`` with the difference of light to the surroundings taken out (membrane blending).

    What the ring shows and what was read for it differ by exposure and vignetting; the smoothest surface through
    these differences is added inside (Farbman and others 2009, in place of Poisson's equation).
    """
    difference = seen - colours
    ring = valid & ~canvas.inside
    if ring.sum() < 8:
        return colours
    usual = np.median(difference[ring], axis=0)
    ring &= (np.abs(difference - usual) <= _OUTLIER).all(axis=1)
    top, left = int(canvas.rows.min()), int(canvas.columns.min())
    rows, columns = canvas.rows - top, canvas.columns - left
    size = int(rows.max()) + 1, int(columns.max()) + 1
    surface = np.zeros((*size, 3), np.float32)
    known = np.zeros(size, bool)
    surface[rows[ring], columns[ring]] = difference[ring]
    known[rows[ring], columns[ring]] = True
    if not known.any():
        return colours
    solved = membrane(_smoothed(surface, known), ~known)
    return np.asarray(colours + solved[rows, columns], np.float32)


def _smoothed(surface: FloatImage, known: Flags) -> FloatImage:
    """The known part blurred within itself."""
    weight = cv2.GaussianBlur(known.astype(np.float32), (0, 0), _EASE)
    total = cv2.GaussianBlur(surface, (0, 0), _EASE)
    return np.where(known[..., None], total / np.maximum(weight, 1e-6)[..., None], 0).astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """What one direction of time gives for a canvas: colours, and for each pixel whether, from when, at what cost."""

    colours: Colours
    valid: Flags
    cost: NDArray[np.float32]
    apart: NDArray[np.float32]


def fused(past: Side, future: Side) -> Colours:
    """Both sides by how sure and how near in time they are; where they contradict each other, the nearer one."""
    weights = [side.valid * np.exp(-side.cost) / (1 + 0.1 * side.apart) + side.valid * 1e-6 for side in (past, future)]
    both = past.valid & future.valid
    contrary = both & (np.abs(past.colours - future.colours).max(axis=1) > _GHOST)
    first = past.apart <= future.apart
    weights[0] = np.where(contrary, first, weights[0])
    weights[1] = np.where(contrary, ~first, weights[1])
    total = np.maximum(weights[0] + weights[1], 1e-12)[:, None]
    mixed = past.colours * weights[0][:, None] + future.colours * weights[1][:, None]
    return np.asarray(mixed / total, np.float32)
