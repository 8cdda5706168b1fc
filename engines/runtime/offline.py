"""Keeps packages that could fetch models off the network while they are imported."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

_SWITCHES = ("HF_HUB_OFFLINE", "HF_HUB_DISABLE_TELEMETRY", "HF_HUB_DISABLE_PROGRESS_BARS")


@contextmanager
def off_the_network() -> Iterator[None]:
    """diffusers and transformers look at the switches when they are first imported.

    Afterwards the environment is as it was: a download that the person asks for is no concern of theirs.
    """
    before = {name: os.environ.get(name) for name in _SWITCHES}
    os.environ.update(dict.fromkeys(_SWITCHES, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
