"""HEIC by way of pillow_heif: 8, 10 and 12 bits, alpha, profiles, HDR descriptions."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pillow_heif

from engines.media import exif, xmp
from engines.media.formats import Format, Model
from engines.media.picture import Damaged, Metadata, Samples, Stored, Touched, Unsupported, check_size, check_tail

_QUALITY = 95
_HDR = (16, 18)
"""Transfer characteristics (ITU-T H.273, table 3): PQ and HLG."""

_DESCRIBING = (
    "icc_profile_type",
    "nclx_profile",
    "pixel_aspect_ratio",
    "content_light_level",
    "mastering_display_colour_volume",
    "ambient_viewing_environment",
    "nominal_diffuse_white_luminance",
    "tiling",
)
"""What pillow_heif tells of a picture and takes back when it writes one."""


@dataclass(frozen=True, slots=True, eq=False)
class HeifTraits:
    """What only HEIC holds. ``chroma``: 420, 422 or 444."""

    chroma: int
    described: Mapping[str, object] = field(default_factory=dict)

    @property
    def kind(self) -> Format:
        return Format.HEIC

    def left_behind(self) -> list[str]:
        """The description of HDR: without it, such a picture looks pale."""
        profile = self.described.get("nclx_profile")
        transfer = profile.get("transfer_characteristics") if isinstance(profile, dict) else None
        return ["the description of HDR"] if transfer in _HDR or "content_light_level" in self.described else []


def read(data: bytes, max_pixels: int) -> Stored:
    """Raises ``Damaged``, ``Unsupported`` (several pictures) or ``TooLarge``.

    The container's rotation is applied by the decoder, so the picture is stored upright.
    """
    check_tail(data)
    try:
        file = pillow_heif.open_heif(io.BytesIO(data), convert_hdr_to_8bit=False, hdr_to_16bit=False)
    except EOFError as error:
        raise Damaged("is truncated") from error
    if len(file) > 1:
        raise Unsupported(f"holds {len(file)} pictures", "Save the one you mean as a file of its own.")
    image = file[0]
    check_size(*image.size, max_pixels)
    pixels = np.array(image)
    info: Mapping[str, Any] = image.info
    mode = image.mode.partition(";")[0]
    metadata = Metadata(
        exif=exif.upright(exif.without_thumbnail(exif.bare(info["exif"] or b""))),
        icc=info.get("icc_profile") or b"",
        xmp=xmp.upright(xmp.without_pictures(info.get("xmp") or b"")),
    )
    alpha = pixels[..., -1] if mode.endswith(("A", "a")) else None
    colour = pixels if alpha is None else pixels[..., :-1]
    return Stored(
        format=Format.HEIC,
        model=Model.GREY if mode.startswith(("L", "I")) else Model.RGB,
        bits=int(info["bit_depth"]),
        samples=colour[..., 0] if colour.ndim == 3 and colour.shape[2] == 1 else colour,
        alpha=alpha,
        premultiplied=mode.endswith("a"),
        lossy=True,
        metadata=metadata,
        traits=HeifTraits(info.get("chroma", 420), {key: info[key] for key in _DESCRIBING if key in info}),
        notes=_left_out(info),
    )


def _left_out(info: Mapping[str, object]) -> tuple[str, ...]:
    notes = []
    if info.get("aux") or info.get("depth_images"):
        notes.append("Depth maps, gain maps and the like were left out of the HEIC: they may show what was erased.")
    if info.get("metadata"):
        notes.append("Parts of the HEIC that describe the unedited picture were left out.")
    return tuple(notes)


def write(stored: Stored, touched: Touched | None = None) -> tuple[bytes, list[str]]:
    """The file's bytes, and what has to be told. More than 8 bits are written with 10, or with 12 where it has 12."""
    notes: list[str] = []
    if touched is not None:
        notes.append("HEIC is lossy: the picture was compressed anew, so pixels outside the mask may differ slightly.")
    bits = stored.bits if stored.bits in (8, 10, 12) else 10
    if bits < stored.bits:
        notes.append(f"HEIC holds {bits} bits per channel here: the picture's {stored.bits} were rounded.")
    mode = {Model.GREY: "L", Model.RGB: "RGB"}[stored.model]
    if stored.alpha is not None:
        mode += "a" if stored.premultiplied else "A"
    samples = _shifted(stored.samples if stored.alpha is None else np.dstack([stored.samples, stored.alpha]), stored)
    height, width = samples.shape[:2]
    file = pillow_heif.from_bytes(mode if bits == 8 else f"{mode};16", (width, height), samples.tobytes())
    traits = stored.traits if isinstance(stored.traits, HeifTraits) else HeifTraits(444)
    info: dict[str, Any] = file[0].info
    info.update(traits.described)
    info["bit_depth"] = bits
    if stored.metadata.icc:
        info["icc_profile"] = stored.metadata.icc
    output = io.BytesIO()
    file.save(
        output,
        quality=_QUALITY,
        chroma=traits.chroma,
        exif=stored.metadata.exif or None,
        xmp=stored.metadata.xmp or None,
    )
    return output.getvalue(), notes


def _shifted(samples: Samples, stored: Stored) -> Samples:
    """Left-aligned in 16 bits, as the encoder takes more than 8."""
    samples = np.ascontiguousarray(samples)
    return samples if stored.bits == 8 else samples.astype("<u2") << (16 - stored.bits)
