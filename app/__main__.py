"""Entry point. Imports inside functions only: a spawned engine process re-imports this module."""

from __future__ import annotations

import multiprocessing
import sys


def main() -> None:
    """Run the command line; the engine process never gets past ``freeze_support``."""
    multiprocessing.freeze_support()
    from app.cli import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
