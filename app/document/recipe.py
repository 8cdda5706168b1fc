"""What a panel's button would do, as a value: shown as a command line, kept as TOML."""

from __future__ import annotations

import json
import shlex
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from app.document.plain import Table
from engines.core.engine import OptionValue, Task
from engines.core.faults import EngineError, Fault


@dataclass(frozen=True, slots=True)
class Recipe:
    """Erase from a photo: all text in it (``text``), what a mask file covers, or both, with one engine for ``task``."""

    engine: str
    text: bool = False
    mask: Path | None = None
    options: Mapping[str, OptionValue] = field(default_factory=dict)
    device: str = "auto"
    task: Task = Task.TEXT

    def command(self, source: Path, target: Path) -> str:
        """The ``cleanplate erase`` line that does the same, quoted for a POSIX shell."""
        words = ["cleanplate", "erase", str(source)]
        if self.mask is not None:
            words += ["--mask", str(self.mask)]
        if self.text:
            words.append("--text")
        if self.task is not Task.TEXT:
            words += ["--task", self.task.value]
        words += ["--engine", self.engine]
        for name, value in self.options.items():
            words += ["--set", f"{name}={_word(value)}"]
        if self.device != "auto":
            words += ["--device", self.device]
        return shlex.join([*words, "-o", str(target)])

    def to_toml(self) -> str:
        """The recipe as a TOML document."""
        lines = ["version = 1", f"engine = {_quoted(self.engine)}", f"device = {_quoted(self.device)}"]
        lines += [f"text = {_word(self.text)}", f"task = {_quoted(self.task.value)}"]
        if self.mask is not None:
            lines.append(f"mask = {_quoted(str(self.mask))}")
        lines += ["", "[options]"]
        lines += [f"{_quoted(k)} = {_quoted(v) if isinstance(v, str) else _word(v)}" for k, v in self.options.items()]
        return "\n".join(lines) + "\n"

    @classmethod
    def from_toml(cls, text: str) -> Recipe:
        """What ``to_toml`` wrote; raises ``EngineError`` (UNREADABLE) for anything else."""
        try:
            table = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise EngineError(Fault.UNREADABLE, f"This is not a recipe: {error}.") from error
        read = Table(table, "the recipe")
        if read.whole("version") != 1:
            raise EngineError(Fault.UNREADABLE, "This recipe was saved by a newer version of Cleanplate.")
        mask = Path(read.text("mask")) if "mask" in table else None
        task = _task(read.text("task")) if "task" in table else Task.TEXT
        return cls(read.text("engine"), read.flag("text"), mask, read.scalars("options"), read.text("device"), task)


def _task(name: str) -> Task:
    try:
        return Task(name)
    except ValueError as error:
        raise EngineError(Fault.UNREADABLE, f"This recipe is for another task: {name!r}.") from error


def _word(value: OptionValue) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace(
        "\x7f", "\\u007f"
    )  # TOML's basic strings are JSON's, but for DEL
