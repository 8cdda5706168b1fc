"""Moments of a film: always ``pts * time_base`` as Fractions, never seconds as floats, never index / rate."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from fractions import Fraction

from engines.core.faults import EngineError, Fault

_MOMENT = re.compile(r"(?:(?:(\d+):)?(\d+):)?(\d+(?:\.\d+)?)")


def parse_time(text: str) -> Fraction:
    """``1:02:03.5``, ``00:10`` or ``12.25`` as seconds; ``BAD_INPUT`` for anything else."""
    found = _MOMENT.fullmatch(text.strip())
    if found is None:
        raise EngineError(Fault.BAD_INPUT, f"{text!r} is no time.", "Write it as 75.5, 1:15.5 or 0:01:15.5.")
    hours, minutes, seconds = found.groups()
    return int(hours or 0) * 3600 + int(minutes or 0) * 60 + Fraction(seconds)


def parse_range(text: str) -> tuple[Fraction, Fraction | None]:
    """``00:10-00:25`` as two moments; the second is None where it is left out (``00:10-``: to the end)."""
    start, dash, end = text.partition("-")
    if not dash:
        raise EngineError(Fault.BAD_INPUT, f"{text!r} is no range of time.", "Write it as 00:10-00:25.")
    first = parse_time(start) if start.strip() else Fraction(0)
    last = parse_time(end) if end.strip() else None
    if last is not None and last <= first:
        raise EngineError(Fault.BAD_INPUT, f"The range {text} ends before it begins.", "Write it as 00:10-00:25.")
    return first, last


def format_time(time: Fraction) -> str:
    """``0:01:15.500``, to the millisecond below."""
    sign = "-" if time < 0 else ""
    thousandths = int(abs(time) * 1000)
    seconds, rest = divmod(thousandths, 1000)
    return f"{sign}{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{rest:03d}"


def index_at(times: Sequence[Fraction], time: Fraction) -> int:
    """The frame on the screen at ``time``: the last that began by then; the first, before any has."""
    return max(bisect_right(times, time) - 1, 0)
