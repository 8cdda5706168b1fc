"""One film, from file to file: find what is to go, erase it, write the film with all else as it was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from engines.core.context import Context
from engines.core.engine import Backend, Options
from engines.core.faults import EngineError, Fault
from engines.core.measure import Stopwatch, peak_memory
from engines.core.tracks import MaskTrack
from engines.jobs.clean_film import Cleaning, FilmEngines
from engines.jobs.export_film import ExportReport, check_export, export_film
from engines.jobs.film_cleaning import FilmCleaning
from engines.jobs.film_pieces import ExportSettings
from engines.jobs.film_tracks import FilmWhat, Helper, film_tracks
from engines.jobs.mask_film import check_save, save_masks
from engines.media.film.reader import open_film


class FilmSession(Helper, FilmEngines, Protocol):
    """A ``Session``."""


@dataclass(frozen=True, slots=True)
class FilmHow:
    """``fill``: the image engine for what no frame shows (``auto``: the best one), with its options.

    ``masks``: where to keep what is erased, too, as ``save_masks`` does; None: nowhere.
    """

    fill: str = "auto"
    fill_options: Options = field(default_factory=dict)
    device: str = "auto"
    backend: Backend | None = None
    masks: Path | None = None


@dataclass(frozen=True, slots=True, eq=False)
class FilmReport:
    """How it went. ``tracks``: what was erased; ``seconds`` by stage; ``peak_memory`` in bytes; ``masks``: as asked."""

    export: ExportReport
    tracks: tuple[MaskTrack, ...]
    seconds: Mapping[str, float]
    peak_memory: int
    notes: tuple[str, ...]
    masks: Path | None = None


def clean_film_file(
    session: FilmSession, settings: ExportSettings, what: FilmWhat, how: FilmHow, ctx: Context
) -> FilmReport:
    """Erase ``what`` from the film ``settings.source`` and write ``settings.target``.

    Whatever would keep the film from being written is found before the work begins. Raises ``EngineError`` or
    ``Cancelled``; then nothing is under the target's name, and a second call goes on from what is finished.
    """
    watch = Stopwatch()
    with open_film(settings.source, deinterlace=settings.deinterlace, rate=settings.rate) as film:
        check_export(settings, film)
        if how.masks is not None:
            check_save(film, settings, how.masks)
        with watch.stage("find"):
            tracks = film_tracks(session, film, what, ctx.part(0.0, 0.2))
        if not tracks:
            message = f"Nothing to erase was found in {settings.source.name}; no film was written."
            raise EngineError(Fault.BAD_INPUT, message, "Say what with a box, a mask, or a painted frame.")
        if how.masks is not None:
            with watch.stage("masks"):
                save_masks(film, tracks, settings, how.masks, ctx.part(0.2, 0.1))
        cleaning = Cleaning(tracks, how.fill, how.fill_options, how.device, how.backend)
    report = export_film(settings, FilmCleaning(session, cleaning), ctx.part(0.3, 0.7))
    seconds = {**watch.seconds, **report.seconds}
    return FilmReport(report, tracks, seconds, peak_memory(), tuple(ctx.notes), how.masks)
