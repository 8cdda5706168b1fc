"""Signals must not use True up."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import app.state
from PySide6.QtCore import QObject, Signal
class Bell(QObject):
    rung = Signal()
bell = Bell()
for _ in range(20_000):
    bell.rung.emit()
print("alive")
"""


def test_thousands_of_signals_leave_the_interpreter_alive() -> None:
    shown = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=False)
    assert (shown.returncode, shown.stdout.strip(), shown.stderr) == (0, "alive", "")
