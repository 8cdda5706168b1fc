"""What ``evaluate`` tells: tables for people, JSON for programs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.console import out, remark, show_table

if TYPE_CHECKING:  # these import numpy and OpenCV, which --help must not wait for
    from engines.evaluation.legibility import Legibility
    from engines.evaluation.metrics import Scores
    from engines.jobs.evaluate import Measured, MeasuredPicture, Measuring, Summary


def _summaries(how: Measuring, rows: Sequence[MeasuredPicture]) -> dict[str, Summary]:
    """By candidate. The truth stands beside them where it says something: what is normal for it is not 0."""
    from engines.core.engine import Task
    from engines.jobs.evaluate import INPUT, TRUTH, summary

    telling = how.read or how.task is Task.OBJECT
    names = (INPUT, *how.engines, *((TRUTH,) if telling and TRUTH in rows[0].candidates else ()))
    return {name: summary(rows, name) for name in names}


def tell(how: Measuring, rows: Sequence[MeasuredPicture]) -> None:
    """Print the tables, and what their figures mean."""
    from engines.core.engine import Task
    from engines.evaluation.protocol import PROTOCOL, Scope

    summaries = _summaries(how, rows)
    for scope in (Scope.INSIDE, Scope.PICTURE):
        if all(scope not in candidate.scores for candidate in rows[0].candidates.values()):
            continue
        out().print(f"[bold]{scope.value.capitalize()}[/]: {PROTOCOL[scope.value]}", highlight=False)
        columns = ("", "PSNR dB", "MSSIM", "MS-SSIM", "MSE", "AGE", "pEPs", "pCEPs")
        show_table(columns, [(name, *_row(each.means[scope])) for name, each in summaries.items()])
    if how.task is Task.OBJECT:
        _tell_holes(summaries)
    elif how.read:
        out().print(f"[bold]Legibility[/]: {PROTOCOL['legibility']}", highlight=False)
        columns = ("", "lines found", "recall", "precision", "F", "IoU recall", "letters read", "s per picture")
        show_table(columns, [(name, *_left(each.legibility, each.seconds)) for name, each in summaries.items()])
    count = f"{len(rows)} picture{'' if len(rows) == 1 else 's'}"
    remark(f"{count}. {PROTOCOL[how.mask.value]} {PROTOCOL['erasing']} Means: {PROTOCOL['means']}")


def _row(means: Scores | None) -> tuple[str, ...]:
    if means is None:
        return ("-",) * 7
    return (
        f"{means.psnr:.2f}",
        f"{means.mssim:.4f}",
        "-" if means.ms_ssim is None else f"{means.ms_ssim:.4f}",
        f"{means.mse:.5f}",
        f"{means.age:.3f}",
        f"{means.peps:.4f}",
        f"{means.pceps:.4f}",
    )


def _tell_holes(summaries: Mapping[str, Summary]) -> None:
    from engines.evaluation.protocol import PROTOCOL

    out().print(f"[bold]Texture[/]: {PROTOCOL['texture']}", highlight=False)
    out().print(f"[bold]Seam[/]: {PROTOCOL['seam']}", highlight=False)
    columns = ("", "texture", "colour step", "gradient step", "s per picture")
    show_table(columns, [(name, *_hole(each)) for name, each in summaries.items()])


def _hole(each: Summary) -> tuple[str, ...]:
    texture = "-" if each.texture is None else f"{each.texture:.3f}"
    steps = ("-", "-") if each.seam is None else (f"{each.seam.colour:.2f}", f"{each.seam.gradient:.2f}")
    return texture, *steps, f"{each.seconds:.2f}"


def _left(read: Legibility | None, seconds: float) -> tuple[str, ...]:
    if read is None:
        return ("-",) * 7
    shares = (read.recall, read.precision, read.f_score, read.iou_recall, read.letters_read)
    return f"{read.found} of {read.lines}", *(f"{share:.1%}" for share in shares), f"{seconds:.2f}"


def as_dict(dataset: Path, how: Measuring, rows: Sequence[MeasuredPicture]) -> dict[str, object]:
    """Everything, for JSON."""
    from engines.evaluation.protocol import PROTOCOL

    summaries = _summaries(how, rows)
    return {
        "dataset": dataset.resolve().name,
        "task": how.task.value,
        "mask": how.mask.value,
        "protocol": PROTOCOL,
        "candidates": {
            name: {
                "means": {scope.value: means and _finite(means) for scope, means in each.means.items()},
                "legibility": each.legibility and _read(each.legibility),
                "texture": each.texture,
                "seam": each.seam and asdict(each.seam),
                "seconds": each.seconds,
            }
            for name, each in summaries.items()
        },
        "pictures": [_picture(row, list(summaries)) for row in rows],
    }


def _picture(row: MeasuredPicture, candidates: Sequence[str]) -> dict[str, object]:
    return {
        "name": row.name,
        "mask": {"kind": row.shape.kind.value, "size": row.shape.size.value, "height": row.shape.height},
        "hole": {
            "size": row.hole.size.value,
            "side": row.hole.side,
            "surface": row.hole.surface.value,
            "step": row.hole.step,
        },
        "mask_share": row.share,
        "candidates": {name: _measured(row.candidates[name]) for name in candidates},
    }


def _measured(each: Measured) -> dict[str, object]:
    return {
        "scores": {scope.value: _finite(scores) for scope, scores in each.scores.items()},
        "legibility": each.legibility and _read(each.legibility),
        "texture": each.texture,
        "seam": each.seam and asdict(each.seam),
        "engine": each.engine,
        "device": each.device,
        "seconds": each.seconds,
        "megapixels": each.megapixels,
    }


def _finite(scores: Scores) -> dict[str, float | None]:
    """JSON knows no infinity: null stands for the PSNR of a picture that equals its truth."""
    return {name: value if value is None or math.isfinite(value) else None for name, value in asdict(scores).items()}


def _read(read: Legibility) -> dict[str, float]:
    shares = ("recall", "precision", "f_score", "iou_recall", "letters_read")
    return {**asdict(read), **{name: getattr(read, name) for name in shares}}
