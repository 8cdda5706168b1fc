"""Photoshop image resources (JPEG APP13, TIFF tag 34377; Adobe Photoshop File Formats Specification, "8BIM")."""

from __future__ import annotations

_THUMBNAILS = {1033, 1036}


def without_thumbnails(resources: bytes) -> bytes:
    """The blocks (IPTC, paths, guides ...) without the thumbnails; from a broken block on, nothing is kept."""
    kept = bytearray()
    at = 0
    while resources[at : at + 4] == b"8BIM" and at + 12 <= len(resources):
        name = resources[at + 6] + 1
        size_at = at + 6 + name + name % 2
        size = int.from_bytes(resources[size_at : size_at + 4], "big")
        end = size_at + 4 + size + size % 2
        if size_at + 4 + size > len(resources):
            break
        if int.from_bytes(resources[at + 4 : at + 6], "big") not in _THUMBNAILS:
            kept += resources[at:end]
        at = end
    return bytes(kept)
