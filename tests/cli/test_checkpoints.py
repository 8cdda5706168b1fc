"""Checkpoints of one's own through the command line: added, listed, used, fetched, removed.

The way of every day is tried in real processes; each of them takes seconds to import what it needs, so the rest runs
in this one.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import app.cli
from engines.catalog import load_catalog
from engines.core.engine import Card
from engines.store import Store
from tests.cli.run import cleanplate
from tests.cli.test_models import one_line
from tests.conftest import background
from tests.engines.fake_hub import Hub, serving_hub
from tests.tiny_checkpoints import save_folder

FAST = ("--engine", "attentive-eraser", "--device", "cpu", "--set", "preset=fast")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A diffusers folder with what real ones have besides: other precisions, other kinds, a checker."""
    folder = save_folder(tmp_path_factory.mktemp("given") / "my-model")
    (folder / "README.md").write_text("words")
    (folder / "whole.safetensors").write_bytes(b"the same in one file")
    (folder / "unet" / "diffusion_pytorch_model.bin").write_bytes(b"a pickle")
    (folder / "safety_checker").mkdir()
    (folder / "safety_checker" / "model.safetensors").write_bytes(b"not needed")
    return folder


@pytest.fixture(scope="module")
def data(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder into which the checkpoint has been imported."""
    data = tmp_path_factory.mktemp("data")
    done = cleanplate("models", "import", "attentive-eraser", folder, data=data)
    assert done.returncode == 0, done.stderr
    assert "attentive-eraser: sd1 is ready at " in done.stdout
    return data


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    Image.fromarray(background(150, 220)).save(path)
    return path


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """``cleanplate ARGUMENTS`` in this process: its exit code, what it printed, what it complained of."""
    monkeypatch.setenv("CLEANPLATE_DATA", str(tmp_path / "data"))

    def run(*arguments: object) -> tuple[int, str, str]:
        code = app.cli.run([str(argument) for argument in arguments])
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return run


def card() -> Card:
    return load_catalog()["attentive-eraser"]


def kept_at(data: Path, name: str = "sd1") -> Path | None:
    holdings = Store(user=data / "models").holdings(card())
    return next(holding.path for holding in holdings if holding.weight.file == name)


def test_a_folder_is_recognised_copied_and_listed(data: Path) -> None:
    rows = json.loads(cleanplate("models", "list", "--json", data=data).stdout)
    row = next(row for row in rows if (row["engine"], row["weights"]) == ("attentive-eraser", "sd1"))
    kept = Path(row["path"])
    assert (row["here"], row["onnx"], kept.parent) == ("yes", "no", data / "models" / "attentive-eraser")
    names = {path.relative_to(kept).as_posix() for path in kept.rglob("*") if path.is_file()}
    assert {"model_index.json", "unet/config.json", "tokenizer/merges.txt"} < names
    assert not any(name.endswith((".bin", ".md")) or "checker" in name or "whole" in name for name in names)


def test_it_erases_and_leaves_the_rest_to_the_bit(data: Path, photo: Path, tmp_path: Path) -> None:
    results = []
    for name in ("a.png", "b.png"):
        arguments = ("erase", photo, "--box", "80,50,40,30", *FAST, "-o", tmp_path / name)
        done = cleanplate(*arguments, "--json", data=data)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["engine"] == "attentive-eraser"
        results.append(np.asarray(Image.open(tmp_path / name)))
    before = background(150, 220)
    inside = np.zeros((150, 220), bool)
    inside[50:80, 80:120] = True
    assert np.array_equal(results[0], results[1])
    assert np.array_equal(results[0][~inside], before[~inside])
    assert not np.array_equal(results[0][inside], before[inside])


def test_a_bad_option_is_one_clear_line(data: Path, photo: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLEANPLATE_DATA", str(data))
    out = photo.with_name("out.png")
    for setting, words in (
        ("layers=9-99", "first-last with a last of at most 16"),
        ("checkpoint=sdxl", "has no weights called sdxl"),
        ("memory=sequential", "There is no memory mode sequential on cpu"),
    ):
        code, _, told = run("erase", photo, "--box", "80,50,40,30", *FAST, "--set", setting, "-o", out)
        assert code == 1
        assert words in one_line(told)
        assert not out.exists()


def test_a_linked_folder_is_used_where_it_lies(folder: Path, tmp_path: Path, photo: Path, run: Run) -> None:
    own, data = tmp_path / "own", tmp_path / "data"
    shutil.copytree(folder, own)
    code, _, told = run("models", "import", "attentive-eraser", own, "--link")
    assert code == 0, told
    assert kept_at(data) == own
    assert not list((data / "models").rglob("*.safetensors"))
    arguments = ("erase", photo, "--box", "80,50,40,30", *FAST, "-o", tmp_path / "out.png", "--overwrite")
    assert run(*arguments)[0] == 0
    with (own / "unet" / "config.json").open("a") as file:
        file.write("\n")
    assert "are damaged: their sha256 is not" in one_line(run(*arguments)[2])
    assert run("models", "remove", "attentive-eraser")[1] == "attentive-eraser: sd1 removed\n"
    assert (own / "unet" / "config.json").is_file()
    assert kept_at(data) is None


def test_what_is_no_checkpoint_is_refused_and_nothing_is_kept(folder: Path, tmp_path: Path, run: Run) -> None:
    harmed, empty = tmp_path / "harmed", tmp_path / "empty"
    empty.mkdir()
    shutil.copytree(folder, harmed)
    shutil.rmtree(harmed / "vae")
    for given, words in (
        (harmed, "it has no vae/config.json"),
        (tmp_path / "none", "There is no file"),
        (empty, "holds no model"),
        (harmed / "README.md", "only safetensors files are read"),
    ):
        code, _, told = run("models", "import", "attentive-eraser", given)
        assert code == 1, given
        assert words in one_line(told)
    told = run("models", "import", "attentive-eraser", folder, "--weights", "sdxl")[2]
    assert "is a checkpoint of Stable Diffusion 1, not of SDXL" in one_line(told)
    assert "is a folder" in run("models", "import", "garnet", folder)[2]
    assert not list((tmp_path / "data").rglob("*.safetensors"))


@pytest.fixture
def hub(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with serving_hub(folder, "someone/my-model") as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
        monkeypatch.setattr("huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE", 100_000)
        yield hub


DOWNLOAD = ("models", "download", "attentive-eraser", "--from", "someone/my-model")


def test_a_model_of_the_hub_is_fetched_only_when_asked_for(hub: Hub, tmp_path: Path, run: Run) -> None:
    code, _, told = run(*DOWNLOAD)
    assert code == 0, told
    kept = kept_at(tmp_path / "data")
    assert kept is not None
    assert (kept / "unet" / "config.json").is_file()
    assert not (kept / ".cache").exists()
    fetched = [line for line in hub.asked if line.startswith("GET") and "resolve" in line]
    assert len(fetched) > 5
    assert not any(part in line for line in fetched for part in ("README", ".bin", "checker", "whole"))
    hub.asked.clear()
    assert run(*DOWNLOAD)[0] == 0
    assert hub.asked == []  # it is here already


def test_a_download_that_breaks_goes_on(hub: Hub, tmp_path: Path, run: Run) -> None:
    hub.cut = "vae/diffusion_pytorch_model.safetensors"
    codes = [run(*DOWNLOAD)[0] for _ in range(2)]  # the hub's client may go on by itself; else the second command does
    assert codes[1] == 0
    assert kept_at(tmp_path / "data") is not None
    assert len([line for line in hub.asked if line.startswith("GET") and "unet/diffusion" in line]) == 1
    assert any("vae/diffusion" in line and "bytes=" in line for line in hub.asked)


def test_what_the_hub_sends_is_checked(hub: Hub, tmp_path: Path, run: Run) -> None:
    hub.damage = "vae/diffusion_pytorch_model.safetensors"
    code, _, told = run(*DOWNLOAD)
    assert code == 1
    assert "its sha256 is another one" in one_line(told)
    assert kept_at(tmp_path / "data") is None


@pytest.mark.parametrize("switch", ["CLEANPLATE_OFFLINE", "HF_HUB_OFFLINE"])
def test_offline_the_hub_is_not_asked(hub: Hub, run: Run, switch: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(switch, "1")
    code, _, told = run(*DOWNLOAD)
    assert code == 1
    assert switch in one_line(told)
    assert hub.asked == []


@pytest.mark.usefixtures("hub")
def test_a_model_that_the_hub_has_not_is_told(run: Run) -> None:
    code, _, told = run("models", "download", "attentive-eraser", "--from", "someone/else")
    assert code == 1
    assert "no public model someone/else" in one_line(told)
    assert "takes no models from the hub" in one_line(run("models", "download", "garnet", "--from", "a/b")[2])


def test_without_the_packages_it_is_one_sentence_and_the_tables_say_so(
    data: Path, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocker = tmp_path / "blocker"
    blocker.mkdir()
    (blocker / "sitecustomize.py").write_text(
        "import sys, importlib.util as u\n"
        "class Gone:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.partition('.')[0] == 'diffusers':\n"
        "            raise ModuleNotFoundError(f\"No module named 'diffusers'\", name='diffusers')\n"
        "sys.meta_path.insert(0, Gone())\n"
        "real = u.find_spec\n"
        "u.find_spec = lambda name, *rest: None if name == 'diffusers' else real(name, *rest)\n"
    )
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(blocker), os.environ.get("PYTHONPATH", "")]))
    done = cleanplate("erase", photo, "--box", "80,50,40,30", *FAST, "-o", tmp_path / "out.png", data=data)
    assert done.returncode == 1
    assert "Attentive Eraser needs the package diffusers, which is not installed. Install it" in one_line(done.stderr)
    assert "[diffusion]" in done.stderr
    rows = cleanplate("engines", data=data).stdout.splitlines()
    assert "lacks diffusers" in next(row for row in rows if row.startswith("attentive-eraser"))
    assert "Attentive Eraser needs diffusers." in cleanplate("doctor", data=data).stdout
