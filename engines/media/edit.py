"""Puts an edit into a picture's stored samples: those of pixels that were not edited stay as they are."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.core.types import Pixels
from engines.media.colour import Inks, from_rgb, to_alpha
from engines.media.formats import Model
from engines.media.orient import as_stored
from engines.media.picture import Picture, Samples, Stored, Touched

_INK_SAMPLES = 1 << 20
"""Pixels that are enough to learn a CMYK picture's separation from."""


def edited(picture: Picture, pixels: Pixels) -> tuple[Stored, Touched, list[str]]:
    """The stored picture with ``pixels`` (as shown: the size and depth of ``picture.pixels``) put in.

    Also which pixels were touched, in the file's orientation, and what has to be told.
    """
    if pixels.shape != picture.pixels.shape or pixels.dtype != picture.pixels.dtype:
        msg = f"an edit of {pixels.dtype}{pixels.shape} does not fit {picture.pixels.dtype}{picture.pixels.shape}"
        raise ValueError(msg)
    stored = picture.stored
    touched = as_stored(_differs(picture.pixels, pixels), stored.orientation)
    if stored.key is not None:
        touched = touched & (to_alpha(stored) != 0)  # what is transparent by its colour cannot be repainted
    if not touched.any():
        return stored, touched, []
    new = as_stored(pixels, stored.orientation)[touched]
    if stored.palette is not None:
        return _in_palette(stored, touched, new)
    values = from_rgb(stored, new, None if stored.alpha is None else stored.alpha[touched], _inks(stored, touched))
    samples = stored.samples.copy()
    samples[touched] = _off_key(values, stored)
    return replace(stored, samples=samples), touched, _notes(stored)


def _differs(old: Pixels, new: Pixels) -> Touched:
    """Compared as bits: NaN equals itself, and -0 is not 0."""
    bits = np.dtype(f"u{old.dtype.itemsize}")
    red, green, blue = np.moveaxis(np.not_equal(_as_bits(old, bits), _as_bits(new, bits)), -1, 0)
    return np.asarray(red | green | blue)


def _as_bits(pixels: Pixels, bits: np.dtype[np.unsignedinteger[Any]]) -> Pixels:
    return np.ascontiguousarray(pixels).view(bits)


def _inks(stored: Stored, touched: Touched) -> Inks | None:
    if stored.model is not Model.CMYK:
        return None
    untouched = stored.samples[~touched] if not touched.all() else stored.samples.reshape(-1, 4)
    return Inks.of(untouched[:: max(1, len(untouched) // _INK_SAMPLES)], stored.top)


def _off_key(values: Samples, stored: Stored) -> Samples:
    """Values moved by one where they would happen to be the colour that stands for transparent."""
    if stored.key is None:
        return values
    hit = (values.reshape(len(values), -1) == np.array(stored.key)).all(axis=1)
    last = values if values.ndim == 1 else values[:, -1]
    last[hit] = stored.key[-1] + (-1 if stored.key[-1] >= stored.top else 1)
    return values


def _notes(stored: Stored) -> list[str]:
    if stored.model is Model.CMYK:
        return ["The erased area was mixed from CMYK inks as the rest of the picture is; the rest is unchanged."]
    if stored.bits == 1:
        return ["The picture has only black and white, so the erased area was rounded to these."]
    return []


def _in_palette(stored: Stored, touched: Touched, new: NDArray[np.uint8]) -> tuple[Stored, Touched, list[str]]:
    """New colours take free places in the palette; where there are not enough, the picture becomes RGB."""
    assert stored.palette is not None
    opacity = np.full(256, 255, np.uint8)
    opacity[: len(stored.palette)] = stored.palette[:, 3]
    colours, which = np.unique(np.column_stack([new, opacity[stored.samples[touched]]]), axis=0, return_inverse=True)
    places, palette = _places(stored, colours, touched)
    if places is None:
        return _as_rgb(stored, touched, new), touched, [_TOO_MANY_COLOURS]
    samples = stored.samples.copy()
    samples[touched] = places[which.reshape(-1)]
    bits = max(stored.bits, next(bits for bits in (1, 2, 4, 8) if len(palette) <= 2**bits))
    return replace(stored, samples=samples, palette=palette, bits=bits), touched, []


_TOO_MANY_COLOURS = "The erased area has more colours than the palette has room for, so the picture was stored as RGB."


def _places(
    stored: Stored, colours: NDArray[np.uint8], touched: Touched
) -> tuple[NDArray[np.uint8] | None, NDArray[np.uint8]]:
    """Where each of ``(n, 4)`` RGBA ``colours`` lies in the palette, and the palette; None: there is no room."""
    assert stored.palette is not None
    known = {entry.tobytes(): place for place, entry in reversed(list(enumerate(stored.palette)))}
    missing = [colour for colour in colours if colour.tobytes() not in known]
    used = set(np.unique(stored.samples[~touched]).tolist()) | {known.get(colour.tobytes()) for colour in colours}
    free = [*range(len(stored.palette), 256), *(p for p in range(len(stored.palette)) if p not in used)]
    if len(missing) > len(free):
        return None, stored.palette
    palette = np.zeros((256, 4), np.uint8)
    palette[: len(stored.palette)] = stored.palette
    for colour, place in zip(missing, free, strict=False):
        palette[place] = colour
        known[colour.tobytes()] = place
    length = max([len(stored.palette), *(place + 1 for place in free[: len(missing)])])
    return np.array([known[colour.tobytes()] for colour in colours], np.uint8), palette[:length]


def _as_rgb(stored: Stored, touched: Touched, new: NDArray[np.uint8]) -> Stored:
    assert stored.palette is not None
    rgba = np.zeros((256, 4), np.uint8)
    rgba[:, 3] = 255
    rgba[: len(stored.palette)] = stored.palette
    samples = rgba[:, :3][stored.samples]
    samples[touched] = new
    alpha = None if stored.palette[:, 3].min() == 255 else rgba[:, 3][stored.samples]
    return replace(stored, model=Model.RGB, bits=8, samples=samples, alpha=alpha, palette=None)
