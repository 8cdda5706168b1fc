"""WebP by way of Pillow: read as it comes, always written without loss."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from engines.media import exif, xmp
from engines.media.formats import Format, Model
from engines.media.picture import Damaged, Metadata, Stored, Touched, Unsupported, check_size, check_tail
from engines.media.pil import open_image

_LARGER = "The WebP was lossy; it is stored without loss now, so that nothing outside the mask changes, and is larger."


def read(data: bytes, max_pixels: int) -> Stored:
    """Raises ``Damaged``, ``Unsupported`` (animations) or ``TooLarge``."""
    length = int.from_bytes(data[4:8], "little") + 8
    if length > len(data) + 1:
        raise Damaged("is truncated")
    check_tail(data)
    with open_image(data, "WEBP") as image:
        check_size(*image.size, max_pixels)
        if getattr(image, "n_frames", 1) > 1:
            raise Unsupported("is an animation", "Save the frame you mean as a picture of its own.")
        pixels = np.array(image)
        metadata = metadata_of(image)
    return Stored(
        format=Format.WEBP,
        model=Model.RGB,
        bits=8,
        samples=pixels[..., :3],
        alpha=pixels[..., 3] if pixels.shape[2] == 4 else None,
        orientation=exif.orientation(metadata.exif),
        lossy=b"VP8 " in (data[12:16], *_chunk_names(data)),
        metadata=metadata,
    )


def _chunk_names(data: bytes) -> list[bytes]:
    """The RIFF chunks' names (WebP Container Specification, "RIFF File Format")."""
    names: list[bytes] = []
    at = 12
    while at + 8 <= len(data):
        names.append(data[at : at + 4])
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        at += 8 + size + size % 2
    return names


def metadata_of(image: Image.Image) -> Metadata:
    """EXIF without thumbnail, profile, and XMP without pictures, as Pillow's plugins for WebP and AVIF tell them."""
    return Metadata(
        exif=exif.without_thumbnail(exif.bare(image.info.get("exif") or b"")),
        icc=image.info.get("icc_profile") or b"",
        xmp=xmp.without_pictures(image.info.get("xmp") or b""),
    )


def write(stored: Stored, touched: Touched | None = None) -> tuple[bytes, list[str]]:
    """The file's bytes, pixels to the bit (also the colours of what is transparent), and what has to be told."""
    del touched
    output = io.BytesIO()
    image_of(stored).save(
        output,
        "WEBP",
        lossless=True,
        exact=True,
        quality=70,  # of a lossless file: how much work, not how good
        exif=stored.metadata.exif,
        icc_profile=stored.metadata.icc,
        xmp=stored.metadata.xmp,
    )
    return output.getvalue(), [_LARGER] if stored.lossy else []


def image_of(stored: Stored) -> Image.Image:
    """8-bit grey or RGB, with alpha where there is one, as Pillow's."""
    samples = stored.samples if stored.alpha is None else np.dstack([stored.samples, stored.alpha])
    return Image.fromarray(np.ascontiguousarray(samples))
