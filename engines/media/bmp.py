"""BMP by way of Pillow; pictures with alpha, which Pillow reads but does not write, by a header of our own."""

from __future__ import annotations

import io
import struct

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engines.media.formats import Format, Model
from engines.media.picture import Metadata, Samples, Stored, Touched, check_size
from engines.media.pil import open_image

_INCH = 0.0254


def read(data: bytes, max_pixels: int) -> Stored:
    """Raises ``Damaged`` or ``TooLarge``. A profile inside (version 5 headers) is told as left out."""
    with open_image(data, "BMP") as image:
        check_size(*image.size, max_pixels)
        pixels = np.array(image)
        dpi = image.info.get("dpi")
        palette = _palette(image) if image.mode == "P" else None
        bilevel = image.mode == "1"
    notes = ("The BMP's colour profile was left out.",) if data[14] >= 124 and data[70:74] == b"DEBM" else ()
    rgba = pixels.ndim == 3 and pixels.shape[2] == 4
    return Stored(
        format=Format.BMP,
        model=Model.RGB if pixels.ndim == 3 else Model.GREY if palette is None else Model.PALETTE,
        bits=1 if bilevel else 8,
        samples=pixels.astype(np.uint8)[..., :3] if rgba else pixels.astype(np.uint8),
        alpha=pixels[..., 3] if rgba else None,
        palette=palette,
        metadata=Metadata(dpi=(float(dpi[0]), float(dpi[1])) if dpi and min(dpi) > 0 else None),
        notes=notes,
    )


def _palette(image: Image.Image) -> NDArray[np.uint8]:
    colours = np.array(image.getpalette("RGB"), np.uint8).reshape(-1, 3)
    return np.column_stack([colours, np.full(len(colours), 255, np.uint8)])


def write(stored: Stored, touched: Touched | None = None) -> tuple[bytes, list[str]]:
    """The file's bytes; pixels to the bit."""
    del touched
    if stored.alpha is not None:
        return _with_alpha(stored.samples, stored.alpha, stored.metadata.dpi), []
    samples = np.ascontiguousarray(stored.samples)
    image = Image.fromarray(samples.astype(bool) if stored.bits == 1 and stored.palette is None else samples)
    if stored.palette is not None:
        image.putpalette(stored.palette[:, :3].tobytes())
    output = io.BytesIO()
    image.save(output, "BMP", **({"dpi": stored.metadata.dpi} if stored.metadata.dpi else {}))
    return output.getvalue(), []


def _with_alpha(samples: Samples, alpha: Samples, dpi: tuple[float, float] | None) -> bytes:
    """32 bits a pixel under a BITMAPV4HEADER, whose masks say where alpha is; rows from the bottom up."""
    height, width = alpha.shape
    rows = np.dstack([samples[..., ::-1], alpha])[::-1].tobytes()
    across, down = (round(value / _INCH) for value in dpi) if dpi else (2835, 2835)
    begin = 14 + 108
    head = struct.pack("<2sIHHI", b"BM", begin + len(rows), 0, 0, begin)
    body = struct.pack("<IiiHHIIiiII", 108, width, height, 1, 32, 3, len(rows), across, down, 0, 0)
    masks = struct.pack("<IIII4s", 0xFF0000, 0xFF00, 0xFF, 0xFF000000, b"BGRs")
    return head + body + masks + bytes(48) + rows
