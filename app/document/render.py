"""How a state looks: the source with the shown edits painted in, over any box."""

from __future__ import annotations

import numpy as np

from app.document.state import Edit, State
from engines.core.types import Alpha, Box, Patch, Pixels


def composite(state: State, source: Pixels, box: Box, below: int | None = None) -> Pixels:
    """The picture over ``box``, in the source's depth; read only. ``below``: only edits made before that one.

    ``source`` is the whole picture, ``(h, w, 3)``; ``box`` lies inside it. Cost follows the box.
    """
    original = source[box.slices]
    edits = [edit for edit in _below(state, below) if edit.visible and not (edit.reach & box).empty]
    if not edits:
        return original
    out: Pixels = original.copy()
    for edit in edits:
        _paint(out, box, edit)
    out.flags.writeable = False
    return out


def _below(state: State, number: int | None) -> tuple[Edit, ...]:
    if number is None:
        return state.edits
    ids = [edit.id for edit in state.edits]
    return state.edits[: ids.index(number)]


def _paint(out: Pixels, box: Box, edit: Edit) -> None:
    for patch in edit.variant.patches:
        part = patch.box & box
        if part.empty:
            continue
        view = out[part.moved(-box.x, -box.y).slices]
        _blend(view, patch, part, edit.restored.dense(part) if not edit.restored.empty else None)


def _blend(view: Pixels, patch: Patch, part: Box, restored: Alpha | None) -> None:
    local = part.moved(-patch.box.x, -patch.box.y).slices
    pixels, inside = patch.pixels[local], patch.alpha[local] > 0
    if restored is None or not restored.any():
        np.copyto(view, pixels, where=inside[..., None])
        return
    np.copyto(view, pixels, where=(inside & (restored == 0))[..., None])
    soft = inside & (restored > 0) & (restored < 255)
    if soft.any():
        share = restored[soft].astype(np.float64)[:, None] / 255
        mixed = pixels[soft] * (1 - share) + view[soft] * share
        view[soft] = np.rint(mixed) if np.issubdtype(view.dtype, np.integer) else mixed


def unlike(before: Pixels, after: Pixels) -> Alpha:
    """How far two 8-bit pictures of one size differ: the largest of the three channels, ``(h, w)`` 0..255."""
    difference = np.maximum(before, after) - np.minimum(before, after)
    return np.asarray(difference.max(axis=2), np.uint8)
