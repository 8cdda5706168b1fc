"""XMP packets: changed in place, as text, so that nothing else in them moves."""

from __future__ import annotations

import re

_PICTURE = rb"\s*(?:/9j/|iVBORw0KGgo|AAAA[A-Za-z0-9+/]{2}Z0eX)[A-Za-z0-9+/=\s&#;]*"
"""Base64 that begins like a JPEG, a PNG, or an ISO base media file (``ftyp``)."""

_IN_ELEMENT = re.compile(b">" + _PICTURE + b"<")
_IN_ATTRIBUTE = re.compile(b"=(['\"])" + _PICTURE + rb"\1")
_ORIENTATION = re.compile(rb"(tiff:Orientation\s*(?:=\s*['\"]|>\s*))[1-8]")
_LONGER = re.compile(rb"\s*xmpNote:HasExtendedXMP\s*=\s*(['\"])[^'\"]*\1")


def without_pictures(xmp: bytes) -> bytes:
    """The packet without embedded thumbnails, depth maps and originals, which would still show what was erased."""
    return _IN_ATTRIBUTE.sub(rb"=\1\1", _IN_ELEMENT.sub(b"><", xmp))


def upright(xmp: bytes) -> bytes:
    """The packet for pixels that were turned upright."""
    return _ORIENTATION.sub(rb"\g<1>1", xmp)


def without_extension(xmp: bytes) -> bytes:
    """The packet without its word that there is more of it in other segments (JPEG)."""
    return _LONGER.sub(b"", xmp)
