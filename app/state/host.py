"""The engine process as the window sees it: submit, cancel, and one queued signal for all events."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QObject, Qt, Signal

from engines.requests import AnyRequest, Event


class Client(Protocol):
    """What is needed of ``engines.worker.client.EngineClient``."""

    @property
    def worker_pid(self) -> int | None: ...

    def submit(self, request: AnyRequest, on_event: Callable[[Event], None], *, wants_preview: bool = False) -> int: ...

    def cancel(self, job: int) -> None: ...

    def warm(self) -> None: ...

    def reset(self, engine: str) -> None: ...

    def close(self, grace: float = 1.0) -> None: ...


class EngineHost(QObject):
    """``heard`` is emitted in the window's thread, whatever thread the client speaks from."""

    heard = Signal(object)
    _arrived = Signal(object)

    def __init__(self, client: Client, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._client = client
        self._arrived.connect(self.heard, Qt.ConnectionType.QueuedConnection)

    @property
    def worker_pid(self) -> int | None:
        return self._client.worker_pid

    def submit(self, request: AnyRequest, *, wants_preview: bool = False) -> int:
        """Queue a request; the job's number."""
        return self._client.submit(request, self._arrived.emit, wants_preview=wants_preview)

    def cancel(self, job: int) -> None:
        self._client.cancel(job)

    def warm(self) -> None:
        """Start the process and have it import what is slow."""
        self._client.warm()

    def reset(self, engine: str) -> None:
        """Allow an engine again that was switched off after crashes."""
        self._client.reset(engine)

    def close(self) -> None:
        self._client.close()
