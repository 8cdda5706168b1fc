"""Fills objects with patches of their surroundings (``engines.patches``). Needs no weights."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import torch

from engines.core.context import Context
from engines.core.engine import Card, ImageEraser, Options, Setup
from engines.core.types import Alpha, Box, FloatImage, Mask
from engines.patches.copies import with_turned
from engines.patches.fill import Manner, filled
from engines.patches.level import Flags, Level, can_copy
from engines.pipeline.membrane import membrane
from engines.pipeline.region import crop_boxes
from engines.runtime.memory import out_of_memory_told

_NEAREST = 48
"""Pixels around a hole that are looked at in any case."""

_ENOUGH = 16
"""Patches without which smaller ones are taken."""


class Exemplar(ImageEraser):
    """Multi-scale patch-based filling. Each group of holes is filled from a neighbourhood that goes by its size.

    Where nothing may be copied, for the hole covers all or all else is forbidden, the hole is filled smoothly,
    and the person is told.
    """

    def __init__(self, setup: Setup) -> None:
        self._card = setup.card
        self._device = setup.device

    def erase(self, image: FloatImage, alpha: Alpha, options: Options, ctx: Context) -> FloatImage:
        return self.erase_avoiding(image, alpha, np.zeros_like(alpha), options, ctx)

    def erase_avoiding(
        self, image: FloatImage, alpha: Alpha, avoid: Alpha, options: Options, ctx: Context
    ) -> FloatImage:
        """As ``erase``, but copies nothing from where ``avoid`` > 0."""
        ctx.step(0.0, "looking around")
        hole, out = alpha > 0, image.copy()
        crops = crop_boxes(Mask.of(alpha), alpha.shape, self._near(alpha, options))
        total, done = sum(crop.area for crop in crops), 0
        for crop in crops:
            usable = ~hole[crop.slices] & (avoid[crop.slices] == 0)
            part = _shown_whole(ctx.part(done / total, crop.area / total), out, crop)
            out[crop.slices] = self._filled(image[crop.slices], hole[crop.slices], usable, options, part)
            done += crop.area
        return out

    def _near(self, alpha: Alpha, options: Options) -> Card:
        """The card with as much context as holes of this size need; never more than it had."""
        reach = max(_NEAREST, round(float(options["neighbourhood"]) * thickness(alpha)))
        return replace(self._card, context=min(reach, self._card.context))

    def _filled(self, image: FloatImage, hole: Flags, usable: Flags, options: Options, ctx: Context) -> FloatImage:
        """One crop; ``hole`` and ``usable``: ``(h, w)``."""
        h, w = hole.shape
        side = _fitting_side(usable, int(options["patch"]) | 1)
        if side == 0:
            ctx.tell("There is nothing around the mask that may be copied; it was filled smoothly instead.")
            return np.clip(membrane(image, ~usable), 0, 1)
        more = ((0, max(side - h, 0)), (0, max(side - w, 0)))  # of a strip that is thinner than a patch
        pixels = np.pad(image, (*more, (0, 0)), mode="edge")
        hole, usable = (np.pad(flags, more, mode="edge") for flags in (hole, usable))
        level = Level(pixels, hole, usable, side, self._device)
        if options["rotations"]:
            level = with_turned(level)
        manner = Manner(int(options["seed"]), float(options["gain"]))
        with torch.inference_mode(), out_of_memory_told():
            return filled(level, manner, ctx)[:h, :w]


def _shown_whole(ctx: Context, image: FloatImage, crop: Box) -> Context:
    """``ctx``, with pictures of the crop, of whatever size, shown at their place in ``image``."""

    def report(done: float, note: str, preview: FloatImage | None) -> None:
        whole = None
        if preview is not None:
            whole = image.copy()
            whole[crop.slices] = cv2.resize(preview, (crop.w, crop.h), interpolation=cv2.INTER_LINEAR)
        ctx.report(done, note, whole)

    return replace(ctx, report=report)


def thickness(alpha: Alpha) -> float:
    """Pixels across the hole where it is thickest; the picture's border counts as its rim."""
    framed = np.pad((alpha > 0).astype(np.uint8), 1)
    return 2 * float(cv2.distanceTransform(framed, cv2.DIST_L2, 5).max())


def _fitting_side(usable: Flags, wanted: int) -> int:
    """The side of a patch for which there are enough to copy from, ``wanted`` or less; 0 where there are none."""
    for side in range(wanted, 0, -2):
        h, w = usable.shape
        framed = np.pad(usable, ((0, max(side - h, 0)), (0, max(side - w, 0))), mode="edge")
        if can_copy(framed, side) >= (_ENOUGH if side > 1 else 1):
            return side
    return 0
