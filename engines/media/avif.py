"""AVIF by way of Pillow; more than 8 bits are read by way of imagecodecs."""

from __future__ import annotations

import io

import imagecodecs
import numpy as np

from engines.media import exif
from engines.media.convert import rescaled
from engines.media.formats import Format, Model
from engines.media.picture import Damaged, Stored, Touched, Unsupported, check_size, check_tail
from engines.media.pil import open_image
from engines.media.webp import image_of, metadata_of

_QUALITY = 95


def read(data: bytes, max_pixels: int) -> Stored:
    """Raises ``Damaged``, ``Unsupported`` (sequences) or ``TooLarge``."""
    check_tail(data)
    with open_image(data, "AVIF") as image:
        check_size(*image.size, max_pixels)
        if getattr(image, "n_frames", 1) > 1:
            raise Unsupported("is an animation", "Save the frame you mean as a picture of its own.")
        bits = _bits(data)
        pixels = np.array(image) if bits == 8 else np.asarray(imagecodecs.avif_decode(data))
        metadata = metadata_of(image)
    planes = pixels.shape[2] if pixels.ndim == 3 else 1
    if pixels.shape[1::-1] != image.size:
        raise Damaged("is damaged: it has another size than it says")
    alpha = planes in (2, 4)
    colour = pixels[..., : planes - 1] if alpha else pixels
    return Stored(
        format=Format.AVIF,
        model=Model.GREY if planes < 3 else Model.RGB,
        bits=bits,
        samples=colour[..., 0] if planes == 2 else colour,
        alpha=pixels[..., -1] if alpha else None,
        orientation=exif.orientation(metadata.exif),
        lossy=True,
        metadata=metadata,
    )


def _bits(data: bytes) -> int:
    """Of the first picture: AV1 Codec ISO Media File Format Binding, 2.3.3, high_bitdepth and twelve_bit."""
    at = data.find(b"av1C")
    flags = data[at + 6] if 0 <= at < len(data) - 6 else 0
    return 8 if not flags & 0x40 else 12 if flags & 0x20 else 10


def write(stored: Stored, touched: Touched | None = None) -> tuple[bytes, list[str]]:
    """The file's bytes, and what has to be told. Orientation is stored as the container's own transform."""
    notes: list[str] = []
    if touched is not None:
        notes.append("AVIF is lossy: the picture was compressed anew, so pixels outside the mask may differ slightly.")
    if stored.bits > 8:
        notes.append(f"AVIF is written with 8 bits per channel: the picture's {stored.bits} were rounded.")
        stored = rescaled(stored, stored.top, 8)
    output = io.BytesIO()
    image_of(stored).save(
        output,
        "AVIF",
        quality=_QUALITY,
        subsampling="4:0:0" if stored.model is Model.GREY else "4:4:4",
        exif=stored.metadata.exif or None,
        icc_profile=stored.metadata.icc or None,
        xmp=stored.metadata.xmp or None,
    )
    return output.getvalue(), notes
