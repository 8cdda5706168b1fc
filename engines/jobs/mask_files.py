"""Masks through time in files: a film whose white is erased, or a folder of numbered PNGs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from engines.core.atomic import replacing_folder
from engines.core.context import Context
from engines.core.engine import Tracked
from engines.core.faults import EngineError, Fault
from engines.core.tracks import MaskTrack, TrackKind, masks_at
from engines.core.types import Alpha, Box, Mask, Pixels
from engines.jobs.painting import shown
from engines.media.film.pictures import ENDINGS
from engines.media.film.reader import open_film
from engines.media.images import read_mask, write_png

_SURE = 127
"""Levels above which a pixel of a film of masks is erased: films lose a little, and black is not quite black."""


def read_masks(path: Path, size: tuple[int, int], count: int, ctx: Context) -> MaskTrack:
    """The masks in ``path`` for a film of ``count`` frames of ``size`` = (height, width), as a track of its name.

    A folder of numbered pictures: the numbers are those of frames, from 0; from 1 where the last one is the number of
    frames. Frames without a picture have no mask. A picture: one mask for all frames. Else a film, frame for frame;
    one that is shorter leaves the rest alone. Raises ``EngineError``.
    """
    if path.is_dir():
        return _from_folder(path, size, count, ctx)
    if path.suffix.lower() in ENDINGS:
        mask = Mask.of(read_mask(path, size))
        return MaskTrack(path.stem, TrackKind.STATIC, size, {0: mask})
    made: dict[int, Tracked] = {}
    with open_film(path) as film:
        for number, frame in enumerate(film.frames(0, min(len(film), count))):
            ctx.step(number / count, "reading masks")
            _check_size(path, frame.pixels, size)
            mask = Mask.of(covered(frame.pixels))
            if not mask.empty:
                made[number] = Tracked(mask, 1.0)
    return MaskTrack(path.stem, TrackKind.TRACKED, size, made=made)


def covered(picture: Pixels) -> Alpha:
    """What a frame of a film of masks erases: all that is rather white."""
    return np.where(shown(picture).max(axis=2) > _SURE, np.uint8(255), np.uint8(0))


def write_masks(tracks: Sequence[MaskTrack], folder: Path, count: int, ctx: Context, *, overwrite: bool = False) -> int:
    """Write what ``tracks`` together erase from a film of ``count`` frames, one PNG for each frame that has a mask.

    They are called ``000000.png`` and so on. Returns how many were written. Raises ``EngineError`` where the folder
    cannot be made, or a file is there already.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"The folder {folder} cannot be made: {error.strerror}."
        raise EngineError(Fault.NOT_WRITTEN, message, "Choose another one.") from error
    height, width = tracks[0].size
    whole = Box(0, 0, width, height)
    written = 0
    for number in range(count):
        ctx.step(number / count, "writing masks")
        mask = masks_at(tracks, number)
        if not mask.empty:
            dense = np.ascontiguousarray(np.repeat(mask.dense(whole)[..., None], 3, axis=2))
            write_png(dense, folder / f"{number:06}.png", overwrite=overwrite)
            written += 1
    return written


def masks_for(path: Path, size: tuple[int, int], count: int, ctx: Context) -> MaskTrack:
    """Like ``read_masks``, without what belongs to no frame of the film; an ``EngineError`` where nothing is left."""
    read = read_masks(path, size, count, ctx)
    keys = {frame: mask for frame, mask in read.keys.items() if not mask.empty}
    made = {frame: tracked for frame, tracked in read.made.items() if 0 <= frame < count}
    if not keys and not made:
        message = f"{path.name} covers nothing in any of the {count} frames."
        raise EngineError(Fault.BAD_INPUT, message, "White is erased; numbers of pictures are those of frames.")
    if len(made) < len(read.made):
        ctx.tell(f"{len(read.made) - len(made)} masks of {path.name} are for frames that the film does not have.")
    return replace(read, keys=keys, made=made)


def write_folder(tracks: Sequence[MaskTrack], folder: Path, count: int, ctx: Context) -> int:
    """Like ``write_masks``, into a folder that is new or empty: all of them, or none. Raises ``EngineError``."""
    check_new(folder)
    if all(masks_at(tracks, frame).empty for frame in range(count)):
        names = ", ".join(repr(track.name) for track in tracks)
        raise EngineError(Fault.BAD_INPUT, f"The track {names} covers nothing.", "Paint on it first.")
    with replacing_folder(folder) as beside:
        return write_masks(tracks, beside, count, ctx)


def check_new(folder: Path) -> None:
    """Raise ``EngineError`` where ``folder`` is something else than a name that is free, or an empty folder."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        message = f"{folder} exists and is not an empty folder."
        raise EngineError(Fault.EXISTS, message, "Choose another name for the folder.")


def _from_folder(folder: Path, size: tuple[int, int], count: int, ctx: Context) -> MaskTrack:
    numbered = {int(found[-1]): path for path in sorted(folder.iterdir()) if (found := _numbers(path))}
    if not numbered:
        raise EngineError(
            Fault.BAD_INPUT,
            f"{folder} holds no numbered pictures.",
            "Masks are called 000000.png, 000001.png and so on.",
        )
    first = 1 if 0 not in numbered and max(numbered) == count else 0
    made: dict[int, Tracked] = {}
    for place, number in enumerate(sorted(numbered)):
        ctx.step(place / len(numbered), "reading masks")
        mask = Mask.of(read_mask(numbered[number], size))
        if not mask.empty:
            made[number - first] = Tracked(mask, 1.0)
    return MaskTrack(folder.name, TrackKind.TRACKED, size, made=made)


def _numbers(path: Path) -> list[str]:
    return re.findall(r"\d+", path.stem) if path.suffix.lower() in ENDINGS else []


def _check_size(path: Path, picture: Pixels, size: tuple[int, int]) -> None:
    h, w = picture.shape[:2]
    if (h, w) != size:
        raise EngineError(
            Fault.MASK_SIZE,
            f"The masks in {path.name} are {w} x {h} pixels, the film is {size[1]} x {size[0]}.",
            "Masks must be of the film's size.",
        )
