"""``cleanplate models``: weights in and out, and the ONNX models made from them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.console import complain, out, progress_bar, remark, show_table

if TYPE_CHECKING:  # these import numpy, which --help must not wait for
    from engines.core.engine import Card, Weight
    from engines.store import Consent, Holding, Kept, Store

app = typer.Typer(help="Weights of the engines: list, import, download, remove, export.", no_args_is_help=True)

_ENGINE = typer.Argument(metavar="ENGINE", help="Which engine. See: cleanplate engines.", show_default=False)
_FILE = typer.Argument(
    metavar="FILE",
    help="The file of weights: safetensors, or a plain torch file; for some engines a model folder, too.",
)
_LINK = typer.Option("--link", help="Copy nothing: use the file or folder where it lies, and must stay.")
_FROM = typer.Option(
    "--from", metavar="OWNER/NAME", help="Which model of the Hugging Face hub, for engines that take any."
)
_ONNX = typer.Argument(metavar="OUT.onnx", help="The ONNX file to write.")
_WEIGHTS = typer.Option("--weights", metavar="NAME", help="Which of the engine's weights. See: cleanplate models list.")
_ACCEPT = typer.Option("--accept-licence", help="Agree to the licence of weights for non-commercial use.")
_OVERWRITE = typer.Option("--overwrite", help="Replace the file if it exists.")
_JSON = typer.Option("--json", help="Print JSON.")


@app.command("import")
def import_(
    engine: Annotated[str, _ENGINE],
    file: Annotated[Path, _FILE],
    weights: Annotated[str, _WEIGHTS] = "",
    accept_licence: Annotated[bool, _ACCEPT] = False,
    link: Annotated[bool, _LINK] = False,
) -> None:
    """Check weights and keep a copy of them in your data folder."""
    card, store = _card_and_store(engine)
    kept = store.import_file(card, file, consent=_consent(accept_licence), name=weights, link=link)
    _tell_kept(card, store, kept)


@app.command()
def download(
    engine: Annotated[str, _ENGINE],
    weights: Annotated[str, _WEIGHTS] = "",
    accept_licence: Annotated[bool, _ACCEPT] = False,
    origin: Annotated[str, _FROM] = "",
) -> None:
    """Fetch weights into your data folder; goes on where an earlier download stopped."""
    from engines.core.context import Context

    card, store = _card_and_store(engine)
    consent = _consent(accept_licence)
    every = card.weights_together and not weights
    with progress_bar(shown=True) as bar:
        ctx = Context(report=lambda done, note, _: bar.show(done, note))
        if origin:
            fetched = [store.download_model(card, origin, ctx, name=weights)]
        else:
            names = [weight.file for weight in card.weights] if every else [weights]
            fetched = [store.download(card, ctx, consent=consent, name=name) for name in names]
    for note in ctx.notes:
        remark(note)
    for kept in fetched:
        _tell_kept(card, store, kept)


@app.command("list")
def list_(as_json: Annotated[bool, _JSON] = False) -> None:
    """Show every file of weights: whether it is here, where from, under which licence."""
    from engines.catalog import load_catalog
    from engines.store import Store

    store = Store()
    rows = [_row(card, store, holding) for card in load_catalog().values() for holding in store.holdings(card)]
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    fields = ("engine", "weights", "here", "onnx", "licence", "source")
    show_table(fields, [[str(row[name]) for name in fields] for row in rows])


@app.command()
def remove(engine: Annotated[str, _ENGINE], weights: Annotated[str, _WEIGHTS] = "") -> int:
    """Delete weights from your data folder. Those that came with the program stay."""
    card, store = _card_and_store(engine)
    gone = store.remove(card, weights)
    for name in gone:
        out().print(f"{card.id}: {name} removed", highlight=False, markup=False)
    if not gone:
        complain(f"Your data folder holds no {weights or 'weights'} of {card.name}.")
    return 0 if gone else 1


@app.command("export-onnx")
def export_onnx(
    engine: Annotated[str, _ENGINE],
    target: Annotated[Path, _ONNX],
    overwrite: Annotated[bool, _OVERWRITE] = False,
) -> None:
    """Write an engine's network as an ONNX model, checked against PyTorch; --backend onnx uses it from then on."""
    from engines.onnx_export import export_onnx as export

    card, store = _card_and_store(engine)
    made = export(card, store, target, overwrite=overwrite)
    text = f"{made.target}: {made.weight.file} as an ONNX model; max abs difference to PyTorch {made.difference:.2e}"
    out().print(text, highlight=False, markup=False)


def _card_and_store(engine: str) -> tuple[Card, Store]:
    from engines.catalog import load_catalog
    from engines.store import Store

    return load_catalog().card(engine), Store()


def _consent(accepted: bool) -> Consent:
    """The licence is agreed to by the flag, or by a yes on a terminal; anything else is a no."""

    def ask(weight: Weight) -> bool:
        if accepted or not (sys.stdin.isatty() and sys.stderr.isatty()):
            return accepted
        typer.echo(f"{weight.file}: {weight.source}\nLicence: {weight.licence}", err=True)
        return typer.confirm("Does it allow what you do with it?", err=True)

    return ask


def _tell_kept(card: Card, store: Store, kept: Kept) -> None:
    out().print(f"{card.id}: {kept.weight.file} is ready at {kept.path}", highlight=False, markup=False)
    if not kept.known:
        remark(f"Its card names no sha256; recorded, and checked from now on: {kept.sha256}")
    if not kept.weight.commercial:
        remark(f"Not for commercial use: {kept.weight.licence}")
    if card.weights_together:
        lacking = [holding.weight.file for holding in store.holdings(card) if holding.path is None]
        if lacking:
            remark(f"{card.name} also needs {', '.join(lacking)}.")
        return
    used = store.choose(card)[0]
    if used != kept.weight:
        remark(f"{card.name} goes on using {used.file}, which its card prefers.")


def _row(card: Card, store: Store, holding: Holding) -> dict[str, object]:
    weight, path = holding.weight, holding.path
    return {
        "engine": card.id,
        "weights": weight.file,
        "here": "no" if path is None else "bundled" if holding.bundled else "yes",
        "path": None if path is None else str(path),
        "onnx": "yes" if path is not None and store.onnx_path(card, path).is_file() else "no",
        "sha256": holding.sha256,
        "licence": weight.licence,
        "commercial": weight.commercial,
        "source": weight.source,
    }
