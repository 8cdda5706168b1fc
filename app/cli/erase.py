"""``cleanplate erase``: photos in, clean photos out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli import parsing, verdicts
from app.cli.console import complain, out, progress_bar, remark, unexpected
from engines.core.faults import EngineError

if TYPE_CHECKING:  # these import numpy and OpenCV, which --help must not wait for
    from engines.catalog import Catalog
    from engines.core.engine import Card
    from engines.jobs.erase_file import FileReport, Files, How, What
    from engines.requests import Runner
    from engines.store import Store

_PHOTOS = typer.Argument(metavar="PHOTO...", help="The photos to clean. They are never written to.", show_default=False)
_OUT = typer.Option("--out", "-o", metavar="PATH", help="The file to write, or a folder: several photos need one.")
_MASK = typer.Option(help="A picture of the photo's size, white where to erase; or a folder of such, by name.")
_TEXT = typer.Option("--text", help="Find the text and erase it.")
_BOX = typer.Option(metavar="X,Y,W,H", help="A rectangle to erase, in pixels. Repeatable.")
_POLYGON = typer.Option(metavar="X1,Y1,X2,Y2,...", help="A polygon to erase, in pixels. Repeatable.")
_ENGINE = typer.Option(help="Which engine; 'auto' takes the best one that is ready. See: cleanplate engines.")
_DEVICE = typer.Option(metavar="auto|cpu|cuda|cuda:N|mps", help="Where the engine runs.")
_BACKEND = typer.Option(metavar="auto|torch|onnx", help="What runs the network.")
_SEED = typer.Option(help="Makes engines that draw at random repeatable.")
_SET = typer.Option("--set", metavar="NAME=VALUE", help="An option of the engine. Repeatable.")
_ONLY = typer.Option(metavar="REGEX", help="With --text: erase only lines that match.")
_KEEP = typer.Option(metavar="REGEX", help="With --text: leave lines that match.")
_MIN_SIZE = typer.Option(min=0.0, help="With --text: leave lines lower than this many pixels.")
_GROW = typer.Option(min=0, max=500, help="Grow the whole mask by this many pixels.")
_DRY_RUN = typer.Option("--dry-run", help="Erase nothing: write a PNG with the outlines of what would be erased.")
_RESIZE_MASK = typer.Option("--resize-mask", help="Scale a mask of another size to the photo.")
_OVERWRITE = typer.Option("--overwrite", help="Replace files that exist (never the photo itself).")
_MAX_PIXELS = typer.Option(min=1, help="Refuse pictures of more pixels than this.")
_ALLOW_CPU = typer.Option("--allow-cpu", help="Go on with the CPU when the graphics memory runs out.")
_ISOLATE = typer.Option("--isolate", help="Run the engine in a process of its own, whose crash harms nothing.")
_VERIFY = typer.Option(
    "--verify",
    help="Look for text in the erased places of the written file, and erase more, over a grown mask, while some is "
    "found. Exit code 3 where text is left or nobody could look; the file is there all the same.",
)
_PAIR = typer.Option("--before-after", metavar="PNG", help="Also write the photo before and after, side by side.")
_JSON = typer.Option("--json", help="Print one JSON line per photo.")


def erase(
    photos: Annotated[list[Path], _PHOTOS],
    out_path: Annotated[str, _OUT],
    mask: Annotated[Path | None, _MASK] = None,
    text: Annotated[bool, _TEXT] = False,
    box: Annotated[list[str] | None, _BOX] = None,
    polygon: Annotated[list[str] | None, _POLYGON] = None,
    engine: Annotated[str, _ENGINE] = "auto",
    device: Annotated[str, _DEVICE] = "auto",
    backend: Annotated[str, _BACKEND] = "auto",
    seed: Annotated[int | None, _SEED] = None,
    settings: Annotated[list[str] | None, _SET] = None,
    only: Annotated[str | None, _ONLY] = None,
    keep: Annotated[str | None, _KEEP] = None,
    min_size: Annotated[float, _MIN_SIZE] = 0.0,
    grow: Annotated[int, _GROW] = 0,
    dry_run: Annotated[bool, _DRY_RUN] = False,
    resize_mask: Annotated[bool, _RESIZE_MASK] = False,
    overwrite: Annotated[bool, _OVERWRITE] = False,
    max_pixels: Annotated[int, _MAX_PIXELS] = 300_000_000,
    allow_cpu: Annotated[bool, _ALLOW_CPU] = False,
    isolate: Annotated[bool, _ISOLATE] = False,
    verify: Annotated[bool, _VERIFY] = False,
    before_after: Annotated[Path | None, _PAIR] = None,
    as_json: Annotated[bool, _JSON] = False,
) -> int:
    """Erase text, marks or whatever a mask covers from photos."""
    if not (mask or text or box or polygon):
        raise typer.BadParameter("Say what to erase: --mask, --text, --box or --polygon.")
    if (only is not None or keep is not None) and not text:
        raise typer.BadParameter("--only and --keep choose among the text that --text finds: add --text.")
    if before_after is not None and (dry_run or len(photos) > 1 or before_after.suffix.lower() != ".png"):
        raise typer.BadParameter("--before-after takes one photo, a name that ends in .png, and no --dry-run.")
    if verify and dry_run:
        raise typer.BadParameter("--verify looks at what was erased, and --dry-run erases nothing.")
    boxes = tuple(parsing.box(value) for value in box or ())
    polygons = tuple(parsing.polygon(value) for value in polygon or ())
    parsing.check_device(device)
    from engines.catalog import load_catalog
    from engines.jobs.erase_file import How, TextSearch, What
    from engines.store import Store

    search = TextSearch(parsing.pattern(only, "--only"), parsing.pattern(keep, "--keep"), min_size) if text else None
    what = What(mask, resize_mask, boxes, polygons, search, grow)
    catalog, store = load_catalog(), Store()
    card = _named_card(catalog, store, engine, dry_run)
    options = parsing.engine_options(card, settings or [], seed)
    how = How(engine, options, device, parsing.backend(backend), allow_cpu, overwrite, max_pixels, verify)
    pairs = parsing.file_pairs(photos, out_path, dry_run)
    with _runner(catalog, store, isolate) as runner:
        code = _Batch(runner, what, how, dry_run, as_json).run(pairs)
    if before_after is not None and code in (0, verdicts.UNVERIFIED):
        from engines.jobs.before_after import write_before_after

        write_before_after(pairs[0], before_after, overwrite=overwrite, max_pixels=max_pixels)
    return code


def _named_card(catalog: Catalog, store: Store, engine: str, dry_run: bool) -> Card | None:
    """The card of the engine that was asked for, or None for ``auto``.

    Weights that are missing or damaged are told here: once, and before any photo is read.
    """
    from engines.core.engine import Role
    from engines.planner import AUTO

    if engine == AUTO:
        return None
    card = catalog.card(engine, Role.IMAGE_ERASER)
    if card.weights and not dry_run:
        store.choose(card)
    return card


class _Batch:
    """The photos one after another: a failed one is told and the others are done."""

    def __init__(self, runner: Runner, what: What, how: How, dry_run: bool, as_json: bool) -> None:
        self._runner = runner
        self._what = what
        self._how = how
        self._dry_run = dry_run
        self._as_json = as_json

    def run(self, pairs: Sequence[Files]) -> int:
        """0 when all are done, 1 when any failed, 3 when any that was to be verified is not clean."""
        codes = {0}
        for files in pairs:
            try:
                report = self._one(files)
                self._tell(report)
                codes.add(verdicts.UNVERIFIED if verdicts.unverified(report) else 0)
            except EngineError as error:
                codes.add(1)
                self._tell_failure(files, error)
            except Exception as error:  # a bug that one photo meets is no reason to leave out the others
                codes.add(1)
                self._tell_failure(files, unexpected(error))
        return 1 if 1 in codes else max(codes)

    def _one(self, files: Files) -> FileReport:
        from engines.core.context import Context
        from engines.jobs.erase_file import erase_file, outline_file

        what = _with_mask_of(self._what, files.source)
        with progress_bar(not self._as_json) as bar:
            ctx = Context(report=lambda done, note, _: bar.show(done, f"{files.source.name}: {note}"))
            job = outline_file if self._dry_run else erase_file
            return job(self._runner, files, what, self._how, ctx)

    def _tell(self, report: FileReport) -> None:
        if verdicts.unverified(report):
            complain(verdicts.warning(report), about=str(report.files.target))
        if self._as_json:
            typer.echo(json.dumps(_as_dict(report), ensure_ascii=False))
            return
        out().print(_sentence(report), highlight=False, markup=False)
        for note in filter(None, (*report.notes, verdicts.confirmation(report))):
            remark(note)

    def _tell_failure(self, files: Files, error: EngineError) -> None:
        if self._as_json:
            failure = {
                "source": str(files.source),
                "outcome": "failed",
                "fault": error.fault.value,
                "error": str(error),
            }
            typer.echo(json.dumps(failure, ensure_ascii=False))
        complain(error, about=str(files.source))


def _as_dict(report: FileReport) -> dict[str, object]:
    return {
        "source": str(report.files.source),
        "target": str(report.files.target),
        "outcome": report.outcome.value,
        "engine": report.engine,
        "device": report.device,
        "backend": report.backend,
        "regions": report.regions,
        "seconds": {name: round(value, 4) for name, value in report.seconds.items()},
        "peak_memory": report.peak_memory,
        "text": verdicts.lines_as_dicts(report.lines),
        "verification": verdicts.verification_as_dict(report),
        "notes": list(report.notes),
    }


def _sentence(report: FileReport) -> str:
    target, seconds = report.files.target, sum(report.seconds.values())
    match report.outcome.value:
        case "erased" | "text left":
            regions = f"{report.regions} region{'' if report.regions == 1 else 's'}"
            return f"{target}: {regions} erased with {report.engine} on {report.device} in {seconds:.1f} s"
        case "outlined":
            lines = f"{report.regions} line{'' if report.regions == 1 else 's'} of text"
            return f"{target}: {lines} would be erased"
        case _:
            return f"{target}: copied"


def _with_mask_of(what: What, photo: Path) -> What:
    """``what`` with the mask that belongs to ``photo``, where the mask is a folder."""
    from dataclasses import replace

    from engines.core.faults import Fault

    if what.mask is None or not what.mask.is_dir():
        return what
    names = (f"{photo.stem}.png", f"{photo.stem}_mask.png", photo.name)
    found = next((what.mask / name for name in names if (what.mask / name).is_file()), None)
    if found is None:
        raise EngineError(Fault.BAD_INPUT, f"{what.mask} holds no mask for it.", f"It would be called {names[0]}.")
    return replace(what, mask=found)


@contextmanager
def _runner(catalog: Catalog, store: Store, isolate: bool) -> Iterator[Runner]:
    with ExitStack() as stack:
        if isolate:
            from engines.worker.client import EngineClient

            yield stack.enter_context(EngineClient())
        else:
            from engines.session import Session

            session = Session(catalog, store)
            stack.callback(session.close)
            yield session
