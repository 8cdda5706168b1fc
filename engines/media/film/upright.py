"""From a frame as stored to its pixels as shown."""

from __future__ import annotations

from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from engines.core.types import Box, readonly
from engines.media.film.film import Loaded, Loader
from engines.media.film.info import FilmInfo
from engines.media.film.samples import to_rgb
from engines.media.film.turn import stored_box
from engines.media.orient import shown


def loader(native: av.VideoFrame, info: FilmInfo) -> Loader:
    """What makes the RGB and alpha of ``native``, or of a box of it, as shown and read-only."""

    def load(box: Box | None) -> Loaded:
        inside = None if box is None else stored_box(box, info.orientation, info.size)
        rgb, alpha = to_rgb(native, info, inside)
        return _upright(rgb, info), None if alpha is None else _upright(alpha, info)

    return load


def _upright(samples: NDArray[Any], info: FilmInfo) -> NDArray[Any]:
    return readonly(np.ascontiguousarray(shown(samples, info.orientation)))
