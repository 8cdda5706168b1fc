"""Which parts of a photo may be copied from, as mask files say it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engines.core.types import Mask
from engines.media.images import DEFAULT_MAX_PIXELS, read_mask


@dataclass(frozen=True, slots=True)
class Sources:
    """``only``: a mask of the only places to copy from; ``never``: of those not to. None: everywhere is fine."""

    only: Path | None = None
    never: Path | None = None


def to_avoid(
    sources: Sources, size: tuple[int, int], *, resize: bool = False, max_pixels: int = DEFAULT_MAX_PIXELS
) -> Mask:
    """What must not be copied from, in a picture of ``size`` = (height, width).

    What is only partly covered by ``only`` is no source, nor is what ``never`` covers in part. Raises
    ``EngineError`` where a file cannot be read or has another size (unless ``resize``).
    """
    avoid = np.zeros(size, np.uint8)
    if sources.only is not None:
        avoid[read_mask(sources.only, size, resize=resize, max_pixels=max_pixels) < 255] = 255
    if sources.never is not None:
        avoid[read_mask(sources.never, size, resize=resize, max_pixels=max_pixels) > 0] = 255
    return Mask.of(avoid)
