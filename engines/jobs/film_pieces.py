"""What an export writes, cut into pieces that are made one at a time, each named by all that it is made of."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from engines.core.faults import EngineError, Fault
from engines.jobs.film_edit import FilmEdit
from engines.media.film.encoders import Encoding, Setup
from engines.media.film.film import Film
from engines.media.film.formats import Container
from engines.media.film.others import Span
from engines.media.film.segments import SegmentStore

_FORMAT = 1
"""Part of each segment's name: what an older program made is not taken for what this one would."""
_SECONDS = 8


@dataclass(frozen=True, slots=True)
class ExportSettings:
    """What to write and how.

    ``encoding``: None: the film's own codec where it can be written, else H.264. ``start``, ``end``: the part to
    write, in the film's own time (None: all of it). ``leave_out``: streams that the container cannot hold are
    left out, instead of refusing. ``copy_untouched``: groups of pictures in which nothing is edited are copied as
    they are, where codec and container allow it. ``keep``: segments stay for the next export of the same target.
    ``parts``: the folder for segments; None: beside the target. ``rate``: of a folder of pictures; None: 25.
    ``pictures_only``: no sound, and nothing else that the source holds beside its pictures.
    """

    source: Path
    target: Path
    encoding: Encoding | None = None
    start: Fraction | None = None
    end: Fraction | None = None
    deinterlace: bool = False
    leave_out: bool = False
    copy_untouched: bool = False
    overwrite: bool = False
    keep: bool = False
    parts: Path | None = None
    segment_frames: int | None = None
    rate: Fraction | None = None
    pictures_only: bool = False


@dataclass(frozen=True, slots=True)
class Piece:
    """Frames ``start`` to ``stop`` under the name of their segment; ``plain``: nothing is edited;
    ``copied``: taken from the source as it is."""

    start: int
    stop: int
    name: str
    plain: bool
    copied: bool = False


@dataclass(frozen=True, slots=True)
class Work:
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

    @property
    def length(self) -> int:
        """Frames of a segment."""
        return self.settings.segment_frames or max(24, round(self.film.info.rate * _SECONDS))

    def pieces(self, cuts: Sequence[int] = ()) -> list[Piece]:
        """Cut at whole multiples of the segment's length, so that other ranges give the same segments.

        ``cuts``: frames where groups of pictures begin that stand for themselves: then cut there, and nowhere
        else, and have pieces in which nothing is edited copied.
        """
        base = f"{_FORMAT} {identity(self.settings.source)} {self.settings.deinterlace} {self.setup.text}"
        return [self._piece(base, *span) for span in (self._grouped(cuts) if cuts else self._grid())]

    def _piece(self, base: str, start: int, stop: int, copied: bool) -> Piece:
        key = self.edit.key(start, stop)
        text = f"{base} {start} {stop} {key}" + (" copied" if copied else "")
        return Piece(start, stop, hashlib.sha256(text.encode()).hexdigest()[:40], key == "", copied)

    def _grid(self) -> Iterator[tuple[int, int, bool]]:
        first, last = self.range
        for start in range(first // self.length * self.length, last, self.length):
            yield max(start, first), min(start + self.length, last), False

    def _grouped(self, cuts: Sequence[int]) -> Iterator[tuple[int, int, bool]]:
        """Neighbouring groups of pictures together, as long as all or none of them are copied."""
        first, last = self.range
        whole = {*cuts, len(self.film)}
        bounds = [first, *(cut for cut in cuts if first < cut < last), last]
        start, free = first, False
        for cut, after in itertools.pairwise(bounds):
            untouched = cut in whole and after in whole and self.edit.key(cut, after) == ""
            if cut > start and (untouched != free or cut - start >= self.length):
                yield start, cut, free
                start = cut
            free = untouched
        yield start, last, free

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
    if source.is_dir():
        files = sorted((file.name, file.stat()) for file in source.iterdir())
        text = repr([(name, stat.st_size, stat.st_mtime_ns) for name, stat in files])
        return hashlib.sha256(text.encode()).hexdigest()
    stat = source.stat()
    with source.open("rb") as file:
        head = file.read(65536)
        file.seek(max(stat.st_size - 65536, 0))
        tail = file.read(65536)
    return hashlib.sha256(f"{stat.st_size} {stat.st_mtime_ns} ".encode() + head + tail).hexdigest()
