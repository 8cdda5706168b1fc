"""Paints patches into a frame as it is stored: samples outside them stay the decoder's own, to the bit.

Only the patch's box is converted. Where chroma is stored more coarsely than luma, a chroma sample is mixed by
the share of its pixels that were painted, so that a sample with none keeps its value.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from engines.core.types import Box, Patch, Pixels
from engines.media.film.film import Frame
from engines.media.film.filters import filtered
from engines.media.film.info import FilmInfo, Layout
from engines.media.film.matrices import matrix_of, to_ycc
from engines.media.film.probe import layout
from engines.media.film.samples import plane
from engines.media.film.turn import stored_box
from engines.media.orient import as_stored

_SITED_LEFT = frozenset({"h264", "hevc", "mpeg2video", "mpeg4"})
"""Codecs whose decoders say that chroma lies on the left pixel of a pair; for others it is taken as between."""

Native = av.VideoFrame
"""A frame as stored, on its way from the decoder to the encoder."""

_New = tuple[NDArray[np.float32], NDArray[np.bool_]]


def painted(frame: Frame, patches: Sequence[Patch], info: FilmInfo) -> av.VideoFrame:
    """The frame as stored with ``patches`` (boxes in the picture as shown) painted in, ready for an encoder.

    Without patches it is the decoder's own frame. The film's own frames are never written to.
    """
    native = planar(frame.native)
    if not patches:
        return native
    canvas = _copy(native)
    for patch in patches:
        _paint(canvas, patch, frame, info)
    return canvas


def planar(native: av.VideoFrame) -> av.VideoFrame:
    """``native`` in a format whose samples can be painted one by one; the samples stay what they are."""
    wanted = planar_name(native.format.name)
    return native if wanted == native.format.name else native.reformat(format=wanted)


_PLANAR = {
    "nv12": "yuv420p",
    "nv21": "yuv420p",
    "nv16": "yuv422p",
    "nv24": "yuv444p",
    "p010le": "yuv420p10le",
    "yuyv422": "yuv422p",
    "uyvy422": "yuv422p",
    "pal8": "gbrap",
    "bgra": "gbrap",
    "rgba": "gbrap",
    "argb": "gbrap",
    "abgr": "gbrap",
    "rgb24": "gbrp",
    "bgr24": "gbrp",
    "bgr0": "gbrp",
    "rgb0": "gbrp",
    "0rgb": "gbrp",
    "rgb48le": "gbrp16le",
    "rgb48be": "gbrp16le",
    "rgba64le": "gbrap16le",
    "rgba64be": "gbrap16le",
    "monob": "gray",
    "monow": "gray",
    "ya8": "gray",
    "rgb555le": "gbrp",
    "rgb565le": "gbrp",
    "gray16be": "gray16le",
}


def planar_name(name: str) -> str:
    """The planar format that holds the same samples as FFmpeg's format ``name``."""
    if name.endswith("be") and name not in _PLANAR:
        return name[:-2] + "le"
    return _PLANAR.get(name, name)


def _copy(native: av.VideoFrame) -> av.VideoFrame:
    """A frame of its own with all that came along: times, tags, captions and other side data."""
    copy = filtered([native], "null")[0]
    copy.make_writable()
    return copy


def _paint(canvas: av.VideoFrame, patch: Patch, frame: Frame, info: FilmInfo) -> None:
    box = patch.box.within(info.size)
    if box.empty:
        return
    part = box.moved(-patch.box.x, -patch.box.y).slices
    alpha, pixels = patch.alpha[part], patch.pixels[part]
    changed = (alpha > 0) & (pixels != frame.region(box)).any(axis=2)
    if not changed.any():
        return
    turn = info.orientation
    _put(canvas, stored_box(box, turn, info.size), as_stored(pixels, turn), as_stored(changed, turn), info)


def _put(canvas: av.VideoFrame, box: Box, pixels: Pixels, changed: NDArray[np.bool_], info: FilmInfo) -> None:
    kind = layout(canvas.format)
    if kind.rgb:
        _put_rgb(canvas, box, pixels, changed, kind)
        return
    height = canvas.height
    full = info.colour.range == 2
    ycc = to_ycc(pixels, matrix_of(info.colour, height), full=full, bits=kind.bits)
    _store(_samples(canvas, 0, kind)[box.slices], ycc[..., 0], changed, kind)
    if len(canvas.planes) >= 3:
        for number in (1, 2):
            values = np.where(changed, ycc[..., number], 0)
            _put_chroma(canvas, number, box, (values, changed), left=info.codec in _SITED_LEFT)


def _samples(canvas: av.VideoFrame, number: int, kind: Layout) -> NDArray[Any]:
    return plane(canvas, number, wide=kind.bits > 8)


def _store(view: NDArray[Any], values: NDArray[Any], changed: NDArray[np.bool_], kind: Layout) -> None:
    top = (1 << kind.bits) - 1
    view[changed] = np.rint(values[changed]).clip(0, top).astype(view.dtype)


def _put_rgb(canvas: av.VideoFrame, box: Box, pixels: Pixels, changed: NDArray[np.bool_], kind: Layout) -> None:
    scale = ((1 << kind.bits) - 1) / np.iinfo(pixels.dtype).max
    for number, channel in enumerate((1, 2, 0)):  # FFmpeg's planes are green, blue, red
        _store(_samples(canvas, number, kind)[box.slices], pixels[..., channel] * scale, changed, kind)


def _put_chroma(canvas: av.VideoFrame, number: int, box: Box, new: _New, *, left: bool) -> None:
    """Mix the values, 0 where nothing is changed, into the chroma plane ``number``; ``left``: where it lies."""
    values, changed = new
    kind = layout(canvas.format)
    cell_w, cell_h = 1 << kind.across, 1 << kind.down
    x, y = box.x % cell_w, box.y % cell_h
    around = ((y, -(y + box.h) % cell_h), (x, -(x + box.w) % cell_w))
    weight, own = np.pad(changed, around).astype(np.float32), np.pad(changed, around)
    total = np.pad(values, around)
    if left and kind.across == 1:
        weight, total = _sited_left(weight), _sited_left(total)
    cells = Box(box.x // cell_w, box.y // cell_h, own.shape[1] // cell_w, own.shape[0] // cell_h)
    view = _samples(canvas, number, kind)[cells.slices]
    share, mean = _cells(weight, cell_h, cell_w), _cells(total, cell_h, cell_w)
    rest = np.maximum(_cell_sizes(view, (canvas.height, canvas.width), cells, kind) - share, 0)
    _store(view, (mean + rest * view) / (share + rest), _cells(own, cell_h, cell_w) > 0, kind)


def _sited_left(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Spread so that sums over pairs of columns weigh 1, 2, 1 around the left one, where chroma lies."""
    left, right = values[:, 0::2], values[:, 1::2]
    before = np.pad(right, ((0, 0), (1, 0)))[:, :-1]
    spread = np.empty_like(values)
    spread[:, 0::2] = left
    spread[:, 1::2] = (before + right) / 2
    return spread


def _cells(values: NDArray[Any], cell_h: int, cell_w: int) -> NDArray[np.float32]:
    """Sums over cells of luma pixels that share a chroma sample."""
    h, w = values.shape
    return np.asarray(values.reshape(h // cell_h, cell_h, w // cell_w, cell_w).sum(axis=(1, 3)), np.float32)


def _cell_sizes(samples: NDArray[Any], canvas: tuple[int, int], cells: Box, kind: Layout) -> NDArray[np.float32]:
    """Luma pixels to each chroma sample: fewer in the last row and column of odd sizes."""
    rows, columns = np.arange(cells.y, cells.y + samples.shape[0]), np.arange(cells.x, cells.x + samples.shape[1])
    heights = np.minimum(1 << kind.down, canvas[0] - (rows << kind.down))
    widths = np.minimum(1 << kind.across, canvas[1] - (columns << kind.across))
    return np.asarray(heights[:, None] * widths[None, :], np.float32)
