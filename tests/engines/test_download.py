"""Downloads from a real server on this machine: broken, resumed, wrong, refused, switched off."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import engines.download
from engines.core.context import Context
from engines.core.engine import Card
from engines.core.faults import Cancelled, EngineError, Fault
from engines.core.files import locked
from engines.download import TRIES, fetch
from engines.store import Store
from tests.engines.http_files import Script, serving
from tests.engines.weights import known, with_weights

CONTENT = np.random.default_rng(1).bytes(1_000_000)
ROOT = Path(__file__).resolve().parents[2]


def fine(path: Path) -> None:
    assert path.name == "known.safetensors"  # loaders go by the suffix


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines.download, "PAUSE", 0.0)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.delenv("CLEANPLATE_OFFLINE", raising=False)


@pytest.fixture
def server() -> Iterator[Script]:
    with serving(CONTENT) as script:
        yield script


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "bundled", tmp_path / "user")


@pytest.fixture
def card(server: Script) -> Card:
    return with_weights(known(CONTENT, url=server.url))


@pytest.fixture
def partial(tmp_path: Path) -> Path:
    """Where the download grows."""
    folder = tmp_path / "user" / "fake" / "partial"
    folder.mkdir(parents=True)
    return folder / "known.safetensors"


def test_a_download_is_checked_and_ready(store: Store, card: Card, server: Script, partial: Path) -> None:
    told: list[float] = []
    kept = store.download(card, Context(report=lambda done, note, _: told.append(done)), fine)
    assert store.choose(card) == (card.weights[0], kept.path)
    assert kept.path.read_bytes() == CONTENT
    assert told == sorted(told)
    assert len(told) > 3
    assert told[-1] == 1
    assert not partial.exists()
    store.download(card, Context(), fine)
    assert len(server.asked) == 1  # it is here already


def test_what_is_there_is_not_asked_for_again(store: Store, card: Card, server: Script, partial: Path) -> None:
    partial.write_bytes(CONTENT[:600_000])
    store.download(card, Context(), fine)
    assert server.asked == ["bytes=600000-"]
    assert store.choose(card)[1].read_bytes() == CONTENT


def test_a_complete_part_needs_no_network(store: Store, card: Card, server: Script, partial: Path) -> None:
    partial.write_bytes(CONTENT)
    store.download(card, Context(), fine)
    assert server.asked == []


@pytest.mark.parametrize(
    "answers",
    [
        ["drop 300000", "drop 300000"],
        ["drop 300000", "no-ranges"],
        ["drop 300000", "no-ranges", "drop 5"],
        ["drop 300000", "wrong-range"],
        ["503", "429", "drop 10", "500"],
        ["drop 0"] * (TRIES - 1),
    ],
    ids=" ".join,
)
def test_broken_connections_are_taken_up_again(store: Store, card: Card, server: Script, answers: list[str]) -> None:
    server.answers = answers
    store.download(card, Context(), fine)
    assert store.choose(card)[1].read_bytes() == CONTENT


@settings(deadline=None, max_examples=20)
@given(
    have=st.integers(0, 2000),
    answers=st.lists(st.integers(1, 900).map("drop {}".format) | st.just("no-ranges"), max_size=4),
)
def test_however_it_breaks_the_file_becomes_whole(have: int, answers: list[str]) -> None:
    content = CONTENT[:2000]
    with tempfile.TemporaryDirectory() as folder, serving(content) as script:
        script.answers = list(answers)
        path = Path(folder) / "part"
        path.write_bytes(content[:have])
        fetch(known(content, url=script.url), path, Context())
        assert path.read_bytes() == content


def test_a_part_of_another_file_does_not_get_through(store: Store, card: Card, partial: Path) -> None:
    partial.write_bytes(b"x" * 600_000)
    with pytest.raises(EngineError, match="its sha256 is"):
        store.download(card, Context(), fine)
    assert not partial.exists()
    store.download(card, Context(), fine)
    assert store.choose(card)[1].read_bytes() == CONTENT


def test_it_is_given_up_in_the_end_and_what_has_come_is_kept(
    store: Store, card: Card, server: Script, partial: Path
) -> None:
    server.answers = ["drop 400000", *["drop 0"] * TRIES]
    with pytest.raises(EngineError, match=r"0\.4 of 1\.0 MB.*goes on from there") as error:
        store.download(card, Context(), fine)
    assert error.value.fault is Fault.NO_NETWORK
    assert partial.read_bytes() == CONTENT[:400_000]
    server.answers = []
    store.download(card, Context(), fine)
    assert server.asked[-1] == "bytes=400000-"
    assert store.ready(card)


@pytest.mark.parametrize(
    ("answers", "fault", "words"),
    [
        (["404"], Fault.NO_NETWORK, "404"),
        (["403"], Fault.NO_NETWORK, "403"),
        (["416"], Fault.WEIGHTS_INVALID, "fewer"),
        (["wrong-size"], Fault.WEIGHTS_INVALID, "1000007"),
        (["drop 300000", "wrong-size"], Fault.WEIGHTS_INVALID, "1000007"),
    ],
)
def test_what_cannot_be_right_is_told_at_once(
    store: Store, card: Card, server: Script, answers: list[str], fault: Fault, words: str
) -> None:
    server.answers = list(answers)
    with pytest.raises(EngineError, match=words) as error:
        store.download(card, Context(), fine)
    assert error.value.fault is fault
    assert len(server.asked) == len(answers)
    assert not store.ready(card)


def test_another_file_of_the_same_size_is_thrown_away(store: Store, server: Script, partial: Path) -> None:
    card = with_weights(known(b"x" * len(CONTENT), url=server.url))
    with pytest.raises(EngineError, match="its sha256 is") as error:
        store.download(card, Context(), fine)
    assert error.value.fault is Fault.WEIGHTS_INVALID
    assert not partial.exists()
    assert not store.ready(card)


def test_a_file_the_engine_refuses_is_not_used(store: Store, card: Card) -> None:
    def refusing(path: Path) -> None:
        raise EngineError(Fault.WEIGHTS_INVALID, "It does not fit.")

    with pytest.raises(EngineError, match="does not fit"):
        store.download(card, Context(), refusing)
    assert not store.ready(card)


def test_a_damaged_file_is_fetched_again(store: Store, card: Card) -> None:
    path = store.download(card, Context(), fine).path
    path.write_bytes(b"damage")
    with pytest.raises(EngineError, match="models download fake"):
        store.choose(card)
    store.download(card, Context(), fine)
    assert store.choose(card)[1].read_bytes() == CONTENT


def test_a_cancel_keeps_what_has_come(store: Store, card: Card, server: Script, partial: Path) -> None:
    told: list[float] = []
    ctx = Context(report=lambda done, note, _: told.append(done), cancelled=lambda: len(told) >= 2)
    with pytest.raises(Cancelled):
        store.download(card, ctx, fine)
    size = partial.stat().st_size
    assert 0 < size < len(CONTENT)
    store.download(card, Context(), fine)
    assert server.asked == ["", f"bytes={size}-"]


@pytest.mark.parametrize("value", ["1", "true"])
def test_the_offline_switch_is_honoured(
    store: Store, card: Card, server: Script, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("CLEANPLATE_OFFLINE", value)
    with pytest.raises(EngineError, match=r"CLEANPLATE_OFFLINE.*models import fake") as error:
        store.download(card, Context(), fine)
    assert error.value.fault is Fault.NO_NETWORK
    assert server.asked == []
    monkeypatch.setenv("CLEANPLATE_OFFLINE", "0")
    store.download(card, Context(), fine)


def test_nobody_listens(store: Store) -> None:
    card = with_weights(known(CONTENT, url="http://127.0.0.1:9/weights"))
    with pytest.raises(EngineError, match="refused") as error:
        store.download(card, Context(), fine)
    assert error.value.fault is Fault.NO_NETWORK


def test_a_full_disk_is_told_before_anything_is_fetched(
    store: Store, card: Card, partial: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda path: SimpleNamespace(free=1000))
    with pytest.raises(EngineError, match="1 MB more") as error:
        store.download(card, Context(), fine)
    assert error.value.fault is Fault.NOT_WRITTEN
    assert not partial.exists()


def test_two_at_once_do_not_mix_their_parts(store: Store, card: Card, server: Script, partial: Path) -> None:
    with locked(partial.with_name(".lock")), pytest.raises(EngineError, match="Another Cleanplate"):
        store.download(card, Context(), fine)
    assert server.asked == []


def test_engines_that_offer_no_download_are_told(store: Store) -> None:
    with pytest.raises(EngineError, match=r"models import fake known\.safetensors"):
        store.download(with_weights(known(b"x")), Context())
    with pytest.raises(EngineError, match="needs no weights"):
        store.download(with_weights(), Context())


SLOWLY = """
import sys, time
from pathlib import Path
from engines.core.context import Context
from engines.store import Store
from tests.engines.weights import known, with_weights

content = Path(sys.argv[1]).read_bytes()
def slow(done, note, preview):
    print(done, flush=True)
    time.sleep(1 if done > 0.4 else 0)
Store(Path("none"), Path(sys.argv[2])).download(with_weights(known(content, url=sys.argv[3])), Context(report=slow))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_killed_process_leaves_a_part_to_go_on_from(
    store: Store, card: Card, server: Script, partial: Path, tmp_path: Path
) -> None:
    content = tmp_path / "content"
    content.write_bytes(CONTENT)
    command = [sys.executable, "-c", SLOWLY, str(content), str(tmp_path / "user"), server.url]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if float(line) > 0.4:
                process.send_signal(signal.SIGKILL)
                break
    assert process.returncode == -signal.SIGKILL
    have = partial.stat().st_size
    assert CONTENT.startswith(partial.read_bytes())
    assert not store.ready(card)
    store.download(card, Context(), fine)  # the dead process holds no lock
    assert server.asked == ["", f"bytes={have}-"]
    assert store.choose(card)[1].read_bytes() == CONTENT
