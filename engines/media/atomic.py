"""What is asked before a picture is written: is there a place for it, and may it be taken?"""

from __future__ import annotations

from pathlib import Path

from engines.core.atomic import write_bytes
from engines.core.faults import EngineError, Fault


def write_whole(data: bytes, target: Path, *, overwrite: bool) -> None:
    """Write ``data`` to ``target``, which is whole or as it was at every moment; raises what ``check_target`` does.

    Also ``NOT_WRITTEN`` where the disk is full or the folder closed to us; then nothing is left behind.
    """
    check_target(target, overwrite=overwrite)
    write_bytes(target, data, overwrite=overwrite)


def check_target(target: Path, *, overwrite: bool) -> None:
    """Raise ``EngineError`` where ``target`` cannot be written, as far as can be known beforehand.

    ``EXISTS`` where there is a file already and ``overwrite`` is false, ``NOT_WRITTEN`` where it is a folder or
    its folder does not exist: a mistyped name must not make folders.
    """
    if target.is_dir():
        raise EngineError(Fault.NOT_WRITTEN, f"{target} is a folder.", "Give the name of a file.")
    if target.exists() and not overwrite:
        raise EngineError(Fault.EXISTS, f"{target} exists already.", "Add --overwrite or give another -o.")
    if not target.parent.is_dir():
        raise EngineError(Fault.NOT_WRITTEN, f"The folder {target.parent} does not exist.", "Make it first.")
