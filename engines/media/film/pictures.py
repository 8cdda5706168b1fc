"""Films of whole pictures: animated WebP, and folders of numbered pictures."""

from __future__ import annotations

import dataclasses
import itertools
import re
import threading
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engines.core.faults import EngineError, Fault
from engines.core.types import Box, Pixels, readonly
from engines.media.film.cache import DEFAULT_BYTES, FrameCache
from engines.media.film.faults import COPY_ANEW
from engines.media.film.film import Film, Frame, Loaded
from engines.media.film.info import Colour, FilmInfo, Layout, Light
from engines.media.film.samples import plane
from engines.media.images import read_picture

ENDINGS = frozenset({".png", ".tif", ".tiff", ".jpg", ".jpeg", ".bmp", ".webp"})
"""Pictures that count as frames of a folder."""

DEFAULT_RATE = Fraction(25)


class _PictureFilm(Film):
    """Frames that are read one by one as RGB. ``spans``: ticks of ``unit`` at which each begins; the end comes last."""

    def __init__(self, path: Path, kind: str, first: Loaded, spans: Sequence[int], unit: Fraction) -> None:
        self.unit, self._spans = unit, spans
        self.times = [tick * unit for tick in spans[:-1]]
        self.info = _info(path, kind, first, self)
        height, width = self.info.size
        self._cache = FrameCache(DEFAULT_BYTES, height * width * 8 * first[0].itemsize)
        self._lock = threading.Lock()

    @property
    def end(self) -> Fraction:
        return self._spans[-1] * self.unit

    def close(self) -> None:
        self._cache.clear()

    def frame(self, index: int) -> Frame:
        if not 0 <= index < len(self):
            message = f"frame {index} of {len(self)}"
            raise IndexError(message)
        with self._lock:
            found = self._cache.get(index)
            if found is None:
                found = self._made(index, self._read(index))
                self._cache.put(found)
            return found

    @abstractmethod
    def _read(self, index: int) -> Loaded:
        """RGB and alpha of a frame, in the first one's size and depth."""

    def _made(self, index: int, loaded: Loaded) -> Frame:
        span = self._spans[index] * self.unit, self._spans[index + 1] * self.unit
        native = _native(loaded)
        native.pts, native.time_base = self._spans[index], self.unit

        def load(box: Box | None) -> Loaded:
            pixels, alpha = loaded
            if box is None:
                return loaded
            return pixels[box.slices], None if alpha is None else alpha[box.slices]

        return Frame(index, native, load, pts=self._spans[index], span=span, key=True)


class FolderFilm(_PictureFilm):
    """A folder of numbered pictures, in the order of their numbers."""

    def __init__(self, path: Path, rate: Fraction = DEFAULT_RATE) -> None:
        self._files = numbered(path)
        if not self._files:
            message = f"{path} holds no numbered pictures."
            raise EngineError(
                Fault.UNREADABLE, message, f"Names end in a number and one of {', '.join(sorted(ENDINGS))}."
            )
        first = _picture(self._files[0])
        count = len(self._files)
        super().__init__(path, "folder", first, range(count + 1), 1 / rate)

    def _read(self, index: int) -> Loaded:
        loaded = _picture(self._files[index])
        height, width = loaded[0].shape[:2]
        if (height, width) != self.info.size:
            wanted = f"{self.info.size[1]} x {self.info.size[0]}"
            message = f"{self._files[index].name} is {width} x {height} pixels, the first picture {wanted}."
            raise EngineError(Fault.UNREADABLE, message, "All pictures of a folder must be of one size.")
        return _alike(loaded, self.info.layout)


def numbered(folder: Path) -> list[Path]:
    """The pictures in ``folder`` whose names end in a number, in the order of numbers."""
    found = []
    for file in folder.iterdir():
        number = re.search(r"(\d+)$", file.stem)
        if number is not None and file.suffix.lower() in ENDINGS:
            found.append((int(number[1]), file.name, file))
    return [file for _, _, file in sorted(found)]


def _picture(file: Path) -> Loaded:
    picture = read_picture(file)
    if picture.pixels.dtype.kind != "u":
        message = f"{file.name} holds fractions, not whole numbers."
        raise EngineError(Fault.UNREADABLE, message, "Save the pictures with 8 or 16 bits a sample.")
    return picture.pixels, picture.alpha


def _alike(loaded: Loaded, layout: Layout) -> Loaded:
    """The picture in the first one's depth, with alpha if that has any."""
    pixels, alpha = loaded
    wide = np.dtype(np.uint16 if layout.bits > 8 else np.uint8)
    pixels = _deep(pixels, wide)
    if not layout.alpha:
        return readonly(pixels), None
    alpha = np.full(pixels.shape[:2], 255, np.uint8) if alpha is None else alpha
    return readonly(pixels), readonly(_deep(alpha, wide))


def _deep(samples: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    if samples.dtype == dtype:
        return samples
    return samples.astype(dtype) * 257 if dtype.itemsize > 1 else (samples >> 8).astype(dtype)


class AnimationFilm(_PictureFilm):
    """An animated picture, by way of Pillow: it reads those that FFmpeg does not."""

    def __init__(self, path: Path) -> None:
        self._image = _animation(path)
        self._path = path
        ticks = [0, *itertools.accumulate(max(lasts, 1) for lasts in _durations(path))]
        if len(ticks) - 1 != getattr(self._image, "n_frames", 1):
            raise EngineError(Fault.UNREADABLE, f"{path.name} is truncated.", COPY_ANEW)
        super().__init__(path, (self._image.format or "").lower(), self._read(0), ticks, Fraction(1, 1000))

    def _read(self, index: int) -> Loaded:
        try:
            self._image.seek(index)
            rgba = np.asarray(self._image.convert("RGBA"))
        except (OSError, EOFError, ValueError) as error:
            message = f"Frame {index} of {self._path.name} cannot be decoded."
            raise EngineError(Fault.UNREADABLE, message, COPY_ANEW) from error
        return readonly(np.ascontiguousarray(rgba[..., :3])), readonly(np.ascontiguousarray(rgba[..., 3]))

    def close(self) -> None:
        super().close()
        self._image.close()


def _animation(path: Path) -> Image.Image:
    try:
        return Image.open(path, formats=["WEBP"])
    except FileNotFoundError:
        raise EngineError(Fault.UNREADABLE, f"There is no file {path}.") from None
    except (OSError, ValueError, SyntaxError) as error:
        raise EngineError(Fault.UNREADABLE, f"{path.name} is damaged, or no picture.", COPY_ANEW) from error


def _durations(path: Path) -> Iterator[int]:
    """Milliseconds of each frame (WebP container, section "Animation": ANMF chunks), up to where the file ends."""
    data = path.read_bytes()
    at = 12
    while at + 8 <= len(data):
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        if data[at : at + 4] == b"ANMF":
            yield int.from_bytes(data[at + 20 : at + 23], "little")
        at += 8 + size + size % 2


def is_animation(path: Path) -> bool:
    """Whether the file is an animated WebP."""
    try:
        with path.open("rb") as file:
            head = file.read(64)
    except OSError:
        return False
    return head[:4] == b"RIFF" and head[8:12] == b"WEBP" and head[12:16] == b"VP8X" and bool(head[20] & 2)


def upright_info(info: FilmInfo) -> FilmInfo:
    """The film ``info`` once its frames are pictures as shown."""
    bits, alpha = 16 if info.layout.bits > 8 else 8, info.layout.alpha
    layout = Layout(_kind(bits, alpha=alpha), bits, 0, 0, alpha, rgb=True)
    colour = Colour(0, 2, info.colour.transfer, info.colour.primaries)
    return dataclasses.replace(info, coded=info.size, orientation=1, layout=layout, colour=colour, field_order=1)


def as_picture(frame: Frame) -> av.VideoFrame:
    """The frame's pixels as shown, for an encoder of pictures."""
    native = _native((frame.pixels, frame.alpha))
    native.pts, native.time_base = frame.pts, frame.native.time_base
    return native


def _kind(bits: int, *, alpha: bool) -> str:
    return "gbr" + ("ap" if alpha else "p") + ("16le" if bits > 8 else "")


def _native(loaded: Loaded) -> av.VideoFrame:
    """The picture as FFmpeg holds one, in a format that can be painted."""
    pixels, alpha = loaded
    wide = pixels.dtype.itemsize > 1
    kind = _kind(16 if wide else 8, alpha=alpha is not None)
    frame = av.VideoFrame(pixels.shape[1], pixels.shape[0], kind)
    for number, channel in enumerate((1, 2, 0)):
        plane(frame, number, wide=wide)[...] = pixels[..., channel]
    if alpha is not None:
        plane(frame, 3, wide=wide)[...] = _deep(alpha, pixels.dtype)
    return frame


def _info(path: Path, kind: str, first: tuple[Pixels, NDArray[Any] | None], film: _PictureFilm) -> FilmInfo:
    pixels, alpha = first
    size = int(pixels.shape[0]), int(pixels.shape[1])
    bits = 8 * pixels.dtype.itemsize
    times, unit = film.times, film.unit
    steps = {after - before for before, after in itertools.pairwise(times)}
    name = _kind(bits, alpha=alpha is not None)
    return FilmInfo(
        path=path,
        container=kind,
        video=0,
        codec=kind,
        profile="",
        size=size,
        coded=size,
        orientation=1,
        sample_aspect=Fraction(1),
        rate=Fraction(len(times)) / max(film.end, unit),
        variable=len(steps) > 1,
        time_base=unit,
        layout=Layout(name, bits, 0, 0, alpha is not None, rgb=True),
        colour=Colour(0, 2, 13, 1),
        light=Light(),
        field_order=1,
        duration=film.end,
        frames=len(times),
        bit_rate=None,
    )
