"""What the tests of the engine process share."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from engines.core.engine import OptionValue
from engines.core.faults import EngineError
from engines.core.types import Mask, Pixels
from engines.requests import Erased, EraseImage, Event, Failed, Finished, Previewed, Progressed, WasCancelled
from engines.worker.client import EngineClient
from engines.worker.messages import WorkerConfig

PATIENCE = 60.0
"""Seconds after which a test gives up; nothing here takes more than two."""

SHARED_MEMORY = Path("/dev/shm")


def config(**changes: Any) -> WorkerConfig:
    """A configuration over ``tests.fakes``."""
    return WorkerConfig(**{"session_factory": "tests.fakes:open_fake_session", **changes})


def picture(height: int = 24, width: int = 32, dtype: str = "uint8", seed: int = 0) -> Pixels:
    """Noise, ``(height, width, 3)``."""
    rng = np.random.default_rng(seed)
    if dtype == "float32":
        return rng.random((height, width, 3), np.float32)
    bits = 8 * np.dtype(dtype).itemsize
    return rng.integers(0, 2**bits, (height, width, 3), np.uint32).astype(dtype)


def erase(engine: str, image: Pixels | None = None, **options: OptionValue) -> EraseImage:
    """A request to the fake ``engine`` with a mask in the corner."""
    shown = picture() if image is None else image
    alpha = np.zeros(shown.shape[:2], np.uint8)
    alpha[:5, :5] = 255
    return EraseImage(engine, shown, Mask.of(alpha), options)


def wait_until(true: Callable[[], object]) -> None:
    """Return when ``true()`` is; fail after ``PATIENCE``."""
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def slots_of(pid: int) -> list[str]:
    """The shared-memory slots that the process ``pid`` made and that still exist."""
    return [path.name for path in SHARED_MEMORY.glob(f"clp{pid}-*")] if SHARED_MEMORY.is_dir() else []


def own_slots() -> list[str]:
    return slots_of(os.getpid())


class Recorder:
    """Keeps the events of one job, and waits for its end."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._ended = threading.Event()
        self._stepped = threading.Event()

    def __call__(self, event: Event) -> None:
        self.events.append(event)
        if isinstance(event, Progressed):
            self._stepped.set()
        if isinstance(event, Finished | WasCancelled | Failed):
            self._ended.set()
            self._stepped.set()

    def wait(self) -> Event:
        """The terminal event."""
        assert self._ended.wait(PATIENCE), "the job never ended"
        return self.events[-1]

    def wait_for_a_step(self) -> None:
        assert self._stepped.wait(PATIENCE), "the job never reported"
        assert not self._ended.is_set()

    def error(self) -> EngineError:
        event = self.wait()
        assert isinstance(event, Failed)
        return event.error

    def result(self) -> Erased:
        event = self.wait()
        assert isinstance(event, Finished)
        assert isinstance(event.result, Erased)
        return event.result

    @property
    def progress(self) -> list[float]:
        return [event.done for event in self.events if isinstance(event, Progressed)]

    @property
    def previews(self) -> list[Pixels]:
        return [event.image for event in self.events if isinstance(event, Previewed)]

    @property
    def ends(self) -> list[Event]:
        return [event for event in self.events if isinstance(event, Finished | WasCancelled | Failed)]


def submit(client: EngineClient, request: EraseImage, *, wants_preview: bool = False) -> tuple[int, Recorder]:
    recorder = Recorder()
    return client.submit(request, recorder, wants_preview=wants_preview), recorder
