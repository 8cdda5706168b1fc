"""A state as plain JSON and a set of arrays, and back: for project files and for history on disk."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from app.document.coverage import Coverage, tile_box
from app.document.plain import Json, Table, broken, member
from app.document.state import (
    Clip,
    Edit,
    FoundLine,
    LayerRole,
    MaskLayer,
    MaskStack,
    Source,
    State,
    TextChoice,
    Variant,
)
from app.document.track_codec import decode_track, encode_track
from engines.core.engine import Task
from engines.core.types import Box, Mask, Patch, readonly


class Arrays(Protocol):
    """Where the arrays of a state go. ``put`` answers a name that ``get`` understands."""

    tiled: bool
    """Whether coverage is kept tile by tile (history, which shares them) or as one picture (projects)."""

    def put(self, array: NDArray[Any], name: str) -> str:
        """Keep ``array``; ``name`` says what it is."""
        ...

    def get(self, key: str) -> NDArray[Any]:
        """The array; raises ``EngineError`` where it is not there."""
        ...


def encode(state: State, arrays: Arrays) -> Json:
    """The state as JSON; its arrays are put into ``arrays``."""
    return _Encoder(arrays).state(state)


def decode(value: Json, arrays: Arrays) -> State:
    """What ``encode`` made; raises ``EngineError`` (UNREADABLE) for anything else."""
    return _Decoder(arrays).state(Table(value))


class _Encoder:
    def __init__(self, arrays: Arrays) -> None:
        self._arrays = arrays

    def state(self, state: State) -> Json:
        return {
            "source": self._source(state.source),
            "layers": [self._layer(i, layer) for i, layer in enumerate(state.masks.layers)],
            "text": [self._line(i, line) for i, line in enumerate(state.masks.text.lines)],
            "chosen": list[Json](sorted(state.masks.text.chosen)),
            "edits": [self._edit(edit) for edit in state.edits],
            "tracks": [encode_track(track, number, self._mask) for number, track in enumerate(state.tracks)],
        }

    def _source(self, source: Source) -> Json:
        path = str(source.path) if source.path is not None else ""
        height, width = source.size
        film: Json = None
        if source.film is not None:
            rate = source.film.rate
            film = {"frames": source.film.frames, "rate": [rate.numerator, rate.denominator]}
        plain: dict[str, Json] = {"path": path, "height": height, "width": width, "dtype": source.dtype}
        return {**plain, "sha256": source.sha256, "film": film}

    def _layer(self, number: int, layer: MaskLayer) -> Json:
        name = f"mask-{number}-{layer.role.value}"
        return {"role": layer.role.value, "visible": layer.visible, "coverage": self._coverage(layer.coverage, name)}

    def _coverage(self, coverage: Coverage, name: str) -> Json:
        if self._arrays.tiled:
            tiles: list[Json] = [
                {"row": row, "column": column, "file": self._arrays.put(tile, name)} for (row, column), tile in coverage
            ]
            return {"tiles": tiles}
        return self._mask(coverage.mask(), name)

    def _mask(self, mask: Mask, name: str) -> Json:
        file = "" if mask.box.empty else self._arrays.put(mask.alpha, name)
        return {"box": _box(mask.box), "file": file}

    def _line(self, number: int, line: FoundLine) -> Json:
        return {
            "polygon": [{"x": float(x), "y": float(y)} for x, y in line.polygon],
            "words": line.text,
            "confidence": float(line.confidence),
            "mask": self._mask(line.mask, f"text-{number}"),
        }

    def _edit(self, edit: Edit) -> Json:
        return {
            "id": edit.id,
            "task": edit.task.value,
            "chosen": edit.chosen,
            "visible": edit.visible,
            "restored": self._coverage(edit.restored, f"edit-{edit.id}-restored"),
            "variants": [self._variant(f"edit-{edit.id}-{i}", variant) for i, variant in enumerate(edit.variants)],
        }

    def _variant(self, name: str, variant: Variant) -> Json:
        return {
            "engine": variant.engine,
            "options": dict[str, Json](variant.options),
            "device": variant.device,
            "seconds": variant.seconds,
            "notes": list[Json](variant.notes),
            "seam": variant.seam,
            "left": variant.left,
            "hole": self._mask(variant.hole, f"{name}-hole"),
            "patches": [self._patch(f"{name}-patch-{i}", patch) for i, patch in enumerate(variant.patches)],
        }

    def _patch(self, name: str, patch: Patch) -> Json:
        pixels, alpha = self._arrays.put(patch.pixels, name), self._arrays.put(patch.alpha, f"{name}-alpha")
        return {"box": _box(patch.box), "pixels": pixels, "alpha": alpha}


class _Decoder:
    def __init__(self, arrays: Arrays) -> None:
        self._arrays = arrays
        self._size = (0, 0)

    def state(self, table: Table) -> State:
        source = self._source(table.table("source"))
        self._size = source.size
        lines = tuple(self._line(row) for row in table.rows("text"))
        chosen = frozenset(table.wholes("chosen"))
        if not chosen <= set(range(len(lines))):
            raise broken("chosen")
        layers = tuple(self._layer(row) for row in table.rows("layers"))
        edits = tuple(self._edit(row) for row in table.rows("edits"))
        if len({edit.id for edit in edits}) < len(edits):
            raise broken("edits")
        tracks = tuple(decode_track(row, source.size, self._mask) for row in table.rows("tracks"))
        return State(source, MaskStack(source.size, layers, TextChoice(lines, chosen)), edits, tracks)

    def _source(self, table: Table) -> Source:
        path, size = table.text("path"), (table.whole("height"), table.whole("width"))
        if min(size) < 1 or table.text("dtype") not in ("uint8", "uint16", "float32"):
            raise broken("source")
        film = _clip(table.table("film")) if table.has("film") else None
        return Source(Path(path) if path else None, size, table.text("dtype"), table.text("sha256"), film)

    def _layer(self, table: Table) -> MaskLayer:
        coverage = self._coverage(table.table("coverage"))
        return MaskLayer(member(LayerRole, table.text("role")), coverage, table.flag("visible"))

    def _coverage(self, table: Table) -> Coverage:
        if not self._arrays.tiled:
            return Coverage.of(self._mask(table), self._size)
        tiles = {}
        for row in table.rows("tiles"):
            place = (row.whole("row"), row.whole("column"))
            tiles[place] = self._plane(row.text("file"), tile_box(place, self._size))
        return Coverage(self._size, tiles)

    def _mask(self, table: Table) -> Mask:
        box = _read_box(table.table("box"))
        if box.empty:
            return Mask(Box(0, 0, 0, 0), np.zeros((0, 0), np.uint8))
        return Mask(box, self._plane(table.text("file"), box))

    def _plane(self, key: str, box: Box) -> NDArray[np.uint8]:
        array = self._arrays.get(key)
        if array.dtype != np.uint8 or array.shape != (box.h, box.w):
            raise broken(key)
        return array

    def _line(self, table: Table) -> FoundLine:
        corners = [(row.number("x"), row.number("y")) for row in table.rows("polygon")]
        if len(corners) < 3:
            raise broken("text")
        polygon = readonly(np.array(corners, np.float32))
        return FoundLine(polygon, table.text("words"), table.number("confidence"), self._mask(table.table("mask")))

    def _edit(self, table: Table) -> Edit:
        variants = tuple(self._variant(row) for row in table.rows("variants"))
        chosen = table.whole("chosen")
        if not 0 <= chosen < len(variants):
            raise broken("variants")
        return Edit(
            id=table.whole("id"),
            task=member(Task, table.text("task")),
            variants=variants,
            restored=self._coverage(table.table("restored")),
            chosen=chosen,
            visible=table.flag("visible"),
        )

    def _variant(self, table: Table) -> Variant:
        return Variant(
            engine=table.text("engine"),
            options=table.scalars("options"),
            device=table.text("device"),
            hole=self._mask(table.table("hole")),
            patches=tuple(self._patch(row) for row in table.rows("patches")),
            seconds=table.number("seconds"),
            notes=tuple(table.texts("notes")),
            seam=table.number_or_none("seam"),
            left=table.number_or_none("left"),
        )

    def _patch(self, table: Table) -> Patch:
        box = _read_box(table.table("box"))
        pixels = self._arrays.get(table.text("pixels"))
        whole = Box(0, 0, self._size[1], self._size[0])
        if pixels.shape != (box.h, box.w, 3) or not whole.holds(box):
            raise broken("patches")
        return Patch(box, pixels, self._plane(table.text("alpha"), box))


def _box(box: Box) -> Json:
    return {"x": box.x, "y": box.y, "w": box.w, "h": box.h}


def _read_box(table: Table) -> Box:
    return Box(table.whole("x"), table.whole("y"), table.whole("w"), table.whole("h"))


def _clip(table: Table) -> Clip:
    frames, rate = table.whole("frames"), table.wholes("rate")
    if frames < 1 or len(rate) != 2 or min(rate) < 1:
        raise broken("film")
    return Clip(frames, Fraction(rate[0], rate[1]))


def same(a: State, b: State) -> bool:
    """Whether two states are equal in every value, whatever they share. For tests and for "is it saved?"."""
    ours, theirs = _Values(), _Values()
    return encode(a, ours) == encode(b, theirs) and ours.equal(theirs)


class _Values:
    tiled = False

    def __init__(self) -> None:
        self.held: list[NDArray[Any]] = []

    def put(self, array: NDArray[Any], name: str) -> str:
        self.held.append(array)
        return f"{name} {array.dtype} {array.shape}"

    def get(self, key: str) -> NDArray[Any]:
        raise KeyError(key)

    def equal(self, other: _Values) -> bool:
        return all(np.array_equal(x, y) for x, y in zip(self.held, other.held, strict=True))
