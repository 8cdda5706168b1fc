"""Which engine did how well on what, as measured: reads what ``packaging/make_ranking.py`` writes."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from engines.catalog import RANKING
from engines.core.engine import Task
from engines.core.faults import EngineError, Fault
from engines.core.paths import models_dir
from engines.pipeline.hole_shape import Surface
from engines.pipeline.mask_shape import MaskKind, SizeClass

_SIZES = tuple(SizeClass)


@dataclass(frozen=True, slots=True)
class Figures:
    """What an engine reached in one case: means inside the mask.

    ``psnr``: dB; ``age``: grey levels; ``recall``: of the lines that were to go, those still found, 0..1;
    ``seconds``: per megapixel of the crops it was given, on the machine that measured. ``texture``: of objects' holes,
    the distance between their patches and the truth's.
    """

    id: str
    psnr: float
    age: float
    recall: float
    seconds: float
    texture: float = 0.0


@dataclass(frozen=True, slots=True)
class RankedCase:
    """The engines for one kind of work, best first. ``pictures``: how many were measured; ``data``: which.

    ``mask``: of text the kind of mask, of objects the surface that the hole is in.
    """

    task: Task
    device: str
    mask: MaskKind | Surface
    size: SizeClass
    pictures: int
    data: str
    engines: tuple[Figures, ...]

    def distance(self, device: str, mask: MaskKind | Surface, size: SizeClass) -> tuple[bool, int, bool]:
        """How far this case is from another: the kind of mask weighs most, then its size, then the device."""
        return self.mask is not mask, abs(_SIZES.index(self.size) - _SIZES.index(size)), self.device != device


def load_ranking(path: Path | None = None) -> tuple[RankedCase, ...]:
    """The cases in ``path`` (the program's own table where None), or an ``EngineError`` that says what is wrong."""
    path = path or models_dir() / RANKING
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        return tuple(_case(row) for row in table["case"])
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, TypeError, ValueError) as error:
        raise EngineError(
            Fault.BAD_INPUT, f"The table of measured engines {path.name} cannot be used: {error!r}.", "Install again."
        ) from error


def nearest(
    ranking: Sequence[RankedCase], task: Task, device: str, mask: MaskKind | Surface, size: SizeClass
) -> list[RankedCase]:
    """The cases of ``task``, the most alike first; of equally alike ones those with more pictures."""
    cases = [case for case in ranking if case.task is task]
    return sorted(cases, key=lambda case: (*case.distance(device, mask, size), -case.pictures))


def _case(row: Mapping[str, object]) -> RankedCase:
    engines = row["engines"]
    if not isinstance(engines, list) or not engines:
        msg = "a case has no engines"
        raise ValueError(msg)
    return RankedCase(
        task=Task(row["task"]),
        device=str(row["device"]),
        mask=MaskKind(row["mask"]) if "mask" in row else Surface(row["surface"]),
        size=SizeClass(row["size"]),
        pictures=int(str(row["pictures"])),
        data=str(row["data"]),
        engines=tuple(_figures(each) for each in engines),
    )


def _figures(row: Mapping[str, object]) -> Figures:
    psnr, age, seconds = (float(str(row[name])) for name in ("psnr", "age", "seconds"))
    recall, texture = (float(str(row.get(name, 0))) for name in ("recall", "texture"))
    return Figures(str(row["id"]), psnr, age, recall, seconds, texture)
