"""What the person is told in the bar above the picture."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from engines.core.faults import EngineError


class Weight(Enum):
    """How a notice looks."""

    INFO = "info"
    DONE = "done"
    WARNING = "warning"
    ERROR = "error"


class Remedy(Enum):
    """What a notice's button does."""

    NONE = ""
    MODELS = "models"
    LOG = "log"
    LOCATE = "locate"
    RECOVER = "recover"


@dataclass(frozen=True, slots=True)
class Notice:
    """One clear sentence, what helps, and perhaps a button."""

    weight: Weight
    message: str
    hint: str = ""
    remedy: Remedy = Remedy.NONE


def of_error(error: EngineError, remedy: Remedy = Remedy.NONE) -> Notice:
    return Notice(Weight.ERROR, error.message, error.hint, remedy)
