"""What can be asked of a session, and what it tells while it works.

Requests and events are frozen values: the whole input is inside, so one can be pickled to the engine
process, kept as a test case, or sent to a cluster.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from engines.core.context import Context
from engines.core.engine import Backend, FoundText, Hint, Options, Selection, Task, Tracked
from engines.core.faults import EngineError
from engines.core.types import Box, FloatImage, Mask, Patch, Pixels


@dataclass(frozen=True, slots=True, eq=False)
class EraseImage:
    """Erase ``mask`` from ``image`` (``(h, w, 3)``, uint8, uint16 or float32).

    ``engine``: a card's id, or ``auto`` for the best measured one that is ready; it is given those of the options
    that it has. ``device``: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``. ``allow_cpu``: after running out of
    graphics memory with the smallest tiles, go on with the CPU and say so. ``backend`` None: what the engine likes
    best. ``task``: what kind of thing the mask covers; ``auto`` and options at their defaults follow it.
    ``avoid``: what must not be copied from, outside the mask.
    """

    engine: str
    image: Pixels
    mask: Mask
    options: Options = field(default_factory=dict)
    device: str = "auto"
    backend: Backend | None = None
    allow_cpu: bool = False
    task: Task = Task.TEXT
    avoid: Mask = field(default_factory=lambda: Mask.union(()))


@dataclass(frozen=True, slots=True, eq=False)
class DetectText:
    """Find the text lines of ``image`` (``(h, w, 3)`` uint8 RGB)."""

    image: Pixels
    options: Options = field(default_factory=dict)
    engine: str = "text"
    device: str = "auto"


@dataclass(frozen=True, slots=True, eq=False)
class FilmEngine:
    """Which video engine cleans a film, and what paints the places that no frame shows.

    ``fill``: an image engine's id, or ``auto`` for the best one for objects that is ready; it gets ``fill_options``.
    ``device`` and ``backend`` are for both; None: what each likes best.
    """

    engine: str = "propagate"
    options: Options = field(default_factory=dict)
    fill: str = "auto"
    fill_options: Options = field(default_factory=dict)
    device: str = "auto"
    backend: Backend | None = None


@dataclass(frozen=True, slots=True, eq=False)
class EraseFrames:
    """Erase ``masks`` from consecutive ``frames`` (``(h, w, 3)``, of one size and depth); one mask a frame.

    For short clips and previews: a film is cleaned frame by frame, by ``engines.jobs.clean_film``.
    """

    how: FilmEngine
    frames: tuple[Pixels, ...]
    masks: tuple[Mask, ...]

    @property
    def engine(self) -> str:
        return self.how.engine


@dataclass(frozen=True, slots=True, eq=False)
class TrackMask:
    """Follow ``start``, the mask in the first of ``frames`` (``(h, w, 3)`` uint8 RGB), through the others.

    To track backwards, give the frames in reverse.
    """

    engine: str
    frames: tuple[Pixels, ...]
    start: Mask
    options: Options = field(default_factory=dict)
    device: str = "auto"


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """Select the thing in ``image`` (``(h, w, 3)`` uint8 RGB) that ``points`` lie on and ``box`` surrounds.

    The session remembers what it has seen of a picture: more clicks on the same pixels are answered at once.
    """

    image: Pixels
    points: tuple[Hint, ...] = ()
    box: Box | None = None
    engine: str = "sam2"
    device: str = "auto"


Request: TypeAlias = EraseImage | DetectText | Segment | EraseFrames | TrackMask


class FilmRequest:
    """A whole task over a film on disk; ``engines.jobs.film_desk`` has them, and answers them over a session."""

    engine: str
    """The id of the engine that does most of it."""


AnyRequest: TypeAlias = Request | FilmRequest
"""What an engine process can be asked."""


@dataclass(frozen=True, slots=True, eq=False)
class Erased:
    """The patches to paint, and how they were made. ``seconds`` by stage; ``peak_memory`` in bytes."""

    patches: tuple[Patch, ...]
    engine: str
    device: str
    backend: Backend
    regions: int
    seconds: Mapping[str, float]
    peak_memory: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Detected:
    """The text found, how long it took, and on what."""

    found: FoundText
    device: str
    seconds: Mapping[str, float]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class ErasedFrames:
    """The patches to paint into each frame, and how they were made."""

    patches: tuple[tuple[Patch, ...], ...]
    engine: str
    device: str
    seconds: Mapping[str, float]
    peak_memory: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class MaskTracked:
    """The mask in each frame after the first, as far as the tracker was sure; it may have stopped early."""

    found: tuple[Tracked, ...]
    device: str
    seconds: Mapping[str, float]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Segmented:
    """What was selected, how long it took by stage (no ``embed`` where the picture was known), and on what."""

    selection: Selection
    device: str
    seconds: Mapping[str, float]
    notes: tuple[str, ...] = ()


Result: TypeAlias = Erased | Detected | Segmented | ErasedFrames | MaskTracked


class FilmResult:
    """The answer to a ``FilmRequest``. ``notes``: what the person must be told."""

    notes: tuple[str, ...]


AnyResult: TypeAlias = Result | FilmResult


@dataclass(frozen=True, slots=True, eq=False)
class Progressed:
    """``done`` is the share of the job that is finished, 0..1."""

    job: int
    done: float
    note: str


@dataclass(frozen=True, slots=True, eq=False)
class Previewed:
    """An intermediate crop, ``(h, w, 3)`` float32 in 0..1."""

    job: int
    image: FloatImage


@dataclass(frozen=True, slots=True, eq=False)
class Finished:
    job: int
    result: AnyResult


@dataclass(frozen=True, slots=True)
class WasCancelled:
    job: int


@dataclass(frozen=True, slots=True)
class Failed:
    job: int
    error: EngineError


Event: TypeAlias = Progressed | Previewed | Finished | WasCancelled | Failed
"""Each job ends in exactly one of the last three."""


class Runner(Protocol):
    """Whoever can answer a request: a ``Session`` in this process, or the client of an engine process."""

    def run(self, request: Request, ctx: Context) -> Result:
        """The result, an ``EngineError``, or ``Cancelled``."""
        ...
