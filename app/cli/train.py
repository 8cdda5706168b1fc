"""``cleanplate train``: make an eraser's weights from photos without text, or fit them to a person's own photos."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Annotated

import typer

from app.cli import parsing
from app.cli.console import out, progress_bar, remark
from engines.core.faults import EngineError, Fault

_ENGINE = typer.Argument(metavar="ENGINE", help="Which network: strokefill, garnet or deeperaser.")
_DATA = typer.Option(metavar="DIR", help="Photos without text; text is drawn on them.")
_PHOTOS = typer.Option(metavar="DIR", help="Your own photos, which may carry text: fits the eraser to their style.")
_FONTS = typer.Option(metavar="DIR", help="Fonts to draw with; the system's where none is named. Repeatable.")
_HELD_OUT = typer.Option(metavar="DIR", help="Fonts to measure with, which training never sees. Repeatable.")
_OUT = typer.Option("--out", "-o", metavar="DIR", help="Where checkpoint, weights, log and samples go.")
_MINUTES = typer.Option(min=0.05, help="How long to train; the schedule fits itself into it.")
_DEVICE = typer.Option(metavar="auto|cpu|cuda|cuda:N|mps", help="Where to train.")
_RESUME = typer.Option("--resume", help="Go on from the checkpoint in the folder.")
_START = typer.Option(metavar="FILE", help="Weights to begin with; with --photos the installed ones.")
_SCRATCH = typer.Option("--from-scratch", help="Begin with random weights, also with --photos.")
_RATE = typer.Option(help="Peak learning rate, where the recipe's own does not fit.")
_TRIPLET = typer.Option(min=0.0, help="Weight of the triplet erasure loss; 0 = off.")
_ADVERSARIAL = typer.Option(min=0.0, help="Weight of the adversarial loss; 0 = off.")
_POLICY = typer.Option("--policy/--no-policy", help="Let the style of the drawn text follow what is still hard.")
_SEED = typer.Option(help="Makes the drawn samples repeatable.")
_WORKERS = typer.Option(min=0, max=64, help="Processes that draw samples.")


def train(
    engine: Annotated[str, _ENGINE],
    data: Annotated[Path | None, _DATA] = None,
    photos: Annotated[Path | None, _PHOTOS] = None,
    fonts: Annotated[list[Path] | None, _FONTS] = None,
    held_out_fonts: Annotated[list[Path] | None, _HELD_OUT] = None,
    out_path: Annotated[Path | None, _OUT] = None,
    minutes: Annotated[float, _MINUTES] = 30.0,
    device: Annotated[str, _DEVICE] = "auto",
    resume: Annotated[bool, _RESUME] = False,
    start: Annotated[Path | None, _START] = None,
    from_scratch: Annotated[bool, _SCRATCH] = False,
    learning_rate: Annotated[float | None, _RATE] = None,
    triplet: Annotated[float, _TRIPLET] = 0.0,
    adversarial: Annotated[float, _ADVERSARIAL] = 0.0,
    policy: Annotated[bool, _POLICY] = True,
    seed: Annotated[int, _SEED] = 0,
    workers: Annotated[int, _WORKERS] = 1,
) -> None:
    """Train an eraser on text drawn onto photos, without a single label."""
    if data is None and photos is None:
        raise typer.BadParameter("Say what to learn from: --data (photos without text) or --photos (your own).")
    parsing.check_device(device)
    from engines.core.context import Context
    from engines.core.paths import user_data_dir
    from engines.session import open_session, resolve_device

    session = open_session()
    card = session.catalog.card(engine)
    folder = out_path or user_data_dir() / "training" / engine
    if not resume and (folder / f"{engine}.checkpoint").exists():
        message = f"{folder} holds an earlier run."
        raise EngineError(Fault.EXISTS, message, "Go on with it by --resume, or name another --out.")
    if photos is not None and start is None and not (from_scratch or resume):
        start = session.store.choose(card)[1]
    # the trainer knows torch, which nothing of the command line may import: the rule that keeps its start quick
    run = importlib.import_module("engines.training.run")
    recipes = importlib.import_module("engines.training.recipes")
    plan = run.Plan(
        engine=engine,
        folder=folder,
        minutes=minutes,
        data=data,
        photos=photos,
        fonts=tuple(fonts or ()),
        held_out_fonts=tuple(held_out_fonts or ()),
        start=start,
        device=resolve_device(card, device, parsing.backend("torch")),
        resume=resume,
        seed=seed,
        workers=workers,
        policy=policy,
        learning_rate=learning_rate,
        switches=recipes.Switches(triplet, adversarial),
    )
    with progress_bar(shown=True) as bar:
        outcome = run.train(plan, session, Context(report=lambda done, note, _: bar.show(done, note)))
    _tell(engine, outcome)


def _tell(engine: str, outcome: object) -> None:
    weights, score, before = (getattr(outcome, name) for name in ("weights", "hole_psnr", "start_psnr"))
    samples = outcome.samples  # type: ignore[attr-defined]
    text = f"{weights}: {score:.2f} dB inside the hole on held-out samples after {samples} samples"
    out().print(text, highlight=False, markup=False)
    if before is not None and score <= before:
        remark(f"The weights it began with had {before:.2f} dB: keep those.")
        return
    remark(f"To use them: cleanplate models import {engine} {weights}")
