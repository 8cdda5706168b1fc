"""Text-free pictures to draw on: packed once into one memory-mapped file, split and sampled by source."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.core.faults import EngineError, Fault
from engines.core.types import FloatImage

Photo: TypeAlias = NDArray[np.uint8]
"""``(h, w, 3)`` uint8 RGB."""

ATTRIBUTION = "ATTRIBUTION.csv"
UNCLEAR = ("-SA", " SA", "FAL", "GPL", "Creative Commons", "not found")
"""Words in a licence that keep a picture out of the weights we give away."""

HELD_OUT_SHARE = 0.06
_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"})


@dataclass(frozen=True, slots=True)
class Listed:
    """A picture file and what it was cut from; pictures of one ``source`` are never split apart."""

    path: Path
    source: str
    collection: str


def list_folder(folder: Path, strict: bool = True) -> list[Listed]:
    """The pictures of ``folder``: those its ``ATTRIBUTION.csv`` names, or all where it has none.

    ``strict`` leaves out pictures whose licence is share-alike, copyleft or unclear.
    """
    if not folder.is_dir():
        raise EngineError(Fault.BAD_INPUT, f"There is no folder {folder}.", "Name a folder of photos without text.")
    table = folder / ATTRIBUTION
    if table.is_file():
        with table.open(encoding="utf-8", newline="") as lines:
            rows = [row for row in csv.DictReader(lines) if not (strict and unclear(row["licence"]))]
        found = [Listed(folder / row["file"], f"{row['source']}/{row['path']}", row["source"]) for row in rows]
    else:
        paths = sorted(p for p in folder.rglob("*") if p.suffix.lower() in _SUFFIXES and p.is_file())
        found = [Listed(path, path.relative_to(folder).as_posix(), "") for path in paths]
    if not found:
        raise EngineError(Fault.BAD_INPUT, f"There are no usable photos in {folder}.", "Name another folder.")
    return found


def unclear(licence: str) -> bool:
    """Whether a licence is share-alike, copyleft, or not known for certain."""
    return any(word in licence for word in UNCLEAR)


def held_out(source: str) -> bool:
    """Whether pictures of this source are kept for measuring: fixed by its name, for ever."""
    digest = hashlib.sha256(source.encode()).digest()
    return int.from_bytes(digest[:4], "big") < HELD_OUT_SHARE * 2**32


def _decode(path: Path, short_side: int) -> Photo:
    bgr = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR)
    if bgr is None:
        raise EngineError(Fault.UNREADABLE, f"The photo {path.name} cannot be read.", "Remove it from the folder.")
    scale = short_side / min(bgr.shape[:2])
    if scale < 1:
        bgr = cv2.resize(bgr, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)


@dataclass(frozen=True, slots=True)
class _Entry:
    offset: int
    height: int
    width: int
    source: str
    collection: str


def pack(pictures: Sequence[Listed], target: Path, short_side: int = 320) -> Path:
    """Decode ``pictures`` into ``target`` (``.npy``, uint8) beside an index (``.json``); returns ``target``.

    Longer pictures are reduced to ``short_side`` pixels. Both files appear whole or not at all.
    """
    entries: list[_Entry] = []
    partial = target.with_name(target.name + ".partial")
    target.parent.mkdir(parents=True, exist_ok=True)
    end = 0
    with partial.open("wb") as out:
        for picture in pictures:
            photo = _decode(picture.path, short_side)
            out.write(photo.tobytes())
            entries.append(_Entry(end, photo.shape[0], photo.shape[1], picture.source, picture.collection))
            end += photo.size
    index = [[e.offset, e.height, e.width, e.source, e.collection] for e in entries]
    _index_path(target).write_text(json.dumps(index), encoding="utf-8")
    partial.replace(target)
    return target


def _index_path(packed: Path) -> Path:
    return packed.with_suffix(".json")


@lru_cache(maxsize=8)
def _open(packed: Path) -> tuple[NDArray[np.uint8], tuple[_Entry, ...]]:
    if not packed.is_file() or not _index_path(packed).is_file():
        raise EngineError(Fault.BAD_INPUT, f"There are no packed photos at {packed}.", "Pack them first.")
    entries = tuple(_Entry(*row) for row in json.loads(_index_path(packed).read_text(encoding="utf-8")))
    return np.memmap(packed, np.uint8, "r"), entries


class Backgrounds:
    """Photos to draw on: first a collection (by the root of its size), then a source, then one of its pictures.

    So neither the largest collection nor the photo that was cut into the most pieces rules. Pickles small when
    packed (by path); photos given in memory travel with it.
    """

    def __init__(
        self, collections: Sequence[Sequence[Sequence[int]]], packed: Path | None, photos: Sequence[Photo] = ()
    ) -> None:
        if not collections:
            raise EngineError(Fault.BAD_INPUT, "There are no photos to draw on.", "Name a folder of photos.")
        self._collections = tuple(tuple(tuple(source) for source in sources) for sources in collections)
        roots = np.cumsum([np.sqrt(sum(len(source) for source in sources)) for sources in self._collections])
        self._shares = roots / roots[-1]
        self._packed = packed
        self._photos = tuple(photos)

    @classmethod
    def packed(cls, packed: Path, held: bool | None = None) -> Backgrounds:
        """The photos of a packed file. ``held``: True only the held-out ones, False only the others, None all."""
        found: dict[str, dict[str, list[int]]] = {}
        for number, entry in enumerate(_open(packed)[1]):
            if held is None or held_out(entry.source) == held:
                found.setdefault(entry.collection, {}).setdefault(entry.source, []).append(number)
        return cls([list(sources.values()) for sources in found.values()], packed)

    @classmethod
    def of(cls, photos: Sequence[Photo]) -> Backgrounds:
        """Photos that are in memory already."""
        return cls([[[number] for number in range(len(photos))]] if photos else [], None, photos)

    def __len__(self) -> int:
        return sum(len(source) for sources in self._collections for source in sources)

    def photo(self, number: int) -> Photo:
        """One photo, as a view where it is packed."""
        if self._packed is None:
            return self._photos[number]
        data, entries = _open(self._packed)
        entry = entries[number]
        size = entry.height * entry.width * 3
        return data[entry.offset : entry.offset + size].reshape(entry.height, entry.width, 3)

    def pick(self, rng: np.random.Generator) -> Photo:
        """A photo: a collection, a source of it, a picture of that."""
        sources = self._collections[int(np.searchsorted(self._shares, rng.random(), side="right"))]
        source = sources[int(rng.integers(len(sources)))]
        return self.photo(source[int(rng.integers(len(source)))])

    def crop(self, rng: np.random.Generator, side: int) -> FloatImage:
        """A random square part of a random photo, flipped by chance, as ``(side, side, 3)`` in 0..1."""
        photo = self.pick(rng)
        height, width = photo.shape[:2]
        longest = min(height, width)
        shortest = min(longest, max(32, round(0.6 * side)))
        reach = round(shortest * (longest / shortest) ** float(rng.random()))
        y, x = int(rng.integers(height - reach + 1)), int(rng.integers(width - reach + 1))
        part = photo[y : y + reach, x : x + reach]
        if rng.random() < 0.5:
            part = part[:, ::-1]
        if rng.random() < 0.1:
            part = part[::-1]
        method = cv2.INTER_AREA if reach >= side else cv2.INTER_CUBIC
        resized = cv2.resize(np.ascontiguousarray(part), (side, side), interpolation=method)
        return np.asarray(resized, np.float32) * np.float32(1 / 255)
