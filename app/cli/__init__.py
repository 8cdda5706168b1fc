"""The command line: one file per command. Nothing heavy is imported until a command runs."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from app import VERSION
from app.cli import doctor, engines, erase, evaluate, evaluate_video, models, train
from app.cli.console import complain, unexpected
from engines.core.faults import EngineError

_INTERRUPTED = 130

cli = typer.Typer(
    name="cleanplate",
    help="Remove text, marks and objects from photos, on your own machine. Without a command the editor opens: "
    "cleanplate, or cleanplate edit FILE.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"cleanplate {VERSION}")
        raise typer.Exit


@cli.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """Remove text, marks and objects from photos, on your own machine."""


cli.command("erase")(erase.erase)
cli.command("engines")(engines.engines)
cli.add_typer(models.app, name="models")
cli.command("doctor")(doctor.doctor)
cli.command("train")(train.train)
cli.command("evaluate")(evaluate.evaluate)
cli.command("evaluate-video")(evaluate_video.evaluate_video)


def run(arguments: Sequence[str]) -> int:
    """Run one command and give its exit code: 0 done, 1 failed, 2 wrong usage, 3 not verified, 130 interrupted."""
    command = typer.main.get_command(cli)
    _print_any_name()
    try:
        code = command.main(list(arguments), prog_name="cleanplate", standalone_mode=False)
    except EngineError as error:
        complain(error)
        return 1
    except typer.TyperException as error:
        if error.format_message():  # empty where the help was printed instead
            complain(f"{error.format_message()} See: cleanplate --help")
        return error.exit_code
    except (typer.Abort, KeyboardInterrupt):
        code = _INTERRUPTED
    except Exception as error:
        complain(unexpected(error))
        return 1
    if code == _INTERRUPTED:
        complain("Stopped. Files that were finished before are kept.")
    return code if isinstance(code, int) else 0


def _print_any_name() -> None:
    """A file's name that the terminal cannot show must not end the run."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
