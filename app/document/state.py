"""The value that is edited: frozen, shared between history entries and threads, compared by parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.document.coverage import Combine, Coverage
from engines.core.engine import OptionValue, Task
from engines.core.tracks import MaskTrack
from engines.core.types import Alpha, Box, Mask, Patch

NOWHERE = Box(0, 0, 0, 0)


class LayerRole(Enum):
    """What a mask layer does."""

    ADD = "add"
    SUBTRACT = "subtract"
    PROTECT = "protect"
    NO_SAMPLE = "no-sample"


@dataclass(frozen=True, slots=True, eq=False)
class MaskLayer:
    """Coverage with a role. Hidden layers do nothing."""

    role: LayerRole
    coverage: Coverage
    visible: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class FoundLine:
    """A line of text that was found: outline ``(n, 2)`` float32 in pixels, words, certainty 0..1, what to erase."""

    polygon: NDArray[np.float32]
    text: str
    confidence: float
    mask: Mask


@dataclass(frozen=True, slots=True, eq=False)
class TextChoice:
    """All lines found, and the numbers of those that are to be erased."""

    lines: tuple[FoundLine, ...] = ()
    chosen: frozenset[int] = frozenset()

    def masks(self) -> Iterator[Mask]:
        """What the chosen lines erase."""
        return (line.mask for number, line in enumerate(self.lines) if number in self.chosen)


@dataclass(frozen=True, slots=True, eq=False)
class MaskStack:
    """What is to be erased: chosen text, then the layers from the bottom up.

    *add* covers, *subtract* uncovers what lies below it, *protect* always wins, *no-sample* is for engines.
    """

    size: tuple[int, int]
    layers: tuple[MaskLayer, ...] = ()
    text: TextChoice = field(default_factory=TextChoice)

    def coverage(self, box: Box) -> Alpha:
        """What would be erased, over ``box`` (an array of its size)."""
        out = np.zeros((max(box.h, 0), max(box.w, 0)), np.uint8)
        for mask in self.text.masks():
            if not (mask.box & box).empty:
                np.maximum(out, mask.dense(box), out=out)
        for layer in self._shown(LayerRole.ADD, LayerRole.SUBTRACT):
            alpha = layer.coverage.dense(box)
            if layer.role is LayerRole.ADD:
                np.maximum(out, alpha, out=out)
            else:
                np.minimum(out, 255 - alpha, out=out)
        protected = self.of_role(LayerRole.PROTECT, box)
        out[protected > 0] = 0
        return out

    def of_role(self, role: LayerRole, box: Box) -> Alpha:
        """The coverage of all shown layers of ``role`` together, over ``box``."""
        out = np.zeros((max(box.h, 0), max(box.w, 0)), np.uint8)
        for layer in self._shown(role):
            np.maximum(out, layer.coverage.dense(box), out=out)
        return out

    def erase_mask(self) -> Mask:
        """What would be erased, trimmed."""
        reach = NOWHERE
        for mask in self.text.masks():
            reach = reach | mask.box.within(self.size)
        for layer in self._shown(LayerRole.ADD):
            reach = reach | layer.coverage.reach
        mask = Mask.of(self.coverage(reach))
        return Mask(mask.box.moved(reach.x, reach.y), mask.alpha)

    @property
    def blank(self) -> bool:
        """Whether surely nothing would be erased; decided without looking at pixels."""
        return not self.text.chosen and all(layer.coverage.empty for layer in self._shown(LayerRole.ADD))

    def has(self, role: LayerRole) -> bool:
        """Whether a shown layer of ``role`` covers anything."""
        return any(not layer.coverage.empty for layer in self._shown(role))

    def top(self, role: LayerRole) -> int | None:
        """The number of the uppermost layer of ``role``, or None."""
        return next((i for i in reversed(range(len(self.layers))) if self.layers[i].role is role), None)

    def _shown(self, *roles: LayerRole) -> Iterator[MaskLayer]:
        return (layer for layer in self.layers if layer.visible and layer.role in roles)


@dataclass(frozen=True, slots=True, eq=False)
class Variant:
    """One engine's answer to one hole. ``patches`` are in the picture's coordinates; ``seconds``: how long it took.

    ``seam`` and ``left``: how visible its rim is and how much text was found again, 0 good .. 1 bad; None where
    nobody has looked.
    """

    engine: str
    options: Mapping[str, OptionValue]
    device: str
    hole: Mask
    patches: tuple[Patch, ...]
    seconds: float = 0.0
    notes: tuple[str, ...] = ()
    seam: float | None = None
    left: float | None = None

    @property
    def reach(self) -> Box:
        box = NOWHERE
        for patch in self.patches:
            box = box | patch.box
        return box


@dataclass(frozen=True, slots=True, eq=False)
class Edit:
    """Something that was erased, with the variants to choose from. ``restored``: where the original shows again."""

    id: int
    task: Task
    variants: tuple[Variant, ...]
    restored: Coverage
    chosen: int = 0
    visible: bool = True

    @property
    def variant(self) -> Variant:
        return self.variants[self.chosen]

    @property
    def reach(self) -> Box:
        return self.variant.reach


@dataclass(frozen=True, slots=True)
class Clip:
    """What makes a source a film: how many frames it has, and how many of them pass in a second, in the mean."""

    frames: int
    rate: Fraction


@dataclass(frozen=True, slots=True)
class Source:
    """What is edited: ``path`` (None: pasted, its pixels live in the project), size (height, width).

    ``sha256`` is that of the file (of a film: of its length, its beginning and its end), empty while it has not
    been computed. ``dtype`` is a NumPy name. ``film``: None for a picture.
    """

    path: Path | None
    size: tuple[int, int]
    dtype: str
    sha256: str = ""
    film: Clip | None = None


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """All that undo restores; unchanged parts are shared between versions."""

    source: Source
    masks: MaskStack
    edits: tuple[Edit, ...] = ()
    tracks: tuple[MaskTrack, ...] = ()
    """Of a film: what is erased from it, through time."""

    @classmethod
    def fresh(cls, source: Source) -> State:
        """A picture that nothing has been done to."""
        return cls(source, MaskStack(source.size))

    @property
    def size(self) -> tuple[int, int]:
        return self.source.size

    def edit(self, number: int) -> Edit:
        """The edit with that id; KeyError where it is gone."""
        for edit in self.edits:
            if edit.id == number:
                return edit
        raise KeyError(number)

    def arrays(self) -> Iterator[NDArray[Any]]:
        """Every array it holds, some of them more than once."""
        for layer in self.masks.layers:
            yield from layer.coverage.tiles.values()
        for line in self.masks.text.lines:
            yield line.polygon
            yield line.mask.alpha
        for edit in self.edits:
            yield from edit.restored.tiles.values()
            for variant in edit.variants:
                yield variant.hole.alpha
                for patch in variant.patches:
                    yield patch.pixels
                    yield patch.alpha
        for track in self.tracks:
            yield from _planes(track)


def _planes(track: MaskTrack) -> Iterator[NDArray[Any]]:
    """The masks of a track; what follows itself is given once, for many frames share one mask."""
    for mask in track.keys.values():
        yield mask.alpha
    last: Mask | None = None
    for made in track.made.values():
        if made.mask is not last:
            yield made.mask.alpha
        last = made.mask


@dataclass(frozen=True, slots=True)
class Change:
    """Where two states look different: the picture itself, and what the masks cover."""

    pixels: Box = NOWHERE
    masks: Box = NOWHERE


def diff(before: State, after: State) -> Change:
    """Boxes that hold every pixel which looks different; found by identity, without comparing pixels."""
    return Change(_edits_differ(before.edits, after.edits), _masks_differ(before.masks, after.masks))


def _edits_differ(before: tuple[Edit, ...], after: tuple[Edit, ...]) -> Box:
    old, new = {edit.id: edit for edit in before}, {edit.id: edit for edit in after}
    box = NOWHERE
    for number in old.keys() | new.keys():
        box = box | _edit_differs(old.get(number), new.get(number))
    if [edit.id for edit in before if edit.id in new] != [edit.id for edit in after if edit.id in old]:
        for edit in (*before, *after):
            box = box | edit.reach
    return box


def _edit_differs(before: Edit | None, after: Edit | None) -> Box:
    old = before.reach if before is not None and before.visible else NOWHERE
    new = after.reach if after is not None and after.visible else NOWHERE
    if before is None or after is None or before.visible != after.visible or before.variant is not after.variant:
        return old | new
    if not after.visible or before.restored is after.restored:
        return NOWHERE
    return before.restored.difference(after.restored) & new


def _masks_differ(before: MaskStack, after: MaskStack) -> Box:
    box = NOWHERE
    if before.text is not after.text:
        box = _text_differs(before.text, after.text)
    pairs = max(len(before.layers), len(after.layers))
    for old, new in zip(_padded(before, pairs), _padded(after, pairs), strict=True):
        if old is not new:
            box = box | _layer_differs(old, new, after.size)
    return box


def _text_differs(before: TextChoice, after: TextChoice) -> Box:
    if before.lines is after.lines:
        changed = before.chosen ^ after.chosen
        masks = [line.mask for number, line in enumerate(after.lines) if number in changed]
    else:
        masks = [*before.masks(), *after.masks()]
    box = NOWHERE
    for mask in masks:
        box = box | mask.box
    return box


def _padded(stack: MaskStack, count: int) -> tuple[MaskLayer | None, ...]:
    return (*stack.layers, *(None for _ in range(count - len(stack.layers))))


def _layer_differs(before: MaskLayer | None, after: MaskLayer | None, size: tuple[int, int]) -> Box:
    blank = Coverage(size)
    old = before.coverage if before is not None and before.visible else blank
    new = after.coverage if after is not None and after.visible else blank
    if before is not None and after is not None and before.role is not after.role:
        return old.reach | new.reach
    return old.difference(new)


__all__ = [
    "NOWHERE",
    "Change",
    "Clip",
    "Combine",
    "Edit",
    "FoundLine",
    "LayerRole",
    "MaskLayer",
    "MaskStack",
    "Source",
    "State",
    "TextChoice",
    "Variant",
    "diff",
]
