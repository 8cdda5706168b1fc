"""A picture that shows a photo before and after, side by side."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engines.core.types import Pixels
from engines.jobs.erase_file import Files
from engines.jobs.painting import shown
from engines.media.images import read_picture, write_png

_GAP = 12
"""White pixels between the two."""


def write_before_after(files: Files, target: Path, *, overwrite: bool, max_pixels: int) -> None:
    """Write ``files.source`` and ``files.target`` beside each other into the PNG ``target``."""
    before, after = (shown(read_picture(path, max_pixels).pixels) for path in (files.source, files.target))
    write_png(side_by_side(before, after), target, overwrite=overwrite)


def side_by_side(left: Pixels, right: Pixels) -> Pixels:
    """Two ``(h, w, 3)`` uint8 pictures beside each other on white."""
    height = max(left.shape[0], right.shape[0])
    page = np.full((height, left.shape[1] + _GAP + right.shape[1], 3), 255, np.uint8)
    page[: left.shape[0], : left.shape[1]] = left
    page[: right.shape[0], left.shape[1] + _GAP :] = right
    return page
