"""The house rules that no linter knows."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted(path for folder in ("app", "engines", "packaging") for path in (ROOT / folder).rglob("*.py"))
TEXTS = [
    path
    for path in [
        *ROOT.glob("*.*"),
        *(
            p
            for d in ("app", "engines", "models", "resources", "tests", "docs", "packaging")
            for p in (ROOT / d).rglob("*")
        ),
    ]
    if path.is_file() and path.suffix in {".py", ".md", ".toml", ".txt"} and "__pycache__" not in path.parts
]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_are_short(path: Path) -> None:
    if path.parent.name != "nets":
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


def test_no_path_of_a_machine_is_written_down() -> None:
    pattern = re.compile("/" + r"(work|root|home/\w+|Users/\w+)/")
    found = [str(path.relative_to(ROOT)) for path in TEXTS if pattern.search(path.read_text(encoding="utf-8"))]
    assert found == []


def test_the_command_line_starts_without_heavy_imports() -> None:
    code = "import sys, app.cli; print(sorted({'torch', 'numpy', 'cv2', 'onnxruntime', 'PIL'} & set(sys.modules)))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert shown.stdout.strip() == "[]"


def test_planning_a_job_needs_no_torch() -> None:
    code = (
        "import sys, engines.session, engines.worker.client, engines.jobs.erase_file, engines.store;"
        "print(sorted({'torch', 'onnxruntime', 'PySide6'} & set(sys.modules)))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert shown.stdout.strip() == "[]"


def test_the_entry_point_imports_inside_functions_only() -> None:
    """A spawned engine process imports the main module again: it must stay empty of the editor and of torch."""
    code = (
        "import sys, app.__main__; print(sorted(name for name in sys.modules if name.startswith(('app', 'engines'))))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert shown.stdout.strip() == "['app', 'app.__main__']"
