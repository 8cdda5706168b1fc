"""Arrays of old history entries on disk, to stay within a memory budget."""

from __future__ import annotations

import contextlib
import itertools
import shutil
import tempfile
import weakref
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.core.faults import EngineError, Fault
from engines.core.types import readonly


class SpillFolder:
    """A temporary folder of ``.npy`` files. An array that is alive is written once and given back as itself."""

    tiled = True

    def __init__(self, parent: Path | None = None) -> None:
        self._parent = parent
        self._folder: Path | None = None
        self._numbers = itertools.count(1)
        self._keys: dict[int, str] = {}
        self._alive: weakref.WeakValueDictionary[str, NDArray[Any]] = weakref.WeakValueDictionary()

    def put(self, array: NDArray[Any], name: str) -> str:
        """Write the array, unless it is there already."""
        del name
        key = self._keys.get(id(array))
        if key is not None and self._alive.get(key) is array:
            return key
        key = f"{next(self._numbers)}.npy"
        try:
            np.save(self._made() / key, array, allow_pickle=False)
        except OSError as error:
            raise EngineError(
                Fault.NOT_WRITTEN,
                f"Older steps of the history could not be moved to disk: {error}.",
                "Free some disk space, or raise the memory limit in the preferences.",
            ) from error
        self._remember(key, array)
        return key

    def get(self, key: str) -> NDArray[Any]:
        """The array: the living one, or read back."""
        array = self._alive.get(key)
        if array is None:
            try:
                array = readonly(np.load(self._made() / key, allow_pickle=False))
            except (OSError, ValueError) as error:
                raise EngineError(
                    Fault.UNREADABLE, f"An older step of the history cannot be read back: {error}."
                ) from error
            self._remember(key, array)
        return array

    def close(self) -> None:
        """Delete everything."""
        if self._folder is not None:
            with contextlib.suppress(OSError):
                shutil.rmtree(self._folder)
            self._folder = None

    def _remember(self, key: str, array: NDArray[Any]) -> None:
        self._keys[id(array)] = key
        self._alive[key] = array

    def _made(self) -> Path:
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="cleanplate-history-", dir=self._parent))
            weakref.finalize(self, shutil.rmtree, self._folder, True)
        return self._folder
