"""JPEG (ITU-T T.81, T.871): read with Pillow; written so that as little as possible is lost once more."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engines.media import exif
from engines.media.formats import Format, Model
from engines.media.jpeg_blocks import Planes
from engines.media.jpeg_segments import (
    APP0,
    APP1,
    APP2,
    APP13,
    APP14,
    COM,
    DRI,
    Parsed,
    Segment,
    assembled,
    from_metadata,
    kept,
    metadata,
    parse,
)
from engines.media.jpeg_splice import splice
from engines.media.jpeg_tables import ZIGZAG, NotSpliceable, quantisation
from engines.media.picture import Damaged, Samples, Stored, Touched, Unsupported, check_size
from engines.media.pil import open_image

_QUALITY = 95
"""For pictures that come from other kinds of files; with full colour resolution."""

_SUBSAMPLING: Mapping[tuple[tuple[int, int], ...], int] = {
    ((1, 1), (1, 1), (1, 1)): 0,
    ((2, 1), (1, 1), (1, 1)): 1,
    ((2, 2), (1, 1), (1, 1)): 2,
}
"""Sampling factors that Pillow writes, by its own numbers."""

_RECODED = (
    "This JPEG could not be edited block by block, so all of it was compressed anew: "
    "pixels outside the mask may differ slightly."
)


@dataclass(frozen=True, slots=True, eq=False)
class JpegTraits:
    """The file taken apart, and what it may carry on."""

    parsed: Parsed
    header: tuple[Segment, ...]
    planes: Planes

    @property
    def kind(self) -> Format:
        return Format.JPEG

    def left_behind(self) -> list[str]:
        """Photoshop's resources with IPTC, comments, and makers' own segments."""
        names = {APP13: "IPTC and Photoshop data", COM: "the comment"}
        known = {APP0, APP1, APP2, APP14}
        rest = [s.marker for s in self.header if s.marker not in known]
        return list(dict.fromkeys(names.get(marker, f"the APP{marker - APP0} part") for marker in rest))


def read(data: bytes, max_pixels: int) -> Stored:
    """Raises ``Damaged``, ``Unsupported`` (rare kinds) or ``TooLarge``. CMYK comes as inks: 0 is none."""
    parsed = parse(data)
    frame = parsed.frame
    check_size(frame.width, frame.height, max_pixels)
    if frame.precision != 8 or frame.process not in (0xC0, 0xC1, 0xC2, 0xC9, 0xCA) or len(frame.components) == 2:
        raise Unsupported(f"is a JPEG of a rare kind ({frame.precision} bits, process {frame.process & 15})")
    with open_image(_bare(parsed), "JPEG") as image:
        samples = np.array(image)
    if samples.shape[:2] != (frame.height, frame.width):
        raise Damaged("is damaged: it has another size than it says")
    header, notes = kept(parsed)
    described = metadata(parsed)
    planes = _planes(parsed)
    return Stored(
        format=Format.JPEG,
        model={Planes.GREY: Model.GREY, Planes.CMYK: Model.CMYK, Planes.YCCK: Model.CMYK}.get(planes, Model.RGB),
        bits=8,
        samples=samples,
        orientation=exif.orientation(described.exif),
        lossy=True,
        metadata=described,
        traits=JpegTraits(parsed, header, planes),
        notes=notes,
    )


def _header(parsed: Parsed) -> list[Segment]:
    """The two segments that say what the components stand for."""
    return [s for s in parsed.segments if (s.marker, s.payload[:5]) in ((APP0, b"JFIF\0"), (APP14, b"Adobe"))]


def _bare(parsed: Parsed) -> bytes:
    """The picture alone, and what its components stand for."""
    return assembled(_header(parsed), [s for s in parsed.segments if s.marker < APP0])


def _planes(parsed: Parsed) -> Planes:
    """As decoders guess (libjpeg.txt, "Special color spaces"): JFIF, else Adobe's word, else the components' names."""
    components = parsed.frame.components
    if len(components) == 1:
        return Planes.GREY
    if len(components) == 4:
        return Planes.YCCK if parsed.adobe == 2 else Planes.CMYK
    if any(s.payload.startswith(b"JFIF\0") for s in parsed.all(APP0)):
        return Planes.YCC
    if parsed.adobe is not None:
        return Planes.RGB if parsed.adobe == 0 else Planes.YCC
    return Planes.RGB if [component.id for component in components] == [82, 71, 66] else Planes.YCC


def write(stored: Stored, touched: Touched | None = None) -> tuple[bytes, list[str]]:
    """The file's bytes, and what has to be told.

    A baseline JPEG keeps the blocks that no edit touches to the bit; others are compressed anew with their
    own quantisation, subsampling and progression; what was no JPEG gets quality 95.
    """
    if not isinstance(stored.traits, JpegTraits) or touched is None:
        header, notes = from_metadata(stored.metadata, stored.model is Model.CMYK)
        encoded = parse(_encoded(stored, quality=_QUALITY, subsampling=0))
        return _dressed(encoded, header), notes
    traits = stored.traits
    try:
        picture = splice(traits.parsed, stored.samples, touched, traits.planes)
        _check_rest(picture, stored.samples, touched, traits.parsed)
    except NotSpliceable:
        return _dressed(parse(_recoded(stored, traits, touched)), traits.header), [_RECODED]
    return assembled(traits.header, picture), []


def _check_rest(picture: Sequence[Segment], samples: Samples, touched: Touched, parsed: Parsed) -> None:
    """Raise ``NotSpliceable`` unless a decoder sees all that is far from the edit as it was."""
    try:
        with open_image(assembled(_header(parsed), picture), "JPEG") as image:
            written = np.array(image)
    except OSError as error:
        raise NotSpliceable("it cannot be read back") from error
    different = written != samples
    if (different.any(axis=2) if different.ndim == 3 else different)[~_near(touched, parsed)].any():
        raise NotSpliceable("it reads back differently")


def _near(touched: Touched, parsed: Parsed) -> Touched:
    """Pixels in touched MCUs and their neighbours: interpolated colour reaches a pixel beyond an MCU."""
    height, width = touched.shape
    down = 8 * max(component.down for component in parsed.frame.components)
    across = 8 * max(component.across for component in parsed.frame.components)
    padded = np.pad(touched, ((0, -height % down), (0, -width % across)))
    units = padded.reshape(padded.shape[0] // down, down, -1, across).any(axis=(1, 3))
    wide = np.pad(units, 1)
    rows, columns = units.shape
    around = [wide[y : y + rows, x : x + columns] for y in range(3) for x in range(3)]
    near: Touched = np.logical_or.reduce(around)
    return near.repeat(down, axis=0).repeat(across, axis=1)[:height, :width]


def _dressed(encoded: Parsed, header: Sequence[Segment]) -> bytes:
    """A freshly encoded picture under ``header``, whose word about the components is replaced by the encoder's."""
    adobe = encoded.all(APP14)
    rest = [s for s in header if s.marker != APP14 and not (adobe and s.payload.startswith(b"JFIF\0"))]
    return assembled([*rest, *adobe], [s for s in encoded.segments if s.marker < APP0])


def _recoded(stored: Stored, traits: JpegTraits, touched: Touched) -> bytes:
    parsed = traits.parsed
    sampling = tuple((plane.across, plane.down) for plane in parsed.frame.components)
    subsampling = _SUBSAMPLING.get(sampling, 0)
    tables = quantisation(parsed)
    steps = [tables[plane.table] for plane in parsed.frame.components]
    interval = parsed.all(DRI)
    image = Image.fromarray(stored.samples)
    if traits.planes is Planes.YCC and sampling in _SUBSAMPLING and subsampling != 1:
        image = Image.fromarray(_unmixed(parsed, stored.samples, touched, subsampling == 2), "YCbCr")
    output = io.BytesIO()
    image.save(
        output,
        "JPEG",
        qtables=[_row_major(table) for table in _distinct(steps)],
        subsampling=subsampling,
        progressive=parsed.frame.process in (0xC2, 0xCA),
        optimize=True,
        keep_rgb=traits.planes is Planes.RGB,
        restart_marker_blocks=int.from_bytes(interval[-1].payload[:2], "big") if interval else 0,
    )
    return output.getvalue()


def _distinct(tables: list[NDArray[np.int64]]) -> list[NDArray[np.int64]]:
    """Without repetitions at the end: the encoder uses its last table for all further components."""
    while len(tables) > 1 and np.array_equal(tables[-1], tables[-2]):
        tables = tables[:-1]
    return tables


def _row_major(table: NDArray[np.int64]) -> list[int]:
    rows = np.empty(64, np.int64)
    rows[ZIGZAG] = table
    return [int(value) for value in rows]


def _unmixed(parsed: Parsed, samples: Samples, touched: Touched, halved: bool) -> NDArray[np.uint8]:
    """The picture in YCbCr, whose untouched pixels never went through RGB nor through interpolated colour.

    Where colour is stored at half the size, decoding at half the size yields it as stored.
    """
    bare = _bare(parsed)
    height, width = samples.shape[:2]
    with open_image(bare, "JPEG") as image:
        image.draft("YCbCr", image.size)
        planes = np.array(image)
    if halved:
        with open_image(bare, "JPEG") as image:
            image.draft("YCbCr", (max(width // 2, 1), max(height // 2, 1)))
            small = np.array(image)[..., 1:]
        planes[..., 1:] = small.repeat(2, axis=0).repeat(2, axis=1)[:height, :width]
    edited = np.array(Image.fromarray(samples).convert("YCbCr"))
    planes[touched] = edited[touched]
    return planes


def _encoded(stored: Stored, *, quality: int, subsampling: int) -> bytes:
    output = io.BytesIO()
    mode = "CMYK" if stored.model is Model.CMYK else None
    image = Image.fromarray(np.ascontiguousarray(stored.samples), mode)
    image.save(output, "JPEG", quality=quality, subsampling=subsampling, optimize=True)
    return output.getvalue()
