"""Models of the person's own choice: one file, or a folder of many, of which only a part is needed."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePosixPath

from engines.core.atomic import flush, replacing
from engines.core.faults import EngineError, Fault

WEIGHTS = ".safetensors"
"""Other files of weights could hold programs, and are never taken."""

_TEXTS = (".json", ".txt", ".model")
_NOT_NEEDED = ("safety_checker", "feature_extractor", "image_encoder")
_SMALL_VARIANT = ".fp16."
_SINGLE = ("config.json", "model.safetensors")
"""How transformers writes a model that is one network."""

_OTHER_VARIANTS = (".non_ema.", ".ema_only.", ".bf16.")


def needed(names: Iterable[str]) -> list[str]:
    """Of the files of a model folder (paths with ``/``), those that make it up: configurations, texts, safetensors.

    Of a part that is there in several precisions the 16-bit one is taken, which is what everyone runs. A checkpoint
    in one file beside the parts is left out; a model of a single part lies in the folder itself.
    """
    names = list(names)
    paths = [PurePosixPath(name) for name in names]
    parts = [path for path in paths if len(path.parts) == 2 and path.parent.name not in _NOT_NEEDED]
    texts = [path for path in parts if path.suffix in _TEXTS and not _is_index_of_other_kind(path)]
    folders = dict.fromkeys(path.parent for path in parts)
    weights = [path for folder in folders for path in _weights_of(folder, parts)]
    if not weights and set(_SINGLE) <= set(names):
        return list(_SINGLE)
    top = [path for path in paths if path.name == "model_index.json" and len(path.parts) == 1]
    return sorted(str(path) for path in (*top, *texts, *weights))


def model_files(folder: Path) -> list[Path]:
    """The files in ``folder`` that make the model up, relative to it, in a fixed order."""
    found = [path.relative_to(folder).as_posix() for path in folder.glob("*") if path.is_file()]
    found += [path.relative_to(folder).as_posix() for path in folder.glob("*/*") if path.is_file()]
    return [Path(name) for name in needed(found)]


def digest(path: Path, of: Callable[[Path], str]) -> str:
    """The sha256 of a file; of a folder that of its files' names and sha256s. ``of``: gives those of the files.

    Raises ``EngineError(WEIGHTS_INVALID)`` for a folder that holds no model.
    """
    if not path.is_dir():
        return of(path)
    files = model_files(path)
    if not any(file.suffix == WEIGHTS for file in files):
        raise EngineError(
            Fault.WEIGHTS_INVALID,
            f"{path} holds no model: neither safetensors in subfolders, nor model.safetensors beside config.json.",
            "Give the folder as the hub offers it, or one .safetensors file.",
        )
    lines = (f"{of(path / file)}  {file.as_posix()}\n" for file in files)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def copy(source: Path, target: Path) -> None:
    """Copy a file, or what makes up a model folder, beside ``target`` and then rename it: whole or not at all."""
    if not source.is_dir():
        with replacing(target) as beside:
            shutil.copyfile(source, beside)
        return
    room = target.with_name(f".cleanplate-{target.name}")
    discard(room)
    try:
        for file in model_files(source):
            (room / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / file, room / file)
            flush(room / file)
        discard(target)
        room.rename(target)
    finally:
        discard(room)


def move(source: Path, target: Path) -> None:
    """Make the folder ``source``, whose files have just come, ``target``: flushed, then renamed."""
    for file in model_files(source):
        flush(source / file)
    discard(target)
    source.rename(target)


def discard(path: Path) -> None:
    """Delete a file or a folder, where it is there."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def size_of(path: Path) -> int:
    """Bytes of a file, or of what makes up a model folder."""
    files = (path / file for file in model_files(path)) if path.is_dir() else (path,)
    return sum(file.stat().st_size for file in files)


def _weights_of(folder: PurePosixPath, parts: list[PurePosixPath]) -> Iterator[PurePosixPath]:
    every = [path for path in parts if path.parent == folder and path.suffix == WEIGHTS]
    usual = [path for path in every if not any(other in path.name for other in _OTHER_VARIANTS)]
    small = [path for path in usual if _SMALL_VARIANT in path.name]
    yield from small or usual


def _is_index_of_other_kind(path: PurePosixPath) -> bool:
    """Whether a list of parts belongs to weights that are not taken."""
    return path.name.endswith(".index.json") and WEIGHTS not in path.name
