"""The plug for vision-language models: an installed package may name what lies behind the hole.

A package offers a function in the entry-point group ``cleanplate.describers``. It is given the picture with the hole
outlined in red, ``(h, w, 3)`` float32 in 0..1, and answers with the names of the background's parts.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable, Sequence

from engines.core.faults import EngineError, Fault
from engines.core.types import FloatImage
from engines.diffusion.partition import read_labels

GROUP = "cleanplate.describers"

Describe = Callable[[FloatImage], Sequence[str]]


def described(name: str, picture: FloatImage) -> tuple[str, ...]:
    """The labels that the describer called ``name`` gives.

    Raises ``EngineError``: NO_BACKEND where there is none or it fails, BAD_INPUT where its answer is no list of names.
    """
    try:
        answer: object = _describer(name)(picture)
    except EngineError:
        raise
    except Exception as error:  # foreign code raises whatever it likes
        raise EngineError(
            Fault.NO_BACKEND, f"The describer {name} failed: {error}.", "Name the background yourself, or leave it out."
        ) from error
    if not isinstance(answer, list | tuple) or not all(isinstance(label, str) for label in answer):
        raise EngineError(
            Fault.BAD_INPUT, f"The describer {name} gave no list of names.", "Name the background yourself."
        )
    return read_labels(",".join(answer))


def _describer(name: str) -> Describe:
    found = importlib.metadata.entry_points(group=GROUP)
    if name not in found.names:
        there = ", ".join(sorted(found.names)) or "none"
        raise EngineError(Fault.NO_BACKEND, f"There is no describer {name!r} here.", f"Installed are: {there}.")
    load: Describe = found[name].load()
    return load
