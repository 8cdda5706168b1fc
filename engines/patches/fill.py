"""From coarse to fine: find again what surrounds the hole, copy, look at what came out, find again.

The scheme of Wexler, Shechtman and Irani (PAMI 2007), with the search of PatchMatch (SIGGRAPH 2009).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import torch
from torch import Tensor

from engines.core.context import Context
from engines.patches.features import Basis
from engines.patches.field import Field
from engines.patches.level import Level, Planes
from engines.patches.peeling import peeled
from engines.patches.pyramid import pyramid
from engines.patches.voting import voted

_VALUES, _FEWEST_VALUES = 24, 8
"""Length of a patch's vector of features, and where there are very many patches."""

_MOST_VALUES = 1 << 26
"""Features of all patches of a level together, about: bounds memory to some 300 MB for holes of many megapixels."""

_ALL_PAIRS = 1 << 26
"""Up to so many pairs of patches everything is compared with everything; beyond, it is searched."""

_ROUNDS = 6
"""On the coarsest level; on the finest it is a share of that."""


@dataclass(frozen=True, slots=True)
class Manner:
    """``seed``: of the random search. ``gain``: by how much (of 1.0) a copy may be made brighter or darker."""

    seed: int = 0
    gain: float = 0.0


def filled(finest: Level, manner: Manner, ctx: Context) -> Planes:
    """``(h, w, 3)``: the picture with its hole filled; the level must have a source. Raises ``Cancelled``."""
    levels = pyramid(finest)[::-1]
    generator = torch.Generator().manual_seed(manner.seed)
    picture, field = peeled(levels[0], ctx.part(0.0, 0.05)), None
    for (level, rounds, part), size in zip(_plan(levels, ctx.part(0.05, 0.95)), _sizes(levels), strict=True):
        part.step(0.0, f"looking at {size}", picture if ctx.wants_preview else None)
        scale = _Scale(level, manner, generator)
        picture = scale.begun(picture, field, part.part(0.0, 0.1)) if field else picture
        picture = scale.refined(picture, rounds, part.part(0.1, 0.9))
        field = scale.field
    return picture


def _sizes(levels: Sequence[Level]) -> Iterator[str]:
    """How large the picture is on each level, in words."""
    for number in range(len(levels) - 1, -1, -1):
        yield f"1/{2**number} of its size" if number else "full size"


def _plan(levels: Sequence[Level], ctx: Context) -> Iterator[tuple[Level, int, Context]]:
    """Each level with its number of rounds, the coarser the more, and its share of the time."""
    rounds = [max(2, round(_ROUNDS * (len(levels) - number) / len(levels))) for number in range(len(levels))]
    costs = [len(level.targets) * count + len(level.sources) for level, count in zip(levels, rounds, strict=True)]
    done = 0
    for level, count, cost in zip(levels, rounds, costs, strict=True):
        yield level, count, ctx.part(done / sum(costs), cost / sum(costs))
        done += cost


class _Scale:
    """One level's work."""

    def __init__(self, level: Level, manner: Manner, generator: torch.Generator) -> None:
        self._level = level
        self._generator = generator
        room = _MOST_VALUES // (len(level.sources) + len(level.targets))
        self._basis = Basis.of(level, min(max(room, _FEWEST_VALUES), _VALUES))
        features = self._basis.sources(level)
        drawn = torch.randint(len(features), (len(level.targets),), generator=generator).to(level.device)
        self.field = Field(level, features, drawn, manner.gain)
        self._searched = len(features) * len(drawn) > _ALL_PAIRS

    def begun(self, picture: Planes, coarser: Field, ctx: Context) -> Planes:
        """The coarser level's picture at this one's size, copied anew from where its matches lie."""
        level = self._level
        h, w = level.hole.shape
        larger = cv2.resize(picture, (w, h), interpolation=cv2.INTER_LINEAR)
        start = level.pixels[:h].copy()
        start[level.hole] = larger[level.hole]
        rows = level.source_rows[_finer(coarser, level)]
        self.field.match = torch.where(rows >= 0, rows, self.field.match)
        looks = self._looks(start)
        self.field.rate(looks)
        return self._painted(start, looks, ctx)

    def refined(self, picture: Planes, rounds: int, ctx: Context) -> Planes:
        """``picture`` after so many rounds of matching and copying."""
        for done in range(rounds):
            turn = ctx.part(done / rounds, 1 / rounds)
            turn.step(0.0, "matching", picture if ctx.wants_preview else None)
            looks = self._looks(picture)
            self.field.rate(looks)
            if self._searched:
                self.field.propagate(looks, turn.part(0.1, 0.3))
                self.field.search(looks, self._generator, turn.part(0.4, 0.3))
            else:
                self.field.compare(looks)
            picture = self._painted(picture, looks, turn.part(0.7, 0.3))
        return picture

    def _looks(self, picture: Planes) -> Tensor:
        return self._basis.targets(self._level, torch.from_numpy(picture))

    def _painted(self, picture: Planes, looks: Tensor, ctx: Context) -> Planes:
        out = picture.copy()
        out[self._level.hole] = voted(self.field, looks, ctx).cpu().numpy()
        return out


def _finer(coarser: Field, level: Level) -> Tensor:
    """Where the coarser level's matches lie on ``level``, for each target there; some may be no sources."""
    h, width, reach = coarser.level.hole.shape[0], coarser.level.width, level.reach
    rows, columns = level.targets // level.width, level.targets % level.width
    y, x = (rows // 2).clamp(reach, h - reach - 1), (columns // 2).clamp(reach, width - reach - 1)
    there = coarser.level.target_rows[y * width + x]
    place = coarser.places()[there]
    fine = (place // width * 2 + rows - 2 * y) * level.width + place % width * 2 + columns - 2 * x
    return torch.where(there < 0, 0, fine.clamp(0, len(level.source_rows) - 1))
