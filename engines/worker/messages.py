"""What the editor's process and the engine process say to each other over their pipe, and how it is set up.

These values are pickled, which is safe only because both ends are ours. Whatever holds pixels travels as a
``Parcel``; everything else as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeAlias

from engines.core.context import Context
from engines.requests import AnyRequest, AnyResult, Failed, Progressed, WasCancelled
from engines.worker.frames import Parcel


class SessionLike(Protocol):
    """What the engine process needs of a session."""

    def run(self, request: AnyRequest, ctx: Context) -> AnyResult:
        """The result, an ``EngineError``, or ``Cancelled``."""
        ...

    def warm(self) -> None:
        """Import what is slow to import."""
        ...

    def close(self) -> None:
        """Free all engines."""
        ...


@dataclass(frozen=True, slots=True)
class WorkerConfig:
    """How an engine process is started and watched. Travels to the process itself.

    ``session_factory`` is ``module:function``; it is called in the engine process, with ``card_folders`` as
    its arguments, when the first job or ``warm`` needs it. ``cancel_grace``: seconds that a cancelled job may
    go on before its process is killed. ``idle_seconds``: after so long without work the process ends.
    ``reports_per_second`` limits ``Progressed`` and ``Previewed``. ``log`` receives what engines and native
    libraries print, and the Python stacks of a crash; without it that is thrown away.
    """

    card_folders: tuple[Path, ...] = ()
    session_factory: str = "engines.jobs.film_desk:open_desk"
    cancel_grace: float = 5.0
    idle_seconds: float = 600.0
    reports_per_second: float = 20.0
    log: Path | None = None


# ---- to the engine process


@dataclass(frozen=True, slots=True)
class Run:
    """Answer the request in the parcel."""

    job: int
    wants_preview: bool
    request: Parcel


@dataclass(frozen=True, slots=True)
class Cancel:
    job: int


@dataclass(frozen=True, slots=True)
class Grant:
    """The answer to ``Claim``: a slot of that size, or None where there is no room and the pipe must do."""

    slot: str | None


@dataclass(frozen=True, slots=True)
class Warm:
    """Import what is slow to import, before the first job needs it."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Nothing more will be asked: free the engines and end."""


Order: TypeAlias = Run | Cancel | Grant | Warm | Stop

# ---- from the engine process


@dataclass(frozen=True, slots=True)
class Ready:
    """The process is up and listens."""


@dataclass(frozen=True, slots=True)
class Taken:
    """The request was copied out of its slot."""

    slot: str


@dataclass(frozen=True, slots=True)
class Claim:
    """Wanted: a slot of ``size`` bytes. The parent makes all slots, so that a dead child leaks none."""

    size: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """A parcel with a ``Previewed`` or ``Finished`` of ``job``."""

    job: int
    event: Parcel


@dataclass(frozen=True, slots=True)
class Mishap:
    """An exception that nobody expected, for the log: its traceback."""

    traceback: str


Answer: TypeAlias = Ready | Taken | Claim | Delivery | Mishap | Progressed | Failed | WasCancelled
