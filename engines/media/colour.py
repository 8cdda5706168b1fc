"""From a file's code values to the RGB that is edited, and back. What was not edited never takes this way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.core.types import Pixels
from engines.media.formats import Model
from engines.media.picture import Samples, Stored

_LUMA = np.array([0.299, 0.587, 0.114])
"""ITU-R BT.601, 2.5.1; grey stays grey, as the weights add up to 1."""


def shown_dtype(stored: Stored) -> np.dtype[Any]:
    """The depth in which a picture is edited: uint8, uint16 or float32."""
    if stored.floating:
        return np.dtype(np.float32)
    return np.dtype(np.uint8 if stored.bits <= 8 else np.uint16)


def to_rgb(stored: Stored) -> Pixels:
    """``(h, w, 3)`` RGB in ``shown_dtype``, still in the file's orientation. Where nothing has to change, no copy."""
    match stored.model:
        case Model.PALETTE:
            return _table(stored)[stored.samples]
        case Model.CMYK:
            rgb: NDArray[Any] = _cmyk_to_rgb(stored.samples, stored.top)
        case Model.LAB:
            rgb = _lab_to_rgb(stored.samples) * np.float32(stored.top)
        case _:
            rgb = stored.samples
    if stored.premultiplied and stored.alpha is not None:
        rgb = _divided(rgb, stored.alpha, stored.top)
    rgb = _rescaled(rgb, stored.top, shown_dtype(stored))
    return np.repeat(rgb[..., None], 3, axis=2) if rgb.ndim == 2 else rgb


def to_alpha(stored: Stored) -> Samples | None:
    """``(h, w)`` alpha in ``shown_dtype``, in the file's orientation; None where all is opaque by its kind."""
    if stored.palette is not None:
        opacity = stored.palette[:, 3]
        return None if opacity.min() == 255 else _padded(opacity, stored)[stored.samples]
    if stored.key is not None:
        hit = stored.samples == np.array(stored.key, stored.samples.dtype)
        hit = hit if hit.ndim == 2 else hit.all(axis=2)
        dtype = shown_dtype(stored)
        return np.where(hit, 0, np.iinfo(dtype).max).astype(dtype)
    return None if stored.alpha is None else _rescaled(stored.alpha, stored.top, shown_dtype(stored))


def from_rgb(stored: Stored, rgb: NDArray[Any], alpha: Samples | None, inks: Inks | None) -> NDArray[Any]:
    """Code values of ``(n, 3)`` RGB in ``shown_dtype``, for every model but palettes: ``(n,)`` or ``(n, c)``.

    ``alpha``: ``(n,)`` as stored, needed where the picture is premultiplied; ``inks``: for CMYK.
    """
    scale = stored.top / (1.0 if stored.floating else float(np.iinfo(rgb.dtype).max))
    if stored.model is Model.RGB and scale == 1 and not stored.premultiplied:
        return rgb.astype(stored.samples.dtype, copy=False)
    values = rgb.astype(np.float64) * scale
    if stored.premultiplied and alpha is not None:
        values = values * (alpha.astype(np.float64) / stored.top)[:, None]
    if stored.model is Model.GREY:
        equal = (values == values[:, :1]).all(axis=1)
        values = np.where(equal, values[:, 0], values @ _LUMA)
    elif stored.model is Model.CMYK and inks is not None:
        values = inks.separate(values)
    elif stored.model is Model.LAB:
        return _rgb_to_lab(values / stored.top, stored.samples.dtype)
    return _quantised(values, stored)


def _quantised(values: NDArray[np.float64], stored: Stored) -> NDArray[Any]:
    if not stored.floating:
        values = np.rint(values.clip(0, stored.top))
    return values.astype(stored.samples.dtype)


def _rescaled(values: NDArray[Any], top: float, dtype: np.dtype[Any]) -> NDArray[Any]:
    if dtype.kind == "f":
        return values.astype(dtype, copy=False)
    white = np.iinfo(dtype).max
    if values.dtype == dtype and top == white:
        return values
    wide: NDArray[Any] = values.astype(np.float64 if dtype.itemsize > 1 else np.float32)
    scaled: NDArray[Any] = np.rint(wide * (float(white) / top))
    return scaled.clip(0, white).astype(dtype, copy=False)


def _table(stored: Stored) -> NDArray[np.uint8]:
    assert stored.palette is not None
    return _padded(stored.palette[:, :3], stored)


def _padded(entries: NDArray[np.uint8], stored: Stored) -> NDArray[np.uint8]:
    """Indices beyond the palette, which damaged files have, are black and opaque."""
    missing = int(stored.samples.max(initial=0)) + 1 - len(entries)
    if missing <= 0:
        return entries
    filler = np.full((missing, *entries.shape[1:]), 0 if entries.ndim == 2 else 255, np.uint8)
    return np.concatenate([entries, filler])


def _divided(rgb: NDArray[Any], alpha: Samples, top: float) -> NDArray[np.float64]:
    opacity = alpha.astype(np.float64) / top
    opacity = np.where(opacity > 0, opacity, 1)
    straight = rgb / (opacity if rgb.ndim == 2 else opacity[..., None])
    return straight if rgb.dtype.kind == "f" else straight.clip(0, top)


def _cmyk_to_rgb(samples: Samples, top: float) -> NDArray[np.float32]:
    """Inks as filters laid over each other; without a profile, as viewers show them."""
    light = np.float32(top) - samples.astype(np.float32)
    return np.asarray(light[..., :3] * (light[..., 3:] / np.float32(top)), np.float32)


@dataclass(frozen=True, slots=True)
class Inks:
    """How a CMYK picture mixes its colours: how much black stands in for the other three inks.

    New colours are separated as the picture's own are, so that under any profile an erased area looks like
    its surroundings. ``black``: mean black by colour, ``share``: of the most there could be, where unknown.
    """

    top: float
    black: NDArray[np.float64]
    known: NDArray[np.bool_]
    share: float

    @classmethod
    def of(cls, samples: NDArray[Any], top: float) -> Inks:
        """Learn from ``(n, 4)`` samples."""
        rgb = _cmyk_to_rgb(samples, top).astype(np.float64)
        bins = _bins(rgb, top)
        count = np.bincount(bins, minlength=_BINS)
        total = np.bincount(bins, weights=samples[:, 3].astype(np.float64), minlength=_BINS)
        most = float((top - rgb.max(axis=1)).sum())
        share = float(samples[:, 3].sum(dtype=np.float64)) / most if most > 0 else 0.0
        return cls(top, total / np.maximum(count, 1), count > 0, min(share, 1.0))

    def separate(self, rgb: NDArray[np.float64]) -> NDArray[np.float64]:
        """``(n, 3)`` RGB to ``(n, 4)`` CMYK, both 0..top, not rounded."""
        rgb = rgb.clip(0, self.top)
        bins = _bins(rgb, self.top)
        most = self.top - rgb.max(axis=1)
        black = np.minimum(np.where(self.known[bins], self.black[bins], self.share * most), most)
        black = np.rint(black)  # the other inks make up for the rounding
        left = np.maximum(self.top - black, 1)[:, None]
        return np.column_stack([self.top - rgb * self.top / left, black])


_BINS = 16**3


def _bins(rgb: NDArray[np.float64], top: float) -> NDArray[np.intp]:
    level = np.minimum(rgb * (16 / (top + 1)), 15).astype(np.intp)
    return (level[:, 0] * 16 + level[:, 1]) * 16 + level[:, 2]


def _lab_to_rgb(samples: Samples) -> NDArray[np.float32]:
    """CIE L*a*b* (TIFF 6.0, section 23: a and b signed) to sRGB in 0..1."""
    wide = samples.dtype.itemsize > 1
    signed = samples[..., 1:].view(np.int16 if wide else np.int8).astype(np.float32) / (256 if wide else 1)
    light = samples[..., :1].astype(np.float32) * (100 / (65535 if wide else 255))
    lab = np.ascontiguousarray(np.concatenate([light, signed], axis=2))
    return np.asarray(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB).clip(0, 1), np.float32)


def _rgb_to_lab(unit: NDArray[np.float64], dtype: np.dtype[Any]) -> NDArray[Any]:
    wide = dtype.itemsize > 1
    lab = cv2.cvtColor(unit.astype(np.float32)[None], cv2.COLOR_RGB2LAB)[0]
    light = np.rint(lab[:, :1] * ((65535 if wide else 255) / 100)).clip(0, 65535 if wide else 255)
    scale, limit = (256, 32767) if wide else (1, 127)
    signed = np.rint(lab[:, 1:] * scale).clip(-limit - 1, limit).astype(np.int16 if wide else np.int8)
    return np.concatenate([light.astype(dtype), signed.view(dtype)], axis=1)
