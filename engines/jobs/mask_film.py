"""What is erased from a film, kept for later or for another program: as a film of masks, or a folder of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from engines.core.context import Context
from engines.core.faults import EngineError, Fault
from engines.core.tracks import MaskTrack, masks_at
from engines.core.types import Box, Patch
from engines.jobs.export_film import check_export, export_film
from engines.jobs.film_pieces import ExportSettings
from engines.jobs.mask_files import check_new, write_folder
from engines.media.film.encoders import Encoding
from engines.media.film.film import Film, Frame
from engines.media.film.formats import Codec, container_of


@dataclass(frozen=True, slots=True, eq=False)
class MaskEdit:
    """The ``FilmEdit`` that shows the masks of ``tracks`` in place of every picture: white on black."""

    tracks: Sequence[MaskTrack]

    def key(self, start: int, stop: int) -> str:
        """The checksum of the masks; never empty, as no picture stays."""
        digest = hashlib.sha256(b"masks")
        for number in range(start, stop):
            mask = masks_at(self.tracks, number)
            digest.update(f"{mask.box}".encode())
            digest.update(mask.alpha.tobytes())
        return digest.hexdigest()

    def edited(self, film: Film, start: int, stop: int, ctx: Context) -> Iterator[tuple[Frame, Sequence[Patch]]]:
        """Each frame with one patch that covers all of it."""
        del ctx
        height, width = film.info.size
        box = Box(0, 0, width, height)
        over = np.full((height, width), 255, np.uint8)
        for frame in film.frames(start, stop):
            kind = frame.region(Box(0, 0, 1, 1)).dtype
            levels = masks_at(self.tracks, frame.index).dense(box).astype(kind)
            scaled = levels * kind.type(np.iinfo(kind).max // 255)
            yield frame, (Patch(box, np.repeat(scaled[..., None], 3, axis=2), over),)


def save_masks(film: Film, tracks: Sequence[MaskTrack], settings: ExportSettings, target: Path, ctx: Context) -> None:
    """Write what ``tracks`` erase from all frames of ``film`` to ``target``; ``read_masks`` reads it again.

    A name with a film's ending becomes a film with the source's times: FFV1 in Matroska keeps every level, other
    kinds of file are compressed as usual. Any other name becomes a folder with a PNG for each frame that has a mask.
    ``settings``: those of the film's own export. Raises ``EngineError``; then nothing is under the name of ``target``.
    """
    if _is_folder(target):
        write_folder(tracks, target, len(film), ctx)
        return
    quiet = Context(lambda done, _, __: ctx.step(done, "writing masks"), ctx.cancelled)
    export_film(_settings(settings, target), MaskEdit(tracks), quiet)


def check_save(film: Film, settings: ExportSettings, target: Path) -> None:
    """Raise now what ``save_masks`` would raise of these names."""
    if target.absolute() == settings.target.absolute():
        message = f"The masks cannot be written to {target}: that is where the film goes."
        raise EngineError(Fault.BAD_INPUT, message, "Give them a name of their own.")
    if _is_folder(target):
        check_new(target)
        return
    check_export(_settings(settings, target), film)


def _is_folder(target: Path) -> bool:
    pictures = "folder" if target.is_dir() else container_of(target).pictures
    if pictures not in ("", "folder"):
        message = f"Masks are not written to {target.suffix} files."
        raise EngineError(Fault.BAD_INPUT, message, "Use a film, such as .mkv, or a name without ending for a folder.")
    return pictures == "folder"


def _settings(settings: ExportSettings, target: Path) -> ExportSettings:
    container = container_of(target)
    exact = Codec.FFV1 in container.codecs
    return replace(
        settings,
        target=target,
        encoding=Encoding(Codec.FFV1 if exact else container.codecs[0]),
        start=None,
        end=None,
        copy_untouched=False,
        parts=None,
        pictures_only=True,
    )
