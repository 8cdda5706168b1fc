"""From a document's state to a request, and from its answer back to a variant in the picture's coordinates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from app.document.render import composite
from app.document.state import NOWHERE, LayerRole, State, Variant
from engines.core.engine import Card, OptionValue
from engines.core.types import Box, FloatImage, Mask, Patch, Pixels, readonly
from engines.pipeline.region import crop_boxes
from engines.requests import Erased, EraseImage


@dataclass(frozen=True, slots=True, eq=False)
class Order:
    """What to run: an engine with its options, on a device, over the hole of a state.

    ``below``: the edit that is made anew; it and what lies above it are not seen.
    """

    card: Card
    options: Mapping[str, OptionValue]
    device: str
    hole: Mask
    below: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A request, the box of the picture that it sees, and the crops an engine will be given (in that box)."""

    request: EraseImage
    view: Box
    crops: tuple[Box, ...]
    order: Order

    @property
    def megapixels(self) -> float:
        return sum(crop.area for crop in self.crops) / 1e6


def prepare(state: State, pixels: Pixels, order: Order) -> Prepared:
    """Cut out what the engine needs to see: the crops around the holes, and no more.

    What must not be copied from goes with the request; engines that do not know better are shown it as part of the
    hole: what an engine does not see it cannot copy.
    """
    crops = crop_boxes(order.hole, state.size, order.card)
    view = NOWHERE
    for crop in crops:
        view = view | crop
    unseen = Mask.of(state.masks.of_role(LayerRole.NO_SAMPLE, view)) - _moved(order.hole, view)
    image = composite(state, pixels, view, order.below)
    local = _moved(order.hole, view)
    request = EraseImage(order.card.id, image, local, order.options, order.device, avoid=unseen)
    return Prepared(request, view, tuple(crop.moved(-view.x, -view.y) for crop in crops), order)


def _moved(mask: Mask, view: Box) -> Mask:
    """``mask`` in the coordinates of ``view``."""
    return Mask(mask.box.moved(-view.x, -view.y), mask.alpha)


def finished(prepared: Prepared, erased: Erased, seconds: float) -> Variant:
    """The answer as a variant; only inside the true hole."""
    order, view = prepared.order, prepared.view
    moved = (replace(patch, box=patch.box.moved(view.x, view.y)) for patch in erased.patches)
    patches = tuple(patch for patch in (_trimmed(patch, order.hole) for patch in moved) if not patch.box.empty)
    return Variant(
        order.card.id, dict(order.options), erased.device, order.hole, patches, round(seconds, 3), erased.notes
    )


def _trimmed(patch: Patch, hole: Mask) -> Patch:
    """A patch without the surroundings that it does not change: they would only cost memory."""
    alpha = np.where(hole.dense(patch.box) > 0, patch.alpha, np.uint8(0))
    inner = Mask.of(alpha)
    pixels = np.ascontiguousarray(patch.pixels[inner.box.slices])
    return Patch(inner.box.moved(patch.box.x, patch.box.y), readonly(pixels), readonly(inner.alpha))


def preview_patch(prepared: Prepared, image: FloatImage, done: float) -> Patch | None:
    """Where an intermediate picture belongs, in 8 bits; None where it cannot be told.

    Engines see their crop padded at the right and at the bottom; of several crops it is the one whose turn it is.
    """
    begin, crop = 0.0, None
    total = sum(box.area for box in prepared.crops)
    for box in prepared.crops:
        if begin <= done + 1e-6:
            crop = box
        begin += box.area / total
    if crop is None or image.shape[0] < crop.h or image.shape[1] < crop.w:
        return None
    box = crop.moved(prepared.view.x, prepared.view.y)
    pixels = np.rint(np.clip(image[: crop.h, : crop.w], 0, 1) * 255).astype(np.uint8)
    return Patch(box, pixels, prepared.order.hole.dense(box))
