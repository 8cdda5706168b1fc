"""Film through a video eraser: windows of frames that overlap, never across a cut, cropped to what is erased.

Frames are pulled when they are needed and let go when they are done; of a window only the crops are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias, overload

import numpy as np

from engines.core.context import Context
from engines.core.engine import Card, Fill, Options, VideoEraser
from engines.core.types import Box, FloatImage, Mask, Patch, Pixels
from engines.pipeline.composite import composite, scale_of, to_unit
from engines.pipeline.cuts import CutFinder
from engines.pipeline.region import crop_boxes

Masks: TypeAlias = Callable[[int], Mask]
"""What is erased from the frame of that number; empty where nothing is."""

_HELD, _SHORTEST = 320 << 20, 24
"""Bytes of whole frames that may wait for a window, here and at whoever paints the patches; a window's least frames."""

MARGIN = 0.25
"""A crop takes this share of its hole's sides as surroundings, where that is more than the card's context."""

_BACKGROUND = 0.5
"""A crop of which the holes of all frames together cover more than that is widened by half."""


@dataclass(frozen=True, slots=True)
class FilmJob:
    """What stays the same for all windows: the engine, its card, its options (resolved), and what paints the rest."""

    eraser: VideoEraser
    card: Card
    options: Options
    fill: Fill


@dataclass(slots=True, eq=False)
class _Held:
    """A frame that waits for its window. ``pixels`` show ``area`` of it; ``earlier``: what the last window made."""

    number: int
    pixels: Pixels
    area: Box
    earlier: tuple[Patch, ...] = ()

    def part(self, box: Box) -> Pixels:
        return self.pixels[box.moved(-self.area.x, -self.area.y).slices]


def erase(
    job: FilmJob, frames: Iterable[Pixels], masks: Masks, ctx: Context, cuts: frozenset[int] | None = None
) -> Iterator[tuple[Patch, ...]]:
    """For each frame in order the patches that erase its mask; none where there is nothing to erase.

    ``cuts``: the first frames of scenes, where they are known already; else they are found on the way. Frames that
    are further than the card's overlap from any mask are not looked at.
    """
    finder = CutFinder()
    stream = _Stream(job, masks, ctx)
    for number, frame in enumerate(frames):
        if number == 0:
            stream.job = replace(job, card=fitting(job.card, frame.nbytes))
        is_cut = finder.is_cut(frame) if cuts is None else number in cuts
        yield from stream.push(number, frame, is_cut)
    yield from stream.flush()


def fitting(card: Card, frame_bytes: int) -> Card:
    """``card`` with a shorter window where a whole one of such frames would fill the memory."""
    window = min(card.window, max(_HELD // max(frame_bytes, 1), _SHORTEST))
    return card if window == card.window else replace(card, window=window, overlap=min(card.overlap, window // 4))


@dataclass(slots=True, eq=False)
class _Stream:
    """The window that is being filled."""

    job: FilmJob
    masks: Masks
    ctx: Context
    held: list[_Held] = field(default_factory=list)
    area: Box = field(default_factory=lambda: Box(0, 0, 0, 0))
    size: tuple[int, int] = (0, 0)
    fresh: int = 0
    """How many of the held frames have not been through a window."""

    def push(self, number: int, frame: Pixels, is_cut: bool) -> Iterator[tuple[Patch, ...]]:
        if is_cut:
            yield from self.flush()
        if not self._near(number):
            yield from self.flush()
            yield ()
            return
        self.size = (frame.shape[0], frame.shape[1])
        if not self.held:
            self.area = self._area(number)
        self.held.append(self._keep(number, frame))
        self.fresh += 1
        if len(self.held) >= self.job.card.window:
            yield from self._turn()

    def flush(self) -> Iterator[tuple[Patch, ...]]:
        """Erase what is held, to the end."""
        if self.fresh:
            yield from self._erased()
        elif self.held:
            yield from (held.earlier for held in self.held)
        self.held, self.fresh = [], 0

    def _near(self, number: int) -> bool:
        """Whether anything is erased within reach in time: clean frames before and after show what is behind."""
        reach = max(self.job.card.overlap, 1)
        return any(not self.masks(i).empty for i in range(max(number - reach, 0), number + reach + 1))

    def _area(self, number: int) -> Box:
        """All that the window that begins with frame ``number`` will have to show."""
        union = Mask.union(self.masks(i) for i in range(number, number + self.job.card.window))
        area = Box(0, 0, 0, 0)
        for box in _crops(union, self.size, self.job.card):
            area = area | box
        return area

    def _keep(self, number: int, frame: Pixels) -> _Held:
        """The frame's crop; whole where the next window will want to see it too."""
        if len(self.held) >= self.job.card.window - self.job.card.overlap:
            return _Held(number, frame, Box(0, 0, frame.shape[1], frame.shape[0]))
        return _Held(number, frame[self.area.slices].copy(), self.area)

    def _turn(self) -> Iterator[tuple[Patch, ...]]:
        """Erase a full window; its last frames begin the next one."""
        patches = self._erased()
        shared = self.job.card.overlap
        yield from patches[: len(patches) - shared]
        kept = self.held[len(self.held) - shared :]
        earlier = patches[len(patches) - shared :]
        self.held = [replace(held, earlier=made) for held, made in zip(kept, earlier, strict=True)]
        self.fresh = 0
        if self.held:
            self.area = self._area(self.held[0].number)

    def _erased(self) -> list[tuple[Patch, ...]]:
        """The patches of every held frame."""
        masks = [self.masks(held.number) for held in self.held]
        done: list[tuple[Patch, ...]] = [() for _ in self.held]
        crops = [crop & self.area for crop in _crops(Mask.union(masks), self.size, self.job.card)]
        for count, crop in enumerate(crops):
            part = self.ctx.part(count / len(crops), 1 / len(crops))
            for number, patch in enumerate(self._crop_erased(crop, masks, part)):
                done[number] = (*done[number], *patch)
        return done

    def _crop_erased(self, crop: Box, masks: Sequence[Mask], ctx: Context) -> Iterator[tuple[Patch, ...]]:
        sources = [held.part(crop) for held in self.held]
        scale = max(scale_of(source) for source in sources)
        alphas = [mask.dense(crop) for mask in masks]
        prefix = sum(1 for held in self.held if held.earlier)
        known = (prefix + 1) // 2 if prefix else 0
        given = [_carried(held, crop, i < known) for i, held in enumerate(self.held)]
        asked = [alpha if i >= known else np.zeros_like(alpha) for i, alpha in enumerate(alphas)]
        if any(alpha.any() for alpha in asked):
            result = self.job.eraser.erase(Units(given, scale), asked, self.job.options, self.job.fill, ctx)
        else:
            result = Units(given, scale)
        for number, (held, source, alpha) in enumerate(zip(self.held, sources, alphas, strict=True)):
            painted = result[number]
            if not alpha.any():
                yield ()
                continue
            patch = _trimmed(Patch(crop, composite(source, painted, alpha, scale), alpha))
            share = _share(number, known, prefix)
            yield (faded(held.earlier, patch, share),) if held.earlier and share < 1 else (patch,)


def _crops(union: Mask, size: tuple[int, int], card: Card) -> list[Box]:
    """Where to look: the holes' boxes, with the card's context or a share of their size around them."""
    if union.empty:
        return []
    side = max(union.box.w, union.box.h)
    wide = replace(card, context=max(card.context, min(round(MARGIN * side), 4 * card.context)))
    crops = crop_boxes(union, size, wide)
    return [_widened(crop, union, size) for crop in crops] if len(crops) == 1 else crops


def _widened(crop: Box, union: Mask, size: tuple[int, int]) -> Box:
    covered = np.count_nonzero(union.dense(crop)) / max(crop.area, 1)
    return crop if covered <= _BACKGROUND else crop.grown(max(crop.w, crop.h) // 2).within(size)


def _carried(held: _Held, crop: Box, known: bool) -> Pixels:
    """The crop as the engine sees it: with what the last window made, where that is to be kept."""
    pixels = held.part(crop)
    if not (known and held.earlier):
        return pixels
    painted: Pixels = pixels.copy()
    for patch in held.earlier:
        _paint_into(painted, crop, patch)
    return painted


def _paint_into(pixels: Pixels, box: Box, patch: Patch) -> None:
    """Paint the part of ``patch`` that lies in ``box``, which ``pixels`` show."""
    part = patch.box & box
    if part.empty:
        return
    inner = part.moved(-patch.box.x, -patch.box.y).slices
    Patch(part.moved(-box.x, -box.y), patch.pixels[inner], patch.alpha[inner]).paint(pixels)


def _share(number: int, known: int, prefix: int) -> float:
    """How much of a frame is the new window's: none of the known ones, then more and more."""
    if number < known:
        return 0.0
    return min((number - known + 1) / (prefix - known + 1), 1.0) if number < prefix else 1.0


def faded(earlier: Sequence[Patch], patch: Patch, share: float) -> Patch:
    """``patch`` with ``1 - share`` of what was made before of the same frame, for the same mask."""
    before: Pixels = patch.pixels.copy()
    for old in earlier:
        _paint_into(before, patch.box, old)
    mixed = before + (patch.pixels.astype(np.float64) - before) * share
    if np.issubdtype(patch.pixels.dtype, np.integer):
        mixed = np.rint(mixed)
    return Patch(patch.box, mixed.astype(patch.pixels.dtype), patch.alpha)


def _trimmed(patch: Patch) -> Patch:
    """The patch without what lies around its mask."""
    inner = Mask.of(patch.alpha).box
    box = inner.moved(patch.box.x, patch.box.y)
    return Patch(box, patch.pixels[inner.slices].copy(), patch.alpha[inner.slices].copy())


class Units(Sequence[FloatImage]):
    """Crops in the source's depth that become float32 in 0..1 when they are asked for: a window of them may be big."""

    def __init__(self, crops: Sequence[Pixels], scale: float) -> None:
        self._crops = crops
        self._scale = scale

    def __len__(self) -> int:
        return len(self._crops)

    @overload
    def __getitem__(self, index: int) -> FloatImage: ...

    @overload
    def __getitem__(self, index: slice) -> Units: ...

    def __getitem__(self, index: int | slice) -> FloatImage | Units:
        if isinstance(index, slice):
            return Units(self._crops[index], self._scale)
        return to_unit(self._crops[index], self._scale)
