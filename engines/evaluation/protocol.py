"""What is erased, and what is put together with what before it is scored: both move PSNR by several dB."""

from __future__ import annotations

from enum import Enum

import numpy as np

from engines.core.mask_ops import grow
from engines.core.types import Alpha, Pixels
from engines.evaluation.metrics import Scores, scores
from engines.pipeline.mask_shape import loose_boxes

_STROKE_LEVEL = 15
"""Pixels whose mean channel differs from the truth by more than this belong to a stroke."""

_STROKE_GROWTH = 3


class MaskChoice(Enum):
    """Which mask the engines are given: as drawn in a hurry, along the strokes, or the data set's own.

    For objects ``SHADOW`` is its second one, with the object's shadow.
    """

    BOXES = "boxes"
    STROKES = "strokes"
    GIVEN = "given"
    SHADOW = "shadow"


class Scope(Enum):
    """Which pixels are scored, and what is outside the mask."""

    PICTURE = "picture"
    TRUTH_OUTSIDE = "truth_outside"
    INSIDE = "inside"


PROTOCOL = {
    "erasing": "The whole pipeline of `cleanplate erase` at the picture's own size, scored before it is stored.",
    "picture": "All pixels; outside the mask they are the input's, as users get them.",
    "truth_outside": "All pixels; outside the mask they are the truth's, as GaRNet's authors score.",
    "inside": "Only pixels inside the mask.",
    "boxes": "Around each line of the data set's mask a box, 15 % of its height (2 pixels at least) larger.",
    "strokes": "Where picture and truth differ by more than 15 levels within the data set's mask, 3 pixels wider.",
    "given": "The data set's mask.",
    "shadow": "The data set's mask of the object and its shadow; the object's alone where it has no other.",
    "means": "Over pictures; those that equal the truth are left out, for their PSNR is infinite.",
    "legibility": "Lines that the detector finds in the input, at least half inside the boxes, against those it finds "
    "there afterwards; DetEval with the constants of ICDAR 2013. Lower is better.",
    "texture": "Sliced Wasserstein distance between the patches of result and truth in the hole, over a Laplacian "
    "pyramid, as a share of the truth's spread. 0 = the same patches wherever they lie; about 0.8 = a flat surface.",
    "seam": "Mean steps of colour and of slope across the mask's rim beyond the usual ones around it, in grey levels.",
}
"""What the figures mean, for everyone who reads them."""


def make_mask(choice: MaskChoice, image: Pixels, truth: Pixels, given: Alpha) -> Alpha:
    """The ``(h, w)`` mask to erase. ``given``: the data set's own."""
    match choice:
        case MaskChoice.GIVEN | MaskChoice.SHADOW:
            return given
        case MaskChoice.BOXES:
            return loose_boxes(given)
        case MaskChoice.STROKES:
            return _strokes(image, truth, given)


def _strokes(image: Pixels, truth: Pixels, given: Alpha) -> Alpha:
    """Where nothing differs enough, as under a faint watermark, it is the given mask."""
    difference = np.abs(image.astype(np.float32) - truth).mean(axis=2)
    strokes = (difference > _STROKE_LEVEL) & (given > 0)
    if not strokes.any():
        return given
    return grow(strokes.astype(np.uint8) * np.uint8(255), _STROKE_GROWTH)


def score_scopes(result: Pixels, truth: Pixels, mask: Alpha) -> dict[Scope, Scores]:
    """The scores of one ``(h, w, 3)`` uint8 result in each scope; ``mask`` must not be empty."""
    composed = np.where(mask[..., None] > 0, result, truth)
    return {
        Scope.PICTURE: scores(result, truth),
        Scope.TRUTH_OUTSIDE: scores(composed, truth),
        Scope.INSIDE: scores(result, truth, mask),
    }
