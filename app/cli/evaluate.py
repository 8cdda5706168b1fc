"""``cleanplate evaluate``: how well engines erase, measured on pictures whose truth is known."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli import figures, parsing
from app.cli.console import progress_bar

if TYPE_CHECKING:  # these import numpy and OpenCV, which --help must not wait for
    from engines.catalog import Catalog
    from engines.core.engine import Task
    from engines.evaluation.protocol import MaskChoice
    from engines.jobs.contact_sheet import ContactSheet
    from engines.jobs.evaluate import MeasuredPicture, Measuring
    from engines.jobs.pairs import Pair
    from engines.store import Store

_CLASSICAL = "classical"

_DATASET = typer.Argument(
    metavar="DATASET", help="A folder of NAME_image.*, NAME_gt.* and NAME_mask.png.", show_default=False
)
_TASK = typer.Option(metavar="auto|text|object", help="What is to go from the pictures; auto: as their masks look.")
_ENGINE = typer.Option(help="Which engine. Repeatable; all for the task that are ready where none is named.")
_MASK = typer.Option(
    metavar="boxes|strokes|given|shadow",
    help="Loose boxes, dilated strokes, or the data set's own masks, of objects with or without their shadows. "
    "Boxes for text and given for objects where none is named.",
)
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
    task: Annotated[str, _TASK] = "auto",
    mask: Annotated[str | None, _MASK] = None,
    device: Annotated[str, _DEVICE] = "auto",
    backend: Annotated[str, _BACKEND] = "auto",
    limit: Annotated[int | None, _LIMIT] = None,
    read: Annotated[bool, _READ] = True,
    sheet: Annotated[Path | None, _SHEET] = None,
    overwrite: Annotated[bool, _OVERWRITE] = False,
    as_json: Annotated[bool, _JSON] = False,
) -> int:
    """Measure engines on pictures whose truth, without text or an object, is known; the classical one beside."""
    parsing.check_device(device)
    parsing.check_sheet(sheet, overwrite=overwrite)
    from engines.catalog import load_catalog
    from engines.jobs.contact_sheet import ContactSheet
    from engines.jobs.evaluate import Measuring
    from engines.jobs.pairs import find_pairs, task_of
    from engines.media.images import write_png
    from engines.store import Store

    pairs = find_pairs(dataset)
    wanted = parsing.task(task) or task_of(pairs)
    catalog, store = load_catalog(), Store()
    engines, through = _engines(catalog, store, engine, wanted), parsing.backend(backend)
    how = Measuring(engines, _choice(mask, wanted), wanted, device, through, read)
    page = ContactSheet()
    rows = _run(catalog, store, pairs[:limit], how, page, shown=not as_json)
    if sheet is not None:
        write_png(page.page(), sheet, overwrite=overwrite)
    if as_json:
        typer.echo(json.dumps(figures.as_dict(dataset, how, rows), ensure_ascii=False, indent=1))
    else:
        figures.tell(how, rows)
    return 0


def _choice(mask: str | None, task: Task) -> MaskChoice:
    from engines.core.engine import Task
    from engines.evaluation.protocol import MaskChoice

    if mask is None:
        return MaskChoice.BOXES if task is Task.TEXT else MaskChoice.GIVEN
    try:
        choice = MaskChoice(mask)
    except ValueError:
        names = ", ".join(member.value for member in MaskChoice)
        raise typer.BadParameter(f"{mask!r} is not one of {names}.", param_hint="--mask") from None
    if task is Task.OBJECT and choice in (MaskChoice.BOXES, MaskChoice.STROKES):
        raise typer.BadParameter(f"{mask} is for text; objects have given and shadow.", param_hint="--mask")
    return choice


def _engines(catalog: Catalog, store: Store, wanted: Sequence[str] | None, task: Task) -> tuple[str, ...]:
    """The classical engine first, then those named, or all for the task that are ready; missing weights are told."""
    from engines.core.engine import Role, Task
    from engines.planner import AUTO, ready_erasers

    ready = [card for card in ready_erasers(catalog, store) if task in (Task.TEXT, card.task)]
    names = list(wanted or (card.id for card in ready))
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
