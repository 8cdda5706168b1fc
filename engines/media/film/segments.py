"""Encoded runs of frames on the disk: each whole or not there, each named by what it was made of."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from engines.core.faults import EngineError
from engines.media.film.faults import not_written

LOCK = "lock"
"""Held by whoever writes into a folder of segments."""

_MAGIC = b"cleanplate segment 1\n"


@dataclass(frozen=True, slots=True)
class Coded:
    """One encoded frame: its time in ticks of the film, how long it lasts (0: unknown), and its bytes."""

    pts: int
    duration: int
    key: bool
    data: bytes


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment on the disk. ``head``: what decoders need before the first frame; may be empty."""

    path: Path
    head: bytes
    packets: tuple[tuple[int, int, bool, int], ...]

    def coded(self) -> Iterator[Coded]:
        """The frames in the order of decoding."""
        with self.path.open("rb") as file:
            file.seek(len(_MAGIC))
            for pts, duration, key, size in self.packets:
                yield Coded(pts, duration, key, file.read(size))


class SegmentStore:
    """A folder of segments, by name. Safe against the end of the process at any moment."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.segment"

    def find(self, name: str) -> Segment | None:
        """The segment of that name; None where there is none, or a broken one."""
        path = self._path(name)
        try:
            return _read(path)
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self, name: str, coded: Iterable[Coded], head: bytes) -> Segment:
        """Keep the frames of a segment. Raises ``EngineError(NOT_WRITTEN)``; then there is none of that name."""
        path = self._path(name)
        unfinished = path.with_suffix(".unfinished")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            _write(unfinished, coded, head)
            unfinished.replace(path)
            _flush_folder(self.folder)
        except OSError as error:
            unfinished.unlink(missing_ok=True)
            raise not_written(path, error) from error
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
        found = self.find(name)
        if found is None:
            raise not_written(path, OSError("it cannot be read back"))
        return found

    def keep_only(self, names: Iterable[str]) -> None:
        """Remove all segments but these."""
        wanted = {self._path(name) for name in names}
        for path in self.folder.glob("*.segment"):
            if path not in wanted:
                path.unlink(missing_ok=True)

    def remove(self) -> None:
        """Remove all segments, and the folder where nothing else is in it."""
        for path in [*self.folder.glob("*.segment"), *self.folder.glob("*.unfinished"), self.folder / LOCK]:
            path.unlink(missing_ok=True)
        if self.folder.is_dir() and not any(self.folder.iterdir()):
            self.folder.rmdir()


def _write(path: Path, coded: Iterable[Coded], head: bytes) -> None:
    table: list[tuple[int, int, bool, int]] = []
    with path.open("wb") as file:
        file.write(_MAGIC)
        for packet in coded:
            file.write(packet.data)
            table.append((packet.pts, packet.duration, packet.key, len(packet.data)))
        text = json.dumps({"head": head.hex(), "packets": table}).encode()
        file.write(text + len(text).to_bytes(8, "big") + _MAGIC)
        file.flush()
        os.fsync(file.fileno())


def _read(path: Path) -> Segment:
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(size - len(_MAGIC) - 8)
        length = int.from_bytes(file.read(8), "big")
        if file.read() != _MAGIC or length > size:
            raise ValueError
        file.seek(size - len(_MAGIC) - 8 - length)
        table = json.loads(file.read(length))
    packets = tuple((int(pts), int(last), bool(key), int(count)) for pts, last, key, count in table["packets"])
    if sum(packet[3] for packet in packets) + 2 * len(_MAGIC) + 8 + length != size:
        raise ValueError
    return Segment(path, bytes.fromhex(table["head"]), packets)


def _flush_folder(folder: Path) -> None:
    if os.name != "posix":  # elsewhere folders cannot be opened, and the system sees to it
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


__all__ = ["Coded", "EngineError", "Segment", "SegmentStore"]
