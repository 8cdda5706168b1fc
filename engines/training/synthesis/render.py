"""From composed pieces to a sample: which of them go, the mask over those, and both pictures damaged alike."""

from __future__ import annotations

from dataclasses import replace
from enum import IntEnum

import numpy as np

from engines.core import mask_ops
from engines.core.types import Alpha
from engines.training.synthesis import damage, masks
from engines.training.synthesis.composer import Composer, Piece
from engines.training.synthesis.sample import Sample
from engines.training.synthesis.style import NUMBER, Choices, Direction, Geometry, Place, Size

_MOST = 0.45
"""A mask over more of the picture than this leaves too little to go by."""
_STEERED: frozenset[type[IntEnum]] = frozenset({Size, Geometry, Direction, Place})
"""Attributes that only some scenes follow."""


def keep_some(composer: Composer) -> None:
    """Decide by chance that some pieces, but not all, are not asked to go."""
    pieces, rng = composer.pieces, composer.rng
    free = [i for i, piece in enumerate(pieces) if piece.asked]
    if len(free) < 2 or rng.random() >= composer.settings.keep:
        return
    for index in rng.permutation(free)[: int(rng.integers(1, len(free)))]:
        pieces[index] = replace(pieces[index], asked=False)


def keep_all(composer: Composer) -> None:
    """Nothing is asked to go."""
    composer.pieces[:] = [replace(piece, asked=False) for piece in composer.pieces]


def draw_mask(composer: Composer, recipe: damage.Recipe) -> Alpha:
    """A mask over the pieces that are asked to go, ``(side, side)`` uint8; now and then it misses a part.

    Where it would cover too much of the picture, fewer pieces are asked to go, at last only their glyphs.
    """
    rng, side = composer.rng, composer.side
    # over text that stays only the strokes themselves are masked: a box would ask for that text too
    over_kept = any(piece.beneath for piece in composer.pieces)
    kind = masks.Kind.GLYPHS if over_kept else masks.draw_kind(composer.settings.masks, rng)
    mask = np.zeros((side, side), np.uint8)
    while asked := [i for i, piece in enumerate(composer.pieces) if piece.asked]:
        layers = [composer.pieces[i].layer for i in asked]
        mask = masks.mask_for(kind, layers, side, recipe.skirt, rng)
        if float(mask.mean()) <= _MOST * 255:
            break
        if len(asked) == 1:
            mask = masks.mask_for(masks.Kind.GLYPHS, layers, side, recipe.skirt, rng)
            break
        for index in rng.permutation(asked)[: (len(asked) + 1) // 2]:
            composer.pieces[index] = replace(composer.pieces[index], asked=False)
    return masks.cut(mask, rng) if rng.random() < composer.settings.cut else mask


def render(composer: Composer, recipe: damage.Recipe, mask: Alpha) -> Sample:
    """Draw image and truth; before JPEG they are equal to the bit wherever the mask is 0.

    Text that stays but would lie under the mask is left out of both.
    """
    image, truth = composer.base.copy(), composer.base.copy()
    for piece in composer.pieces:
        if not _stays_clear(piece, mask, composer.side):
            continue
        piece.layer.draw(image)
        if not piece.asked:
            piece.layer.draw(truth)
    image, truth = damage.soften(recipe, image), damage.soften(recipe, truth)
    np.copyto(truth, image, where=(mask == 0)[:, :, None])  # what the mask leaves out is not asked to go
    stroke = masks.widest(image, truth) > masks.SEEN
    noise = damage.grain(recipe, composer.side, composer.rng)
    return Sample(
        damage.finish(recipe, image, noise),
        damage.finish(recipe, truth, noise),
        mask,
        np.where(stroke, np.uint8(255), np.uint8(0)),
        _choices(composer),
    )


def _choices(composer: Composer) -> Choices:
    choices = composer.style.choices()
    for attribute in (_STEERED - composer.used) | composer.overruled:
        choices[NUMBER[attribute]] = -1
    return choices


def _stays_clear(piece: Piece, mask: Alpha, side: int) -> bool:
    """Whether a piece may be drawn: text that stays must not lie under the mask, unless it shows through."""
    if piece.asked or piece.beneath:
        return True
    return not (mask_ops.grow(masks.support(piece.layer, side), 2) & mask).any()
