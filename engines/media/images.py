"""The front door to picture files: read, write, copy, and read masks.

Whatever is read keeps what its file holds: colour model, depth, alpha, profile, EXIF, XMP, resolution and the
rest; what an edit does not touch goes back as it came. Every file is written whole or not at all.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, cast

import numpy as np

from engines.core.faults import EngineError, Fault
from engines.core.types import Alpha, Pixels, readonly
from engines.media import masks
from engines.media.atomic import check_target, write_whole
from engines.media.colour import to_alpha, to_rgb
from engines.media.convert import check_sides, converted
from engines.media.edit import edited
from engines.media.formats import KINDS, Format, Model, foreign, format_of, sniff
from engines.media.orient import shown
from engines.media.picture import Damaged, Picture, Stored, TooLarge, Touched, Unsupported

DEFAULT_MAX_PIXELS = 300_000_000
"""Pictures of more pixels are refused unless the person allows them."""

_HEAD = 512
"""Bytes that tell what a file is."""


class _Codec(Protocol):
    """A module that reads and writes one kind of file."""

    read: Callable[[bytes, int], Stored]
    write: Callable[[Stored, Touched | None], tuple[bytes, list[str]]]


_MODULES = {
    Format.JPEG: "jpeg",
    Format.PNG: "png",
    Format.TIFF: "tiff",
    Format.WEBP: "webp",
    Format.BMP: "bmp",
    Format.HEIC: "heif",
    Format.AVIF: "avif",
}


def _codec(kind: Format) -> _Codec:
    """Loaded when first needed: each brings a library along."""
    return cast("_Codec", importlib.import_module(f"engines.media.{_MODULES[kind]}"))


def read_picture(path: Path, max_pixels: int = DEFAULT_MAX_PIXELS) -> Picture:
    """The picture in ``path``, whatever its name ends in.

    Raises ``EngineError``: ``UNREADABLE`` for what is no picture, is damaged, truncated, animated or of several
    pages; ``TOO_LARGE`` for more than ``max_pixels`` pixels, before any is decoded.
    """
    kind, data = _content(path)
    stored = _decoded(path, kind, data, max_pixels)
    pixels = readonly(np.ascontiguousarray(shown(to_rgb(stored), stored.orientation)))
    alpha = to_alpha(stored)
    if alpha is not None:
        alpha = readonly(np.ascontiguousarray(shown(alpha, stored.orientation)))
    return Picture(pixels, alpha, stored, path)


def _content(path: Path) -> tuple[Format, bytes]:
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
            kind = sniff(head)
            if kind is not None:
                return kind, head + file.read()
    except FileNotFoundError:
        raise EngineError(Fault.UNREADABLE, f"There is no file {path}.") from None
    except IsADirectoryError:
        raise EngineError(Fault.UNREADABLE, f"{path} is a folder, not a picture.") from None
    except OSError as error:
        raise EngineError(Fault.UNREADABLE, f"{path} cannot be read: {error.strerror or error}.") from error
    what = foreign(head) or ("no picture of a kind that can be edited" if head else "empty")
    raise EngineError(Fault.UNREADABLE, f"{path.name} is {what}.", f"These can be edited: {KINDS}.")


def _decoded(path: Path, kind: Format, data: bytes, max_pixels: int) -> Stored:
    codec = _codec(kind)
    try:
        return codec.read(data, max_pixels)
    except Damaged as error:
        raise EngineError(Fault.UNREADABLE, f"{path.name} {error}.", _SAVE_ANEW) from error
    except Unsupported as error:
        raise EngineError(Fault.UNREADABLE, f"{path.name} {error.reason}.", error.hint) from error
    except TooLarge as error:
        message = f"{path.name} is {error.width} x {error.height} pixels, more than the {max_pixels} allowed."
        hint = f"Allow it with --max-pixels {error.width * error.height}."
        raise EngineError(Fault.TOO_LARGE, message, hint) from error
    except MemoryError as error:
        raise EngineError(Fault.TOO_LARGE, f"{path.name} does not fit into memory.") from error
    except Exception as error:  # decoders raise whatever they stumble over in a damaged file
        cut = "truncated" in str(error).lower() or isinstance(error, EOFError)
        what = "is truncated" if cut else f"is damaged: the {kind.value} in it cannot be decoded"
        raise EngineError(Fault.UNREADABLE, f"{path.name} {what}.", _SAVE_ANEW) from error


_SAVE_ANEW = "Copy it anew from its source, or save it anew with another program."


def write_picture(picture: Picture, pixels: Pixels, target: Path, *, overwrite: bool) -> list[str]:
    """Write ``picture`` with the edited ``pixels`` (its size and depth) to ``target``; what has to be told.

    The kind of file follows from the target's ending. The picture's own file is never written to. Raises
    ``EngineError``: ``EXISTS``, ``NOT_WRITTEN``, ``BAD_INPUT`` for an ending that names no kind.
    """
    check_writable(picture.path, target, overwrite=overwrite)
    kind = format_of(target)
    check_sides(picture.stored, kind)
    stored, touched, notes = edited(picture, pixels)
    notes = [*picture.stored.notes, *notes]
    if kind is picture.stored.format:
        data, more = _codec(kind).write(stored, touched)
    else:
        stored, lost = converted(stored, kind)
        data, more = _codec(kind).write(stored, None)
        notes += [*_misnamed(picture, target), *lost]
    write_whole(data, target, overwrite=overwrite)
    return [*notes, *more]


def _misnamed(picture: Picture, target: Path) -> list[str]:
    """A word on a photo that is not what its name says, and so was converted though nobody asked for it."""
    if picture.path.suffix.lower() != target.suffix.lower():
        return []
    kind = picture.stored.format.value
    return [f"{picture.path.name} holds a {kind} picture, in spite of its name; it was converted."]


def check_writable(source: Path, target: Path, *, overwrite: bool) -> None:
    """Raise what ``write_picture`` would, as far as it can be known before there is anything to write.

    The source is never written to, other files only with ``overwrite``.
    """
    format_of(target)
    if target.exists() and source.exists() and target.samefile(source):
        message = f"{target} is the photo itself, which is never overwritten."
        raise EngineError(Fault.EXISTS, message, "Give another -o.")
    check_target(target, overwrite=overwrite)


def write_png(pixels: Pixels, target: Path, *, overwrite: bool) -> None:
    """Write ``(h, w, 3)`` uint8 or uint16 as PNG, whatever the target's ending."""
    stored = Stored(Format.PNG, Model.RGB, pixels.dtype.itemsize * 8, pixels)
    write_whole(_codec(Format.PNG).write(stored, None)[0], target, overwrite=overwrite)


def copy_picture(source: Path, target: Path, *, overwrite: bool, max_pixels: int = DEFAULT_MAX_PIXELS) -> list[str]:
    """Copy a picture as it is, byte for byte; where the target's ending names another kind, converted to it."""
    check_writable(source, target, overwrite=overwrite)
    found, data = _content(source)
    if found is format_of(target):
        write_whole(data, target, overwrite=overwrite)
        return []
    picture = read_picture(source, max_pixels)
    return write_picture(picture, picture.pixels, target, overwrite=overwrite)


def read_mask(
    path: Path, size: tuple[int, int], *, resize: bool = False, max_pixels: int = DEFAULT_MAX_PIXELS
) -> Alpha:
    """The ``(h, w)`` uint8 coverage in ``path`` for a photo of ``size`` = (h, w): 0 keep .. 255 erase.

    Where the mask is transparent in parts, its opacity is the coverage, whatever the colour of the paint. Else
    it is the brightest channel: white and pure colours erase, black keeps, and greys are soft coverage; in a
    lossy file what is almost black or white counts as such. EXIF orientation is applied, as to photos. Raises
    ``EngineError``: ``MASK_SIZE`` for another size, unless ``resize``; and what ``read_picture`` raises.
    """
    allowed = max(max_pixels, size[0] * size[1])
    return masks.coverage(read_picture(path, allowed), size, resize=resize)


__all__ = [
    "DEFAULT_MAX_PIXELS",
    "Picture",
    "check_writable",
    "copy_picture",
    "read_mask",
    "read_picture",
    "write_picture",
    "write_png",
]
