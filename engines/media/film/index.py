"""The index of a film: when each frame is shown, and from where it can be decoded. Built once, then remembered."""

from __future__ import annotations

import contextlib
import hashlib
import io
import itertools
import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from engines.core.atomic import write_bytes
from engines.core.faults import EngineError, Fault
from engines.core.paths import user_cache_dir
from engines.media.film.faults import COPY_ANEW, readable
from engines.media.film.packets import decoded, whole_packets
from engines.media.film.probe import film_stream, opened

_VERSION = 1
_COMPARED = 48
"""Frames decoded to see whether the packets tell the truth."""
_REMEMBERED = 200
"""Films whose index is kept."""


@dataclass(frozen=True)
class Index:
    """One entry a frame, in the order of showing.

    ``pts``: int64 ticks, rising. ``ends``: pts of what follows. ``keys``: where decoding can begin.
    ``order``: place of the frame's packet in the file. ``counted``: the packets do not tell their times
    truly, so that frames are found by decoding from the start and counting.
    """

    pts: NDArray[np.int64]
    ends: NDArray[np.int64]
    keys: NDArray[np.bool_]
    order: NDArray[np.int32]
    counted: bool

    def __len__(self) -> int:
        return int(self.pts.size)

    @cached_property
    def variable(self) -> bool:
        """Whether frames last for unlike times; a tick more or less is the time base's rounding."""
        steps = np.diff(self.pts)
        return bool(steps.size and int(steps.max()) - int(steps.min()) > 1)

    @cached_property
    def key_numbers(self) -> NDArray[np.int64]:
        return np.flatnonzero(self.keys)

    def key_before(self, number: int) -> int:
        """The last key frame shown at or before frame ``number``; the first frame, where there is none."""
        place = int(np.searchsorted(self.key_numbers, number, side="right")) - 1
        return int(self.key_numbers[place]) if place >= 0 else 0

    def number(self, pts: int) -> int | None:
        """The frame shown at exactly ``pts``."""
        place = int(np.searchsorted(self.pts, pts))
        return place if place < self.pts.size and int(self.pts[place]) == pts else None


def index_of(path: Path) -> Index:
    """The index of the film ``path``: remembered, or built by reading the file once."""
    with readable(path):
        stamp = _stamp(path)
    memory = user_cache_dir() / "film-index" / f"{stamp}.npz"
    found = _recall(memory)
    if found is None:
        found = _built(path)
        _remember(memory, found)
    return found


def _stamp(path: Path) -> str:
    stat = path.stat()
    text = f"{_VERSION} {path.resolve()} {stat.st_size} {stat.st_mtime_ns} {av.__version__}"
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:32]


def _recall(memory: Path) -> Index | None:
    try:
        with np.load(memory, allow_pickle=False) as table:
            os.utime(memory)
            return Index(table["pts"], table["ends"], table["keys"], table["order"], bool(table["counted"]))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def _remember(memory: Path, index: Index) -> None:
    content = io.BytesIO()
    np.savez_compressed(
        content, pts=index.pts, ends=index.ends, keys=index.keys, order=index.order, counted=np.bool_(index.counted)
    )
    with contextlib.suppress(EngineError, OSError):  # a folder that cannot be written only costs time
        memory.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(memory, content.getvalue())
        known = sorted(memory.parent.glob("*.npz"), key=lambda file: file.stat().st_mtime)
        for old in known[:-_REMEMBERED]:
            old.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class _Packet:
    pts: int | None
    duration: int
    key: bool


def _built(path: Path) -> Index:
    packets = list(_packets(path))
    times = [packet.pts for packet in packets]
    first = _decoded_times(path, _COMPARED)
    told = sorted(time for time in times if time is not None)
    if None not in times and len(set(told)) == len(told) and _agree(first, told):
        return _from_packets(packets)
    return _counted(path)


def _packets(path: Path) -> Iterator[_Packet]:
    with readable(path), opened(path) as container:
        for packet in whole_packets(container.demux(film_stream(container, path))):
            if not packet.is_discard:
                yield _Packet(packet.pts, packet.duration or 0, packet.is_keyframe)


def _decoded_times(path: Path, count: int | None) -> list[int | None]:
    """The times of the first ``count`` frames (all: None) as the decoder gives them."""
    with readable(path), opened(path) as container:
        stream = film_stream(container, path)
        stream.thread_type = "AUTO"
        frames = decoded(stream, container.demux(stream))
        return [frame.pts for frame in itertools.islice(frames, count)]


def _agree(decoded: list[int | None], told: list[int]) -> bool:
    """Whether the decoder shows frames at the packets' times and in their order; damaged ones may be missing."""
    known = set(told)
    times = [time for time in decoded if time is not None]
    rising = all(a < b for a, b in itertools.pairwise(times))
    return len(times) == len(decoded) > 0 and rising and known.issuperset(times)


def _from_packets(packets: list[_Packet]) -> Index:
    pts = np.array([packet.pts for packet in packets], np.int64)
    places = np.argsort(pts)
    keys = np.array([packet.key for packet in packets], np.bool_)[places]
    duration = packets[int(places[-1])].duration or _usual_step(pts[places])
    return Index(pts[places], _ends(pts[places], duration), keys, places.astype(np.int32), counted=False)


def _ends(pts: NDArray[np.int64], last: int) -> NDArray[np.int64]:
    return np.append(pts[1:], pts[-1] + max(last, 1))


def _usual_step(pts: NDArray[np.int64]) -> int:
    return int(np.median(np.diff(pts))) if pts.size > 1 else 1


def _counted(path: Path) -> Index:
    """The index of a film whose packets do not tell: times as decoded, made to rise where they do not."""
    decoded = _decoded_times(path, None)
    if not decoded:
        raise EngineError(Fault.UNREADABLE, f"No frame of {path.name} can be decoded.", COPY_ANEW)
    pts = np.array(list(_rising(decoded, _step(path))), np.int64)
    keys = np.zeros(pts.size, np.bool_)
    keys[0] = True
    return Index(pts, _ends(pts, _usual_step(pts)), keys, np.arange(pts.size, dtype=np.int32), counted=True)


def _step(path: Path) -> int:
    with readable(path), opened(path) as container:
        stream = film_stream(container, path)
        rate = stream.average_rate or stream.guessed_rate or 25
        return max(1, round(1 / (rate * (stream.time_base or 1))))


def _rising(times: list[int | None], step: int) -> Iterator[int]:
    last: int | None = None
    for time in times:
        least = 0 if last is None else last + step
        last = least if time is None or (last is not None and time <= last) else time
        yield last
