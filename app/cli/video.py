"""``cleanplate video``: a film in, a clean film out, with sound, subtitles and all else as they were."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli import parsing
from app.cli.console import out, progress_bar, remark

if TYPE_CHECKING:  # these import numpy and PyAV, which --help must not wait for
    from engines.core.types import Box
    from engines.jobs.clean_film_file import FilmReport
    from engines.media.film.encoders import Encoding
    from engines.media.film.info import FilmInfo

_FILM = typer.Argument(metavar="FILM", help="The film to clean. It is never written to.", show_default=False)
_OUT = typer.Option("--out", "-o", metavar="FILE", help="The film to write; its ending says what kind.")
_MASK = typer.Option(
    metavar="PNG|FILM|DIR", help="White where to erase: one picture for all frames, or one a frame in a film or folder."
)
_BOX = typer.Option(metavar="X,Y,W,H", help="A rectangle to erase from every frame, in pixels. Repeatable.")
_TRACK = typer.Option(
    metavar="FRAME:MASK.png", help="What is white on that frame is followed through the film. Repeatable."
)
_TEXT = typer.Option("--text", help="Find subtitles and other text, and erase them while they are there.")
_REGION = typer.Option(metavar="bottom|all|X,Y,W,H", help="With --text: where in the picture to look.")
_ONLY = typer.Option(metavar="REGEX", help="With --text: erase only lines that match.")
_KEEP = typer.Option(metavar="REGEX", help="With --text: leave lines that match.")
_LEARN = typer.Option(
    "--learn", help="--box or --mask is a see-through mark that never moves: learn and un-blend it, fill the rest."
)
_SAVE_MASKS = typer.Option(
    metavar="DIR|FILM",
    help="Keep what is erased from each frame, for --mask: a folder of PNG, or a film by its ending.",
)
_RANGE = typer.Option("--range", metavar="FROM-TO", help="Erase only between two moments, such as 00:10-00:25.")
_EXCERPT = typer.Option(metavar="FROM-TO", help="Write only this part: a quick look before the whole film.")
_GROW = typer.Option(min=0, max=500, help="Grow all masks by this many pixels.")
_FEATHER = typer.Option(min=0, max=200, help="Soften the masks' rims by this many pixels.")
_ENGINE = typer.Option(help="Which video engine. See: cleanplate engines.")
_TRACKER = typer.Option(help="With --track: what follows the mask.")
_FILL = typer.Option(help="The image engine for what no frame shows; 'auto' takes the best one that is ready.")
_SET = typer.Option("--set", metavar="NAME=VALUE", help="An option of the video engine. Repeatable.")
_DEVICE = typer.Option(metavar="auto|cpu|cuda|cuda:N|mps", help="Where the engines run.")
_CODEC = typer.Option(metavar="h264|h265|vp9|av1|prores|ffv1", help="How to compress; the film's own where it can be.")
_QUALITY = typer.Option(help="Constant rate factor: less is better, and larger. The default looks like the source.")
_BIT_RATE = typer.Option(min=1, help="Kilobits a second, instead of --quality.")
_ENCODER = typer.Option(help="Which encoder of the codec, such as libx264 or h264_nvenc.")
_COPY = typer.Option("--copy-untouched", help="Copy groups of pictures that nothing is erased from, not encode them.")
_LEAVE_OUT = typer.Option("--leave-out", help="Leave out streams that the new kind of file cannot hold.")
_DEINTERLACE = typer.Option("--deinterlace", help="Make whole frames of an interlaced film.")
_RESUME = typer.Option("--resume/--no-resume", help="Go on from what an interrupted run has finished, or begin anew.")
_RATE = typer.Option(min=0.1, max=1000, help="Frames a second of a folder of pictures.")
_OVERWRITE = typer.Option("--overwrite", help="Replace the target if it exists (never the film itself).")
_JSON = typer.Option("--json", help="Print one JSON line.")


def video(
    film: Annotated[Path, _FILM],
    out_path: Annotated[Path, _OUT],
    mask: Annotated[Path | None, _MASK] = None,
    box: Annotated[list[str] | None, _BOX] = None,
    track: Annotated[list[str] | None, _TRACK] = None,
    text: Annotated[bool, _TEXT] = False,
    region: Annotated[str, _REGION] = "bottom",
    only: Annotated[str | None, _ONLY] = None,
    keep: Annotated[str | None, _KEEP] = None,
    learn: Annotated[bool, _LEARN] = False,
    save_masks: Annotated[Path | None, _SAVE_MASKS] = None,
    between: Annotated[str | None, _RANGE] = None,
    excerpt: Annotated[str | None, _EXCERPT] = None,
    grow: Annotated[int, _GROW] = 0,
    feather: Annotated[int, _FEATHER] = 0,
    engine: Annotated[str, _ENGINE] = "propagate",
    tracker: Annotated[str, _TRACKER] = "flow",
    fill: Annotated[str, _FILL] = "auto",
    settings: Annotated[list[str] | None, _SET] = None,
    device: Annotated[str, _DEVICE] = "auto",
    codec: Annotated[str | None, _CODEC] = None,
    quality: Annotated[float | None, _QUALITY] = None,
    bit_rate: Annotated[int | None, _BIT_RATE] = None,
    encoder: Annotated[str | None, _ENCODER] = None,
    copy_untouched: Annotated[bool, _COPY] = False,
    leave_out: Annotated[bool, _LEAVE_OUT] = False,
    deinterlace: Annotated[bool, _DEINTERLACE] = False,
    resume: Annotated[bool, _RESUME] = True,
    rate: Annotated[float | None, _RATE] = None,
    overwrite: Annotated[bool, _OVERWRITE] = False,
    as_json: Annotated[bool, _JSON] = False,
) -> int:
    """Erase subtitles, marks or what a mask covers from a film."""
    if not (mask or box or track or text):
        raise typer.BadParameter("Say what to erase: --box, --mask, --track or --text.")
    if (only is not None or keep is not None) and not text:
        raise typer.BadParameter("--only and --keep choose among the text that --text finds: add --text.")
    if quality is not None and bit_rate is not None:
        raise typer.BadParameter("--quality and --bit-rate are two ways to say the same: give one.")
    parsing.check_device(device)
    boxes = tuple(parsing.box(value) for value in box or ())
    keys = parsing.keys(track or ())
    from engines.catalog import load_catalog
    from engines.core.context import Context
    from engines.core.engine import Role
    from engines.jobs.clean_film_file import FilmHow, clean_film_file
    from engines.jobs.erase_file import TextSearch
    from engines.jobs.export_film import discard
    from engines.jobs.film_pieces import ExportSettings
    from engines.jobs.film_tracks import FilmWhat
    from engines.jobs.find_subtitles import Looking
    from engines.jobs.track_masks import Following
    from engines.planner import fallback_tracker
    from engines.session import Session
    from engines.store import Store

    catalog, store = load_catalog(), Store()
    followed_by = catalog.card(tracker, Role.TRACKER).id
    options = parsing.engine_options(catalog.card(engine, Role.VIDEO_ERASER), settings or [], None)
    search = TextSearch(parsing.pattern(only, "--only"), parsing.pattern(keep, "--keep"))
    looking = Looking(_region(film, region), search, device=device) if text else None
    what = FilmWhat(
        mask=mask,
        boxes=boxes,
        keys=keys,
        text=looking,
        between=parsing.moments(between, "--range"),
        following=Following(followed_by, fallback_tracker(catalog, store, followed_by), device=device),
        grow=grow,
        feather=feather,
        learn=learn,
        engine=engine,
        options=options,
    )
    start, end = parsing.moments(excerpt, "--excerpt") or (None, None)
    export = ExportSettings(
        film,
        out_path,
        _encoding(film, out_path, (codec, encoder, quality, bit_rate)),
        start,
        end,
        deinterlace=deinterlace,
        leave_out=leave_out,
        copy_untouched=copy_untouched,
        overwrite=overwrite,
        rate=None if rate is None else Fraction(str(rate)),
    )
    if not resume:
        discard(export)
    how = FilmHow(fill, device=device, masks=save_masks)
    with progress_bar(not as_json) as bar, closing(Session(catalog, store)) as session:
        ctx = Context(report=_Pace(film.name, bar.show))
        report = clean_film_file(session, export, what, how, ctx)
    _tell(report, as_json=as_json)
    return 0


class _Pace:
    """Progress with the time that is left."""

    def __init__(self, name: str, show: Callable[[float, str], None]) -> None:
        self._name = name
        self._show = show
        self._began: tuple[float, float] | None = None

    def __call__(self, done: float, note: str, _: object) -> None:
        now = time.monotonic()
        if not note.startswith("frame"):
            self._show(done, f"{self._name}: {note}")
            return
        if self._began is None:
            self._began = now, done
        began, before = self._began
        left = (now - began) * (1 - done) / (done - before) if done > before else 0.0
        self._show(done, f"{self._name}: {note}, {_clock(left)} left" if left else f"{self._name}: {note}")


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def _info(film: Path) -> FilmInfo:
    from engines.media.film.reader import open_film

    with open_film(film) as opened:
        return opened.info


def _region(film: Path, text: str) -> Box | None:
    """The part of the picture that ``bottom``, ``all`` or ``X,Y,W,H`` stands for; None: all of it."""
    from engines.jobs.find_subtitles import bottom_of

    if text == "all":
        return None
    return bottom_of(_info(film).size) if text == "bottom" else parsing.box(text, "--region")


Words = tuple[str | None, str | None, float | None, int | None]


def _encoding(film: Path, target: Path, words: Words) -> Encoding | None:
    """How to compress, as codec, encoder, quality and kilobits say; None where they say nothing."""
    if words == (None, None, None, None):
        return None
    from engines.jobs.export_film import default_encoding
    from engines.media.film.formats import codec_named, container_of

    codec, encoder, quality, kilobits = words
    usual = default_encoding(_info(film), container_of(target))
    return replace(
        usual,
        codec=usual.codec if codec is None else codec_named(codec),
        encoder=encoder,
        quality=quality,
        bit_rate=None if kilobits is None else 1000 * kilobits,
    )


def _tell(report: FilmReport, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(_as_dict(report), ensure_ascii=False))
        return
    export = report.export
    out().print(_sentence(report), highlight=False, markup=False)
    if report.masks is not None:
        out().print(f"{report.masks}: the masks", highlight=False, markup=False)
    if export.reused:
        remark(f"{export.reused} of {export.segments} parts were there already.")
    for note in report.notes:
        remark(note)


def _sentence(report: FilmReport) -> str:
    export, seconds = report.export, sum(report.seconds.values())
    copied = f", {export.kept} of them copied" if export.kept else ""
    streams = f"; kept as they are: {', '.join(export.copied)}" if export.copied else ""
    return f"{export.target}: {export.frames} frames{copied}, by {export.encoder} in {seconds:.1f} s{streams}"


def _as_dict(report: FilmReport) -> dict[str, object]:
    export = report.export
    return {
        "target": str(export.target),
        "frames": export.frames,
        "encoded": export.encoded,
        "kept": export.kept,
        "segments": export.segments,
        "reused": export.reused,
        "encoder": export.encoder,
        "copied": list(export.copied),
        "left_out": list(export.left_out),
        "masks": None if report.masks is None else str(report.masks),
        "damaged": export.damaged,
        "tracks": [
            {
                "name": track.name,
                "kind": track.kind.value,
                "engine": track.engine,
                "stops": [{"frame": stop.frame, "reason": stop.reason} for stop in track.stops],
            }
            for track in report.tracks
        ],
        "seconds": {name: round(value, 3) for name, value in report.seconds.items()},
        "peak_memory": report.peak_memory,
        "notes": list(report.notes),
    }
