"""Frames as a screen is given them: 8 bits, at the size they are shown in. Quick rather than exact."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from av.video.reformatter import Interpolation, VideoReformatter
from numpy.typing import NDArray

from engines.media.film.film import Frame
from engines.media.film.info import FilmInfo
from engines.media.film.matrices import matrix_of
from engines.media.film.samples import SWS_MATRIX, plane
from engines.media.orient import shown


class Screen:
    """Makes small pictures of the frames of a film. One for each thread: it keeps its set-up from call to call."""

    def __init__(self, info: FilmInfo) -> None:
        self._info = info
        self._scaler = VideoReformatter()

    def draw(self, frame: Frame, size: tuple[int, int]) -> NDArray[np.uint8]:
        """``frame`` as ``(h, w, 4)`` uint8 BGRA of ``size`` = (height, width), upright; alpha is of no meaning."""
        if frame.native is None:
            return _resized(frame.pixels, size)
        info = self._info
        height, width = size[::-1] if info.orientation >= 5 else size
        full = info.colour.range == 2 or info.layout.rgb
        converted = self._scaler.reformat(
            frame.native,
            width=width,
            height=height,
            format="bgra",
            src_colorspace=SWS_MATRIX.get(matrix_of(info.colour, info.coded[0]), 5),
            interpolation=Interpolation.BILINEAR,
            src_color_range=2 if full else 1,
            dst_color_range=2,
        )
        return np.ascontiguousarray(shown(plane(converted, 0, 4), info.orientation))


def _resized(pixels: NDArray[Any], size: tuple[int, int]) -> NDArray[np.uint8]:
    small = cv2.resize(pixels, size[::-1], interpolation=cv2.INTER_AREA)
    eight = small if small.dtype == np.uint8 else np.right_shift(small, 8, dtype=np.uint16).astype(np.uint8)
    return np.asarray(cv2.cvtColor(eight, cv2.COLOR_RGB2BGRA), np.uint8)
