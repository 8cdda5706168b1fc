"""EXIF orientation (Exif 3.0, tag 0x0112): from the file's rows and columns to the shown ones, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def shown(stored: NDArray[Any], orientation: int) -> NDArray[Any]:
    """A view of ``(h, w, ...)`` as a person sees it; ``orientation`` 1..8 (others count as 1)."""
    return _turned(_swapped(stored, orientation), orientation)


def as_stored(seen: NDArray[Any], orientation: int) -> NDArray[Any]:
    """A view of what is shown, in the file's own rows and columns: undoes ``shown``."""
    return _swapped(_turned(seen, orientation), orientation)


def _swapped(array: NDArray[Any], orientation: int) -> NDArray[Any]:
    return array.swapaxes(0, 1) if orientation in (5, 6, 7, 8) else array


def _turned(array: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Mirrored in rows, columns or both: what is left once the axes are those that are shown."""
    if orientation in (3, 4, 7, 8):
        array = np.flip(array, 0)
    if orientation in (2, 3, 6, 7):
        array = np.flip(array, 1)
    return array
