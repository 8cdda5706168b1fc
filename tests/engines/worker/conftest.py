"""A client over fake engines; every test must leave no shared memory, thread or process behind."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Iterator

import pytest

from engines.worker.client import EngineClient
from tests.engines.worker.support import config, own_slots


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    threads = set(threading.enumerate())
    yield
    assert own_slots() == []
    assert set(threading.enumerate()) <= threads
    assert multiprocessing.active_children() == []


@pytest.fixture
def client(nothing_left: None) -> Iterator[EngineClient]:
    with EngineClient(config(cancel_grace=30.0)) as client:
        yield client
