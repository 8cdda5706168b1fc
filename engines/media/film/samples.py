"""The samples of a decoded frame as arrays, and as RGB by the frame's own matrix and range."""

from __future__ import annotations

import threading
from typing import Any

import av
import cv2
import numpy as np
from av.video.reformatter import Interpolation, VideoReformatter
from numpy.typing import NDArray

from engines.core.types import Box, Pixels
from engines.media.film.filters import filtered
from engines.media.film.info import Colour, FilmInfo
from engines.media.film.matrices import matrix_of

_EXACT = Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT
SWS_MATRIX = {1: 1, 4: 4, 5: 5, 6: 5, 7: 7, 9: 9, 10: 9}
"""H.273 matrix coefficients as libswscale's constants."""

_WHITE: Any = 65535 / 65280
"""libswscale's white of limited range is 255 << 8 where it should be the top of 16 bits."""

_MARGIN = 16
"""Pixels around a part that is converted for itself: more than the reach of chroma interpolation."""

_local = threading.local()


def to_rgb(frame: av.VideoFrame, info: FilmInfo, box: Box | None = None) -> tuple[Pixels, NDArray[Any] | None]:
    """``(h, w, 3)`` RGB, uint8 up to 8 bits a sample and uint16 above, and the alpha plane where there is one.

    ``box``: the part of the stored picture that is wanted; its pixels are those of the whole.
    """
    if box is None:
        return _converted(frame, info)
    near = _near(box).within(info.coded)
    rgb, alpha = _converted(_cut(frame, near), info)
    part = box.moved(-near.x, -near.y).slices
    return rgb[part], None if alpha is None else alpha[part]


def _near(box: Box) -> Box:
    """``box`` with a margin, its corners on multiples of it: chroma samples are not cut in two."""
    x, y = (box.x - _MARGIN) & -_MARGIN, (box.y - _MARGIN) & -_MARGIN
    right, bottom = -(-(box.right + _MARGIN) & -_MARGIN), -(-(box.bottom + _MARGIN) & -_MARGIN)
    return Box(x, y, right - x, bottom - y)


def _cut(frame: av.VideoFrame, box: Box) -> av.VideoFrame:
    """The samples inside ``box``, with the frame's tags: where its chroma lies, above all."""
    if (box.w, box.h) == (frame.width, frame.height):
        return frame
    args = f"w={box.w}:h={box.h}:x={box.x}:y={box.y}:exact=1"
    return filtered([frame], "crop", args)[0]


def _converted(frame: av.VideoFrame, info: FilmInfo) -> tuple[Pixels, NDArray[Any] | None]:
    layout, colour = info.layout, info.colour
    wide = layout.bits > 8
    kind = ("rgba64le" if wide else "rgba") if layout.alpha else ("rgb48le" if wide else "rgb24")
    full = colour.range == 2 or layout.rgb
    converted = _scaler().reformat(
        frame,
        format=kind,
        src_colorspace=sws_matrix(colour, info.coded[0]),
        interpolation=_EXACT,
        src_color_range=2 if full else 1,
        dst_color_range=2,
    )
    samples = plane(converted, 0, 4 if layout.alpha else 3, wide=wide)
    rgb = samples[..., :3]
    if wide and not full and not layout.rgb:
        rgb = np.asarray(cv2.multiply(np.ascontiguousarray(rgb), _WHITE))
    return np.ascontiguousarray(rgb), np.ascontiguousarray(samples[..., 3]) if layout.alpha else None


def uniform(frame: av.VideoFrame, info: FilmInfo) -> av.VideoFrame:
    """``frame`` in the size and pixel format of the film: broadcasts change theirs on the way."""
    height, width = info.coded
    if (frame.height, frame.width, frame.format.name) == (height, width, info.layout.name):
        return frame
    return _scaler().reformat(frame, width=width, height=height, format=info.layout.name, interpolation=_EXACT)


def sws_matrix(colour: Colour, height: int) -> int:
    """libswscale's constant for the matrix of a film of ``height`` rows."""
    return SWS_MATRIX.get(matrix_of(colour, height), 5)


def _scaler() -> VideoReformatter:
    """One a thread: its set-up is kept from frame to frame."""
    if not hasattr(_local, "scaler"):
        _local.scaler = VideoReformatter()
    scaler: VideoReformatter = _local.scaler
    return scaler


def plane(frame: av.VideoFrame, number: int, channels: int = 1, *, wide: bool = False) -> NDArray[Any]:
    """A view of a plane's samples: ``(h, w)``, or ``(h, w, channels)`` where they are interleaved."""
    found = frame.planes[number]
    dtype = np.dtype("<u2") if wide else np.dtype(np.uint8)
    rows: NDArray[Any] = np.frombuffer(memoryview(found), dtype).reshape(found.height, -1)
    rows = rows[:, : found.width * channels]
    return rows if channels == 1 else rows.reshape(found.height, found.width, channels)
