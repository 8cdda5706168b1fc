"""Files that other processes may read and write at the same moment: locks, and checksums that are remembered."""

from __future__ import annotations

import contextlib
import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from engines.core.atomic import write_bytes
from engines.core.faults import EngineError


def sha256_of(path: Path) -> str:
    """The sha256 of a file, as 64 lower-case hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def locked(path: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold the lock file ``path``, which is made where it is not there and stays.

    Keeps out other processes and threads; the end of a process, however it comes, frees its locks.
    Raises ``BlockingIOError`` where another one holds it and ``wait`` is off.
    """
    with path.open("ab") as file:
        _lock(file, wait)
        yield  # closing the file frees the lock


if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[bytes], wait: bool) -> None:
        file.seek(0)
        while True:
            try:
                msvcrt.locking(file.fileno(), msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
            except OSError as error:  # LK_LOCK gives up after ten seconds: then it is asked again
                if not wait:
                    raise BlockingIOError(*error.args) from error
            else:
                return
else:
    import fcntl

    def _lock(file: IO[bytes], wait: bool) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))


class Fingerprints:
    """The sha256 of files, remembered in ``memory`` by size and time of change, so that a start reads none of them."""

    def __init__(self, memory: Path) -> None:
        self._memory = memory

    def of(self, path: Path, *, afresh: bool = False) -> str:
        """The sha256 of ``path``; ``afresh``: whatever is remembered."""
        stat = path.stat()
        stamp = f"{stat.st_size} {stat.st_mtime_ns} "
        known = "" if afresh else self._read().get(str(path), "")
        if known.startswith(stamp):
            return known.removeprefix(stamp)
        found = sha256_of(path)
        self._remember(path, stamp + found)
        return found

    def _read(self) -> dict[str, str]:
        try:
            table: object = json.loads(self._memory.read_bytes())
        except (OSError, ValueError):
            return {}
        return {str(key): str(value) for key, value in table.items()} if isinstance(table, dict) else {}

    def _remember(self, path: Path, entry: str) -> None:
        if not self._memory.parent.is_dir():  # who only looks leaves no folder behind
            return
        table = {name: value for name, value in self._read().items() if Path(name).exists()}
        with contextlib.suppress(EngineError):  # a folder that cannot be written only costs time
            write_bytes(self._memory, json.dumps({**table, str(path): entry}, indent=1).encode())
