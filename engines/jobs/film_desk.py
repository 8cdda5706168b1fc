"""Whole tasks over a film on disk, as requests to an engine process: track, find text, preview, export.

A request carries paths, masks and settings, never frames. Whatever else is asked goes on to the session.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, cast

from engines.core.context import Context
from engines.core.tracks import MaskTrack
from engines.core.types import Box, Patch
from engines.requests import AnyRequest, AnyResult, FilmRequest, FilmResult, Request

if TYPE_CHECKING:
    from engines.jobs.clean_film import Cleaning
    from engines.jobs.film_pieces import ExportSettings
    from engines.jobs.track_masks import Direction
    from engines.media.film.film import Film
    from engines.session import Session


_DRAFT_LEAD, _LEAD = 16, 48
"""Frames on either side that a draft, and a preview in full, is made with."""


@dataclass(frozen=True, slots=True, eq=False)
class FollowTrack(FilmRequest):
    """Carry the keys of ``track`` through the film ``source``, to frames ``start`` .. ``stop`` (excluded) at most."""

    source: Path
    track: MaskTrack
    direction: Direction
    start: int
    stop: int
    engine: str = "flow"
    device: str = "auto"


@dataclass(frozen=True, slots=True, eq=False)
class FindTitles(FilmRequest):
    """Find the text in frames ``start`` to ``stop`` of ``source``, in a part of the picture or in all of it."""

    source: Path
    start: int
    stop: int
    region: Box | None = None
    name: str = "Text"
    engine: str = "text"
    device: str = "auto"


@dataclass(frozen=True, slots=True, eq=False)
class CleanSpan(FilmRequest):
    """The patches of frames ``start`` to ``stop`` (excluded).

    ``draft``: the engine sees fewer frames around them and measures motion more coarsely, where it knows how; else
    they are made as an export makes them.
    """

    source: Path
    what: Cleaning
    start: int
    stop: int
    draft: bool = True
    engine: str = "propagate"


@dataclass(frozen=True, slots=True, eq=False)
class ExportFilm(FilmRequest):
    """Write the film with ``what`` erased."""

    settings: ExportSettings
    what: Cleaning
    engine: str = "propagate"


@dataclass(frozen=True, slots=True, eq=False)
class ReadMasks(FilmRequest):
    """Read the masks in ``path`` (a film, a folder of pictures, a picture) for ``frames`` frames of ``size``.

    ``size``: (height, width) of the film that they are for.
    """

    path: Path
    size: tuple[int, int]
    frames: int
    engine: str = "masks"


@dataclass(frozen=True, slots=True, eq=False)
class WriteMasks(FilmRequest):
    """Write the masks of ``track`` for a film of ``frames`` frames into ``folder``, which is new or empty."""

    track: MaskTrack
    folder: Path
    frames: int
    engine: str = "masks"


@dataclass(frozen=True, slots=True, eq=False)
class TrackMade(FilmResult):
    """A track with what was made of it."""

    track: MaskTrack
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class MasksWritten(FilmResult):
    """How many masks ``folder`` holds now."""

    folder: Path
    count: int


@dataclass(frozen=True, slots=True, eq=False)
class SpanCleaned(FilmResult):
    """Patches for each frame from ``start`` on."""

    start: int
    patches: tuple[tuple[Patch, ...], ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class FilmExported(FilmResult):
    """What was written. ``frames``, of which ``encoded`` in this run; stream names; bytes of the file."""

    target: Path
    frames: int
    encoded: int
    encoder: str
    copied: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    size: int = 0
    notes: tuple[str, ...] = ()


@dataclass(slots=True, eq=False)
class FilmDesk:
    """A session that also answers requests about films. ``opened`` makes it when it is first needed."""

    opened: Callable[[], Session]
    _session: Session | None = field(default=None, init=False)

    @property
    def session(self) -> Session:
        if self._session is None:
            self._session = self.opened()
        return self._session

    def run(self, request: AnyRequest, ctx: Context) -> AnyResult:
        """The answer, an ``EngineError``, or ``Cancelled``."""
        match request:
            case FollowTrack():
                return self._follow(request, ctx)
            case FindTitles():
                return self._titles(request, ctx)
            case CleanSpan():
                return self._clean(request, ctx)
            case ExportFilm():
                return self._export(request, ctx)
            case ReadMasks() | WriteMasks():
                return _mask_files(request, ctx)
            case _:
                return self.session.run(cast("Request", request), ctx)

    def warm(self) -> None:
        """Import what is slow to import."""
        self.session.warm()

    def close(self) -> None:
        """Free all engines."""
        if self._session is not None:
            self._session.close()

    def _follow(self, request: FollowTrack, ctx: Context) -> TrackMade:
        from dataclasses import replace

        from engines.core.tracks import Span, TrackKind
        from engines.jobs.track_masks import Following, track_masks
        from engines.media.film.reader import open_film
        from engines.planner import fallback_tracker

        asked = request.track
        spans = asked.ranges or (Span(request.start, request.stop),)
        track = replace(asked, kind=TrackKind.TRACKED, ranges=spans, made={}, stops=())
        with open_film(request.source) as film:
            cuts = scene_cuts(film, request.source, (request.start, request.stop), ctx.part(0.0, 0.2))
            fallback = fallback_tracker(self.session.catalog, self.session.store, request.engine)
            how = Following(request.engine, fallback, request.direction, cuts, device=request.device)
            made = track_masks(self.session, film, track, how, ctx.part(0.2, 0.8))
        return TrackMade(replace(made, ranges=asked.ranges), tuple(ctx.notes))

    def _titles(self, request: FindTitles, ctx: Context) -> TrackMade:
        from dataclasses import replace

        from engines.jobs.find_subtitles import Looking, find_subtitles
        from engines.jobs.footage import Part
        from engines.media.film.reader import open_film

        with open_film(request.source) as film:
            part = Part(film, request.start, request.stop)
            how = Looking(request.region, name=request.name, device=request.device)
            track, _ = find_subtitles(self.session, part, how, ctx)
        made = {frame + request.start: tracked for frame, tracked in track.made.items()}
        return TrackMade(replace(track, made=made), tuple(ctx.notes))

    def _clean(self, request: CleanSpan, ctx: Context) -> SpanCleaned:
        from engines.jobs.film_cleaning import clean_span
        from engines.media.film.reader import open_film

        patches: list[tuple[Patch, ...]] = []
        span = range(request.start, request.stop)
        what, lead = (self._drafted(request.what), _DRAFT_LEAD) if request.draft else (request.what, _LEAD)
        with open_film(request.source) as film:
            for made in clean_span(self.session, film, span, what, ctx, lead=lead):
                patches.append(made)
                ctx.step(len(patches) / max(len(span), 1), f"frame {len(patches)} of {len(span)}")
        return SpanCleaned(request.start, tuple(patches), tuple(ctx.notes))

    def _drafted(self, what: Cleaning) -> Cleaning:
        """The same with engines told to be quick, where they have such an option."""
        from dataclasses import replace

        def drafted(track: MaskTrack) -> MaskTrack:
            options = self.session.catalog.card(track.engine).options
            quick = any(option.name == "quick" for option in options)
            return replace(track, options={**track.options, "quick": True}) if quick else track

        return replace(what, tracks=tuple(drafted(track) for track in what.tracks))

    def _export(self, request: ExportFilm, ctx: Context) -> FilmExported:
        from engines.jobs.export_film import export_film
        from engines.jobs.film_cleaning import FilmCleaning

        done = export_film(request.settings, FilmCleaning(self.session, request.what), ctx)
        size, notes = done.target.stat().st_size, tuple(dict.fromkeys([*done.notes, *ctx.notes]))
        return FilmExported(
            done.target, done.frames, done.encoded, done.encoder, done.copied, done.left_out, size, notes
        )


def _mask_files(request: ReadMasks | WriteMasks, ctx: Context) -> TrackMade | MasksWritten:
    from engines.jobs.mask_files import masks_for, write_folder

    if isinstance(request, ReadMasks):
        return TrackMade(masks_for(request.path, request.size, request.frames, ctx), tuple(ctx.notes))
    return MasksWritten(request.folder, write_folder((request.track,), request.folder, request.frames, ctx))


def open_desk(*card_folders: Path) -> FilmDesk:
    """A desk over a session of its own; for the engine process."""

    def opened() -> Session:
        from engines.session import open_session

        return open_session(*card_folders)

    return FilmDesk(opened)


def scene_cuts(film: Film, source: Path, span: tuple[int, int], ctx: Context) -> frozenset[int]:
    """The frames in the span that begin a scene. What was found is kept until the file changes."""
    stat = source.stat()
    key = str(source), stat.st_size, stat.st_mtime_ns, *span
    found = _cuts().get(key)
    if found is None:
        found = _cuts()[key] = _find_cuts(film, span, ctx)
    return found


@lru_cache(maxsize=1)
def _cuts() -> dict[tuple[object, ...], frozenset[int]]:
    return {}


def _find_cuts(film: Film, span: tuple[int, int], ctx: Context) -> frozenset[int]:
    from engines.media.film.screen import Screen
    from engines.pipeline.cuts import CutFinder

    finder, screen = CutFinder(), Screen(film.info)
    cuts: set[int] = set()
    for number, frame in enumerate(film.frames(*span)):
        ctx.step(number / (span[1] - span[0]), "looking for cuts")
        small = screen.draw(frame, (128, 192))
        if finder.is_cut(small[..., 2::-1]):
            cuts.add(frame.index)
    return frozenset(cuts)
