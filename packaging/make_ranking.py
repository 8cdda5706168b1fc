"""Writes the table from which ``--engine auto`` chooses, out of what ``cleanplate evaluate --json`` has measured.

    cleanplate evaluate pairs --mask boxes --json > boxes.json
    cleanplate evaluate pairs --mask strokes --json > strokes.json
    python packaging/make_ranking.py models/ranking.toml boxes.json strokes.json

Pictures are grouped by device, kind of mask and height of the lines in it. In each case engines that leave more
text legible than the best one, by over five in a hundred lines, come last; among the others PSNR inside the mask
decides. Cases of fewer than three pictures are left out.
"""

from __future__ import annotations

import json
import math
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

LEAST_PICTURES = 3
LEGIBLE = 0.05
_SIZES = ("small", "medium", "large")

HEADER = """\
# Which engine did how well on what: `--engine auto` takes the first that is ready in the case most like its mask.
# Written by packaging/make_ranking.py from `cleanplate evaluate --json`; not edited by hand.
# Means inside the mask: psnr in dB, age in grey levels; recall: lines still found, of those that were to go;
# seconds: per megapixel of crops, on the machine that measured.
"""


class Case(NamedTuple):
    """What is alike for all pictures of a row."""

    device: str
    mask: str
    size: str


@dataclass(frozen=True)
class Shot:
    """One engine on one picture, from the JSON."""

    picture: str
    psnr: float | None
    age: float
    lines: int
    recalled: float
    seconds: float
    megapixels: float


@dataclass(frozen=True)
class Line:
    """One engine in one case."""

    id: str
    psnr: float
    age: float
    recall: float
    seconds: float

    def toml(self) -> str:
        return (
            f'    {{ id = "{self.id}", psnr = {self.psnr:.2f}, age = {self.age:.2f}, '
            f"recall = {self.recall:.3f}, seconds = {self.seconds:.2f} }},"
        )


def main(target: Path, files: Sequence[Path], task: str = "text") -> None:
    shots: dict[Case, dict[str, list[Shot]]] = defaultdict(lambda: defaultdict(list))
    for file in files:
        collect(json.loads(file.read_text(encoding="utf-8")), shots)
    blocks = [block(case, engines, task) for case, engines in sorted(shots.items(), key=lambda item: order(item[0]))]
    target.write_text("\n".join([HEADER, *filter(None, blocks)]), encoding="utf-8")


def order(case: Case) -> tuple[str, str, int]:
    return case.device, case.mask, _SIZES.index(case.size)


def collect(report: dict[str, Any], shots: dict[Case, dict[str, list[Shot]]]) -> None:
    """Sort every picture of one evaluation into its case. An engine of the CPU counts among those of the machine."""
    devices = {each["device"].partition(":")[0] for row in report["pictures"] for each in row["candidates"].values()}
    device = next(iter(sorted(devices - {"", "cpu"})), "cpu")
    for row in report["pictures"]:
        case = Case(device, row["mask"]["kind"], row["mask"]["size"])
        for name, each in row["candidates"].items():
            if each["engine"] == name:  # not the input, the truth or auto
                shots[case][name].append(shot(f"{report['dataset']}/{report['mask']}/{row['name']}", each))


def shot(picture: str, each: dict[str, Any]) -> Shot:
    inside, read = each["scores"]["inside"], each["legibility"]
    if read is None:
        sys.exit(f"{picture} was not read: evaluate it again without --no-read.")
    costs = (each["seconds"], each["megapixels"])
    return Shot(picture, inside["psnr"], inside["age"], read["lines"], read["recalled"], *costs)


def block(case: Case, engines: dict[str, list[Shot]], task: str) -> str:
    """The TOML of one case over the pictures that all its engines were measured on; empty where they are too few."""
    common = set.intersection(*({each.picture for each in every} for every in engines.values()))
    if len(common) < LEAST_PICTURES:
        return ""
    lines = [line(name, [each for each in every if each.picture in common]) for name, every in engines.items()]
    data = sorted({picture.partition("/")[0] for picture in common})
    head = (
        f'[[case]]\ntask = "{task}"\ndevice = "{case.device}"\nmask = "{case.mask}"\nsize = "{case.size}"\n'
        f'pictures = {len(common)}\ndata = "{", ".join(data)}"\nengines = [\n'
    )
    return head + "\n".join(each.toml() for each in ranked(lines)) + "\n]\n"


def line(name: str, every: Sequence[Shot]) -> Line:
    finite = [each.psnr for each in every if each.psnr is not None]
    return Line(
        name,
        math.fsum(finite) / len(finite) if finite else math.inf,
        math.fsum(each.age for each in every) / len(every),
        math.fsum(each.recalled for each in every) / max(sum(each.lines for each in every), 1),
        math.fsum(each.seconds for each in every) / math.fsum(each.megapixels for each in every),
    )


def ranked(lines: Sequence[Line]) -> list[Line]:
    """Best first."""
    least = min(each.recall for each in lines)
    return sorted(lines, key=lambda each: (each.recall > least + LEGIBLE, -each.psnr, each.id))


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]])
