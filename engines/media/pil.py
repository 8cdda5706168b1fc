"""The one way in which Pillow opens pictures here."""

from __future__ import annotations

import io

from PIL import Image

Image.MAX_IMAGE_PIXELS = None  # sizes are checked before decoding, against the person's own limit


def open_image(data: bytes, kind: str) -> Image.Image:
    """The picture in ``data`` as Pillow's plugin ``kind`` reads it, and no other; nothing is decoded yet."""
    return Image.open(io.BytesIO(data), formats=[kind])
