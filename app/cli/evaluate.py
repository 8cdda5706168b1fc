"""``cleanplate evaluate``: how well engines erase, measured on pictures whose truth is known."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli import parsing
from app.cli.console import out, progress_bar, remark, show_table

if TYPE_CHECKING:  # these import numpy and OpenCV, which --help must not wait for
    from engines.catalog import Catalog
    from engines.evaluation.legibility import Legibility
    from engines.evaluation.metrics import Scores
    from engines.evaluation.protocol import MaskChoice
    from engines.jobs.contact_sheet import ContactSheet
    from engines.jobs.evaluate import Measured, MeasuredPicture, Measuring, Pair
    from engines.store import Store

_CLASSICAL = "classical"

_DATASET = typer.Argument(
    metavar="DATASET", help="A folder of NAME_image.*, NAME_gt.* and NAME_mask.png.", show_default=False
)
_ENGINE = typer.Option(help="Which engine. Repeatable; all that are ready where none is named.")
_MASK = typer.Option(metavar="boxes|strokes|given", help="Loose boxes, dilated strokes, or the data set's own masks.")
_DEVICE = typer.Option(metavar="auto|cpu|cuda|cuda:N|mps", help="Where the engines run.")
_BACKEND = typer.Option(metavar="auto|torch|onnx", help="What runs the networks.")
_LIMIT = typer.Option(min=1, help="Only the first so many pictures, by name.")
_READ = typer.Option("--read/--no-read", help="Look for the text that is left and read it; off is quicker.")
_SHEET = typer.Option(metavar="PNG", help="Also write a sheet that shows every picture and result.")
_OVERWRITE = typer.Option("--overwrite", help="Replace the sheet if it exists.")
_JSON = typer.Option("--json", help="Print JSON, with every picture's figures.")


def evaluate(
    dataset: Annotated[Path, _DATASET],
    engine: Annotated[list[str] | None, _ENGINE] = None,
    mask: Annotated[str, _MASK] = "boxes",
    device: Annotated[str, _DEVICE] = "auto",
    backend: Annotated[str, _BACKEND] = "auto",
    limit: Annotated[int | None, _LIMIT] = None,
    read: Annotated[bool, _READ] = True,
    sheet: Annotated[Path | None, _SHEET] = None,
    overwrite: Annotated[bool, _OVERWRITE] = False,
    as_json: Annotated[bool, _JSON] = False,
) -> int:
    """Measure engines on pictures whose text-free truth is known, with the classical engine beside."""
    parsing.check_device(device)
    if sheet is not None and sheet.suffix.lower() != ".png":
        raise typer.BadParameter("The sheet is a PNG: let its name end in .png.", param_hint="--sheet")
    from engines.catalog import load_catalog
    from engines.jobs.contact_sheet import ContactSheet
    from engines.jobs.evaluate import Measuring, find_pairs
    from engines.media.atomic import check_target
    from engines.media.images import write_png
    from engines.store import Store

    if sheet is not None:
        check_target(sheet, overwrite=overwrite)
    pairs = find_pairs(dataset)[:limit]
    catalog, store = load_catalog(), Store()
    how = Measuring(_engines(catalog, store, engine), _choice(mask), device, parsing.backend(backend), read)
    page = ContactSheet()
    rows = _run(catalog, store, pairs, how, page, shown=not as_json)
    if sheet is not None:
        write_png(page.page(), sheet, overwrite=overwrite)
    if as_json:
        typer.echo(json.dumps(_as_dict(dataset, how, rows), ensure_ascii=False, indent=1))
    else:
        _tell(how, rows)
    return 0


def _choice(mask: str) -> MaskChoice:
    from engines.evaluation.protocol import MaskChoice

    try:
        return MaskChoice(mask)
    except ValueError:
        names = ", ".join(member.value for member in MaskChoice)
        raise typer.BadParameter(f"{mask!r} is not one of {names}.", param_hint="--mask") from None


def _engines(catalog: Catalog, store: Store, wanted: Sequence[str] | None) -> tuple[str, ...]:
    """The classical engine first, then those named, or all that are ready; missing weights are told here."""
    from engines.core.engine import Role
    from engines.planner import AUTO, ready_erasers

    names = list(wanted or (card.id for card in ready_erasers(catalog, store)))
    for name in names:
        if name != AUTO and (card := catalog.card(name, Role.IMAGE_ERASER)).weights:
            store.choose(card)
    return tuple(dict.fromkeys([_CLASSICAL, *names]))


def _run(
    catalog: Catalog, store: Store, pairs: Sequence[Pair], how: Measuring, page: ContactSheet, *, shown: bool
) -> list[MeasuredPicture]:
    from engines.core.context import Context
    from engines.jobs.evaluate import evaluate as measure
    from engines.session import Session

    session = Session(catalog, store)
    try:
        with progress_bar(shown) as bar:
            ctx = Context(report=lambda done, note, _: bar.show(done, note))
            return measure(session, pairs, how, ctx, page.add)
    finally:
        session.close()


def _candidates(how: Measuring) -> tuple[str, ...]:
    from engines.jobs.evaluate import INPUT, TRUTH

    return (INPUT, *how.engines, *((TRUTH,) if how.read else ()))


def _tell(how: Measuring, rows: Sequence[MeasuredPicture]) -> None:
    from engines.evaluation.protocol import PROTOCOL, Scope
    from engines.jobs.evaluate import summary

    summaries = {name: summary(rows, name) for name in _candidates(how)}
    for scope in (Scope.INSIDE, Scope.PICTURE):
        out().print(f"[bold]{scope.value.capitalize()}[/]: {PROTOCOL[scope.value]}", highlight=False)
        columns = ("", "PSNR dB", "MSSIM", "MS-SSIM", "MSE", "AGE", "pEPs", "pCEPs")
        show_table(columns, [(name, *_row(each.means[scope])) for name, each in summaries.items()])
    if how.read:
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


def _left(read: Legibility | None, seconds: float) -> tuple[str, ...]:
    if read is None:
        return ("-",) * 7
    shares = (read.recall, read.precision, read.f_score, read.iou_recall, read.letters_read)
    return f"{read.found} of {read.lines}", *(f"{share:.1%}" for share in shares), f"{seconds:.2f}"


def _as_dict(dataset: Path, how: Measuring, rows: Sequence[MeasuredPicture]) -> dict[str, object]:
    from engines.evaluation.protocol import PROTOCOL
    from engines.jobs.evaluate import summary

    summaries = {name: summary(rows, name) for name in _candidates(how)}
    return {
        "dataset": dataset.resolve().name,
        "mask": how.mask.value,
        "protocol": PROTOCOL,
        "candidates": {
            name: {
                "means": {scope.value: means and _finite(means) for scope, means in each.means.items()},
                "legibility": each.legibility and _read(each.legibility),
                "seconds": each.seconds,
            }
            for name, each in summaries.items()
        },
        "pictures": [_picture(row, _candidates(how)) for row in rows],
    }


def _picture(row: MeasuredPicture, candidates: Sequence[str]) -> dict[str, object]:
    return {
        "name": row.name,
        "mask": {"kind": row.shape.kind.value, "size": row.shape.size.value, "height": row.shape.height},
        "mask_share": row.share,
        "candidates": {name: _measured(row.candidates[name]) for name in candidates},
    }


def _measured(each: Measured) -> dict[str, object]:
    return {
        "scores": {scope.value: _finite(scores) for scope, scores in each.scores.items()},
        "legibility": each.legibility and _read(each.legibility),
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
