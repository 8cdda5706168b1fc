"""FFmpeg's errors, as sentences for a person."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator
from pathlib import Path

import av
import av.logging

from engines.core.faults import EngineError, Fault

av.logging.set_level(None)  # with any other level decoder threads wait for the interpreter, which may wait for them

COPY_ANEW = "Copy it anew from its source, or convert it with another program."


@contextlib.contextmanager
def readable(path: Path) -> Iterator[None]:
    """Turn what FFmpeg raises while it reads ``path`` into ``EngineError(UNREADABLE)``."""
    try:
        yield
    except FileNotFoundError as error:
        raise EngineError(Fault.UNREADABLE, f"There is no file {path}.") from error
    except IsADirectoryError as error:
        raise EngineError(Fault.UNREADABLE, f"{path} is a folder, not a film.") from error
    except PermissionError as error:
        raise EngineError(Fault.UNREADABLE, f"{path} cannot be read: it is closed to you.") from error
    except MemoryError as error:
        raise EngineError(Fault.TOO_LARGE, f"{path.name} does not fit into memory.") from error
    except (av.FFmpegError, UnicodeDecodeError, ValueError) as error:
        raise EngineError(Fault.UNREADABLE, f"{path.name} is no film, or is damaged.", COPY_ANEW) from error
    except OSError as error:
        raise EngineError(Fault.UNREADABLE, f"{path} cannot be read: {error.strerror or error}.") from error


@contextlib.contextmanager
def writable(target: Path) -> Iterator[None]:
    """Turn what FFmpeg raises while it writes ``target`` into ``EngineError(NOT_WRITTEN)``."""
    try:
        yield
    except (av.FFmpegError, OSError) as error:
        raise not_written(target, error) from error


def not_written(target: Path, error: Exception) -> EngineError:
    """Why ``target`` was not written."""
    code = getattr(error, "errno", None)
    if code in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        message = f"The disk is full: {target} was not written."
        return EngineError(Fault.NOT_WRITTEN, message, "Free some space, or write elsewhere.")
    reason = getattr(error, "strerror", None) or str(error)
    return EngineError(Fault.NOT_WRITTEN, f"{target} could not be written: {reason}.", "Nothing was changed.")
