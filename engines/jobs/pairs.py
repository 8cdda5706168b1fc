"""Sets of pictures to measure with: which files belong together, and whether they are about text or objects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engines.core.engine import Task
from engines.core.faults import EngineError, Fault
from engines.media.images import read_mask, read_picture
from engines.pipeline.mask_shape import looks_like_text

_ENOUGH = 20
"""Masks that are looked at to see what a set is about."""

SHADOW = "mask_with_shadow"
"""What the second mask of a pair is called, where an object throws a shadow."""


@dataclass(frozen=True, slots=True)
class Pair:
    """The files of one picture: with what is to go, without, and where it is.

    ``truth``: None in sets of objects to look at. ``shadow``: a mask that holds the object's shadow, too, or None.
    """

    name: str
    image: Path
    truth: Path | None
    mask: Path
    shadow: Path | None = None


def find_pairs(folder: Path) -> list[Pair]:
    """The pairs in ``folder``, by name: NAME_image.*, NAME_gt.*, NAME_mask.png and, where it is, its SHADOW.

    No picture of a set needs its truth, or all do. Raises ``EngineError``.
    """
    names = sorted({path.name[: path.name.rindex("_image.")] for path in folder.glob("*_image.*")})
    if not names:
        raise EngineError(
            Fault.BAD_INPUT,
            f"{folder} is no data set: it holds no pictures called NAME_image.*.",
            "Each needs its NAME_gt.* without text and its NAME_mask.png, white where the text is.",
        )
    known = any(next(folder.glob(f"{name}_gt.*"), None) for name in names)
    return [_pair(folder, name, known=known) for name in names]


def _pair(folder: Path, name: str, *, known: bool) -> Pair:
    image, mask = (_only(folder, f"{name}_{part}") for part in ("image", "mask"))
    shadow = next(iter(sorted(folder.glob(f"{name}_{SHADOW}.*"))), None)
    return Pair(name, image, _only(folder, f"{name}_gt") if known else None, mask, shadow)


def task_of(pairs: Sequence[Pair]) -> Task:
    """What is to go from the pictures of a set, as its files say.

    Objects, where some throw shadows, where nobody knows the truth, or where most masks are compact; else text.
    """
    if any(pair.shadow or not pair.truth for pair in pairs):
        return Task.OBJECT
    looks = [looks_like_text(read_mask(pair.mask, read_picture(pair.image).size)) for pair in pairs[:_ENOUGH]]
    return Task.TEXT if 2 * sum(looks) >= len(looks) else Task.OBJECT


def _only(folder: Path, stem: str) -> Path:
    found = sorted(folder.glob(f"{stem}.*"))
    if len(found) != 1:
        what = "no file" if not found else "more than one file"
        raise EngineError(Fault.BAD_INPUT, f"The data set has {what} called {stem}.*.", "Each picture needs one.")
    return found[0]
