"""How long engines took and how much memory they used on this machine: measured, kept, never guessed."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import cast

from engines.core.atomic import write_bytes
from engines.core.faults import EngineError

_KEPT = 20
"""Runs remembered of each engine on each device."""


@dataclass(frozen=True, slots=True)
class Run:
    """One finished job: megapixels of its crops, seconds of erasing and of loading, peak bytes of the process."""

    megapixels: float
    erase: float
    load: float
    peak: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """What earlier runs say. ``runs``: how many they were; ``load`` seconds are extra where it is not loaded."""

    seconds: float
    load: float
    peak: int
    runs: int


class Measurements:
    """Runs by engine and device."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._runs = _read(path)
        self._last = next((key.rpartition(" ")[2] for key in reversed(self._runs)), "cpu")

    def add(self, engine: str, device: str, run: Run) -> None:
        """Remember a run."""
        key = f"{engine} {device.partition(':')[0]}"
        self._runs[key] = [*self._runs.pop(key, []), run][-_KEPT:]
        self._last = device.partition(":")[0]
        if self._path is not None:
            table = {name: [[r.megapixels, r.erase, r.load, r.peak] for r in runs] for name, runs in self._runs.items()}
            with contextlib.suppress(EngineError):
                write_bytes(self._path, json.dumps(table, indent=1).encode())

    def forecast(self, engine: str, device: str, megapixels: float) -> Forecast | None:
        """What a job of that size would take; None where the engine has not run here yet."""
        runs = self._of(engine, device)
        if not runs:
            return None
        pace = median(run.erase / max(run.megapixels, 0.01) for run in runs)
        loads = [run.load for run in runs if run.load > 0]
        return Forecast(pace * megapixels, median(loads) if loads else 0.0, max(run.peak for run in runs), len(runs))

    def device_seen(self) -> str:
        """The kind of device that was used last; ``cpu`` where nothing has run yet."""
        return self._last

    def _of(self, engine: str, device: str) -> list[Run]:
        if device != "auto":
            return self._runs.get(f"{engine} {device.partition(':')[0]}", [])
        found = [runs for name, runs in self._runs.items() if name.startswith(f"{engine} ")]
        return max(found, key=len, default=[])


def _read(path: Path | None) -> dict[str, list[Run]]:
    try:
        table = cast("Mapping[str, list[list[float]]]", json.loads(path.read_bytes()) if path is not None else {})
        return {
            str(name): [Run(float(a), float(b), float(c), int(d)) for a, b, c, d in runs]
            for name, runs in table.items()
        }
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
