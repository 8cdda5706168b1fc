"""Writes the table from which ``--engine auto`` chooses, out of what ``cleanplate evaluate --json`` has measured.

    cleanplate evaluate pairs --mask boxes --json > boxes.json
    cleanplate evaluate pairs --mask strokes --json > strokes.json
    python packaging/make_ranking.py models/ranking.toml boxes.json strokes.json

Text is grouped by device, kind of mask and height of the lines in it, objects by device, surface around the hole and
size of it. In each case of text engines that leave more legible than the best one, by over five in a hundred lines,
come last; among the others PSNR inside the mask decides. Of objects those come last whose PSNR is more than three
decibels below the best, for what they paint is far from what was there; among the others the texture decides, which
PSNR does not see: a decibel less counts as much as 0.02 of it. Cases of fewer than three pictures are left out. Cases
of a task that is not measured are kept.
"""

from __future__ import annotations

import json
import math
import sys
import tomllib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

LEAST_PICTURES = 3
LEGIBLE = 0.05
ASTRAY = 3.0
DECIBEL = 0.02
_SIZES = ("small", "medium", "large")

HEADER = """\
# Which engine did how well on what: `--engine auto` takes the first that is ready in the case most like its mask.
# Written by packaging/make_ranking.py from `cleanplate evaluate --json`; not edited by hand.
# Means inside the mask: psnr in dB, age in grey levels; recall: lines still found, of those that were to go; texture:
# distance of the patches from the truth's; seconds: per megapixel of crops, on the machine that measured.
"""


class Case(NamedTuple):
    """What is alike for all pictures of a row. ``kind``: of mask, or of surface."""

    task: str
    device: str
    kind: str
    size: str


@dataclass(frozen=True)
class Shot:
    """One engine on one picture, from the JSON."""

    picture: str
    psnr: float | None
    age: float
    lines: int
    recalled: float
    texture: float
    seconds: float
    megapixels: float


@dataclass(frozen=True)
class Line:
    """One engine in one case."""

    id: str
    psnr: float
    age: float
    recall: float
    texture: float
    seconds: float

    def row(self, task: str) -> dict[str, Any]:
        told = {"recall": round(self.recall, 3)} if task == "text" else {"texture": round(self.texture, 3)}
        numbers = {"psnr": round(self.psnr, 2), "age": round(self.age, 2), **told, "seconds": round(self.seconds, 2)}
        return {"id": self.id, **numbers}


def main(target: Path, files: Sequence[Path]) -> None:
    shots: dict[Case, dict[str, list[Shot]]] = defaultdict(lambda: defaultdict(list))
    for file in files:
        collect(json.loads(file.read_text(encoding="utf-8")), shots)
    rows = [block(case, engines) for case, engines in sorted(shots.items(), key=lambda item: order(item[0]))]
    measured = {case.task for case in shots}
    every = sorted([*kept(target, measured), *filter(None, rows)], key=lambda row: str(row["task"]), reverse=True)
    target.write_text("\n".join([HEADER, *map(toml, every)]), encoding="utf-8")


def kept(target: Path, measured: set[str]) -> list[dict[str, Any]]:
    """The cases that are in the table already, of tasks that are not measured anew."""
    table = tomllib.loads(target.read_text(encoding="utf-8")) if target.exists() else {"case": []}
    return [row for row in table["case"] if row["task"] not in measured]


def toml(row: dict[str, Any]) -> str:
    head = [f"{name} = {json.dumps(value)}" for name, value in row.items() if name != "engines"]
    lines = [f"    {{ {', '.join(f'{k} = {json.dumps(v)}' for k, v in each.items())} }}," for each in row["engines"]]
    return "\n".join(["[[case]]", *head, "engines = [", *lines, "]", ""])


def order(case: Case) -> tuple[str, str, str, int]:
    return case.task, case.device, case.kind, _SIZES.index(case.size)


def collect(report: dict[str, Any], shots: dict[Case, dict[str, list[Shot]]]) -> None:
    """Sort every picture of one evaluation into its case. An engine of the CPU counts among those of the machine."""
    devices = {each["device"].partition(":")[0] for row in report["pictures"] for each in row["candidates"].values()}
    device = next(iter(sorted(devices - {"", "cpu"})), "cpu")
    task = report.get("task", "text")
    for row in report["pictures"]:
        kind = row["mask"]["kind"] if task == "text" else row["hole"]["surface"]
        case = Case(task, device, kind, row["mask" if task == "text" else "hole"]["size"])
        for name, each in row["candidates"].items():
            if each["engine"] == name:  # not the input, the truth or auto
                shots[case][name].append(shot(task, f"{report['dataset']}/{report['mask']}/{row['name']}", each))


def shot(task: str, picture: str, each: dict[str, Any]) -> Shot:
    read = each["legibility"]
    if task == "text" and read is None:
        sys.exit(f"{picture} was not read: evaluate it again without --no-read.")
    if "inside" not in each["scores"]:
        sys.exit(f"{picture} has no truth: nothing can be ranked by it.")
    inside, read = each["scores"]["inside"], read or {"lines": 0, "recalled": 0.0}
    told = (read["lines"], read["recalled"], each.get("texture") or 0.0)
    return Shot(picture, inside["psnr"], inside["age"], *told, each["seconds"], each["megapixels"])


def block(case: Case, engines: dict[str, list[Shot]]) -> dict[str, Any]:
    """The row of one case over the pictures that all its engines were measured on; empty where they are too few."""
    common = set.intersection(*({each.picture for each in every} for every in engines.values()))
    if len(common) < LEAST_PICTURES:
        return {}
    lines = [line(name, [each for each in every if each.picture in common]) for name, every in engines.items()]
    return {
        "task": case.task,
        "device": case.device,
        "mask" if case.task == "text" else "surface": case.kind,
        "size": case.size,
        "pictures": len(common),
        "data": ", ".join(sorted({picture.partition("/")[0] for picture in common})),
        "engines": [each.row(case.task) for each in ranked(lines, case.task)],
    }


def line(name: str, every: Sequence[Shot]) -> Line:
    finite = [each.psnr for each in every if each.psnr is not None]
    return Line(
        name,
        math.fsum(finite) / len(finite) if finite else math.inf,
        math.fsum(each.age for each in every) / len(every),
        math.fsum(each.recalled for each in every) / max(sum(each.lines for each in every), 1),
        math.fsum(each.texture for each in every) / len(every),
        math.fsum(each.seconds for each in every) / math.fsum(each.megapixels for each in every),
    )


def ranked(lines: Sequence[Line], task: str) -> list[Line]:
    """Best first."""
    if task == "text":
        least = min(each.recall for each in lines)
        return sorted(lines, key=lambda each: (each.recall > least + LEGIBLE, -each.psnr, each.id))
    most = max(each.psnr for each in lines)
    return sorted(lines, key=lambda each: (each.psnr < most - ASTRAY, _likeness(each, most), each.id))


def _likeness(line: Line, most: float) -> float:
    """The distance of the texture, and a little for every decibel below ``most``; better when lower."""
    return line.texture + DECIBEL * (most - line.psnr)


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]])
