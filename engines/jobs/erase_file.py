"""One photo, from file to file: read, find the mask, erase, write. The CLI and batches call it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

import numpy as np

from engines.core.atomic import replacing
from engines.core.context import Context
from engines.core.engine import Backend, Options, TextLine
from engines.core.faults import EngineError, Fault
from engines.core.mask_ops import box_mask, grown, polygon_mask
from engines.core.measure import Stopwatch
from engines.core.types import Box, Mask, Pixels
from engines.jobs.painting import painted, shown
from engines.jobs.verify_file import Work, write_until_unreadable
from engines.media.images import (
    DEFAULT_MAX_PIXELS,
    Picture,
    check_writable,
    copy_picture,
    read_mask,
    read_picture,
    write_picture,
    write_png,
)
from engines.pipeline.text_mask import choose, outline, text_mask
from engines.pipeline.verify import Verdict, Verification
from engines.requests import Detected, DetectText, Erased, EraseImage, Runner


@dataclass(frozen=True, slots=True)
class TextSearch:
    """Which text to erase: lines that match ``only`` (all, where None) and do not match ``keep``.

    ``min_size``: least height of a line in pixels. The patterns are regular expressions, case ignored.
    """

    only: str | None = None
    keep: str | None = None
    min_size: float = 0.0


@dataclass(frozen=True, slots=True)
class What:
    """What to erase: everything named here together. Coordinates are those of the picture as it is shown."""

    mask: Path | None = None
    resize_mask: bool = False
    boxes: tuple[Box, ...] = ()
    polygons: tuple[tuple[tuple[float, float], ...], ...] = ()
    text: TextSearch | None = None
    grow: int = 0


@dataclass(frozen=True, slots=True)
class How:
    """Which engine (``auto``: the best measured one), where it runs, and what may be done to files.

    ``verify``: look whether text is left in the result, and erase more until there is none.
    """

    engine: str
    options: Options = field(default_factory=dict)
    device: str = "auto"
    backend: Backend | None = None
    allow_cpu: bool = False
    overwrite: bool = False
    max_pixels: int = DEFAULT_MAX_PIXELS
    verify: bool = False


@dataclass(frozen=True, slots=True)
class Files:
    """The photo to read, and the file to write."""

    source: Path
    target: Path


class Outcome(Enum):
    """What became of a photo."""

    ERASED = "erased"
    TEXT_LEFT = "text left"
    COPIED = "copied"
    OUTLINED = "outlined"


@dataclass(frozen=True, slots=True)
class FileReport:
    """How one photo went. ``seconds`` by stage, ``peak_memory`` in bytes; ``lines``: the text found.

    ``verification``: what a second look saw; None where nobody asked for one.
    """

    files: Files
    outcome: Outcome
    engine: str
    device: str
    backend: str
    regions: int
    seconds: Mapping[str, float]
    peak_memory: int
    lines: tuple[TextLine, ...] = ()
    notes: tuple[str, ...] = ()
    verification: Verification | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """``spared``: the text found that is to stay."""

    mask: Mask
    lines: Sequence[TextLine] = ()
    spared: Mask = field(default_factory=lambda: Mask.union(()))


def erase_file(runner: Runner, files: Files, what: What, how: How, ctx: Context) -> FileReport:
    """Erase ``what`` from the photo ``files.source`` into ``files.target``.

    Raises ``EngineError`` or ``Cancelled``; then nothing was written. A photo with nothing to erase is
    copied as it is, and the report says so.
    """
    watch = Stopwatch()
    ctx.step(0.0, f"reading {files.source.name}")
    check_writable(files.source, files.target, overwrite=how.overwrite)
    with watch.stage("read"):
        picture = read_picture(files.source, how.max_pixels)
    with watch.stage("mask"):
        found = _mask(runner, picture, what, how, ctx.part(0.0, 0.4))
    if found.mask.empty:
        return _copied(files, found, how, watch)
    request = EraseImage(how.engine, picture.pixels, found.mask, how.options, how.device, how.backend, how.allow_cpu)
    with watch.stage("engine"):
        erased = runner.run(request, ctx.part(0.4, 0.35 if how.verify else 0.55))
    if not isinstance(erased, Erased):
        raise TypeError(erased)
    seen: Verification | None = None
    with watch.stage("verify" if how.verify else "write"):
        if how.verify:
            work = Work(picture, request, found.spared)
            with replacing(files.target, overwrite=how.overwrite) as file:
                seen, notes = write_until_unreadable(runner, work, erased, file, ctx.part(0.75, 0.25))
        else:
            notes = write_picture(picture, painted(picture.pixels, erased), files.target, overwrite=how.overwrite)
    return _report(files, found, erased, watch, (seen, notes))


def outline_file(runner: Runner, files: Files, what: What, how: How, ctx: Context) -> FileReport:
    """Write a PNG that shows what ``erase_file`` would erase: outlines of the text and of the mask."""
    watch = Stopwatch()
    check_writable(files.source, files.target, overwrite=how.overwrite)
    with watch.stage("read"):
        picture = read_picture(files.source, how.max_pixels)
    view = shown(picture.pixels)
    with watch.stage("mask"):
        plain = _drawn_mask(picture, what, how.max_pixels)
        detected = _detect(runner, view, how, ctx) if what.text else None
        lines = tuple(detected.found.lines) if detected else ()
        chosen = choose(lines, what.text.only, what.text.keep, what.text.min_size) if what.text else []
    with watch.stage("write"):
        write_png(outline(_tinted(view, plain), lines, chosen), files.target, overwrite=how.overwrite)
    return FileReport(files, Outcome.OUTLINED, "", "", "", len(chosen), watch.seconds, 0, tuple(chosen))


def _mask(runner: Runner, picture: Picture, what: What, how: How, ctx: Context) -> _Found:
    mask = _drawn_mask(picture, what, how.max_pixels)
    if what.text is None:
        return _Found(grown(mask, what.grow, picture.size))
    found = _detect(runner, shown(picture.pixels), how, ctx).found
    chosen = choose(found.lines, what.text.only, what.text.keep, what.text.min_size)
    taken = {id(line) for line in chosen}
    spared = text_mask(found, [line for line in found.lines if id(line) not in taken], picture.size)
    mask = mask | text_mask(found, chosen, picture.size)
    return _Found(grown(mask, what.grow, picture.size), chosen, spared)


def _detect(runner: Runner, view: Pixels, how: How, ctx: Context) -> Detected:
    detected = runner.run(DetectText(view, device=how.device), ctx)
    if not isinstance(detected, Detected):
        raise TypeError(detected)
    return detected


def _drawn_mask(picture: Picture, what: What, max_pixels: int) -> Mask:
    """The mask file, boxes and polygons together."""
    size = picture.size
    parts: list[Mask] = []
    if what.mask is not None:
        parts.append(Mask.of(read_mask(what.mask, size, resize=what.resize_mask, max_pixels=max_pixels)))
    parts += [_inside(box_mask(box, size), f"The box {box.x},{box.y},{box.w},{box.h}", size) for box in what.boxes]
    parts += [_inside(polygon_mask(points, size), "A polygon", size) for points in what.polygons]
    return Mask.union(parts)


def _inside(mask: Mask, name: str, size: tuple[int, int]) -> Mask:
    if mask.empty:
        raise EngineError(
            Fault.BAD_INPUT,
            f"{name} covers nothing of the picture.",
            f"The picture is {size[1]} pixels wide and {size[0]} high.",
        )
    return mask


def _tinted(view: Pixels, mask: Mask) -> Pixels:
    """The picture with the drawn mask in red."""
    result: Pixels = view.copy()
    part = result[mask.box.slices]
    share = mask.alpha[..., None].astype(np.float32) / 510
    part[:] = np.rint(part * (1 - share) + np.array([230, 40, 40], np.float32) * share).astype(np.uint8)
    return result


def _copied(files: Files, found: _Found, how: How, watch: Stopwatch) -> FileReport:
    with watch.stage("write"):
        notes = copy_picture(files.source, files.target, overwrite=how.overwrite, max_pixels=how.max_pixels)
    notes = ["Nothing to erase: the mask is empty, so the photo was copied as it is.", *notes]
    lines = tuple(found.lines)
    seen = Verification(Verdict.NOT_CHECKED, reason="Nothing was erased.") if how.verify else None
    return FileReport(files, Outcome.COPIED, "", "", "", 0, watch.seconds, 0, lines, tuple(notes), seen)


def _report(
    files: Files, found: _Found, erased: Erased, watch: Stopwatch, written: tuple[Verification | None, list[str]]
) -> FileReport:
    inner = dict(erased.seconds)
    last = watch.seconds.keys() & {"write", "verify"}
    seen, notes = written
    seconds = {
        "read": watch.seconds["read"],
        "mask": watch.seconds["mask"],
        "load": inner.get("load", 0.0),
        "erase": watch.seconds["engine"] - inner.get("load", 0.0),
        **{stage: watch.seconds[stage] for stage in last},
    }
    left = seen is not None and seen.verdict is Verdict.TEXT_LEFT
    return FileReport(
        files=files,
        outcome=Outcome.TEXT_LEFT if left else Outcome.ERASED,
        engine=erased.engine,
        device=erased.device,
        backend=erased.backend.value,
        regions=erased.regions,
        seconds=seconds,
        peak_memory=erased.peak_memory,
        lines=tuple(found.lines),
        notes=(*erased.notes, *notes),
        verification=seen,
    )
