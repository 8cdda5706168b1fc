"""What a command line's words stand for: boxes, polygons, patterns, engine options, files."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from engines.core.faults import EngineError, Fault

if TYPE_CHECKING:  # some of these import numpy, which --help must not wait for
    from engines.core.engine import Backend, Card, OptionValue, Task
    from engines.core.types import Box
    from engines.jobs.erase_file import Files


_FAR = 1e7
"""No picture is this many pixels long."""


def file_pairs(photos: Sequence[Path], out: str, dry_run: bool) -> list[Files]:
    """Which file each photo is written to: ``out`` itself, or its name in that folder, which is made.

    ``out`` is a folder where there are several photos, where it is one already, or where it ends in a slash.
    """
    from engines.jobs.erase_file import Files

    out_path = Path(out)
    into_folder = len(photos) > 1 or out_path.is_dir() or out.endswith(("/", "\\"))
    if not into_folder:
        if dry_run and out_path.suffix.lower() != ".png":
            raise typer.BadParameter("With --dry-run the outlines are written as PNG: let -o end in .png.")
        return [Files(photos[0], out_path)]
    names = [f"{photo.stem}-outlines.png" if dry_run else photo.name for photo in photos]
    folded = [name.casefold() for name in names]  # many file systems take a.JPG and a.jpg for one
    twice = {name for name in names if folded.count(name.casefold()) > 1}
    if twice:
        raise typer.BadParameter(f"Several photos would be written to {sorted(twice)[0]}: clean them in separate runs.")
    if out_path.exists() and not out_path.is_dir():
        raise typer.BadParameter(f"{out_path} is a file; several photos need a folder.", param_hint="-o")
    make_folder(out_path)
    return [Files(photo, out_path / name) for photo, name in zip(photos, names, strict=True)]


def make_folder(path: Path) -> None:
    """Make the folder that ``-o`` names, unless it is there."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"The folder {path} cannot be made: {error.strerror}."
        raise EngineError(Fault.NOT_WRITTEN, message, "Give another -o.") from error


def check_sheet(path: Path | None, *, overwrite: bool) -> None:
    """Refuse a contact sheet that could not be written at the end of a long run: no PNG, or a file that is there."""
    if path is None:
        return
    if path.suffix.lower() != ".png":
        raise typer.BadParameter("The sheet is a PNG: let its name end in .png.", param_hint="--sheet")
    from engines.media.atomic import check_target

    check_target(path, overwrite=overwrite)


def _numbers(text: str) -> list[float]:
    try:
        numbers = [float(part) for part in re.split(r"[,\s]+", text.strip(" ,"))]
    except ValueError:
        numbers = []
    if not numbers or not all(abs(number) < _FAR for number in numbers):  # false for NaN, too
        raise typer.BadParameter(f"{text!r} is not a list of pixel positions.")
    return numbers


def box(text: str, name: str = "--box") -> Box:
    """The box that ``X,Y,W,H`` stands for; ``name``: the option it was given to."""
    from engines.core.types import Box

    numbers = _numbers(text)
    if len(numbers) != 4 or any(number != int(number) for number in numbers) or min(numbers[2:]) <= 0:
        raise typer.BadParameter(f"{text!r} is not X,Y,W,H: four whole numbers, W and H more than 0.", param_hint=name)
    return Box(*(int(number) for number in numbers))


def polygon(text: str) -> tuple[tuple[float, float], ...]:
    """The corners that ``X1,Y1,X2,Y2,...`` stands for; three at least."""
    numbers = _numbers(text)
    if len(numbers) < 6 or len(numbers) % 2:
        raise typer.BadParameter(f"{text!r} is not at least three X,Y pairs.", param_hint="--polygon")
    return tuple(zip(numbers[::2], numbers[1::2], strict=True))


def keys(words: Sequence[str]) -> dict[int, Path]:
    """The mask files by frame that ``FRAME:MASK.png`` words stand for."""
    found: dict[int, Path] = {}
    for word in words:
        frame, colon, path = word.partition(":")
        if not (colon and path and frame.isdecimal()):
            raise typer.BadParameter(f"{word!r} is not FRAME:MASK.png.", param_hint="--track")
        found[int(frame)] = Path(path)
    return found


def moments(text: str | None, name: str) -> tuple[Fraction, Fraction | None] | None:
    """The two moments that ``00:10-00:25`` stands for (the second None: the end); ``name``: the option's."""
    from engines.media.film.timecode import parse_range

    if text is None:
        return None
    try:
        return parse_range(text)
    except EngineError as error:
        raise typer.BadParameter(str(error), param_hint=name) from None


def pattern(text: str | None, name: str) -> str | None:
    """``text`` itself, once it is known to be a regular expression; ``name``: the option it was given to."""
    try:
        re.compile(text or "")
    except re.error as error:
        raise typer.BadParameter(f"{text!r} is not a regular expression: {error}.", param_hint=name) from None
    return text


def check_device(device: str) -> None:
    """Refuse what is no device name."""
    if not re.fullmatch(r"auto|cpu|mps|cuda(:\d+)?", device):
        raise typer.BadParameter(f"{device!r} is not auto, cpu, cuda, cuda:N or mps.", param_hint="--device")


def backend(text: str) -> Backend | None:
    """What ``torch`` or ``onnx`` stands for; None, the engine's own choice, for ``auto``."""
    from engines.core.engine import Backend

    try:
        return None if text == "auto" else Backend(text)
    except ValueError:
        names = " or ".join(member.value for member in Backend)
        raise typer.BadParameter(f"{text!r} is not auto, {names}.", param_hint="--backend") from None


def task(text: str) -> Task | None:
    """What ``text`` or ``object`` stands for; None for ``auto``."""
    from engines.core.engine import Task

    if text not in ("auto", Task.TEXT.value, Task.OBJECT.value):
        raise typer.BadParameter(f"{text!r} is not auto, text or object.", param_hint="--task")
    return None if text == "auto" else Task(text)


def engine_options(card: Card | None, settings: Sequence[str], seed: int | None) -> dict[str, OptionValue]:
    """The values that ``NAME=VALUE`` words and ``--seed`` give to the options of an engine; None: not chosen yet."""
    if card is None:
        if settings:
            raise typer.BadParameter("Options belong to an engine: name it with --engine.", param_hint="--set")
        return {} if seed is None else {"seed": seed}
    schema = {option.name: option for option in card.options}
    chosen: dict[str, OptionValue] = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals:
            raise typer.BadParameter(f"{setting!r} is not NAME=VALUE.", param_hint="--set")
        if name not in schema:
            names = ", ".join(schema) or "none"
            raise typer.BadParameter(f"{card.id} has no option {name!r}; it has: {names}.", param_hint="--set")
        try:
            chosen[name] = schema[name].parse(value)
        except EngineError as error:
            raise typer.BadParameter(str(error), param_hint="--set") from None
    if seed is not None and "seed" in schema:  # the other engines do not draw at random: any seed gives the same
        chosen["seed"] = seed
    return chosen
