"""TIFF (6.0, with its supplements) by way of tifffile: 1 to 16 bits and floats, strips and tiles, all tags kept."""

from __future__ import annotations

import io
import logging
from dataclasses import dataclass
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image

from engines.media.formats import Format, Model
from engines.media.ifd import Directory
from engines.media.picture import Damaged, Samples, Stored, Touched, Unsupported, check_size
from engines.media.tiff_tags import from_metadata, kept, metadata, orientation, tiff_only, with_tags

logging.getLogger("tifffile").setLevel(logging.CRITICAL)  # what matters is told in a sentence, not in a log

_WHITE_ZERO, _BLACK_ZERO, _RGB, _PALETTE, _CMYK, _YCBCR, _LAB = 0, 1, 2, 3, 5, 6, 8
_MODELS = {
    _WHITE_ZERO: Model.GREY,
    _BLACK_ZERO: Model.GREY,
    _RGB: Model.RGB,
    _PALETTE: Model.PALETTE,
    _CMYK: Model.CMYK,
    _YCBCR: Model.RGB,
    _LAB: Model.LAB,
}
_COLOURS = {Model.GREY: 1, Model.PALETTE: 1, Model.RGB: 3, Model.LAB: 3, Model.CMYK: 4}
_PREMULTIPLIED, _STRAIGHT = 1, 2

_NONE, _LZW, _DEFLATE, _FAX = 1, 5, 8, (2, 3, 4)
_LOSSLESS = frozenset({_NONE, _LZW, _DEFLATE, 32946, 32773, 50000, 34925, *_FAX})
_WITH_PREDICTOR = frozenset({_LZW, _DEFLATE, 32946, 50000, 34925})
_DECODED_TO_RGB = frozenset({6, 7, 33003, 33004, 33005, 34712, 50001})
"""JPEG, JPEG 2000 and WebP, whose decoders make RGB of YCbCr."""

_STRIP = 1 << 18
"""Bytes that a strip has unpacked."""


@dataclass(frozen=True, slots=True, eq=False)
class TiffTraits:
    """How the file stores its pixels, and its other tags. ``extra``: all samples behind the colours, ``(h, w, n)``."""

    photometric: int
    compression: int
    predictor: int
    tile: tuple[int, int] | None
    separate: bool
    extra: Samples | None
    extra_kinds: tuple[int, ...]
    tags: Directory

    @property
    def kind(self) -> Format:
        return Format.TIFF

    def left_behind(self) -> list[str]:
        """Channels behind the first alpha, and tags that only TIFF has."""
        channels = 0 if self.extra is None else self.extra.shape[2] - (self.extra_kinds[0] in (1, 2))
        names = [f"{channels} further channels"] if channels else []
        return names + tiff_only(self.tags)


def read(data: bytes, max_pixels: int) -> Stored:
    """Raises ``Damaged``, ``Unsupported`` (several pages, rare kinds) or ``TooLarge``."""
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        if len(file.pages) == 0:
            raise Damaged("is damaged: there is no picture in it")
        page, notes = _only_page(file)
        check_size(page.imagewidth, page.imagelength, max_pixels)
        model = _model(page)
        _check_whole(page, len(data))
        samples, extra = _samples(page, _COLOURS[model])
    tags, left_out = kept(data, page.offset)
    kinds = tuple(int(kind) for kind in page.extrasamples)
    transparent = kinds[0] if kinds and extra is not None else 0
    shared = metadata(tags)
    if page.photometric == _WHITE_ZERO:
        samples = _inverted(samples, page.bitspersample)
    return Stored(
        format=Format.TIFF,
        model=model,
        bits=samples.dtype.itemsize * 8 if samples.dtype.kind == "f" else int(page.bitspersample),
        samples=samples,
        alpha=extra[..., 0] if extra is not None and transparent in (_PREMULTIPLIED, _STRAIGHT) else None,
        palette=_palette(page) if model is Model.PALETTE else None,
        orientation=orientation(tags),
        premultiplied=transparent == _PREMULTIPLIED,
        lossy=int(page.compression) not in _LOSSLESS,
        metadata=shared,
        traits=_traits(page, extra, kinds, tags),
        notes=(*notes, *left_out),
    )


def _traits(page: Any, extra: Samples | None, kinds: tuple[int, ...], tags: Directory) -> TiffTraits:
    return TiffTraits(
        photometric=int(page.photometric),
        compression=int(page.compression),
        predictor=int(page.predictor),
        tile=(int(page.tilelength), int(page.tilewidth)) if page.is_tiled else None,
        separate=int(page.planarconfig) == 2,
        extra=extra,
        extra_kinds=kinds,
        tags=tags,
    )


def _only_page(file: Any) -> tuple[Any, list[str]]:
    """The one page that is not a reduced copy or a mask of another (NewSubfileType, TIFF 6.0, section 8)."""
    pages = [file.pages[i] for i in range(len(file.pages))]
    full = [page for page in pages if not int(page.subfiletype) & 0b101]
    if len(full) > 1:
        raise Unsupported(f"has {len(full)} pages", "Save the one you mean as a file of its own.")
    if len(full) == len(pages):
        return full[0], []
    note = "Smaller pictures and masks inside the TIFF were left out: they show the unedited picture."
    return (full or pages)[0], [note]


def _model(page: Any) -> Model:
    """The colour model; raises ``Unsupported`` for all that has none of ours."""
    model = _MODELS.get(int(page.photometric))
    kind = np.dtype(page.dtype).kind if page.dtype is not None else ""
    bits = page.bitspersample if isinstance(page.bitspersample, int) else 0
    extra = len(page.extrasamples)
    fits = {
        Model.GREY: kind == "f" or (kind in "bu" and 0 < bits <= 16),
        Model.RGB: kind == "f" or (kind == "u" and 0 < bits <= 16),
        Model.PALETTE: kind in "bu" and 0 < bits <= 8 and not extra and page.colormap is not None,
        Model.CMYK: kind == "u" and bits in (8, 16),
        Model.LAB: kind == "u" and bits in (8, 16),
    }
    unmixed = page.photometric == _YCBCR and int(page.compression) not in _DECODED_TO_RGB
    if model is None or not fits[model] or unmixed or page.imagedepth > 1:
        raise _rare()
    if page.samplesperpixel - extra != _COLOURS[model]:
        raise _rare()
    return model


def _rare() -> Unsupported:
    return Unsupported("is a TIFF of a rare kind", "Save it as RGB or grey with 8 or 16 bits.")


def _check_whole(page: Any, length: int) -> None:
    """Every strip or tile must be there: the reader would fill gaps with zeros."""
    spans = list(zip(page.dataoffsets, page.databytecounts, strict=False))
    if not spans or len(page.dataoffsets) != len(page.databytecounts):
        raise Damaged("is damaged: parts of the picture are missing")
    if any(begin + size > length for begin, size in spans):
        raise Damaged("is truncated")
    if any(begin <= 0 or size <= 0 for begin, size in spans) or len(spans) < np.prod(page.chunked):
        raise Damaged("is damaged: parts of the picture are missing")


def _samples(page: Any, colours: int) -> tuple[Samples, Samples | None]:
    """Colours and what lies behind them; whole numbers in the machine's byte order."""
    pixels = page.asarray(squeeze=False)  # separate samples, depth, height, width, joint samples
    pixels = np.moveaxis(pixels[:, 0], 0, -1)[..., 0, :] if pixels.shape[0] > 1 else pixels[0, 0]
    pixels = pixels.astype(np.uint8 if pixels.dtype == bool else pixels.dtype.newbyteorder("="), copy=False)
    extra = pixels[..., colours:] if pixels.shape[-1] > colours else None
    return (pixels[..., 0] if colours == 1 else pixels[..., :colours]), extra


def _palette(page: Any) -> NDArray[np.uint8]:
    colours = np.rint(np.asarray(page.colormap, np.float64).T / 257).astype(np.uint8)
    return np.column_stack([colours, np.full(len(colours), 255, np.uint8)])


def _inverted(samples: Samples, bits: int) -> Samples:
    if samples.dtype.kind == "f":
        return 1 - samples
    inverted: Samples = samples.dtype.type(2**bits - 1) - samples
    return inverted


def write(stored: Stored, touched: Touched | None = None) -> tuple[bytes, list[str]]:
    """The file's bytes; pixels to the bit. Compression stays as it was, where it was lossless."""
    del touched
    traits = stored.traits if isinstance(stored.traits, TiffTraits) else _plain_traits(stored)
    notes: list[str] = []
    if traits.compression not in _LOSSLESS:
        notes.append("The TIFF's lossy compression was replaced by a lossless one, so that nothing else changes.")
    output = io.BytesIO()
    if traits.compression in _FAX and stored.bits == 1 and traits.extra is None:
        _write_fax(output, stored, traits)
    else:
        _write_page(output, stored, traits)
    return with_tags(output.getvalue(), traits.tags), notes


def _plain_traits(stored: Stored) -> TiffTraits:
    photometric = {
        Model.GREY: _BLACK_ZERO,
        Model.RGB: _RGB,
        Model.PALETTE: _PALETTE,
        Model.CMYK: _CMYK,
        Model.LAB: _LAB,
    }[stored.model]
    extra = None if stored.alpha is None else stored.alpha[..., None]
    predictor = 3 if stored.floating else 1 if stored.bits < 8 or stored.model is Model.PALETTE else 2
    kinds = () if extra is None else (_STRAIGHT,)
    tags = from_metadata(stored.metadata)
    return TiffTraits(photometric, _DEFLATE, predictor, None, False, extra, kinds, tags)


def _photometric(stored: Stored, traits: TiffTraits) -> int:
    """As it was, unless an edit or the decoder has made RGB of it."""
    same = _MODELS[traits.photometric] is stored.model and traits.photometric != _YCBCR
    return traits.photometric if same else _RGB


def _write_page(output: io.BytesIO, stored: Stored, traits: TiffTraits) -> None:
    samples = _inverted(stored.samples, stored.bits) if traits.photometric == _WHITE_ZERO else stored.samples
    pixels = samples if samples.ndim == 3 else samples[..., None]
    extra = traits.extra if traits.extra is not None else _alpha_plane(stored)
    kinds = traits.extra_kinds if traits.extra is not None else (_STRAIGHT,) * (extra is not None)
    if extra is not None:
        pixels = np.concatenate([pixels, extra], axis=2)
    rows = max(1, _STRIP // max(1, pixels[0].nbytes))
    shallow = stored.model is not Model.PALETTE and not stored.floating and stored.bits not in (1, 8, 16)
    packed = traits.compression if traits.compression in _LOSSLESS - {*_FAX} else _DEFLATE
    if stored.bits == 1 and stored.model is Model.GREY:
        pixels = pixels.astype(bool)
    compression = _NONE if shallow else packed
    tifffile.imwrite(
        output,
        np.ascontiguousarray(_laid_out(pixels, separate=traits.separate)),
        photometric=_photometric(stored, traits),
        planarconfig=None if pixels.shape[2] == 1 else "separate" if traits.separate else "contig",
        extrasamples=kinds or None,
        bitspersample=stored.bits if shallow else None,
        compression=compression,
        predictor=_predictor(stored, traits) if compression in _WITH_PREDICTOR else None,
        tile=traits.tile,
        rowsperstrip=None if traits.tile or shallow else min(rows, pixels.shape[0]),
        colormap=_colormap(stored) if stored.palette is not None else None,
        byteorder="<",
        metadata=None,
        software=False,
    )


def _alpha_plane(stored: Stored) -> Samples | None:
    return None if stored.alpha is None else stored.alpha[..., None]


def _laid_out(pixels: Samples, *, separate: bool) -> Samples:
    if pixels.shape[2] == 1:
        return pixels[..., 0]
    return np.moveaxis(pixels, -1, 0) if separate else pixels


def _predictor(stored: Stored, traits: TiffTraits) -> int:
    """Differences help whole numbers, floats have a way of their own, and palettes and bits none."""
    if traits.predictor == 1 or stored.bits < 8 or stored.model is Model.PALETTE:
        return 1
    return 3 if stored.floating else 2


def _colormap(stored: Stored) -> NDArray[np.uint16]:
    assert stored.palette is not None
    table = np.zeros((3, 256), np.uint16)
    table[:, : len(stored.palette)] = stored.palette[:, :3].T.astype(np.uint16) * 257
    return table


def _write_fax(output: io.BytesIO, stored: Stored, traits: TiffTraits) -> None:
    """CCITT group 4 by way of Pillow; tifffile cannot write it."""
    image = Image.fromarray(stored.samples.astype(bool))
    image.save(output, "TIFF", compression="group4", tiffinfo={262: traits.photometric})
