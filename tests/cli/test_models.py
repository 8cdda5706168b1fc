"""``cleanplate models``: mostly through a real process; downloads from a server on this machine."""

from __future__ import annotations

import json
import os
import pickle
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

import app.cli
from engines.catalog import Catalog, load_catalog
from tests.cli.run import ROOT, cleanplate
from tests.conftest import background
from tests.contract.random_weights import random_weights
from tests.engines.http_files import Script, serving
from tests.engines.weights import BUNDLED, PUBLISHED, file_of, known, with_weights

Run = Callable[..., int]
CONTENT = np.random.default_rng(2).bytes(700_000)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A torch file of GaRNet's weights as others publish them: parallel, hence every key with a prefix."""
    folder = tmp_path_factory.mktemp("published")
    state = load_file(random_weights(load_catalog()["garnet"], folder / "garnet.safetensors"))
    torch.save({f"module.{key}": tensor for key, tensor in state.items()}, folder / "weights.pth")
    return folder / "weights.pth"


def listed(data: Path) -> dict[str, dict[str, Any]]:
    rows = json.loads(cleanplate("models", "list", "--json", data=data).stdout)
    return {row["weights"]: row for row in rows}


def one_line(text: str) -> str:
    (line,) = text.strip().splitlines()
    return line


def test_a_published_file_is_imported_listed_and_removed(published: Path, tmp_path: Path) -> None:
    refused = cleanplate("models", "import", "garnet", published, data=tmp_path)
    assert refused.returncode == 1
    assert "--accept-licence" in one_line(refused.stderr)
    assert listed(tmp_path)["garnet-published.pth"]["here"] == "no"

    done = cleanplate("models", "import", "garnet", published, "--accept-licence", data=tmp_path)
    assert done.returncode == 0, done.stderr
    row = listed(tmp_path)["garnet-published.pth"]
    assert (row["engine"], row["here"], row["onnx"], row["commercial"]) == ("garnet", "yes", "no", False)
    assert Path(row["path"]).read_bytes() == published.read_bytes()
    assert row["sha256"] in done.stderr  # its card names none
    assert "Not for commercial use" in done.stderr
    assert row["path"] in done.stdout

    assert cleanplate("models", "remove", "garnet", data=tmp_path).stdout == "garnet: garnet-published.pth removed\n"
    assert not Path(row["path"]).exists()
    again = cleanplate("models", "remove", "garnet", data=tmp_path)
    assert again.returncode == 1
    assert "holds no weights of GaRNet" in one_line(again.stderr)


class Bomb:
    """A pickle that leaves a trace when it is run."""

    def __init__(self, trace: Path) -> None:
        self._trace = trace

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self._trace),)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs ``cleanplate models`` in this process, where torch is loaded already."""
    monkeypatch.setenv("CLEANPLATE_DATA", str(tmp_path / "data"))
    return lambda *arguments: app.cli.run(["models", *map(str, arguments)])


def test_no_pickle_is_run(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trace, bomb = tmp_path / "trace", tmp_path / "bomb.pth"
    torch.save({"weight": Bomb(trace)}, bomb)
    plain = file_of(tmp_path, pickle.dumps(Bomb(trace)), "plain.pth")
    for file in (bomb, plain):
        assert run("import", "garnet", file, "--accept-licence") == 1
        assert "would have to be executed is refused" in one_line(capsys.readouterr().err)
    assert not trace.exists()
    assert not list((tmp_path / "data").rglob("*.pth"))


def test_weights_of_another_network_are_told_by_their_keys(
    run: Run, published: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("import", "deeperaser", published, "--accept-licence") == 1
    assert "weights.pth does not fit DeepEraser: it lacks " in one_line(capsys.readouterr().err)
    assert not list((tmp_path / "data").rglob("*.pth"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("import magic a.pth", "There are: "),
        ("import garnet none.pth", "There is no file none.pth"),
        ("import text README.md", "needs no weights"),
        ("import garnet README.md --weights none", "has no weights called 'none'"),
        ("download text", "needs no weights"),
        ("download garnet --weights garnet-published.pth", "cleanplate models import garnet garnet-published.pth"),
        ("export-onnx text out.onnx", "no network that could be exported"),
        ("remove garnet --weights none", "has no weights called 'none'"),
    ],
)
def test_what_cannot_be_done_is_one_clear_line(tmp_path: Path, arguments: str, words: str) -> None:
    done = cleanplate("models", *arguments.split(), data=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert words in one_line(done.stderr)


def test_an_engine_without_weights_is_told_before_the_photo_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    card = with_weights(PUBLISHED)
    monkeypatch.setattr("engines.catalog.load_catalog", lambda: Catalog({card.id: card}))
    monkeypatch.setenv("CLEANPLATE_DATA", str(tmp_path / "data"))
    photo, out = file_of(tmp_path, b"no picture", "a.jpg"), tmp_path / "b.jpg"
    assert app.cli.run(["erase", str(photo), "--text", "-o", str(out), "--engine", "fake"]) == 1
    told = one_line(capsys.readouterr().err)
    assert told.startswith("cleanplate: Fake has no weights on this machine.")
    assert told.endswith("then run: cleanplate models import fake published.pth")


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals are not for Windows")
def test_on_a_terminal_the_licence_is_asked_about(published: Path, tmp_path: Path) -> None:
    import pty

    shown: list[bytes] = []

    def answering(descriptor: int) -> bytes:
        data = os.read(descriptor, 1024)
        if b"[y/N]" in data:
            os.write(descriptor, b"n\n")
        shown.append(data)
        return data

    command = [sys.executable, "-m", "app", "models", "import", "garnet", str(published)]
    environment = {**os.environ, "CLEANPLATE_DATA": str(tmp_path), "PYTHONPATH": str(ROOT)}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        status = pty.spawn(command, answering)
    page = b"".join(shown).decode()
    assert os.waitstatus_to_exitcode(status) == 1
    assert "non-commercial research only" in page
    assert "not accepted" in page


@pytest.fixture
def server(run: Run, monkeypatch: pytest.MonkeyPatch) -> Iterator[Script]:
    """Serves weights of the one engine that there is now."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr("engines.download.PAUSE", 0.0)
    with serving(CONTENT) as script:
        card = with_weights(known(CONTENT, url=script.url), BUNDLED, PUBLISHED)
        monkeypatch.setattr("engines.catalog.load_catalog", lambda: Catalog({card.id: card}))
        yield script


def test_a_download_from_end_to_end(run: Run, server: Script, capsys: pytest.CaptureFixture[str]) -> None:
    server.answers = ["drop 100000", "404"]
    assert run("download", "fake") == 1
    assert "404" in one_line(capsys.readouterr().err)
    assert run("download", "fake") == 0
    assert server.asked[-1] == "bytes=100000-"
    assert "fake: known.safetensors is ready at " in capsys.readouterr().out
    assert run("list") == 0
    row = next(line for line in capsys.readouterr().out.splitlines() if "known.safetensors" in line)
    assert row.split()[:4] == ["fake", "known.safetensors", "yes", "no"]


def test_offline_nothing_is_asked_for(
    run: Run, server: Script, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLEANPLATE_OFFLINE", "1")
    assert run("download", "fake") == 1
    assert "CLEANPLATE_OFFLINE" in one_line(capsys.readouterr().err)
    assert server.asked == []


@pytest.mark.usefixtures("server")
def test_an_import_that_will_not_be_used_says_so(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("download", "fake") == 0
    given = file_of(tmp_path, b"published", PUBLISHED.file)
    assert run("import", "fake", given, "--accept-licence") == 0
    assert "goes on using known.safetensors" in capsys.readouterr().err


@pytest.mark.slow
def test_an_exported_network_erases_like_pytorch(published: Path, tmp_path: Path) -> None:
    data, photo, model = tmp_path / "data", tmp_path / "photo.png", tmp_path / "garnet.onnx"
    Image.fromarray(background(200, 300)).save(photo)
    arguments = ["erase", photo, "--box", "100,60,60,30", "--engine", "garnet", "--device", "cpu"]
    assert cleanplate("models", "import", "garnet", published, "--accept-licence", data=data).returncode == 0
    refused = cleanplate(*arguments, "-o", tmp_path / "onnx.png", "--backend", "onnx", data=data)
    assert "cleanplate models export-onnx garnet" in one_line(refused.stderr)
    made = cleanplate("models", "export-onnx", "garnet", model, data=data)
    assert made.returncode == 0, made.stderr
    assert "max abs difference to PyTorch" in made.stdout
    assert model.is_file()
    assert "yes" in [row["onnx"] for row in listed(data).values()]
    results = []
    for backend in ("torch", "onnx"):
        out = tmp_path / f"{backend}.png"
        done = cleanplate(*arguments, "-o", out, "--backend", backend, data=data)
        assert done.returncode == 0, done.stderr
        results.append(np.asarray(Image.open(out)).astype(int))
    assert abs(results[0] - results[1]).max() <= 1
