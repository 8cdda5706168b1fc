"""What ``erase --verify`` tells: whether text is left, where, and what helps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # these import numpy, which --help must not wait for
    from engines.core.engine import TextLine
    from engines.jobs.erase_file import FileReport

UNVERIFIED = 3
"""The exit code where a photo was erased and written, and --verify does not say that it is clean."""


def unverified(report: FileReport) -> bool:
    """Whether something was erased that was to be found clean and was not."""
    from engines.jobs.erase_file import Outcome
    from engines.pipeline.verify import Verdict

    seen = report.verification
    return seen is not None and seen.verdict is not Verdict.CLEAN and report.outcome is not Outcome.COPIED


def warning(report: FileReport) -> str:
    """What to say aloud of an unverified photo."""
    from engines.pipeline.verify import Verdict

    seen = report.verification
    if seen is None or seen.verdict is Verdict.NOT_CHECKED:
        reason = seen.reason if seen else ""
        return f"It was written, but nobody could look whether text is left. {reason}"
    places = ", ".join(_place(line) for line in seen.lines)
    why = seen.reason or f"It was tried {seen.rounds + 1} times."
    return f"It was written, but text can still be found in it: {places}. {why} Try another --engine, or --grow."


def confirmation(report: FileReport) -> str:
    """What to say of a verified photo; empty where nobody was to look."""
    from engines.pipeline.verify import Verdict

    seen = report.verification
    if seen is None or seen.verdict is not Verdict.CLEAN:
        return ""
    more = f", after erasing more {seen.rounds} time{'' if seen.rounds == 1 else 's'}" if seen.rounds else ""
    return f"Verified: no text is found in the erased places of the written file{more}."


def lines_as_dicts(lines: Sequence[TextLine]) -> list[dict[str, object]]:
    """Lines of text for JSON."""
    return [
        {
            "text": line.text,
            "confidence": round(line.confidence, 3),
            "polygon": [[round(float(x), 1), round(float(y), 1)] for x, y in line.polygon],
        }
        for line in lines
    ]


def verification_as_dict(report: FileReport) -> dict[str, object] | None:
    """What a second look saw, for JSON; None where nobody asked for one."""
    seen = report.verification
    if seen is None:
        return None
    return {
        "verdict": seen.verdict.value,
        "rounds": seen.rounds,
        "text": lines_as_dicts(seen.lines),
        "reason": seen.reason,
    }


def _place(line: TextLine) -> str:
    x, y = (round(float(value)) for value in line.polygon.min(axis=0))
    return f"{line.text!r} at {x},{y}" if line.text else f"at {x},{y}"
