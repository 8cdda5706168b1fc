"""The display matrix of a film (ISO/IEC 14496-12, 8.3.2) as one of the eight EXIF orientations, and back."""

from __future__ import annotations

import struct
from collections.abc import Mapping

from engines.core.types import Box

_CORNERS: Mapping[tuple[int, int, int, int], int] = {
    # signs of a, b, c, d, where (x, y) is shown at (a x + c y, b x + d y)
    (1, 0, 0, 1): 1,
    (-1, 0, 0, 1): 2,
    (-1, 0, 0, -1): 3,
    (1, 0, 0, -1): 4,
    (0, 1, 1, 0): 5,
    (0, 1, -1, 0): 6,
    (0, -1, -1, 0): 7,
    (0, -1, 1, 0): 8,
}


def orientation(matrix: bytes) -> int:
    """EXIF orientation 1..8 of 9 native 32-bit integers; 1 for turns that are no multiple of 90 degrees."""
    if len(matrix) < 36:
        return 1
    a, b, _, c, d = struct.unpack("=9i", matrix[:36])[:5]
    largest = max(abs(a), abs(b), abs(c), abs(d), 1)
    rounded = tuple(round(value / largest) for value in (a, b, c, d))
    return _CORNERS.get((rounded[0], rounded[1], rounded[2], rounded[3]), 1)


def matrix(turn: int, coded: tuple[int, int]) -> tuple[int, ...]:
    """The display matrix of an EXIF orientation, for a picture stored with ``coded`` = (height, width)."""
    a, b, c, d = next(signs for signs, code in _CORNERS.items() if code == turn)
    height, width = coded
    x = (width if a < 0 else 0) + (height if c < 0 else 0)
    y = (width if b < 0 else 0) + (height if d < 0 else 0)
    one = 1 << 16
    return (a * one, b * one, 0, c * one, d * one, 0, x * one, y * one, 1 << 30)


def stored_box(box: Box, turn: int, shown: tuple[int, int]) -> Box:
    """Where ``box``, in the shown picture of size (height, width), lies in the stored one."""
    height, width = shown
    x = width - box.right if turn in (2, 3, 6, 7) else box.x
    y = height - box.bottom if turn in (3, 4, 7, 8) else box.y
    return Box(y, x, box.h, box.w) if turn in (5, 6, 7, 8) else Box(x, y, box.w, box.h)
