"""The packages of the extra ``diffusion``: imported quietly, and kept off the network."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_SWITCHES = ("HF_HUB_OFFLINE", "HF_HUB_DISABLE_TELEMETRY", "HF_HUB_DISABLE_PROGRESS_BARS")


@contextmanager
def _switched_off() -> Iterator[None]:
    """These packages look at the switches when they are first imported; a download that is asked for is no concern."""
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


with _switched_off():
    import diffusers
    import transformers

diffusers.utils.logging.set_verbosity_error()
diffusers.utils.logging.disable_progress_bar()
transformers.utils.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()


@contextmanager
def quiet() -> Iterator[None]:
    """Keep to themselves the remarks that these packages make to programmers who use them.

    They warn of arguments that they pass to one another, and of fields that old configurations still have.
    """
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", category=FutureWarning)
            warnings.filterwarnings("ignore", category=DeprecationWarning)
            warnings.filterwarnings(
                "ignore", category=UserWarning, module=r"(diffusers|transformers|peft|accelerate)\."
            )
            yield
    finally:
        logging.disable(level)
