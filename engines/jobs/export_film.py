"""A film, from file to file: decoded, edited where there is something to edit, encoded, and joined with the rest.

It is written in segments, each named by all that it was made of, into a folder beside the target; whole ones are
never made again, whether the last run was killed, cancelled, or done with slightly other masks. Only when all of
them are there is the film joined, under its name at once. Decoding, engine and encoder run at the same time.
"""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Protocol

from engines.core.atomic import replacing
from engines.core.context import Context
from engines.core.faults import EngineError, Fault
from engines.core.files import locked
from engines.core.types import Patch
from engines.jobs.ahead import Ahead
from engines.media.atomic import check_target
from engines.media.film.encode import SegmentEncoder
from engines.media.film.encoders import Encoding, Setup, set_up
from engines.media.film.film import Film, Frame
from engines.media.film.formats import Codec, Container, codec_of, container_of
from engines.media.film.info import FilmInfo
from engines.media.film.joiner import Plan, join
from engines.media.film.others import Span, check_streams, copied, refuse_lost_streams
from engines.media.film.paint import Native, painted
from engines.media.film.reader import open_film
from engines.media.film.segments import Coded, Segment, SegmentStore

_FORMAT = 1
"""Part of each segment's name: what an older program made is not taken for what this one would."""
_SECONDS = 8
_QUEUED = 8
"""Frames between engine and encoder."""


class FilmEdit(Protocol):
    """What is done to a film. The engines' side implements it.

    A frame's patches may depend on other frames, but not on where ``edited`` was told to start: segments are
    made one at a time, in any run, and must come out the same.
    """

    def key(self, start: int, stop: int) -> str:
        """All that decides the patches of frames ``start`` to ``stop`` (masks, engine, options), as a checksum.

        Empty where nothing is edited there: the frames are passed on without asking for patches.
        """
        ...

    def edited(self, film: Film, start: int, stop: int, ctx: Context) -> Iterator[tuple[Frame, Sequence[Patch]]]:
        """Each of the frames ``start`` to ``stop``, in order, with its patches (none: it is passed on).

        Runs in a thread of its own; ``film`` may be asked for any frame, before and after them, too.
        Boxes are in the picture as shown; ``Frame.region`` is cheaper than ``Frame.pixels``.
        """
        ...


class Untouched:
    """The edit that changes nothing."""

    def key(self, start: int, stop: int) -> str:
        del start, stop
        return ""

    def edited(self, film: Film, start: int, stop: int, ctx: Context) -> Iterator[tuple[Frame, Sequence[Patch]]]:
        del ctx
        return ((frame, ()) for frame in film.frames(start, stop))


@dataclass(frozen=True, slots=True)
class ExportSettings:
    """What to write and how.

    ``encoding``: None: the film's own codec where it can be written, else H.264. ``start``, ``end``: the part to
    write, in the film's own time (None: all of it). ``leave_out``: streams that the container cannot hold are
    left out, instead of refusing. ``keep``: segments stay for the next export of the same target. ``parts``:
    the folder for segments; None: beside the target.
    """

    source: Path
    target: Path
    encoding: Encoding | None = None
    start: Fraction | None = None
    end: Fraction | None = None
    deinterlace: bool = False
    leave_out: bool = False
    overwrite: bool = False
    keep: bool = False
    parts: Path | None = None
    segment_frames: int | None = None


@dataclass(slots=True)
class ExportReport:
    """How an export went. ``encoded``: frames that were encoded in this run, of all ``frames``.

    ``seconds``: by stage, measured apart: ``engine`` (decoding and patches), ``encode``, ``join``.
    """

    target: Path
    frames: int
    encoded: int = 0
    segments: int = 0
    reused: int = 0
    encoder: str = ""
    copied: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    damaged: int = 0
    notes: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Piece:
    """Frames ``start`` to ``stop`` under the name of their segment; ``plain``: nothing is edited."""

    start: int
    stop: int
    name: str
    plain: bool


def export_film(settings: ExportSettings, edit: FilmEdit, ctx: Context) -> ExportReport:
    """Write the film with ``edit`` done to it.

    Raises ``EngineError`` or ``Cancelled``; then nothing is under the target's name that was not there before,
    and what was encoded is kept for another try (``discard`` removes it).
    """
    container = container_of(settings.target)
    _check_target(settings)
    with open_film(settings.source, deinterlace=settings.deinterlace) as film:
        info = film.info
        encoding = settings.encoding or default_encoding(info, container)
        setup = set_up(encoding, info, global_header=container.global_header)
        left_out = _left_out(settings, info, container, encoding.codec)
        store = SegmentStore(parts_folder(settings))
        with _alone(store.folder):
            report = _exported(_Work(settings, film, edit, setup, container, store, left_out), ctx)
            if not settings.keep:
                store.remove()
    return report


def default_encoding(info: FilmInfo, container: Container) -> Encoding:
    """The film's own codec where it can be written into ``container``; else the container's usual one."""
    own = codec_of(info.codec)
    return Encoding(own if own in container.codecs and own is not None else container.codecs[0])


def parts_folder(settings: ExportSettings) -> Path:
    """Where the segments of an export are."""
    return settings.parts or settings.target.with_name(f".{settings.target.name}.parts")


def discard(settings: ExportSettings) -> None:
    """Remove what an export that did not end has left."""
    folder = parts_folder(settings)
    (folder / "lock").unlink(missing_ok=True)
    SegmentStore(folder).remove()


def _check_target(settings: ExportSettings) -> None:
    source, target = settings.source, settings.target
    if target.exists() and source.exists() and target.samefile(source):
        message = f"{target} is the film itself, which is never overwritten."
        raise EngineError(Fault.EXISTS, message, "Give another -o.")
    check_target(target, overwrite=settings.overwrite)


def _left_out(settings: ExportSettings, info: FilmInfo, container: Container, codec: Codec) -> frozenset[int]:
    if info.orientation not in container.turns:
        message = f"{container.name} files cannot tell that the film is turned."
        raise EngineError(Fault.BAD_INPUT, message, "Write to .mp4 or .mov instead.")
    if settings.leave_out and codec in container.codecs:
        return frozenset(stream.index for stream in check_streams(info, container, codec))
    refuse_lost_streams(info, container, codec)
    return frozenset()


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep other exports of the same target out."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with locked(folder / "lock", wait=False):
            yield
    except BlockingIOError as error:
        message = f"{folder.name} is in use: another export writes the same film."
        raise EngineError(Fault.EXISTS, message, "Wait for it, or give another -o.") from error
    except OSError as error:
        message = f"{folder} could not be written: {error.strerror or error}."
        raise EngineError(Fault.NOT_WRITTEN, message, "Free some space, or write elsewhere.") from error


@dataclass(frozen=True, slots=True)
class _Work:
    settings: ExportSettings
    film: Film
    edit: FilmEdit
    setup: Setup
    container: Container
    store: SegmentStore
    left_out: frozenset[int]

    @property
    def range(self) -> tuple[int, int]:
        """The frames to write: those on the screen between ``start`` and ``end``."""
        film, settings = self.film, self.settings
        first = 0 if settings.start is None else film.index_at(settings.start)
        last = len(film) - 1 if settings.end is None else film.index_at(settings.end)
        if settings.end is not None and film.times[last] == settings.end:
            last -= 1
        if last < first or (settings.start is not None and settings.start >= film.end):
            raise EngineError(Fault.BAD_INPUT, "The film has no frame in that range.", f"It lasts {film.end} s.")
        return first, last + 1

    def pieces(self) -> Iterator[_Piece]:
        """Cut at whole multiples of the segment's length, so that other ranges give the same segments."""
        length = self.settings.segment_frames or max(24, round(self.film.info.rate * _SECONDS))
        first, last = self.range
        base = f"{_FORMAT} {identity(self.settings.source)} {self.settings.deinterlace} {self.setup.text}"
        start = first
        while start < last:
            stop = min((start // length + 1) * length, last)
            key = self.edit.key(start, stop)
            name = hashlib.sha256(f"{base} {start} {stop} {key}".encode()).hexdigest()[:40]
            yield _Piece(start, stop, name, key == "")
            start = stop

    def span(self) -> Span:
        first, last = self.range
        times, film = self.film.times, self.film
        if self.settings.start is None and self.settings.end is None:
            begin = min([times[0], *(stream.start for stream in film.info.others if stream.start is not None)])
            moved = Fraction(0) if self.container.keeps_start or begin <= 1 else -begin
            return Span(None, None, moved)
        end = times[last] if last < len(times) else film.end
        return Span(times[first], end, -times[first])


def identity(source: Path) -> str:
    """What tells a film from another without reading all of it: size, time of change, first and last bytes."""
    stat = source.stat()
    with source.open("rb") as file:
        head = file.read(65536)
        file.seek(max(stat.st_size - 65536, 0))
        tail = file.read(65536)
    return hashlib.sha256(f"{stat.st_size} {stat.st_mtime_ns} ".encode() + head + tail).hexdigest()


def _exported(work: _Work, ctx: Context) -> ExportReport:
    pieces = list(work.pieces())
    first, last = work.range
    report = ExportReport(work.settings.target, last - first, segments=len(pieces), encoder=work.setup.encoder)
    done = {piece.name: segment for piece in pieces if (segment := work.store.find(piece.name)) is not None}
    report.reused = len(done)
    todo = [piece for piece in pieces if piece.name not in done]
    done |= _encode(work, todo, report, ctx.part(0.0, 0.97))
    _join(work, [done[piece.name] for piece in pieces], report, ctx.part(0.97, 0.03))
    work.store.keep_only(piece.name for piece in pieces)
    _tell(work, report, ctx)
    return report


def _tell(work: _Work, report: ExportReport, ctx: Context) -> None:
    streams = copied(work.film.info)
    report.copied = tuple(stream.name for stream in streams if stream.index not in work.left_out)
    report.left_out = tuple(stream.name for stream in streams if stream.index in work.left_out)
    for note in work.setup.notes:
        ctx.tell(note)
    if report.left_out:
        ctx.tell(f"{work.container.name} cannot hold {', '.join(report.left_out)}: left out.")
    if report.damaged:
        ctx.tell(f"{report.damaged} frames of the source are damaged and were written as far as they can be seen.")
    tick = work.container.tick
    if tick is not None and (work.film.info.time_base * tick).denominator == 1:
        tick = None
    if tick is not None and (1 / work.film.info.time_base) % tick:
        ctx.tell(f"{work.container.name} keeps times to 1/{tick} s; the source is finer.")
    report.notes = list(ctx.notes)


@dataclass(frozen=True, slots=True)
class _Ready:
    """A frame ready for the encoder, and the piece it belongs to."""

    piece: _Piece
    native: Native
    last: bool
    damaged: bool


def _encode(work: _Work, todo: Sequence[_Piece], report: ExportReport, ctx: Context) -> dict[str, Segment]:
    """Make the segments that are not there; each is whole on the disk before the next one begins."""
    total = sum(piece.stop - piece.start for piece in todo)
    made: dict[str, Segment] = {}
    spent = {"engine": 0.0, "encode": 0.0}
    with Ahead(lambda: _frames(work, todo, spent, ctx), _QUEUED) as ready:
        for piece in todo:
            encoder = SegmentEncoder(work.setup)

            def coded(piece: _Piece = piece, encoder: SegmentEncoder = encoder) -> Iterator[Coded]:
                for _ in range(piece.start, piece.stop):
                    item = next(ready)
                    began = time.perf_counter()
                    yield from encoder.encode(item.native)
                    spent["encode"] += time.perf_counter() - began
                    report.encoded += 1
                    report.damaged += item.damaged
                    ctx.step(report.encoded / total, f"frame {report.encoded} of {total}")
                began = time.perf_counter()
                yield from encoder.finish()
                spent["encode"] += time.perf_counter() - began

            made[piece.name] = work.store.write(piece.name, coded(), encoder.extradata)
    report.seconds |= spent
    return made


def _frames(work: _Work, todo: Sequence[_Piece], spent: dict[str, float], ctx: Context) -> Iterator[_Ready]:
    """All frames to encode, painted, in order. Runs in its own thread, ahead of the encoder."""
    quiet = Context(cancelled=ctx.cancelled, notes=ctx.notes)
    for piece in todo:
        edit: FilmEdit = Untouched() if piece.plain else work.edit
        frames = edit.edited(work.film, piece.start, piece.stop, quiet)
        for index in range(piece.start, piece.stop):
            began = time.perf_counter()
            frame, patches = next(frames)
            if frame.index != index:
                message = f"the edit gave frame {frame.index} where {index} was due"
                raise ValueError(message)
            native = painted(frame, patches, work.film.info)
            spent["engine"] += time.perf_counter() - began
            yield _Ready(piece, native, index + 1 == piece.stop, frame.damaged)


def _join(work: _Work, segments: Sequence[Segment], report: ExportReport, ctx: Context) -> None:
    began = time.perf_counter()
    film = work.film
    _, last = work.range
    end = film.times[last] if last < len(film.times) else film.end
    plan = Plan(film.info, work.setup, work.container, work.span(), round(end / film.info.time_base), work.left_out)
    total = max(report.frames, 1)

    def tick(done: int) -> None:
        ctx.step(done / total, "joining")

    with replacing(work.settings.target, overwrite=work.settings.overwrite) as beside:
        join(plan, segments, beside, tick)
    report.seconds["join"] = time.perf_counter() - began
