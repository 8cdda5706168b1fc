"""The user's weights of one engine: a folder with the files, and beside each a record (JSON) of what it is.

The record is written last and removed first, so that a process that is killed leaves nothing that would be taken
for weights.
"""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from engines.core.atomic import write_bytes
from engines.core.engine import Card, Weight
from engines.core.faults import EngineError, Fault
from engines.core.files import locked
from engines.model_files import discard


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of weights of the user's.

    ``licence``: the one in the card when they were taken in; ``place``: where they lie, empty where in the store.
    """

    file: str
    sha256: str
    licence: str
    origin: str
    place: str = ""


class Shelf:
    """``folder`` need not exist."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, weight: Weight) -> Record | None:
        """The record of ``weight``; None where there is none, or a damaged one."""
        try:
            table = json.loads((self.folder / _record_name(weight)).read_bytes())
            record = Record(**{field: str(value) for field, value in table.items()})
        except (OSError, ValueError, TypeError, AttributeError):
            return None
        return record if Path(record.file).name == record.file else None

    def path(self, record: Record) -> Path:
        return Path(record.place) if record.place else self.folder / record.file

    def write(self, weight: Weight, record: Record) -> None:
        """Make ``record`` that of ``weight``; what was there before goes."""
        before = self.read(weight)
        write_bytes(self.folder / _record_name(weight), json.dumps(asdict(record), indent=1).encode())
        if before is not None and (before.file, before.place) != (record.file, record.place):
            self._discard(before)

    def forget(self, weight: Weight) -> bool:
        """Delete weights, or the part of them that has come; whether there were any. What lies elsewhere stays."""
        record, arrived = self.read(weight), self.folder / "partial" / weight.file
        there = record is not None or arrived.exists()
        (self.folder / _record_name(weight)).unlink(missing_ok=True)
        discard(arrived)
        if record is not None:
            self._discard(record)
        return there

    @contextlib.contextmanager
    def changing(self) -> Iterator[Path]:
        """The folder, for this process alone; what a killed one left half done is cleared away."""
        with writing_told(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            with locked(self.folder / ".lock"):
                for left in self.folder.glob(".cleanplate-*"):
                    shutil.rmtree(left)
                yield self.folder

    @contextlib.contextmanager
    def arriving(self, card: Card, name: str) -> Iterator[Path]:
        """Where a download called ``name`` grows; only one process at a time may add to it."""
        folder = self.folder / "partial"
        with writing_told(folder), contextlib.ExitStack() as stack:
            folder.mkdir(parents=True, exist_ok=True)
            try:
                stack.enter_context(locked(folder / ".lock", wait=False))
            except BlockingIOError as error:
                message = f"Another Cleanplate is downloading weights of {card.name} at this moment."
                raise EngineError(Fault.NOT_WRITTEN, message, "Wait until it has ended.") from error
            yield folder / name

    def _discard(self, record: Record) -> None:
        """Delete weights in the store, and the ONNX model that was made of them."""
        own = () if record.place else (record.file,)
        for name in (*own, export_name(record.sha256)):
            with contextlib.suppress(PermissionError):  # Windows, while another process reads it; nothing names it now
                discard(self.folder / name)


@contextlib.contextmanager
def writing_told(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise EngineError(
            Fault.NOT_WRITTEN,
            f"{folder} cannot be written: {error.strerror or error}.",
            "Set CLEANPLATE_DATA to a folder that can.",
        ) from error


def stored_name(weight: Weight, sha256: str, suffix: str) -> str:
    return f"{Path(weight.file).stem}.{sha256[:12]}{suffix}"


def export_name(sha256: str) -> str:
    return f"{sha256[:16]}.onnx"


def _record_name(weight: Weight) -> str:
    return f"{weight.file}.json"
