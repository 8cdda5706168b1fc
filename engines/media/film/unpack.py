"""Writes films of whole pictures: GIF, animated WebP, APNG, and folders of PNG, from segments without loss."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import cv2
import numpy as np
from PIL import Image

from engines.core.faults import EngineError, Fault
from engines.core.types import Pixels
from engines.media.film.faults import writable
from engines.media.film.info import FilmInfo
from engines.media.film.joiner import Plan, Tick
from engines.media.film.probe import layout
from engines.media.film.segments import Segment
from engines.media.film.upright import loader

MAX_BYTES = 2**30
"""An animation is held in memory until it is written: those of more bytes of pixels are refused."""

Shown = tuple[int, Pixels, "np.ndarray | None"]


def unpack(plan: Plan, segments: Sequence[Segment], target: Path, tick: Tick) -> None:
    """Write the pictures of ``segments`` to ``target``: a file, or a folder that does not exist yet."""
    with writable(target):
        if plan.container.pictures == "folder":
            _folder(plan, segments, target, tick)
        else:
            _animation(plan, segments, target, tick)


def refuse_large(info: FilmInfo, frames: int) -> None:
    """Raise ``TOO_LARGE`` for an animation that would not fit into memory."""
    needed = info.size[0] * info.size[1] * 4 * frames
    if needed > MAX_BYTES:
        message = f"An animation of {frames} frames of {info.size[1]} x {info.size[0]} pixels does not fit into memory."
        raise EngineError(Fault.TOO_LARGE, message, "Write to .mp4 or .mkv, or write a shorter range.")


def _folder(plan: Plan, segments: Sequence[Segment], target: Path, tick: Tick) -> None:
    target.mkdir()
    for number, (_, pixels, alpha) in enumerate(_pictures(plan, segments), 1):
        samples = pixels[..., ::-1] if alpha is None else np.dstack([pixels[..., ::-1], alpha])
        _, png = cv2.imencode(".png", np.ascontiguousarray(samples))
        (target / f"{number:06d}.png").write_bytes(png.tobytes())
        tick(number)


def _animation(plan: Plan, segments: Sequence[Segment], target: Path, tick: Tick) -> None:
    images, begins = [], []
    for number, (pts, pixels, alpha) in enumerate(_pictures(plan, segments), 1):
        images.append(_image(pixels, alpha))
        begins.append(pts)
        tick(number)
    unit = plan.info.time_base
    stops = [*begins[1:], plan.end]
    durations = _milliseconds([(begin * unit, stop * unit) for begin, stop in zip(begins, stops, strict=True)], plan)
    options = (
        {"lossless": True} if plan.container.pictures == "WEBP" else {"disposal": 2 if images[0].mode == "RGBA" else 0}
    )
    images[0].save(
        target,
        plan.container.pictures,
        save_all=True,
        append_images=images[1:],
        duration=durations,
        loop=0,
        **options,
    )


def _milliseconds(spans: Sequence[tuple[Fraction, Fraction]], plan: Plan) -> list[int]:
    """How long each frame lasts; roundings do not add up. Not less than a tick of the container."""
    tick = 1000 // (plan.container.tick or 1000)
    start = spans[0][0]
    ends = [round((stop - start) * 1000 / tick) * tick for _, stop in spans]
    return [max(end - begin, tick) for begin, end in zip([0, *ends], ends, strict=False)]


def _image(pixels: Pixels, alpha: np.ndarray | None) -> Image.Image:
    shown = pixels if pixels.dtype == np.uint8 else (pixels >> 8).astype(np.uint8)
    if alpha is None:
        return Image.fromarray(shown)
    cover = alpha if alpha.dtype == np.uint8 else (alpha >> 8).astype(np.uint8)
    return Image.fromarray(np.dstack([shown, cover]))


def _pictures(plan: Plan, segments: Sequence[Segment]) -> Iterator[Shown]:
    """The frames as shown, with their pts."""
    for segment in segments:
        decoder = cast("av.VideoCodecContext", av.CodecContext.create(plan.setup.encoder, "r"))
        decoder.extradata = segment.head or None
        decoder.width, decoder.height = plan.info.coded[1], plan.info.coded[0]
        for coded in segment.coded():
            for frame in decoder.decode(av.Packet(coded.data)):
                info = dataclasses.replace(plan.info, layout=layout(frame.format))
                pixels, alpha = loader(frame, info)(None)
                yield coded.pts, pixels, alpha
