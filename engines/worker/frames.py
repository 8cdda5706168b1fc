"""Pixels between processes: arrays over 1 MB go through shared-memory slots, the rest along with the message.

The parent makes, owns and unlinks every slot (``Slots``); the child only attaches. So whatever happens to
the child, nothing stays behind; and if the parent itself is killed, the resource tracker of
``multiprocessing``, which parent and child share, unlinks what it had registered. Both sides copy: a slot
lives no longer than a message is under way, and no array ever points into one. A 4K frame costs one memcpy
on each side (a few ms).
"""

from __future__ import annotations

import io
import logging
import os
import pickle
import secrets
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

SLOT_THRESHOLD = 1 << 20
"""Bytes; smaller arrays are cheaper inside the pickle."""

_ALIGNMENT = 64
_log = logging.getLogger("engines.worker")

Bytes = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Parcel:
    """A packed value on its way: the pickle without its large buffers, and where those are.

    ``sizes``: bytes of each buffer. They lie in ``slot`` one after the other, each aligned, or, where there
    was no room for a slot, in ``loose``.
    """

    head: bytes
    sizes: tuple[int, ...] = ()
    slot: str | None = None
    loose: tuple[Bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Packed:
    """A pickled value whose large buffers are still where they were."""

    head: bytes
    buffers: tuple[Bytes, ...]

    @property
    def sizes(self) -> tuple[int, ...]:
        return tuple(buffer.nbytes for buffer in self.buffers)

    @property
    def room(self) -> int:
        """Bytes that a slot must have; 0 where no slot is needed."""
        return sum(map(_aligned, self.sizes))

    def by_pipe(self) -> Parcel:
        """The parcel without shared memory: slower, but it always works."""
        return Parcel(self.head, self.sizes, None, self.buffers)

    def into(self, memory: SharedMemory) -> Parcel:
        """The parcel with its buffers copied into ``memory``."""
        for start, source in zip(_starts(self.sizes), self.buffers, strict=True):
            np.copyto(_view(memory, start, source.nbytes), source)
        return Parcel(self.head, self.sizes, memory.name)


class _Pickler(pickle.Pickler):
    """Makes arrays that are views with gaps contiguous, so that they too travel outside the pickle."""

    def reducer_override(self, obj: object) -> Any:
        if type(obj) is not np.ndarray or obj.dtype.hasobject:
            return NotImplemented
        if obj.flags.c_contiguous or obj.flags.f_contiguous:
            return NotImplemented
        whole = np.ascontiguousarray(obj)
        whole.flags.writeable = obj.flags.writeable
        return whole.__reduce_ex__(pickle.HIGHEST_PROTOCOL)


def pack(value: object) -> Packed:
    """Pickle ``value``, leaving arrays of ``SLOT_THRESHOLD`` bytes and more where they are."""
    large: list[Bytes] = []

    def keep_inside(buffer: pickle.PickleBuffer) -> bool:
        raw = buffer.raw()
        if raw.nbytes < SLOT_THRESHOLD:
            return True
        large.append(np.frombuffer(raw, np.uint8))
        return False

    stream = io.BytesIO()
    _Pickler(stream, protocol=5, buffer_callback=keep_inside).dump(value)
    return Packed(stream.getvalue(), tuple(large))


def unpack(parcel: Parcel, memory: SharedMemory | None = None) -> Any:
    """The value in ``parcel``; ``memory`` is its slot, if it has one. Arrays are copies, as writeable as before."""
    buffers: Sequence[Bytes] = parcel.loose
    if memory is not None:
        buffers = [_copy(memory, start, size) for start, size in zip(_starts(parcel.sizes), parcel.sizes, strict=True)]
    return pickle.loads(parcel.head, buffers=buffers)


@contextmanager
def attached(name: str) -> Iterator[SharedMemory]:
    """The parent's slot ``name``, in the child.

    Attaching registers the name with the resource tracker once more. That is harmless: the tracker is the
    parent's own (spawn hands it down), it keeps a set, and the parent's unlink takes the name out again,
    always later, because the parent unlinks when the child has answered or is dead.
    """
    memory = SharedMemory(name)
    try:
        yield memory
    finally:
        memory.close()


class Slots:
    """The slots of one engine process, on the parent's side. Thread-safe; ``close`` frees what is left."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[str, SharedMemory] = {}

    def create(self, size: int) -> SharedMemory | None:
        """A new slot of at least ``size`` bytes, or None (and a line in the log) where there is no room."""
        try:
            memory = _create(size)
        except (OSError, MemoryError) as error:
            _log.warning("no shared memory for %d bytes (%s); pixels go through the pipe", size, error)
            return None
        with self._lock:
            self._held[memory.name] = memory
        return memory

    def send(self, value: object) -> Parcel:
        """``value`` packed, in a slot of its own if it is large."""
        packed = pack(value)
        if not packed.room:
            return packed.by_pipe()
        memory = self.create(packed.room)
        return packed.into(memory) if memory else packed.by_pipe()

    def receive(self, parcel: Parcel) -> Any:
        """The value in ``parcel``; its slot is freed."""
        if parcel.slot is None:
            return unpack(parcel)
        with self._lock:
            memory = self._held[parcel.slot]
        try:
            return unpack(parcel, memory)
        finally:
            self.release(parcel.slot)

    def release(self, name: str) -> None:
        """Free one slot."""
        with self._lock:
            memory = self._held.pop(name)
        memory.close()
        memory.unlink()

    def close(self) -> None:
        """Free all slots. Nobody may be copying any more."""
        for name in list(self._held):
            self.release(name)


def receive_attached(parcel: Parcel) -> Any:
    """The child's side of ``Slots.receive``; the parent still has to free the slot."""
    if parcel.slot is None:
        return unpack(parcel)
    with attached(parcel.slot) as memory:
        return unpack(parcel, memory)


def _aligned(size: int) -> int:
    return -(-size // _ALIGNMENT) * _ALIGNMENT


def _starts(sizes: Sequence[int]) -> list[int]:
    """Where each buffer begins in its slot."""
    return list(accumulate(map(_aligned, sizes[:-1]), initial=0)) if sizes else []


def _view(memory: SharedMemory, start: int, size: int) -> Bytes:
    """A part of a slot. It must be gone before the slot is closed."""
    if memory.buf is None:
        msg = "the slot is closed"
        raise ValueError(msg)
    return np.frombuffer(memory.buf, np.uint8, size, start)


def _copy(memory: SharedMemory, start: int, size: int) -> Bytes:
    # The allocation comes first: were it to fail, a view in the traceback would keep the slot from closing.
    target = np.empty(size, np.uint8)
    np.copyto(target, _view(memory, start, size))
    return target


def _create(size: int) -> SharedMemory:
    # macOS allows 31 characters. The process id tells whose slot it is.
    memory = SharedMemory(f"clp{os.getpid()}-{secrets.token_hex(6)}", create=True, size=size)
    try:
        _reserve(memory.name, size)
    except OSError:
        memory.close()
        memory.unlink()
        raise
    return memory


def _reserve(name: str, size: int) -> None:
    """Take the memory now: on a full tmpfs (64 MB in a container) the first write would be a SIGBUS, not an error."""
    file = Path("/dev/shm") / name
    if not sys.platform.startswith("linux") or not file.exists():
        return
    descriptor = os.open(file, os.O_RDWR)
    try:
        os.posix_fallocate(descriptor, 0, size)
    finally:
        os.close(descriptor)
