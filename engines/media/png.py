"""PNG (third edition): every colour type and depth, with all chunks that stay true when pixels change."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from engines.media import exif, xmp
from engines.media.formats import Format, Model
from engines.media.picture import Damaged, Metadata, Samples, Stored, Touched, Unsupported, check_size
from engines.media.pil import open_image
from engines.media.png_chunks import XMP_KEYWORD, Chunk, icc_chunk, icc_of, join, keyword, split, xmp_chunk, xmp_of

_GREY, _RGB, _PALETTE, _GREY_ALPHA, _RGBA = 0, 2, 3, 4, 6
_DEPTHS = {_GREY: (1, 2, 4, 8, 16), _RGB: (8, 16), _PALETTE: (1, 2, 4, 8), _GREY_ALPHA: (8, 16), _RGBA: (8, 16)}

_BEFORE_PALETTE = {b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"cICP", b"mDCV", b"cLLI"}
_ABOUT_PALETTE = {b"bKGD", b"sBIT"}
_TEXTS = {b"tEXt", b"zTXt", b"iTXt"}
_KEPT = _BEFORE_PALETTE | _ABOUT_PALETTE | _TEXTS | {b"pHYs", b"sPLT", b"eXIf", b"tIME"}
_COLOUR_SPACE = {b"gAMA", b"cHRM", b"cICP"}
_OWN = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}
_RAW_PROFILES = (b"Raw profile type exif", b"Raw profile type APP1")
_METRE = 0.0254

_LEVEL = 5
"""Of zlib. Level 6 makes photographs smaller by a twentieth, and takes twice as long."""


@dataclass(frozen=True, slots=True, eq=False)
class PngTraits:
    """The chunks to keep, in their order, and what the palette and colour type were."""

    chunks: tuple[Chunk, ...]
    model: Model

    @property
    def kind(self) -> Format:
        return Format.PNG

    def left_behind(self) -> list[str]:
        """Texts and descriptions of colour without a profile."""
        texts = [keyword(c) for c in self.chunks if c.kind in _TEXTS and keyword(c) != XMP_KEYWORD]
        names = [f"text {text.decode('latin-1')!r}" for text in texts]
        profile = any(chunk.kind in (b"iCCP", b"sRGB") for chunk in self.chunks)
        colours = [c for c in self.chunks if c.kind in _COLOUR_SPACE and not (profile and c.kind != b"cICP")]
        return names + [f"the colour description {chunk.kind.decode()}" for chunk in colours]


@dataclass(frozen=True, slots=True)
class _Header:
    width: int
    height: int
    depth: int
    colour: int
    interlace: int

    @property
    def chunk(self) -> Chunk:
        return Chunk(
            b"IHDR", struct.pack(">IIBBBBB", self.width, self.height, self.depth, self.colour, 0, 0, self.interlace)
        )


def read(data: bytes, max_pixels: int) -> Stored:
    """Raises ``Damaged``, ``Unsupported`` (animations) or ``TooLarge``."""
    head = _header(data)
    check_size(head.width, head.height, max_pixels)
    chunks, trailing = split(data)
    if any(chunk.kind == b"acTL" and chunk.data[:4] != b"\0\0\0\1" for chunk in chunks):
        raise Unsupported("is an animation", "Save the frame you mean as a picture of its own.")
    samples = _samples(head, chunks)
    planes = {_GREY_ALPHA: 1, _RGBA: 3}.get(head.colour)
    transparent = next((chunk.data for chunk in chunks if chunk.kind == b"tRNS"), b"")
    kept, notes = _kept(chunks, trailing)
    metadata = _metadata(kept)
    model = {_GREY: Model.GREY, _GREY_ALPHA: Model.GREY, _PALETTE: Model.PALETTE}.get(head.colour, Model.RGB)
    return Stored(
        format=Format.PNG,
        model=model,
        bits=head.depth,
        samples=samples if planes is None else samples[..., 0] if planes == 1 else samples[..., :3],
        alpha=None if planes is None else samples[..., planes],
        palette=_palette(chunks, transparent) if model is Model.PALETTE else None,
        key=_key(head, transparent),
        orientation=exif.orientation(metadata.exif),
        metadata=metadata,
        traits=PngTraits(kept, model),
        notes=notes,
    )


def _header(data: bytes) -> _Header:
    if len(data) < 33 or data[12:16] != b"IHDR":
        raise Damaged("is truncated" if len(data) < 33 else "is damaged: it has no header")
    if zlib.crc32(data[12:29]) != int.from_bytes(data[29:33], "big"):
        raise Damaged("is damaged: the checksum of its IHDR part is wrong")
    width, height, depth, colour, packing, filtering, interlace = struct.unpack_from(">IIBBBBB", data, 16)
    if depth not in _DEPTHS.get(colour, ()) or packing or filtering or interlace > 1:
        raise Damaged("is damaged: its header makes no sense")
    return _Header(width, height, depth, colour, interlace)


def _samples(head: _Header, chunks: Sequence[Chunk]) -> NDArray[Any]:
    plain = [head.chunk, *(chunk for chunk in chunks if chunk.kind in (b"PLTE", b"IDAT")), Chunk(b"IEND", b"")]
    if head.depth == 16:
        return np.asarray(imagecodecs.png_decode(join(plain)))
    with open_image(join(plain), "PNG") as image:
        pixels = np.array(image)
    if head.colour == _GREY and head.depth in (2, 4):  # decoded to full range
        pixels //= 255 // (2**head.depth - 1)
    return pixels.astype(np.uint8, copy=False)


def _palette(chunks: Sequence[Chunk], transparent: bytes) -> NDArray[np.uint8]:
    data = next((chunk.data for chunk in chunks if chunk.kind == b"PLTE"), b"")
    if not data or len(data) % 3 or len(data) > 768:
        raise Damaged("is damaged: its palette is missing or broken")
    palette = np.full((len(data) // 3, 4), 255, np.uint8)
    palette[:, :3] = np.frombuffer(data, np.uint8).reshape(-1, 3)
    opacity = np.frombuffer(transparent, np.uint8)[: len(palette)]
    palette[: len(opacity), 3] = opacity
    return palette


def _key(head: _Header, transparent: bytes) -> tuple[int, ...] | None:
    values = {_GREY: 1, _RGB: 3}.get(head.colour, 0)
    if not values or len(transparent) != 2 * values:
        return None
    return tuple(value & (2**head.depth - 1) for value in struct.unpack(f">{values}H", transparent))


def _kept(chunks: Sequence[Chunk], trailing: bool) -> tuple[tuple[Chunk, ...], tuple[str, ...]]:
    """The chunks that an edited picture may carry, without any picture inside them; and what was left out."""
    kept: list[Chunk] = []
    dropped: set[str] = set()
    for chunk in chunks:
        if chunk.kind in _OWN or chunk.kind in (b"acTL", b"fcTL", b"fdAT"):
            continue
        if not (chunk.kind in _KEPT or (chunk.safe_to_copy and not chunk.critical)):
            dropped.add(chunk.kind.decode("latin-1"))
        elif chunk.kind in (b"tEXt", b"zTXt") and keyword(chunk) in _RAW_PROFILES:
            dropped.add(keyword(chunk).decode("latin-1"))
        else:
            kept.append(_scrubbed(chunk))
    notes = []
    if dropped:
        notes.append(
            f"Parts of the PNG that describe the unedited picture were left out: {', '.join(sorted(dropped))}."
        )
    if trailing:
        notes.append("Data behind the end of the PNG were left out: they may show what was erased.")
    return tuple(kept), tuple(notes)


def _scrubbed(chunk: Chunk) -> Chunk:
    if chunk.kind == b"eXIf":
        return Chunk(b"eXIf", exif.without_thumbnail(exif.bare(chunk.data)))
    packet = xmp_of(chunk)
    clean = xmp.without_pictures(packet)
    return chunk if clean == packet else xmp_chunk(clean)


def _metadata(chunks: Sequence[Chunk]) -> Metadata:
    first = {chunk.kind: chunk for chunk in reversed(chunks)}
    packets = [packet for packet in map(xmp_of, chunks) if packet]
    dpi = None
    if b"pHYs" in first and first[b"pHYs"].data[8:9] == b"\1":
        across, down = struct.unpack_from(">II", first[b"pHYs"].data)
        dpi = (across * _METRE, down * _METRE)
    return Metadata(
        exif=first[b"eXIf"].data if b"eXIf" in first else b"",
        icc=icc_of(first[b"iCCP"]) if b"iCCP" in first else b"",
        xmp=packets[0] if packets else b"",
        dpi=dpi,
    )


def write(stored: Stored, touched: Touched | None = None) -> tuple[bytes, list[str]]:
    """The file's bytes; pixels to the bit. An interlaced picture is stored without interlace."""
    del touched
    height, width = stored.samples.shape[:2]
    colour = _colour_type(stored)
    head = _Header(width, height, stored.bits, colour, 0)
    chunks = _chunks_of(stored)
    early = [chunk for chunk in chunks if chunk.kind in _BEFORE_PALETTE]
    late = [chunk for chunk in chunks if chunk.kind not in _BEFORE_PALETTE]
    body = [head.chunk, *early, *_colour_chunks(stored), *late, *_pixel_chunks(stored, head), Chunk(b"IEND", b"")]
    return join(body), []


def _colour_type(stored: Stored) -> int:
    if stored.model is Model.PALETTE:
        return _PALETTE
    if stored.model is Model.GREY:
        return _GREY if stored.alpha is None else _GREY_ALPHA
    return _RGB if stored.alpha is None else _RGBA


def _chunks_of(stored: Stored) -> list[Chunk]:
    if isinstance(stored.traits, PngTraits):
        same = stored.traits.model is stored.model
        return [chunk for chunk in stored.traits.chunks if same or chunk.kind not in _ABOUT_PALETTE]
    metadata = stored.metadata
    chunks: list[Chunk] = []
    if metadata.icc:
        chunks.append(icc_chunk(metadata.icc))
    if metadata.dpi:
        across, down = (round(value / _METRE) for value in metadata.dpi)
        chunks.append(Chunk(b"pHYs", struct.pack(">IIB", across, down, 1)))
    if metadata.exif:
        chunks.append(Chunk(b"eXIf", metadata.exif))
    if metadata.xmp:
        chunks.append(xmp_chunk(metadata.xmp))
    return chunks


def _colour_chunks(stored: Stored) -> list[Chunk]:
    if stored.palette is not None:
        chunks = [Chunk(b"PLTE", stored.palette[:, :3].tobytes())]
        if stored.palette[:, 3].min() < 255:
            chunks.append(Chunk(b"tRNS", stored.palette[:, 3].tobytes()))
        return chunks
    return [] if stored.key is None else [Chunk(b"tRNS", struct.pack(f">{len(stored.key)}H", *stored.key))]


def _pixel_chunks(stored: Stored, head: _Header) -> list[Chunk]:
    if head.depth < 8 or stored.model is Model.PALETTE:
        return [Chunk(b"IDAT", zlib.compress(_packed(stored.samples, head.depth), _LEVEL))]
    samples = stored.samples
    if stored.alpha is not None:
        samples = np.dstack([samples, stored.alpha])
    encoded = bytes(imagecodecs.png_encode(np.ascontiguousarray(samples), level=_LEVEL))
    return [chunk for chunk in split(encoded)[0] if chunk.kind == b"IDAT"]


def _packed(samples: Samples, depth: int) -> bytes:
    """Rows of indices or shallow grey, each begun by filter type 0 (section 7.2: leftmost pixel in the high bits)."""
    each = 8 // depth
    height, width = samples.shape
    wide = np.zeros((height, -(-width // each) * each), np.uint8)
    wide[:, :width] = samples
    packed = np.zeros((height, wide.shape[1] // each), np.uint8)
    for place in range(each):
        packed |= wide[:, place::each] << (8 - depth * (place + 1))
    return np.column_stack([np.zeros(height, np.uint8), packed]).tobytes()
