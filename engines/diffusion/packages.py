"""The packages of the extra ``diffusion``: imported quietly, and kept off the network."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from engines.runtime.offline import off_the_network

with off_the_network():
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
