"""``cleanplate evaluate-video``: how well video engines erase, measured on clips whose truth is known."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli import parsing
from app.cli.console import progress_bar, remark, show_table

if TYPE_CHECKING:  # these import numpy and OpenCV, which --help must not wait for
    from engines.catalog import Catalog
    from engines.evaluation.film_metrics import FilmScores
    from engines.jobs.evaluate_film import ClipFiles, FilmRow, MeasuredClip, MeasuringFilm
    from engines.store import Store

_CLIPS = typer.Argument(
    metavar="DIR",
    help="A folder of NAME_video, NAME_gt and NAME_mask: films, or folders of frames.",
    show_default=False,
)
_ENGINE = typer.Option(help="Which video engine. Repeatable; all of them where none is named.")
_FILL = typer.Option(help="The image engine for what no frame shows; 'auto' takes one for objects.")
_DEVICE = typer.Option(metavar="auto|cpu|cuda|cuda:N|mps", help="Where the engines run.")
_LIMIT = typer.Option(min=1, help="Only the first so many clips, by name.")
_FRAMES = typer.Option(min=2, help="Only the first so many frames of each clip.")
_SHEET = typer.Option(metavar="PNG", help="Also write a sheet that shows a frame of every clip and result.")
_OVERWRITE = typer.Option("--overwrite", help="Replace the sheet if it exists.")
_JSON = typer.Option("--json", help="Print JSON.")


def evaluate_video(
    clips: Annotated[Path, _CLIPS],
    engine: Annotated[list[str] | None, _ENGINE] = None,
    fill: Annotated[str, _FILL] = "auto",
    device: Annotated[str, _DEVICE] = "auto",
    limit: Annotated[int | None, _LIMIT] = None,
    frames: Annotated[int | None, _FRAMES] = None,
    sheet: Annotated[Path | None, _SHEET] = None,
    overwrite: Annotated[bool, _OVERWRITE] = False,
    as_json: Annotated[bool, _JSON] = False,
) -> int:
    """Measure video engines on clips whose background is known, with Telea frame by frame beside."""
    parsing.check_device(device)
    parsing.check_sheet(sheet, overwrite=overwrite)
    from engines.catalog import load_catalog
    from engines.core.engine import Role
    from engines.jobs.evaluate_film import MeasuringFilm, find_clips
    from engines.planner import AUTO
    from engines.store import Store

    catalog, store = load_catalog(), Store()
    cards = [catalog.card(name, Role.VIDEO_ERASER) for name in engine or catalog.ids(Role.VIDEO_ERASER)]
    if fill != AUTO:
        catalog.card(fill, Role.IMAGE_ERASER)
    names = tuple(dict.fromkeys(card.id for card in cards if engine or store.ready(card)))
    how = MeasuringFilm(names, fill, device, frames)
    found = find_clips(clips)[:limit]
    rows = _run(catalog, store, found, how, shown=not as_json)
    if sheet is not None:
        from engines.jobs.evaluate_film import sheet as drawn
        from engines.media.images import write_png

        write_png(drawn(rows), sheet, overwrite=overwrite)
    if as_json:
        typer.echo(json.dumps(_as_dict(clips, how, rows), ensure_ascii=False, indent=1))
    else:
        _tell(rows)
    return 0


def _run(
    catalog: Catalog, store: Store, clips: Sequence[ClipFiles], how: MeasuringFilm, *, shown: bool
) -> list[FilmRow]:
    from engines.core.context import Context
    from engines.jobs.evaluate_film import evaluate_films
    from engines.session import Session

    session = Session(catalog, store)
    rows: list[FilmRow] = []
    try:
        with progress_bar(shown) as bar:
            ctx = Context(report=lambda done, note, _: bar.show(done, note))
            evaluate_films(session, clips, how, ctx, rows.append)
    finally:
        session.close()
    for note in ctx.notes:
        remark(note)
    return rows


def _tell(rows: Sequence[FilmRow]) -> None:
    from engines.evaluation.film_metrics import FILM_PROTOCOL

    columns = (
        "clip",
        "engine",
        "PSNR dB",
        "above telea",
        "SSIM",
        "warping",
        "flicker",
        "warping / truth's",
        "s per frame",
    )
    show_table(columns, [line for row in rows for line in _lines(row.clip)])
    remark(" ".join(f"{name}: {text}" for name, text in FILM_PROTOCOL.items()))


def _lines(clip: MeasuredClip) -> list[tuple[str, ...]]:
    from engines.jobs.evaluate_film import BASELINE

    base = clip.scores[BASELINE].psnr
    return [
        (
            clip.name,
            name,
            f"{each.psnr:.2f}",
            "" if name == BASELINE else f"{each.psnr - base:+.2f}",
            f"{each.ssim:.4f}",
            f"{each.warping:.2f}",
            f"{each.flicker:.2f}",
            "-" if each.ratio is None else f"{each.ratio:.2f}",
            f"{clip.seconds[name]:.3f}",
        )
        for name, each in clip.scores.items()
    ]


def _as_dict(folder: Path, how: MeasuringFilm, rows: Sequence[FilmRow]) -> dict[str, object]:
    from engines.evaluation.film_metrics import FILM_PROTOCOL

    return {
        "dataset": folder.resolve().name,
        "fill": how.fill,
        "protocol": FILM_PROTOCOL,
        "clips": [
            {
                "name": row.clip.name,
                "frames": row.clip.frames,
                "size": list(row.clip.size),
                "mask_share": row.clip.share,
                "candidates": {
                    name: {**_finite(each), "seconds_per_frame": row.clip.seconds[name]}
                    for name, each in row.clip.scores.items()
                },
            }
            for row in rows
        ],
    }


def _finite(scores: FilmScores) -> dict[str, float | None]:
    """JSON knows no infinity: null stands for the PSNR of a clip that equals its truth."""
    return {name: value if value is None or math.isfinite(value) else None for name, value in asdict(scores).items()}
