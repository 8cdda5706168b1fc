"""The editor as a program of its own with the tests' engines: ``python -m tests.app.program CARDS FILE``."""

from __future__ import annotations

import multiprocessing
import sys
from pathlib import Path


def main() -> int:
    """Open FILE with the engines whose cards are in CARDS."""
    from app.main import run
    from engines.core.paths import models_dir
    from engines.worker.messages import WorkerConfig

    cards, *files = sys.argv[1:]
    return run(files, WorkerConfig(card_folders=(models_dir(), Path(cards))))


if __name__ == "__main__":
    multiprocessing.freeze_support()
    sys.exit(main())
