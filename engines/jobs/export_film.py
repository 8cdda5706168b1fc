"""A film, from file to file: decoded, edited where there is something to edit, encoded, and joined with the rest.

It is written in segments, each named by all that it was made of, into a folder beside the target; whole ones are
never made again, whether the last run was killed, cancelled, or done with slightly other masks. Only when all of
them are there is the film joined, under its name at once. Decoding, engine and encoder run at the same time.
"""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from engines.core.atomic import replacing, replacing_folder
from engines.core.context import Context
from engines.core.faults import EngineError, Fault
from engines.core.files import locked
from engines.jobs.ahead import Ahead
from engines.jobs.film_edit import FilmEdit, Untouched
from engines.jobs.film_pieces import ExportSettings, Piece, Work
from engines.media.atomic import check_target
from engines.media.film import copying, timecode
from engines.media.film.copying import NotCopied
from engines.media.film.encode import SegmentEncoder
from engines.media.film.encoders import Encoding, Setup, set_up
from engines.media.film.film import Film
from engines.media.film.formats import Codec, Container, codec_of, container_of
from engines.media.film.info import FilmInfo
from engines.media.film.joiner import Plan, join
from engines.media.film.others import check_streams, copied, refuse_lost_streams
from engines.media.film.paint import Native, painted
from engines.media.film.pictures import as_picture, upright_info
from engines.media.film.reader import open_film
from engines.media.film.segments import LOCK, Coded, Segment, SegmentStore
from engines.media.film.unpack import refuse_large, unpack

_QUEUED = 8
"""Frames between engine and encoder."""


@dataclass(slots=True)
class ExportReport:
    """How an export went. ``encoded``: frames that were encoded in this run, of all ``frames``.

    ``kept``: frames that were copied without encoding. ``seconds``: by stage, measured apart: ``engine``
    (decoding and patches), ``encode``, ``join``.
    """

    target: Path
    frames: int
    encoded: int = 0
    kept: int = 0
    segments: int = 0
    reused: int = 0
    encoder: str = ""
    copied: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    damaged: int = 0
    notes: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)


def export_film(settings: ExportSettings, edit: FilmEdit, ctx: Context) -> ExportReport:
    """Write the film with ``edit`` done to it.

    Raises ``EngineError`` or ``Cancelled``; then nothing is under the target's name that was not there before,
    and what was encoded is kept for another try (``discard`` removes it).
    """
    with open_film(settings.source, deinterlace=settings.deinterlace, rate=settings.rate) as film:
        setup, container, left_out = _set_up(settings, film)
        store = SegmentStore(parts_folder(settings))
        with _alone(store.folder):
            report = _exported(Work(settings, film, edit, setup, container, store, left_out), ctx)
        if not settings.keep:
            store.remove()
    return report


def check_export(settings: ExportSettings, film: Film) -> None:
    """Raise now what ``export_film`` would raise of these settings: the target, the codec, streams without a place."""
    _set_up(settings, film)


def _set_up(settings: ExportSettings, film: Film) -> tuple[Setup, Container, frozenset[int]]:
    """The encoder, the kind of file, and the streams that are left out of it."""
    container = container_of(settings.target)
    _check_target(settings)
    info = upright_info(film.info) if container.pictures else film.info
    if container.pictures not in ("", "folder"):
        refuse_large(info, len(film))
    encoding = settings.encoding or default_encoding(info, container)
    setup = set_up(encoding, info, global_header=container.global_header)
    return setup, container, _left_out(settings, info, container, encoding.codec)


def default_encoding(info: FilmInfo, container: Container) -> Encoding:
    """The film's own codec where it can be written into ``container``; else the container's usual one."""
    own = codec_of(info.codec)
    return Encoding(own if own in container.codecs and own is not None else container.codecs[0])


def parts_folder(settings: ExportSettings) -> Path:
    """Where the segments of an export are."""
    return settings.parts or settings.target.with_name(f".{settings.target.name}.parts")


def discard(settings: ExportSettings) -> None:
    """Remove what an export that did not end has left."""
    SegmentStore(parts_folder(settings)).remove()


def _check_target(settings: ExportSettings) -> None:
    source, target = settings.source, settings.target
    if target.exists() and source.exists() and target.samefile(source):
        message = f"{target} is the film itself, which is never overwritten."
        raise EngineError(Fault.EXISTS, message, "Give another -o.")
    if container_of(target).pictures != "folder":
        check_target(target, overwrite=settings.overwrite)
    elif target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise EngineError(Fault.EXISTS, f"{target} exists already.", "Give another -o.")


def _left_out(settings: ExportSettings, info: FilmInfo, container: Container, codec: Codec) -> frozenset[int]:
    if info.orientation not in container.turns:
        message = f"{container.name} files cannot tell that the film is turned."
        raise EngineError(Fault.BAD_INPUT, message, "Write to .mp4 or .mov instead.")
    if settings.pictures_only:
        return frozenset(stream.index for stream in copied(info))
    if settings.leave_out and codec in container.codecs:
        return frozenset(stream.index for stream in check_streams(info, container, codec))
    refuse_lost_streams(info, container, codec)
    return frozenset()


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep other exports of the same target out."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with locked(folder / LOCK, wait=False):
            yield
    except BlockingIOError as error:
        message = f"{folder.name} is in use: another export writes the same film."
        raise EngineError(Fault.EXISTS, message, "Wait for it, or give another -o.") from error
    except OSError as error:
        message = f"{folder} could not be written: {error.strerror or error}."
        raise EngineError(Fault.NOT_WRITTEN, message, "Free some space, or write elsewhere.") from error


def _exported(work: Work, ctx: Context) -> ExportReport:
    if work.settings.copy_untouched:
        try:
            return _partly_copied(work, ctx)
        except NotCopied as reason:
            ctx.tell(f"Everything was encoded anew: {reason}.")
    return _made(work, work.pieces(), ctx)


def _partly_copied(work: Work, ctx: Context) -> ExportReport:
    """Copy what is not edited, encode the rest, and look at the result; ``NotCopied`` where that cannot be."""
    cuts = copying.cuts(work.film, work.setup, work.container)
    inner = dataclasses.replace(work, setup=copying.in_band(work.setup))
    pieces = inner.pieces(cuts)
    if not any(piece.copied for piece in pieces):
        raise NotCopied("there is an edit in every group of pictures that stands for itself")
    return _made(inner, pieces, ctx)


def _made(work: Work, pieces: Sequence[Piece], ctx: Context) -> ExportReport:
    first, last = work.range
    report = ExportReport(work.settings.target, last - first, segments=len(pieces), encoder=work.setup.encoder)
    done = {piece.name: segment for piece in pieces if (segment := work.store.find(piece.name)) is not None}
    report.reused = len(done)
    for piece in pieces:
        if piece.copied:
            report.kept += piece.stop - piece.start
            if piece.name not in done:
                coded = copying.copied(work.film, piece.start, piece.stop)
                done[piece.name] = work.store.write(piece.name, coded, b"")
    done |= _encode(work, [piece for piece in pieces if piece.name not in done], report, ctx.part(0.0, 0.95))
    _join(work, pieces, [done[piece.name] for piece in pieces], report, ctx.part(0.95, 0.05))
    work.store.keep_only(piece.name for piece in pieces)
    _tell(work, report, ctx)
    return report


def _replacing(work: Work) -> contextlib.AbstractContextManager[Path]:
    folder = work.container.pictures == "folder"
    return (replacing_folder if folder else replacing)(work.settings.target, overwrite=work.settings.overwrite)


def _tell(work: Work, report: ExportReport, ctx: Context) -> None:
    streams = copied(work.film.info)
    report.copied = tuple(stream.name for stream in streams if stream.index not in work.left_out)
    report.left_out = tuple(stream.name for stream in streams if stream.index in work.left_out)
    for note in work.setup.notes:
        ctx.tell(note)
    if report.left_out and not work.settings.pictures_only:
        ctx.tell(f"{work.container.name} cannot hold {', '.join(report.left_out)}: left out.")
    if report.damaged:
        ctx.tell(f"{report.damaged} frames of the source are damaged and were written as far as they can be seen.")
    shift = work.span().shift
    if shift and work.settings.start is None:
        ctx.tell(f"Times begin at zero; the source's begin at {timecode.format_time(-shift)}.")
    tick = work.container.tick
    if tick is not None and any((time * tick).denominator > 1 for time in work.film.times[:100]):
        ctx.tell(f"{work.container.name} keeps times to 1/{tick} s; the source is finer.")
    report.notes = list(ctx.notes)


@dataclass(frozen=True, slots=True)
class _Ready:
    """A frame ready for the encoder."""

    native: Native
    damaged: bool


def _encode(work: Work, todo: Sequence[Piece], report: ExportReport, ctx: Context) -> dict[str, Segment]:
    """Make the segments that are not there; each is whole on the disk before the next one begins."""
    total = sum(piece.stop - piece.start for piece in todo)
    made: dict[str, Segment] = {}
    spent = {"engine": 0.0, "encode": 0.0}
    with Ahead(lambda: _frames(work, todo, spent, ctx), _QUEUED) as ready:
        for piece in todo:
            encoder = SegmentEncoder(work.setup)

            def coded(piece: Piece = piece, encoder: SegmentEncoder = encoder) -> Iterator[Coded]:
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


def _frames(work: Work, todo: Sequence[Piece], spent: dict[str, float], ctx: Context) -> Iterator[_Ready]:
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
            if work.container.pictures:
                native = as_picture(work.film.remade(frame, native))
            spent["engine"] += time.perf_counter() - began
            yield _Ready(native, frame.damaged)


def _join(work: Work, pieces: Sequence[Piece], segments: Sequence[Segment], report: ExportReport, ctx: Context) -> None:
    began = time.perf_counter()
    film = work.film
    first, last = work.range
    end = film.times[last] if last < len(film.times) else film.end
    ticks = round(end / film.info.time_base)
    own = report.kept > 0
    plan = Plan(work.setup.info, work.setup, work.container, work.span(), ticks, work.left_out, in_band=own)
    total = max(report.frames, 1)

    def tick(done: int) -> None:
        ctx.step(done / total, "joining")

    finish = unpack if work.container.pictures else join
    with _replacing(work) as beside:
        finish(plan, segments, beside, tick)
        if own:
            copying.check(work.film, beside, [(piece.start, piece.stop) for piece in pieces if piece.copied], first)
    report.seconds["join"] = time.perf_counter() - began
