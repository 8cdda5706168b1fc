"""``cleanplate engines``: which engines there are, and which can run here."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.console import show_table

if TYPE_CHECKING:  # these import numpy, which --help must not wait for
    from engines.core.engine import Card
    from engines.store import Store


def engines(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """List the engines: what each is for, its licence, whether its weights are here, where it runs."""
    from engines.catalog import load_catalog
    from engines.store import Store

    store = Store()
    cards = list(load_catalog().values())
    if as_json:
        typer.echo(json.dumps([_as_dict(card, store) for card in cards], ensure_ascii=False, indent=2))
        return
    rows = [(card.id, card.summary, card.licence, _weights(card, store), ", ".join(card.devices)) for card in cards]
    show_table(("id", "what it is for", "licence", "weights", "devices"), rows)


def _weights(card: Card, store: Store) -> str:
    """What is here, with a mark on what is not for commercial use; and which packages are not."""
    from engines.loading import how_to_install, missing_packages

    missing = missing_packages(card)
    lacking = f"; lacks {', '.join(missing)}: {how_to_install(missing[0])}" if missing else ""
    return _files(card, store) + lacking


def _files(card: Card, store: Store) -> str:
    if not card.weights:
        return "none needed"
    held = store.holdings(card)
    here = [holding.weight for holding in held if holding.path is not None]
    named = ", ".join(weight.file + ("" if weight.commercial else " (non-commercial)") for weight in here)
    lacking = [holding.weight.file for holding in held if holding.path is None]
    if named and lacking and card.weights_together:
        return f"{named}; missing: {', '.join(lacking)}"
    return named or "missing"


def _as_dict(card: Card, store: Store) -> dict[str, object]:
    from engines.loading import missing_packages

    return {
        "id": card.id,
        "name": card.name,
        "role": card.role.value,
        "task": card.task.value,
        "summary": card.summary,
        "licence": card.licence,
        "commercial": card.commercial,
        "ready": store.ready(card),
        "weights": [
            {
                "file": holding.weight.file,
                "here": holding.path is not None,
                "bundled": holding.bundled,
                "licence": holding.weight.licence,
                "commercial": holding.weight.commercial,
            }
            for holding in store.holdings(card)
        ],
        "missing_packages": missing_packages(card),
        "devices": list(card.devices),
        "backends": [backend.value for backend in card.backends],
    }
