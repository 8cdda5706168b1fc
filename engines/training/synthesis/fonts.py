"""Faces to draw with: found in folders, tried for the scripts they cover, loaded once by size."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import ImageFont, features

from engines.core.faults import EngineError, Fault
from engines.training.synthesis.words import INVENTORY, SHAPED, SHARES, Script

SUFFIXES = frozenset({".ttf", ".otf", ".ttc", ".otc", ".woff", ".woff2"})
_MISSING = "\U0010fffd"
_PROBE_SIZE = 24


@dataclass(frozen=True, slots=True)
class Face:
    """One face of a font file, and the scripts whose every character it draws."""

    path: Path
    index: int
    scripts: frozenset[Script]

    def at(self, size: int, script: Script) -> ImageFont.FreeTypeFont:
        """The face at ``size`` pixels, laid out as ``script`` needs; cached."""
        return _load(self.path, self.index, size, script in SHAPED)


@lru_cache(maxsize=384)
def _load(path: Path, index: int, size: int, shaped: bool) -> ImageFont.FreeTypeFont:
    engine = ImageFont.Layout.RAQM if shaped else ImageFont.Layout.BASIC
    return ImageFont.truetype(path, size, index=index, layout_engine=engine)


def _draws(font: ImageFont.FreeTypeFont, characters: str) -> bool:
    missing = bytes(font.getmask(_MISSING))
    blank = bytes(font.getmask(" "))
    shapes = (bytes(font.getmask(c)) for c in characters if c not in "\u200c\u200d")
    return all(shape not in {missing, blank, b""} for shape in shapes)


def _covered(path: Path, index: int) -> frozenset[Script]:
    """The scripts that a face draws completely. Raises ``OSError`` where FreeType cannot read it."""
    font = _load(path, index, _PROBE_SIZE, shaped=False)
    scripts = set(Script) if features.check("raqm") else set(Script) - SHAPED
    return frozenset(script for script in scripts if _draws(font, INVENTORY[script]))


def _faces_of(path: Path) -> list[Face]:
    faces = []
    for index in range(64):
        try:
            scripts = _covered(path, index)
        except OSError:
            if index == 0:
                raise
            break
        if scripts:
            faces.append(Face(path, index, scripts))
        if path.suffix.lower() not in {".ttc", ".otc"}:
            break
    return faces


class FontLibrary:
    """The faces that text is drawn with; pickles by path.

    ``scripts``: the indices of the faces that cover each script; scripts without one are absent.
    """

    def __init__(self, faces: Sequence[Face]) -> None:
        if not faces:
            hint = "Install some (packaging/training_fonts.py fetches the ones we use) or name another folder."
            raise EngineError(Fault.BAD_INPUT, "There are no fonts to draw text with.", hint)
        self.faces = tuple(faces)
        found = {s: tuple(i for i, face in enumerate(self.faces) if s in face.scripts) for s in Script}
        self.scripts = {script: indices for script, indices in found.items() if indices}
        self._names = tuple(self.scripts)
        steps = np.cumsum([SHARES[name] for name in self._names])
        self._shares = steps / steps[-1]
        self._families = {script: self._grouped(indices) for script, indices in self.scripts.items()}

    def _grouped(self, indices: Sequence[int]) -> tuple[tuple[int, ...], ...]:
        families: dict[str, list[int]] = {}
        for index in indices:
            families.setdefault(self.faces[index].path.stem.split("-")[0], []).append(index)
        return tuple(tuple(members) for members in families.values())

    @classmethod
    def find(cls, folders: Sequence[Path], exclude: Iterable[str] = ()) -> FontLibrary:
        """Every usable face under ``folders``; files whose name holds a word of ``exclude`` are left out.

        Raises ``EngineError`` if a folder is missing, a font file is unreadable, or nothing usable is found.
        """
        paths: set[Path] = set()
        for folder in folders:
            if not folder.is_dir():
                raise EngineError(Fault.BAD_INPUT, f"There is no font folder {folder}.", "Name one that exists.")
            paths |= {path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file()}
        unwanted = tuple(exclude)
        faces: list[Face] = []
        for path in sorted(paths):
            if not any(word in path.name for word in unwanted):
                faces += _readable(path)
        return cls(faces)

    def pick_script(self, rng: np.random.Generator) -> Script:
        """A script some face covers, as often as ``SHARES`` says."""
        return self._names[int(np.searchsorted(self._shares, rng.random(), side="right"))]

    def pick(self, rng: np.random.Generator, script: Script) -> Face:
        """A face for ``script``; families count once each, however many weights they have."""
        families = self._families[script]
        family = families[int(rng.integers(len(families)))]
        return self.faces[family[int(rng.integers(len(family)))]]


def _readable(path: Path) -> list[Face]:
    try:
        return _faces_of(path)
    except OSError as error:
        message = f"The font {path.name} cannot be read."
        raise EngineError(Fault.UNREADABLE, message, "Remove it from the font folder.") from error
