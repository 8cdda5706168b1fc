"""What a person is told when the engine process dies, and which engines are switched off for it."""

from __future__ import annotations

import signal
from collections import Counter

from engines.core.faults import EngineError, Fault

CRASH_LIMIT = 2
"""So many crashes of one engine, with no finished job in between, switch it off."""

_TRY_AGAIN = "Try again; if it happens again, use another engine or the CPU."
_KILLED = "The computer may have run out of memory: try a smaller picture or mask, or another engine."
_LESS = "Close other programs, or try a smaller picture or mask."
_OFF = "Use another engine, or restart the program to try this one again."


class Health:
    """Counts the crashes of each engine."""

    def __init__(self) -> None:
        self._crashes: Counter[str] = Counter()

    def finished(self, engine: str) -> None:
        """A job of ``engine`` had a result: earlier crashes are forgiven."""
        self._crashes.pop(engine, None)

    reset = finished

    def crashed(self, engine: str, code: int | None) -> EngineError:
        """Count a crash with exit ``code``; what to tell of it."""
        self._crashes[engine] += 1
        what = f"The engine process {ending(code)} while {engine} was at work."
        if self._crashes[engine] >= CRASH_LIMIT:
            what += f" That was crash {self._crashes[engine]} in a row, so {engine} is switched off."
            return EngineError(Fault.CRASHED, what, _OFF)
        return EngineError(Fault.CRASHED, what, _KILLED if _was_killed(code) else _TRY_AGAIN)

    def refusal(self, engine: str) -> EngineError | None:
        """Why ``engine`` must not be used, or None."""
        if self._crashes[engine] < CRASH_LIMIT:
            return None
        return EngineError(Fault.CRASHED, f"{engine} is switched off because it crashed twice in a row.", _OFF)


def start_failure(reason: str) -> EngineError:
    """What to tell when there was no engine process to work in."""
    return EngineError(
        Fault.CRASHED, f"The engine process could not be started ({reason}).", "Close other programs and try again."
    )


def transport_failure(error: Exception) -> EngineError:
    """What to tell when a request or a result did not get across."""
    if isinstance(error, MemoryError):
        return EngineError(Fault.OUT_OF_MEMORY, "There was not enough memory to hand the picture over.", _LESS)
    what = f"{type(error).__name__}: {error}"
    return EngineError(Fault.INTERNAL, f"The job could not be handed to the engine process or back ({what}).")


def ending(code: int | None) -> str:
    """An exit code in words: "was ended by SIGKILL", "ended by itself with code 3"."""
    if code is None:
        return "does not answer any more"
    if code >= 0:
        return f"ended by itself with code {code if code < 256 else hex(code)}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"


def _was_killed(code: int | None) -> bool:
    return code is not None and code < 0 and ending(code).endswith("SIGKILL")
