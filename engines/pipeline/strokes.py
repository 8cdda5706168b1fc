"""Finds the strokes of text inside a hole that may be a loose box, and what of them reaches out of it.

Three kinds of evidence are weighed for each pixel: that its colour is commoner in the hole than around it, that
it stands out from the smooth surface through the rim, and that it belongs to something thin of local contrast.
What that finds is the sample from which the colours of the strokes are learnt, and judged anew. The weights are
those of a logistic regression on drawn text; they are log odds that a pixel is a stroke's.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.core.mask_ops import disc
from engines.core.types import FloatImage
from engines.pipeline.colour_odds import ColourOdds
from engines.pipeline.membrane import Flags, Planes, membrane

_OUTSIDE = 10
"""Pixels beyond the rim in which strokes are followed outwards."""

_AROUND = 24
"""Pixels beyond those whose colours are the background's."""

_ROUNDS = 2
"""How often the colours of the strokes are learnt from what the last round found."""

_INSIDE_ODDS, _OUTSIDE_ODDS, _SEED_ODDS = -0.75, -1.0, 0.5
"""Log odds from which a pixel is a stroke: low inside, since a stroke left standing can be read; outside, low
only for what hangs together with a sure stroke at the rim."""

_LEAST = 4
"""Pixels; smaller specks are grain."""

_HALO, _PLAIN = 8, 2.5
"""So many pixels around a stroke are filled where they are nearly (in CIELAB units) what the fill would be:
anti-aliasing, JPEG's ringing and soft shadows go, texture stays."""

_MOST, _FEWEST = 0.85, 0.02
"""A part of the hole is filled whole if more of it than this is strokes, or so little that none were found."""


@dataclass(frozen=True, slots=True, eq=False)
class Strokes:
    """``fill``: ``(h, w)``, what to fill inside the hole; ``foul``: text outside it, which no fill may copy from."""

    fill: Flags
    foul: Flags


def find_strokes(image: FloatImage, hole: Flags) -> Strokes:
    """The strokes inside ``hole`` (``(h, w)``) of ``image`` (``(h, w, 3)`` RGB in 0..1).

    Each connected part of the hole is filled whole where its strokes cannot be told from the rest: leaving text
    standing is worse than smearing a surface.
    """
    if hole.all() or not hole.any():
        return Strokes(hole.copy(), np.zeros_like(hole))
    lab = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2Lab), np.float32)
    odds = _log_odds(np.asarray(cv2.bilateralFilter(lab, 5, 8, 1.5), np.float32), hole)
    strokes = _pieces(hole & (odds > _INSIDE_ODDS), hole, _LEAST)
    foul = _reaching_out(odds, hole)
    fill = hole & _grown(strokes, 2)
    near = hole & _grown(strokes, _HALO)
    surface = membrane(lab, near | foul, sweeps=6)
    fill |= near & (np.linalg.norm(_smooth(lab - surface, 1.0), axis=2) < _PLAIN)
    fill = hole & (cv2.morphologyEx(fill.astype(np.uint8), cv2.MORPH_CLOSE, disc(2)) > 0)
    return Strokes(_whole_where_unsure(fill, strokes, hole), foul)


def _log_odds(lab: Planes, hole: Flags) -> Planes:
    """How surely each pixel near the hole is a stroke's, ``(h, w)``."""
    zone = _grown(hole, _OUTSIDE)
    around = _grown(zone, _AROUND) & ~zone
    colours = ColourOdds(lab, zone | around)
    lift = np.log1p(np.linalg.norm(lab - membrane(lab, zone, sweeps=6), axis=2))
    depth = _depth(hole)
    fine = _contrast(lab, 7)
    odds = 0.44 * colours.log_ratio(hole, around) + 0.35 * lift + 0.74 * _contrast(lab, 15) + 0.85 * depth - 5.53
    for _ in range(_ROUNDS):
        found = zone & (_smooth(odds, 1.0) > 0)
        learnt = colours.log_ratio(found, (zone | around) & ~found)
        odds = 0.65 * learnt + 0.39 * fine + 0.62 * depth - 2.08
    return _smooth(np.asarray(odds, np.float32), 0.7)


def _depth(hole: Flags) -> Planes:
    """How deep inside the hole, in units of 8 pixels; negative outside."""
    inside = cv2.distanceTransform(hole.astype(np.uint8), cv2.DIST_L2, 5)
    outside = cv2.distanceTransform((~hole).astype(np.uint8), cv2.DIST_L2, 5)
    return np.asarray(np.clip(inside - outside, -8, 16) / 8, np.float32)


def _contrast(lab: Planes, width: int) -> Planes:
    """The log of how much a pixel differs from all that is wider than ``width`` around it: top and black hats."""
    shape = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))
    hats = [
        cv2.morphologyEx(np.ascontiguousarray(lab[..., channel]), kind, shape)
        for channel in range(3)
        for kind in (cv2.MORPH_TOPHAT, cv2.MORPH_BLACKHAT)
    ]
    return np.asarray(np.log1p(np.max(hats, axis=0)), np.float32)


def _reaching_out(odds: Planes, hole: Flags) -> Flags:
    """Strokes outside the hole that go on from sure ones at its rim."""
    beyond = _grown(hole, _OUTSIDE) & ~hole
    sure = odds > _SEED_ODDS
    seeds = _grown(hole, 2) & ~hole & sure & _grown(hole & sure, 2)
    return _grown(_pieces(beyond & (odds > _OUTSIDE_ODDS), seeds, 3), 2) & beyond


def _pieces(found: Flags, touched: Flags, least: int) -> Flags:
    """The connected pieces of ``found`` that have at least ``least`` pixels and one in ``touched``."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(found.astype(np.uint8), connectivity=8)
    keep = (stats[:, cv2.CC_STAT_AREA] >= least) & (np.bincount(labels[touched], minlength=count) > 0)
    keep[0] = False
    return np.asarray(keep[labels], np.bool_)


def _whole_where_unsure(fill: Flags, strokes: Flags, hole: Flags) -> Flags:
    count, labels = cv2.connectedComponents(hole.astype(np.uint8))
    area = np.bincount(labels.ravel(), minlength=count)
    filled = np.bincount(labels[fill], minlength=count) / area
    found = np.bincount(labels[strokes], minlength=count) / area
    unsure = (filled > _MOST) | (found < _FEWEST)
    return np.where(unsure[labels], hole, fill)


def _grown(flags: Flags, px: int) -> Flags:
    return np.asarray(cv2.dilate(flags.astype(np.uint8), disc(px)) > 0, np.bool_)


def _smooth(values: NDArray[np.float32], sigma: float) -> Planes:
    return np.asarray(cv2.GaussianBlur(values, (0, 0), sigma), np.float32)
