"""Files appear whole or not at all: written beside their target, flushed to the disk, renamed.

Every module that writes a file for the person does it through here.
"""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from engines.core.faults import EngineError, Fault


@contextlib.contextmanager
def replacing(target: Path, *, overwrite: bool = True) -> Iterator[Path]:
    """A path beside ``target`` to write to; it takes the target's place when the block ends without an error.

    Folders are made. Raises ``EngineError``: EXISTS where the target exists and ``overwrite`` is off,
    NOT_WRITTEN where the system refuses (a full disk, no permission). Whatever fails, the target is as it was.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".cleanplate-") as folder:
            beside = Path(folder) / target.name
            yield beside
            flush(beside)
            _move(beside, target, overwrite=overwrite)
            _flush_folder(target.parent)
    except OSError as error:
        raise _not_written(target, error) from error


@contextlib.contextmanager
def replacing_folder(target: Path, *, overwrite: bool = False) -> Iterator[Path]:
    """Like ``replacing``, for a folder, which is to be made under the name given; never takes another's place.

    Raises ``EngineError``: EXISTS where there is something under the name of ``target`` that is no empty folder.
    """
    del overwrite  # a folder may hold more than what was written into it: it is never replaced
    try:
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".cleanplate-") as folder:
            beside = Path(folder) / target.name
            yield beside
            for file in beside.iterdir():
                flush(file)
            if target.exists() and (not target.is_dir() or any(target.iterdir())):
                raise EngineError(Fault.EXISTS, f"{target} exists already.", "Give another -o.")
            beside.replace(target)
            _flush_folder(target.parent)
    except OSError as error:
        raise _not_written(target, error) from error


def write_bytes(target: Path, content: bytes, *, overwrite: bool = True) -> None:
    """Make ``content`` the file ``target``, whole or not at all."""
    with replacing(target, overwrite=overwrite) as beside:
        beside.write_bytes(content)


def flush(path: Path) -> None:
    """Wait until the file is on the disk: a rename must not outrun its content."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _flush_folder(folder: Path) -> None:
    """Force a new name to the disk, too. Where folders cannot be opened (Windows) the system sees to it."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _not_written(target: Path, error: OSError) -> EngineError:
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            message, hint = f"The disk is full: {target} was not written.", "Free some space, or write elsewhere."
        case errno.EACCES | errno.EPERM | errno.EROFS:
            message = f"{target} could not be written: the folder {target.parent} is closed to you."
            hint = "Write to another folder, or change its permissions."
        case _:
            message = f"{target} could not be written: {error.strerror or error}."
            hint = "Nothing was changed; try another folder."
    return EngineError(Fault.NOT_WRITTEN, message, hint)


def _move(beside: Path, target: Path, *, overwrite: bool) -> None:
    if overwrite:
        beside.replace(target)
        return
    try:
        os.link(beside, target)  # unlike a rename, it fails where the target has come up meanwhile
    except FileExistsError as error:
        raise EngineError(Fault.EXISTS, f"{target} exists already.", "Add --overwrite or give another -o.") from error
    except OSError:  # file systems without hard links
        if target.exists():
            raise EngineError(
                Fault.EXISTS, f"{target} exists already.", "Add --overwrite or give another -o."
            ) from None
        beside.replace(target)
