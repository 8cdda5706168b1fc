"""What a training run leaves to look at: a table of losses (CSV), a plot of it, sample sheets."""

from __future__ import annotations

import csv
import importlib.util
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from torch import Tensor

from engines.core.atomic import replacing
from engines.core.types import Pixels
from engines.media.images import write_png

_GAP = 4


class Log:
    """A CSV file that grows by a row; its columns are those of the first row."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._columns: list[str] = _header(path)

    def add(self, row: Mapping[str, float | str]) -> None:
        """Append ``row``; a run that goes on appends to the file it finds."""
        fresh = not self._columns
        self._columns = self._columns or list(row)
        with self.path.open("a", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, self._columns, extrasaction="ignore")
            if fresh:
                writer.writeheader()
            writer.writerow(row)

    def rows(self) -> list[dict[str, str]]:
        with self.path.open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))


def _header(path: Path) -> list[str]:
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return next(csv.reader(file), [])


def can_plot() -> bool:
    return importlib.util.find_spec("matplotlib") is not None


def plot(log: Log, path: Path) -> None:
    """Draw the loss and the score on held-out samples over the samples seen."""
    from matplotlib.figure import Figure  # not pyplot: it wants a display

    figure = Figure(figsize=(9, 5), layout="constrained")
    axes = figure.subplots()
    rows = log.rows()
    axes.semilogy(*_series(rows, "loss"), color="tab:blue", label="loss")
    axes.set_xlabel("samples seen")
    axes.set_ylabel("loss")
    scores = axes.twinx()
    scores.plot(*_series(rows, "hole_psnr"), color="tab:orange", marker=".", label="PSNR inside the hole, held out")
    scores.set_ylabel("dB")
    figure.legend(loc="upper center", ncols=2)
    with replacing(path) as beside:
        figure.savefig(beside, format="png")


def _series(rows: Sequence[Mapping[str, str]], column: str) -> tuple[list[float], list[float]]:
    told = [row for row in rows if row.get(column)]
    return [float(row["samples"]) for row in told], [float(row[column]) for row in told]


def write_sheet(path: Path, columns: Sequence[Tensor]) -> None:
    """One row per sample, one column per ``(n, 3, h, w)`` tensor in 0..1, on white."""
    rows = [np.concatenate([_framed(column[i]) for column in columns], axis=1) for i in range(len(columns[0]))]
    write_png(np.concatenate(rows, axis=0), path, overwrite=True)


def _framed(picture: Tensor) -> Pixels:
    values = picture.detach().float().clamp(0, 1).mul(255).round().permute(1, 2, 0).cpu().numpy().astype(np.uint8)
    return np.pad(values, ((0, _GAP), (0, _GAP), (0, 0)), constant_values=255)
