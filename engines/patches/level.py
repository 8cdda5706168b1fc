"""One scale of a picture with a hole: pixels, the patches to be found again, and the patches to find them in."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Flags = NDArray[np.bool_]
Planes = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Level:
    """A picture of ``h`` x ``w`` pixels with a hole, above copies of it that may also be copied from.

    ``pixels``: ``(rows, w, 3)`` float32, the picture in its first ``h`` rows. ``hole``: ``(h, w)``.
    ``usable``: ``(rows, w)``, what may be copied. ``side``: pixels along a patch, odd. All positions below are
    flat, ``row * w + column``, so that a step in the picture is the addition of a number.
    """

    pixels: Planes
    hole: Flags
    usable: Flags
    side: int
    device: str

    @property
    def width(self) -> int:
        return int(self.hole.shape[1])

    @property
    def reach(self) -> int:
        """Pixels from a patch's centre to its rim."""
        return self.side // 2

    @cached_property
    def flat_pixels(self) -> Tensor:
        """``(rows * w, 3)`` on the device."""
        return torch.from_numpy(self.pixels).reshape(-1, 3).to(self.device)

    @cached_property
    def sources(self) -> Tensor:
        """``(m,)`` centres of the patches that may be copied: wholly usable."""
        return self._flat(_inner(_eroded(self.usable, self.side), self.reach))

    @cached_property
    def targets(self) -> Tensor:
        """``(n,)`` centres of the patches that touch the hole and lie inside the picture."""
        near = cv2.dilate(self.hole.astype(np.uint8), np.ones((self.side, self.side), np.uint8)) > 0
        return self._flat(_inner(near, self.reach))

    @cached_property
    def missing(self) -> Tensor:
        """``(k,)`` the hole's pixels."""
        return self._flat(self.hole)

    @cached_property
    def source_rows(self) -> Tensor:
        """For every position which of ``sources`` it is, or -1."""
        return _rows(self.sources, self.usable.size)

    @cached_property
    def target_rows(self) -> Tensor:
        """For every position of the picture which of ``targets`` it is, or -1."""
        return _rows(self.targets, self.hole.size)

    @cached_property
    def steps(self) -> Tensor:
        """``(side**2,)`` from a patch's centre to each of its pixels."""
        along = torch.arange(-self.reach, self.reach + 1, device=self.device)
        return (along[:, None] * self.width + along).reshape(-1)

    @cached_property
    def depths(self) -> Tensor:
        """``(n,)`` how far inside the hole each target's centre lies, in pixels; 0 outside."""
        framed = np.pad(self.hole.astype(np.uint8), 1, mode="edge")
        depth = np.asarray(cv2.distanceTransform(framed, cv2.DIST_L2, 5)[1:-1, 1:-1], np.float32)
        # of a picture that is hole all over, OpenCV says that the distance is the largest number there is
        return torch.from_numpy(np.minimum(depth, sum(depth.shape)).reshape(-1)).to(self.device)[self.targets]

    def _flat(self, where: Flags) -> Tensor:
        return torch.from_numpy(np.flatnonzero(where)).to(self.device)


def can_copy(usable: Flags, side: int) -> int:
    """How many patches of ``side`` pixels lie wholly in what is usable."""
    return int(np.count_nonzero(_inner(_eroded(usable, side), side // 2)))


def _eroded(usable: Flags, side: int) -> Flags:
    return np.asarray(cv2.erode(usable.astype(np.uint8), np.ones((side, side), np.uint8)) > 0)


def _inner(where: Flags, rim: int) -> Flags:
    inner = np.zeros_like(where)
    part = np.s_[rim : where.shape[0] - rim, rim : where.shape[1] - rim]
    inner[part] = where[part]
    return inner


def _rows(positions: Tensor, size: int) -> Tensor:
    rows = torch.full((size,), -1, dtype=torch.int64, device=positions.device)
    rows[positions] = torch.arange(len(positions), device=positions.device)
    return rows
