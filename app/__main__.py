"""Entry point. Imports inside functions only: a spawned engine process re-imports this module."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Sequence

_NO_QT = "the editor needs PySide6: pip install -c constraints.txt PySide6_Essentials"
_NO_SCREEN = "there is no screen to open the editor on; on the command line see: cleanplate --help"


def main() -> None:
    """Open the editor or run the command line; the engine process never gets past ``freeze_support``."""
    multiprocessing.freeze_support()
    arguments = sys.argv[1:]
    if not arguments or arguments[0] == "edit":
        sys.exit(edit(arguments[1:]))
    from app.cli import run

    sys.exit(run(arguments))


def edit(arguments: Sequence[str]) -> int:
    """Open the editor with the file that is named, if any; 2 where that is not possible here."""
    screens = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    if sys.platform.startswith("linux") and not any(os.environ.get(name) for name in screens):
        return _refuse(_NO_SCREEN)
    try:
        from app.main import run
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("PySide6", "shiboken6"):
            raise
        return _refuse(_NO_QT)
    return run(arguments)


def _refuse(words: str) -> int:
    sys.stderr.write(f"cleanplate: {words}\n")
    return 2


if __name__ == "__main__":
    main()
