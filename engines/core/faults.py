"""What can go wrong, as values that a person can be told."""

from __future__ import annotations

from enum import Enum


class Fault(Enum):
    """The kinds of failure that callers tell apart."""

    BAD_INPUT = "bad input"
    UNREADABLE = "unreadable file"
    TOO_LARGE = "too large"
    MASK_SIZE = "mask of another size"
    UNKNOWN_ENGINE = "unknown engine"
    WEIGHTS_MISSING = "weights missing"
    WEIGHTS_INVALID = "weights invalid"
    OUT_OF_MEMORY = "out of memory"
    NO_DEVICE = "device missing"
    NO_BACKEND = "backend missing"
    EXISTS = "file exists"
    NOT_WRITTEN = "not written"
    NO_NETWORK = "network"
    CRASHED = "engine crashed"
    DEVICE_LOST = "device lost"
    INTERNAL = "internal error"


class EngineError(Exception):
    """A failure that is told to the person: what happened, and what to do about it.

    ``message`` is one clear sentence; ``hint`` says what helps and may be empty.
    """

    def __init__(self, fault: Fault, message: str, hint: str = "") -> None:
        super().__init__(fault, message, hint)  # all three, so that the error survives a pickle
        self.fault = fault
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".rstrip()


class Cancelled(Exception):  # noqa: N818 - not an error: the person asked for it
    """Raised by ``Context.step`` once the person has cancelled."""
