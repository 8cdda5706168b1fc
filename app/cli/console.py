"""What every command prints with: results on stdout, progress and complaints on stderr."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape

from engines.core.faults import EngineError


def out() -> Console:
    """Results. Long lines are not wrapped when they go to a file or a pipe."""
    return Console(soft_wrap=True)


def err() -> Console:
    return Console(stderr=True, soft_wrap=True)


def complain(error: EngineError | str, about: str = "") -> None:
    """One line on stderr: what went wrong and what to do."""
    where = f"{escape(about)}: " if about else ""
    err().print(f"[bold red]cleanplate:[/] {where}{escape(' '.join(str(error).split()))}", highlight=False)


def remark(text: str) -> None:
    """One quiet line on stderr: something the person should know."""
    err().print(f"[dim]note:[/] {escape(text)}", highlight=False)


@contextmanager
def progress_bar(shown: bool) -> Iterator[ProgressBar]:
    """A bar on stderr, on a terminal only and only where ``shown``."""
    console = err()
    if not (shown and console.is_terminal):
        yield ProgressBar()
        return
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=1.0)

        class _Shown(ProgressBar):
            def show(self, done: float, note: str) -> None:
                progress.update(task, completed=done, description=escape(note))

        yield _Shown()


class ProgressBar:
    """A bar that nobody sees."""

    def show(self, done: float, note: str) -> None:
        """``done``: the share, 0..1; ``note``: what is being done."""
