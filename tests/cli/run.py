"""Runs the command line as a person does: another process, its exit code, what it printed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def cleanplate(*arguments: object, data: Path | None = None) -> subprocess.CompletedProcess[str]:
    """``cleanplate ARGUMENTS``; ``data``: the user's data folder."""
    env = {**os.environ, "COLUMNS": "200", "PYTHONWARNINGS": "error::ResourceWarning"}
    if data is not None:
        env["CLEANPLATE_DATA"] = str(data)
    command = [sys.executable, "-m", "app", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=env, cwd=ROOT, timeout=300, check=False)
