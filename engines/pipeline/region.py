"""From a mask to crops, and through an engine to patches: group, grow, pad, erase, unpad, composite.

Cost follows the masked area: an engine only ever sees the crops around the holes. The same rule cuts the
crop for a preview, an export and a training sample, because some engines' results depend on the crop.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

import cv2
import numpy as np

from engines.core.context import Context
from engines.core.engine import Card
from engines.core.faults import EngineError, Fault
from engines.core.types import Alpha, Box, FloatImage, Mask, Patch, Pixels
from engines.pipeline import tiles
from engines.pipeline.composite import composite, scale_of, to_unit
from engines.pipeline.job import Job

Maps = tuple[Alpha, Alpha]
"""Over one view: what is to be erased, and what must not be copied from."""

_CELL = 8
"""Side in pixels of the grid cells in which crops are grouped: thousands of glyphs cost as much as one box."""


def erase(job: Job, image: Pixels, mask: Mask, ctx: Context) -> tuple[Patch, ...]:
    """The patches that erase ``mask`` from ``image`` (``(h, w, 3)``, any supported depth)."""
    crops = crop_boxes(mask, (image.shape[0], image.shape[1]), job.card)
    total = sum(crop.area for crop in crops)
    patches: list[Patch] = []
    done = 0
    for number, crop in enumerate(crops, 1):
        ctx.step(done / total, f"region {number} of {len(crops)}")
        patches.append(_patch(job, image, mask, crop, ctx.part(done / total, crop.area / total)))
        done += crop.area
    ctx.step(1.0, "done")
    return tuple(patches)


def crop_boxes(mask: Mask, size: tuple[int, int], card: Card) -> list[Box]:
    """The crops an engine is given: one per group of holes, none overlapping another, all inside the picture.

    ``size``: (height, width) of the picture. Each holds its holes with ``card.context`` pixels around them.
    """
    mask = Mask.of(mask.dense(Box(0, 0, size[1], size[0])))
    boxes = [crop_box(hole, size, card) for hole in _hole_groups(mask, card.context)]
    return sorted(_merged(boxes, size, card), key=lambda box: (box.y, box.x))


def crop_box(hole: Box, size: tuple[int, int], card: Card) -> Box:
    """The crop rule for one hole: context around it, at least ``min_side``, sides multiples of ``multiple_of``.

    Where the picture is too small for that, the crop ends at its border and is padded later.
    """
    return _crop(hole, size, card, card.context_share)


def _crop(hole: Box, size: tuple[int, int], card: Card, share: float) -> Box:
    x, w = _span(hole.x, hole.w, size[1], card, share)
    y, h = _span(hole.y, hole.h, size[0], card, share)
    return Box(x, y, w, h)


def _span(start: int, length: int, limit: int, card: Card, share: float) -> tuple[int, int]:
    wanted = max(length + 2 * max(card.context, math.ceil(share * length)), card.min_side)
    wanted = -(-wanted // card.multiple_of) * card.multiple_of
    if wanted >= limit:
        return 0, limit
    begin = start + length // 2 - wanted // 2
    return min(max(begin, 0), limit - wanted), wanted


def _hole_groups(mask: Mask, context: int) -> Iterator[Box]:
    """Bounding boxes of the holes whose surroundings touch."""
    if mask.empty:
        return
    reach = -(-context // _CELL)
    cells = _cells(mask.alpha > 0)
    near = cv2.dilate(np.pad(cells, reach), np.ones((2 * reach + 1, 2 * reach + 1), np.uint8))
    count, labels = cv2.connectedComponents(near, connectivity=8)
    members = labels[reach : labels.shape[0] - reach, reach : labels.shape[1] - reach] * cells
    for label in range(1, count):
        group = Mask.of(np.asarray(members == label, np.uint8))
        area = Box(group.box.x * _CELL, group.box.y * _CELL, group.box.w * _CELL, group.box.h * _CELL)
        hole = Mask.of(_only(mask.alpha, members == label, area))
        yield hole.box.moved(mask.box.x + area.x, mask.box.y + area.y)


def _cells(covered: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> Alpha:
    """1 for each ``_CELL`` x ``_CELL`` cell that holds a covered pixel."""
    h, w = covered.shape
    padded = np.pad(covered, ((0, -h % _CELL), (0, -w % _CELL)))
    rows, columns = padded.shape[0] // _CELL, padded.shape[1] // _CELL
    return np.asarray(padded.reshape(rows, _CELL, columns, _CELL).any(axis=(1, 3)), np.uint8)


def _only(alpha: Alpha, chosen: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], area: Box) -> Alpha:
    """The coverage inside ``area`` that lies in ``chosen`` cells."""
    cells = Box(area.x // _CELL, area.y // _CELL, area.w // _CELL, area.h // _CELL)
    part = alpha[area.slices]
    keep = np.kron(chosen[cells.slices].astype(np.uint8), np.ones((_CELL, _CELL), np.uint8))
    return np.asarray(part * keep[: part.shape[0], : part.shape[1]], np.uint8)


def _merged(boxes: Sequence[Box], size: tuple[int, int], card: Card) -> list[Box]:
    """``boxes`` with overlapping ones united, until none overlaps another."""
    left = list(boxes)
    result: list[Box] = []
    while left:
        box = left.pop()
        meets = [other for other in left + result if not (box & other).empty]
        if not meets:
            result.append(box)
            continue
        left = [other for other in left if other not in meets]
        result = [other for other in result if other not in meets]
        for other in meets:
            box = box | other
        left.append(_aligned(box, size, card))
    return result


def _aligned(box: Box, size: tuple[int, int], card: Card) -> Box:
    """``box`` grown to the card's multiples, without asking for context again."""
    bare = _crop(box.grown(-card.context), size, card, 0.0)
    return bare if bare.holds(box) else _crop(box, size, card, 0.0)


def _patch(job: Job, image: Pixels, mask: Mask, crop: Box, ctx: Context) -> Patch:
    source = image[crop.slices]
    alpha = mask.dense(crop)
    scale = scale_of(source)
    result = _erased(job, to_unit(source, scale), (alpha, job.avoid.dense(crop)), ctx)
    return Patch(crop, composite(source, result, alpha, scale), alpha)


def _erased(job: Job, view: FloatImage, maps: Maps, ctx: Context) -> FloatImage:
    """The view with its hole filled; after running out of memory, again with tiles half as large."""
    padded, padded_maps = _padded(view, maps, job.card)
    side = job.card.max_side
    while True:
        try:
            result = _whole_or_tiled(job, padded, padded_maps, side, ctx)
            return result[: view.shape[0], : view.shape[1]]
        except EngineError as error:
            smaller = _half(min(side, max(padded.shape[:2])), job.card)
            if error.fault is not Fault.OUT_OF_MEMORY or job.card.whole or smaller >= side:
                raise
            side = smaller
            ctx.tell(f"Memory ran out; the region was erased in tiles of {side} pixels instead.")


def _half(side: int, card: Card) -> int:
    half = side // 2 // card.multiple_of * card.multiple_of
    return max(half, card.min_side, card.multiple_of)


def _whole_or_tiled(job: Job, view: FloatImage, maps: Maps, side: int, ctx: Context) -> FloatImage:
    alpha, avoid = maps
    if job.card.whole or max(view.shape[:2]) <= side:
        return job.erase(view, alpha, avoid, ctx)
    eraser = job.eraser.for_tiles(view, alpha, job.options, ctx.part(0.0, 0.1))
    return tiles.erase(replace(job, eraser=eraser), view, maps, side, ctx.part(0.1, 0.9))


def _padded(view: FloatImage, maps: Maps, card: Card) -> tuple[FloatImage, Maps]:
    """Mirrored out to the card's least side and multiples; what is added is never a hole."""
    h, w = view.shape[:2]
    more_h = _wanted(h, card) - h
    more_w = _wanted(w, card) - w
    if more_h == 0 and more_w == 0:
        return view, maps
    mirrored = np.pad(view, ((0, more_h), (0, more_w), (0, 0)), mode="symmetric")
    alpha, avoid = (np.pad(plane, ((0, more_h), (0, more_w))) for plane in maps)
    return mirrored, (alpha, avoid)


def _wanted(side: int, card: Card) -> int:
    return -(-max(side, card.min_side) // card.multiple_of) * card.multiple_of
