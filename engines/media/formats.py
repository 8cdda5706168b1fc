"""The kinds of picture files: how each is told by its first bytes and its name, and what it can hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import PurePath

from engines.core.faults import EngineError, Fault


class Format(Enum):
    """The kinds that are read and written; the value is how a person calls them."""

    JPEG = "JPEG"
    PNG = "PNG"
    TIFF = "TIFF"
    WEBP = "WebP"
    BMP = "BMP"
    HEIC = "HEIC"
    AVIF = "AVIF"


class Model(Enum):
    """How a file's samples stand for colours."""

    GREY = "grey"
    RGB = "RGB"
    PALETTE = "palette"
    CMYK = "CMYK"
    LAB = "Lab"


@dataclass(frozen=True, slots=True)
class Holds:
    """What one kind of file can hold. ``bits`` per sample, whole numbers only unless ``floats``.

    ``lossy``: what this program writes of this kind is not the pixels to the bit.
    """

    models: frozenset[Model]
    bits: tuple[int, ...]
    alpha: bool = True
    floats: bool = False
    metadata: bool = True
    lossy: bool = False
    max_side: int = 2**31 - 1


_PLAIN = frozenset({Model.GREY, Model.RGB})

HOLDS: Mapping[Format, Holds] = {
    Format.JPEG: Holds(_PLAIN | {Model.CMYK}, (8,), alpha=False, lossy=True, max_side=65_500),
    Format.PNG: Holds(_PLAIN | {Model.PALETTE}, (1, 2, 4, 8, 16)),
    Format.TIFF: Holds(frozenset(Model), (1, 8, 16), floats=True),
    Format.WEBP: Holds(frozenset({Model.RGB}), (8,), max_side=16_383),
    Format.BMP: Holds(_PLAIN | {Model.PALETTE}, (1, 8), alpha=False, metadata=False),
    Format.HEIC: Holds(_PLAIN, (8, 16), lossy=True, max_side=16_384),
    Format.AVIF: Holds(_PLAIN, (8,), lossy=True, max_side=65_536),
}

_EXTENSIONS: Mapping[str, Format] = {
    ".jpg": Format.JPEG,
    ".jpeg": Format.JPEG,
    ".jpe": Format.JPEG,
    ".jfif": Format.JPEG,
    ".png": Format.PNG,
    ".tif": Format.TIFF,
    ".tiff": Format.TIFF,
    ".webp": Format.WEBP,
    ".bmp": Format.BMP,
    ".dib": Format.BMP,
    ".heic": Format.HEIC,
    ".heif": Format.HEIC,
    ".hif": Format.HEIC,
    ".avif": Format.AVIF,
}

_OTHERS: tuple[tuple[bytes, str], ...] = (
    (b"GIF8", "a GIF picture"),
    (b"\xff\x0a", "a JPEG XL picture"),
    (b"\x00\x00\x00\x0cJXL ", "a JPEG XL picture"),
    (b"\x00\x00\x00\x0cjP  ", "a JPEG 2000 picture"),
    (b"\xff\x4f\xff\x51", "a JPEG 2000 picture"),
    (b"v/1\x01", "an OpenEXR picture"),
    (b"#?R", "a Radiance HDR picture"),
    (b"8BPS", "a Photoshop document"),
    (b"%PDF", "a PDF document"),
    (b"qoif", "a QOI picture"),
    (b"DDS ", "a DDS texture"),
    (b"\x00\x00\x01\x00", "an icon"),
    (b"\x01\xda", "an SGI picture"),
    (b"<?xml", "an XML text"),
    (b"<svg", "an SVG drawing"),
    (b"<!DOCTYPE", "a web page"),
    (b"<html", "a web page"),
    (b"PK\x03\x04", "a zip archive"),
    (b"RIFF", "a sound or film"),
    (b"\x1aE\xdf\xa3", "a film"),
)

_TIFF_STARTS = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}

KINDS = ", ".join(member.value for member in Format)
"""All kinds, for a sentence."""


def sniff(head: bytes) -> Format | None:
    """The kind that a file's first bytes (64 or more) tell; its name plays no part. None: none of ours."""
    if head.startswith(b"\xff\xd8"):
        return Format.JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return Format.PNG
    if head.startswith(_TIFF_STARTS):
        return Format.TIFF
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return Format.WEBP
    if head.startswith(b"BM"):
        return Format.BMP
    return _isobmff(head) if head[4:8] == b"ftyp" else None


def _isobmff(head: bytes) -> Format | None:
    """ISO/IEC 14496-12, 4.3: the major brand, then a version, then the compatible brands."""
    length = int.from_bytes(head[:4], "big")
    brands = {head[start : start + 4] for start in (8, *range(16, min(length, len(head)), 4))}
    if brands & {b"avif", b"avis"}:
        return Format.AVIF
    return Format.HEIC if brands & _HEIC_BRANDS else None


def foreign(head: bytes) -> str:
    """What a file is that is none of ours, as far as its first bytes tell: ``a GIF picture``, or nothing."""
    if head[4:8] == b"ftyp":
        return "a film"
    text = head.lstrip().lower()
    return next((name for start, name in _OTHERS if head.startswith(start) or text.startswith(start.lower())), "")


def format_of(target: PurePath) -> Format:
    """The kind of file to write under this name; ``BAD_INPUT`` where its ending names none."""
    found = _EXTENSIONS.get(target.suffix.lower())
    if found is None:
        ending = f"The ending {target.suffix!r}" if target.suffix else "A name without an ending"
        endings = ", ".join(_EXTENSIONS)
        raise EngineError(
            Fault.BAD_INPUT, f"{ending} names no kind of picture that can be written.", f"Use one of {endings}."
        )
    return found
