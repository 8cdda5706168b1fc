"""What every command prints with: results on stdout, progress and complaints on stderr."""

from __future__ import annotations

import os
import traceback
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager

from rich.console import Console
from rich.markup import escape

from engines.core.faults import EngineError, Fault

_WIDE = 1000
"""Columns of a page that is no terminal."""


def out() -> Console:
    """Results. Long lines are not wrapped when they go to a file or a pipe."""
    return Console(soft_wrap=True)


def err() -> Console:
    return Console(stderr=True, soft_wrap=True)


def complain(error: EngineError | str, about: str = "") -> None:
    """One line on stderr: what went wrong and what to do."""
    where = f"{escape(about)}: " if about else ""
    err().print(f"[bold red]cleanplate:[/] {where}{escape(' '.join(str(error).split()))}", highlight=False)


def unexpected(error: Exception) -> EngineError:
    """What a person is told of a bug; where it is goes to stderr with CLEANPLATE_DEBUG set."""
    if os.environ.get("CLEANPLATE_DEBUG"):
        traceback.print_exception(error)
    return EngineError(
        Fault.INTERNAL,
        f"Something went wrong inside Cleanplate: {type(error).__name__}: {error}.",
        "CLEANPLATE_DEBUG=1 shows where.",
    )


def remark(text: str) -> None:
    """One quiet line on stderr: something the person should know."""
    err().print(f"[dim]note:[/] {escape(text)}", highlight=False)


def show_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table on stdout: folded to the width of a terminal, one line a row elsewhere."""
    from rich.table import Table
    from rich.text import Text

    page = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        page.add_column(Text(name), overflow="fold")
    for row in rows:
        page.add_row(*map(Text, row))
    Console(width=None if out().is_terminal else _WIDE).print(page)


class ProgressBar:
    """A bar that nobody sees."""

    def show(self, done: float, note: str) -> None:
        """``done``: the share, 0..1; ``note``: what is being done."""


class _TerminalBar(ProgressBar):
    """A bar that appears with the first report: a question may be asked before."""

    def __init__(self, console: Console) -> None:
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
        self._progress = Progress(*columns, console=console, transient=True)
        self._task = self._progress.add_task("", total=1.0)

    def show(self, done: float, note: str) -> None:
        self._progress.start()
        self._progress.update(self._task, completed=done, description=escape(note))

    def close(self) -> None:
        self._progress.stop()


@contextmanager
def progress_bar(shown: bool) -> Iterator[ProgressBar]:
    """A bar on stderr, on a terminal only and only where ``shown``."""
    console = err()
    if not (shown and console.is_terminal):
        yield ProgressBar()
        return
    with closing(_TerminalBar(console)) as bar:
        yield bar
