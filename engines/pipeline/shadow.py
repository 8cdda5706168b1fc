"""Where the shadow of a marked thing lies: a proposal from what shadows do, for the person to look at and correct.

A shadow darkens a surface and leaves its colour nearly as it is; it lies at the foot of the thing that throws it,
and ends not far from there. What the surface would be like without it is spread inwards from farther away. Lengths
are in sizes of the thing, the side of a square as large as it is, so that the scale of the picture does not matter.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.core.mask_ops import grow
from engines.core.types import Box, FloatImage, Mask, Pixels
from engines.pipeline.composite import scale_of, to_unit
from engines.pipeline.membrane import membrane

Bits = NDArray[np.bool_]
Floats = NDArray[np.float32]

_SIDE = 256
"""Pixels that the view around a thing is reduced to: shadows are large and soft, and grain would only disturb."""

_BLACK = 0.02
"""Added before the logarithm, of 1.0: what is darker has no colour to compare."""

_REACH = 1.0
_NEAR, _FAR = 0.35, 0.5
"""How far around the thing the surface is guessed; and how far a shadow goes."""

_FINE, _COARSE = 0.08, 0.1
"""Deviations of the blurs that take grain off the picture, and off what the surface is guessed from."""

_FAINTEST, _DARKEST = 0.08, 1.0
"""Least and most that a shadow takes, in natural logarithms: 8 % and 63 % of the light."""

_TINT = 0.6
"""A channel may be darkened by more or less than the mean by this share of it: skylight makes shadows bluer."""

_FOOT = 0.6
"""Shadows begin below this share of the thing's height."""

_GAP = 0.1
_EDGE = 0.06
_OPEN = 0.2
"""What reaches the limit of the view along more than this share of its outline goes on there: a darker surface."""

_SOFT = 0.04
"""How far the half-dark rim goes on: left where it is, fills would spread it over all of the hole."""

_LARGEST = 1.5
"""As many times as large as the thing itself is no shadow any more but another surface."""

_PART = 0.05
"""Parts of the mask smaller than this share of it throw no shadow of their own."""


@dataclass(frozen=True, slots=True, eq=False)
class _View:
    """What is around one part of the mask, reduced. ``light``: ``(h, w, 3)`` natural logarithms; ``thing``: the part;
    ``hidden``: all that is masked; ``distance``: from the part, in its ``size`` (pixels)."""

    light: Floats
    thing: Bits
    hidden: Bits
    distance: Floats
    size: float


def shadow_of(image: Pixels, mask: Mask) -> Mask:
    """The shadows that the things under ``mask`` throw in ``image``, ``(h, w, 3)`` of any depth, as far as they show.

    Covers nothing that ``mask`` covers; empty where there seems to be none.
    """
    if mask.empty:  # OpenCV crashes on arrays of no size
        return mask
    found = Mask.union(_part_shadow(image, mask, part) for part in _parts(mask))
    return _trimmed(found - Mask(mask.box, np.where(mask.alpha > 0, np.uint8(255), np.uint8(0))))


def view_of(mask: Mask, size: tuple[int, int]) -> Box:
    """The part of a picture of ``size`` = (height, width) that ``shadow_of`` looks at for ``mask``."""
    box = Box(0, 0, 0, 0)
    for part in _parts(mask) if not mask.empty else ():
        box = box | _part_view(part, size)
    return box


def _part_view(part: Mask, size: tuple[int, int]) -> Box:
    reach = max(round(_REACH * (part.box.w * part.box.h) ** 0.5), 16)
    return part.box.grown(reach).within(size)


def _parts(mask: Mask) -> Iterator[Mask]:
    count, labels, parts, _ = cv2.connectedComponentsWithStats((mask.alpha > 0).astype(np.uint8))
    least = _PART * np.count_nonzero(mask.alpha)
    for label in range(1, count):
        if parts[label, cv2.CC_STAT_AREA] >= least:
            yield _trimmed(Mask(mask.box, np.where(labels == label, np.uint8(255), np.uint8(0))))


def _trimmed(mask: Mask) -> Mask:
    inner = Mask.of(mask.alpha)
    return Mask(inner.box.moved(mask.box.x, mask.box.y), inner.alpha)


def _part_shadow(image: Pixels, mask: Mask, part: Mask) -> Mask:
    box = _part_view(part, (image.shape[0], image.shape[1]))
    view = _reduced(image, mask, part, box)
    dark = _attached(view, _darkened(view))
    if not dark.any() or np.count_nonzero(dark) > _LARGEST * np.count_nonzero(view.thing):
        return Mask.union(())
    soft = grow(_levels(dark), 1 + round(_SOFT * view.size))
    whole = cv2.resize(soft, (box.w, box.h), interpolation=cv2.INTER_LINEAR)
    return Mask(box, np.where(whole >= 128, np.uint8(255), np.uint8(0)))


def _reduced(image: Pixels, mask: Mask, part: Mask, box: Box) -> _View:
    scale = min(1.0, _SIDE / max(box.w, box.h))
    size = (max(round(box.w * scale), 1), max(round(box.h * scale), 1))
    crop = image[box.slices]
    unit = cv2.resize(to_unit(crop, scale_of(crop)), size, interpolation=cv2.INTER_AREA)
    thing, hidden = (cv2.resize(each.dense(box), size, interpolation=cv2.INTER_AREA) > 0 for each in (part, mask))
    distance = cv2.distanceTransform((~thing).astype(np.uint8), cv2.DIST_L2, 5)
    length = float(np.count_nonzero(thing)) ** 0.5
    light = np.log(unit + np.float32(_BLACK))
    return _View(light, thing, _wider(hidden, 1), np.asarray(distance / length, np.float32), length)


def _darkened(view: _View) -> Bits:
    """Where the picture is darker than its surroundings let expect, and of their colour."""
    fine, coarse = (_blurred(view, share * view.size) for share in (_FINE, _COARSE))
    guessed = (view.distance < _NEAR) | view.hidden
    if guessed.all():
        return np.zeros_like(guessed)
    darker = membrane(coarse, guessed) - fine
    mean = darker.mean(axis=2)
    tint = np.abs(darker - mean[..., None]).max(axis=2)
    grain = 1.48 * float(np.median(np.abs((fine - coarse).mean(axis=2)[~guessed])))  # a robust standard deviation
    as_dark = (mean > max(_FAINTEST, grain)) & (mean < _DARKEST)
    return np.asarray(as_dark & (tint < _TINT * np.maximum(mean, 0.15)) & ~view.hidden)


def _blurred(view: _View, sigma: float) -> FloatImage:
    """The view's light without what is hidden, blurred."""
    seen = (~view.hidden).astype(np.float32)
    weight = cv2.GaussianBlur(seen, (0, 0), max(sigma, 0.3))[..., None]
    total = cv2.GaussianBlur(view.light * seen[..., None], (0, 0), max(sigma, 0.3))
    return np.asarray(total / np.maximum(weight, 1e-4), np.float32)


def _attached(view: _View, dark: Bits) -> Bits:
    """The parts of ``dark`` that begin at the thing's foot and end within reach."""
    rows = np.flatnonzero(view.thing.any(axis=1))
    foot = rows[0] + _FOOT * (rows[-1] - rows[0])
    below = np.arange(dark.shape[0])[:, None] > foot
    within = _levels(dark & below & (view.distance < _FAR))
    opened = cv2.morphologyEx(within, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    count, labels = cv2.connectedComponents(opened)
    kept = [label for label in range(1, count) if _is_shadow(view, labels == label)]
    return np.asarray(np.isin(labels, kept))


def _is_shadow(view: _View, part: Bits) -> bool:
    if not (view.distance[part] < _GAP + 2 / view.size).any():
        return False
    outline = part & ~_wider(part, -1) & ~_wider(view.hidden, 1)
    at_limit = outline & (view.distance > _FAR - _EDGE)
    return bool(np.count_nonzero(at_limit) <= _OPEN * np.count_nonzero(outline))


def _levels(bits: Bits) -> NDArray[np.uint8]:
    return bits.astype(np.uint8) * np.uint8(255)


def _wider(bits: Bits, px: int) -> Bits:
    return np.asarray(grow(_levels(bits), px) > 0)
