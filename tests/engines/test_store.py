"""The store finds, checks, takes in and gives away weights, whatever is done to its folders."""

from __future__ import annotations

import multiprocessing
import os
import tempfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.core.engine import Card, Weight
from engines.core.faults import EngineError, Fault
from engines.core.files import Fingerprints
from engines.store import Holding, Store
from tests.engines.weights import BUNDLED, PUBLISHED, file_of, known, sha256, with_weights


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "bundled", tmp_path / "user")


def fine(path: Path) -> None:
    """Any file will do."""
    assert path.is_file()


def refusing(path: Path) -> None:
    raise EngineError(Fault.WEIGHTS_INVALID, f"{path.name} does not fit.")


def agreed(weight: Weight) -> bool:
    return weight == PUBLISHED


def engine_files(tmp_path: Path) -> set[str]:
    """What the user's folder of the engine holds, its lock aside."""
    return {path.name for path in (tmp_path / "user" / "fake").rglob("*") if path.name != ".lock"}


def test_an_engine_without_weights_is_ready(store: Store) -> None:
    assert store.ready(with_weights())


def test_the_bundled_file_comes_before_an_imported_one(store: Store, tmp_path: Path) -> None:
    card = with_weights(BUNDLED, PUBLISHED)
    store.import_file(card, file_of(tmp_path, b"published"), fine, agreed)
    assert store.choose(card)[0] == PUBLISHED
    bundled = file_of(tmp_path / "bundled", b"own", BUNDLED.file)
    assert store.choose(card) == (BUNDLED, bundled)


def test_a_card_may_prefer_what_is_imported(store: Store, tmp_path: Path) -> None:
    card = with_weights(PUBLISHED, BUNDLED)
    file_of(tmp_path / "bundled", b"own", BUNDLED.file)
    assert store.choose(card)[0] == BUNDLED
    store.import_file(card, file_of(tmp_path, b"published"), fine, agreed)
    assert store.choose(card)[0] == PUBLISHED


def test_a_file_in_the_bundled_folder_counts_only_where_the_card_says_so(store: Store, tmp_path: Path) -> None:
    file_of(tmp_path / "bundled", b"published", PUBLISHED.file)
    assert not store.ready(with_weights(PUBLISHED))


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        ((BUNDLED, PUBLISHED), "cleanplate models import fake published.pth"),
        ((BUNDLED, PUBLISHED, known(b"x", url="https://example.org/x")), "Run: cleanplate models download fake"),
        ((BUNDLED,), "install Cleanplate again"),
    ],
)
def test_missing_weights_are_told_with_what_helps(store: Store, weights: tuple[Weight, ...], words: str) -> None:
    card = with_weights(*weights)
    assert not store.ready(card)
    with pytest.raises(EngineError, match=words) as error:
        store.choose(card)
    assert error.value.fault is Fault.WEIGHTS_MISSING


def test_an_imported_file_is_a_copy_and_stays(store: Store, tmp_path: Path) -> None:
    card = with_weights(known(b"content"))
    file = file_of(tmp_path, b"content", "whatever.safetensors")
    kept = store.import_file(card, file, fine)
    file.write_bytes(b"changed later")
    assert kept.known
    assert store.choose(card) == (card.weights[0], kept.path)
    assert kept.path.read_bytes() == b"content"
    assert kept.path.suffix == ".safetensors"  # loaders go by it
    assert store.holdings(card) == (Holding(card.weights[0], kept.path, sha256(b"content")),)


def test_a_sha256_that_nobody_published_is_recorded_and_checked_from_then_on(store: Store, tmp_path: Path) -> None:
    card = with_weights(PUBLISHED)
    kept = store.import_file(card, file_of(tmp_path, b"content"), fine, agreed)
    assert (kept.known, kept.sha256) == (False, sha256(b"content"))
    kept.path.write_bytes(b"damage!")
    with pytest.raises(EngineError, match="damaged") as error:
        store.choose(card)
    assert error.value.fault is Fault.WEIGHTS_INVALID
    store.import_file(card, file_of(tmp_path, b"content"), fine, agreed)
    assert store.choose(card)[1].read_bytes() == b"content"


def test_a_damaged_bundled_file_is_not_replaced_in_silence(store: Store, tmp_path: Path) -> None:
    card = with_weights(replace(BUNDLED, sha256=sha256(b"own")), PUBLISHED)
    store.import_file(card, file_of(tmp_path, b"published"), fine, agreed)
    file_of(tmp_path / "bundled", b"OWN", BUNDLED.file)
    with pytest.raises(EngineError, match="Install Cleanplate again"):
        store.choose(card)


@pytest.mark.parametrize(
    ("weights", "name", "words"),
    [
        ((known(b"other"),), "known.safetensors", "its sha256 is"),
        ((known(b"other", "given.pth"),), "", "its sha256 is"),
        ((known(b"other"),), "", "any or none.*--weights: known.safetensors"),
        ((PUBLISHED, replace(PUBLISHED, file="b.pth")), "", "--weights: published.pth, b.pth"),
        ((PUBLISHED,), "none.pth", "has no weights called 'none.pth'. There are: published.pth"),
        ((), "", "needs no weights"),
    ],
)
def test_a_file_that_cannot_be_told_is_refused(
    store: Store, tmp_path: Path, weights: tuple[Weight, ...], name: str, words: str
) -> None:
    with pytest.raises(EngineError, match=words):
        store.import_file(with_weights(*weights), file_of(tmp_path, b"content"), fine, agreed, name)
    assert engine_files(tmp_path) == set()


def test_which_weights_a_file_is_can_be_said(store: Store, tmp_path: Path) -> None:
    other = replace(PUBLISHED, file="b.pth", commercial=True)
    card = with_weights(PUBLISHED, other)
    assert store.import_file(card, file_of(tmp_path, b"x"), fine, name="b.pth").weight == other
    assert store.import_file(card, file_of(tmp_path, b"x", "b.pth"), fine).weight == other


@pytest.mark.parametrize("file", ["none.pth", "."])
def test_a_file_that_cannot_be_read_is_told(store: Store, tmp_path: Path, file: str) -> None:
    with pytest.raises(EngineError) as error:
        store.import_file(with_weights(PUBLISHED), tmp_path / file, fine, agreed)
    assert error.value.fault is Fault.UNREADABLE


def test_a_file_that_the_engine_refuses_leaves_the_store_as_it_was(store: Store, tmp_path: Path) -> None:
    card = with_weights(PUBLISHED)
    store.import_file(card, file_of(tmp_path, b"good"), fine, agreed)
    before = engine_files(tmp_path)
    with pytest.raises(EngineError, match=r"bad\.pth does not fit"):
        store.import_file(card, file_of(tmp_path, b"bad", "bad.pth"), refusing, agreed)
    assert engine_files(tmp_path) == before
    assert store.choose(card)[1].read_bytes() == b"good"


def test_by_default_the_engine_itself_tries_the_file(store: Store, tmp_path: Path) -> None:
    card = replace(with_weights(PUBLISHED), entry="tests.engines.test_store:none")
    with pytest.raises(EngineError, match="no such class"):
        store.import_file(card, file_of(tmp_path, b"x"), consent=agreed)
    card = replace(card, entry="tests.fakes:FakeEraser")
    assert store.import_file(card, file_of(tmp_path, b"x"), consent=agreed).path.is_file()


def test_weights_for_non_commercial_use_need_a_yes(store: Store, tmp_path: Path) -> None:
    card = with_weights(PUBLISHED)
    with pytest.raises(EngineError, match=r"research only.*--accept-licence"):
        store.import_file(card, file_of(tmp_path, b"x"), fine)
    with pytest.raises(EngineError, match=r"research only.*--accept-licence"):
        store.import_file(card, file_of(tmp_path, b"x"), fine, lambda weight: False)
    assert not store.ready(card)
    store.import_file(card, file_of(tmp_path, b"x"), fine, agreed)
    assert store.ready(card)
    other_terms = with_weights(replace(PUBLISHED, licence="on Sundays only"))
    assert not store.ready(other_terms)  # nobody has agreed to these


def test_nobody_is_asked_about_free_weights(store: Store, tmp_path: Path) -> None:
    def never(weight: Weight) -> bool:
        raise AssertionError(weight)

    store.import_file(with_weights(known(b"x")), file_of(tmp_path, b"x"), fine, never)


def test_a_start_reads_no_file_twice(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    card = with_weights(known(b"content"))
    path = store.import_file(card, file_of(tmp_path, b"content"), fine).path
    store.choose(card)

    def never(path: Path) -> str:
        raise AssertionError(path)

    with monkeypatch.context() as patch:
        patch.setattr("engines.core.files.sha256_of", never)
        assert Store(tmp_path / "bundled", tmp_path / "user").choose(card)[1] == path
    os.utime(path, ns=(1, 1))  # touched, but the same
    assert store.choose(card)[1] == path


def test_a_new_import_replaces_the_old_and_what_was_made_of_it(store: Store, tmp_path: Path) -> None:
    card = with_weights(PUBLISHED)
    first = store.import_file(card, file_of(tmp_path, b"first"), fine, agreed).path
    export = store.add_export(card, first, file_of(tmp_path, b"onnx", "model.onnx"))
    assert store.onnx_path(card, first) == export
    assert export.read_bytes() == b"onnx"
    second = store.import_file(card, file_of(tmp_path, b"second"), fine, agreed).path
    assert not store.onnx_path(card, second).exists()
    assert engine_files(tmp_path) == {second.name, "published.pth.json"}


def test_importing_the_same_file_again_keeps_it_and_its_export(store: Store, tmp_path: Path) -> None:
    card = with_weights(PUBLISHED)
    first = store.import_file(card, file_of(tmp_path, b"same"), fine, agreed).path
    store.add_export(card, first, file_of(tmp_path, b"onnx", "model.onnx"))
    again = store.import_file(card, file_of(tmp_path, b"same"), fine, agreed).path
    assert again == first
    assert store.onnx_path(card, again).is_file()


def test_an_export_of_bundled_weights_is_the_user_s(store: Store, tmp_path: Path) -> None:
    card = with_weights(BUNDLED)
    weights = file_of(tmp_path / "bundled", b"own", BUNDLED.file)
    export = store.add_export(card, weights, file_of(tmp_path, b"onnx", "model.onnx"))
    assert export.parent == tmp_path / "user" / "fake"
    weights.write_bytes(b"the next version's")
    assert not store.onnx_path(card, weights).exists()
    assert store.remove(card) == [export.name]


def test_removed_weights_are_gone_with_all_that_was_made_of_them(store: Store, tmp_path: Path) -> None:
    card = with_weights(BUNDLED, PUBLISHED)
    bundled = file_of(tmp_path / "bundled", b"own", BUNDLED.file)
    path = store.import_file(card, file_of(tmp_path, b"x"), fine, agreed).path
    store.add_export(card, path, file_of(tmp_path, b"onnx", "model.onnx"))
    assert store.remove(card, "own.safetensors") == []
    assert store.remove(card, "published.pth") == ["published.pth"]
    assert engine_files(tmp_path) == set()
    assert store.remove(card) == []
    assert bundled.is_file()
    with pytest.raises(EngineError, match="no weights called"):
        store.remove(card, "none.pth")


def test_what_a_killed_import_left_is_cleared_away_and_never_used(store: Store, tmp_path: Path) -> None:
    card = with_weights(PUBLISHED)
    name = f"published.{sha256(b'whole')[:12]}.pth"
    file_of(tmp_path / "user" / "fake" / ".cleanplate-abc", b"who", name)
    file_of(tmp_path / "user" / "fake", b"whole", name)  # the process ended before the record was written
    assert not store.ready(card)
    store.import_file(card, file_of(tmp_path, b"whole"), fine, agreed)
    assert engine_files(tmp_path) == {name, "published.pth.json"}


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "user").write_text("in the way")
    with pytest.raises(EngineError, match="CLEANPLATE_DATA") as error:
        Store(tmp_path, tmp_path / "user").import_file(with_weights(PUBLISHED), file_of(tmp_path, b"x"), fine, agreed)
    assert error.value.fault is Fault.NOT_WRITTEN


def _import_often(user: Path, file: Path) -> int:
    store, card = Store(user / "none", user), with_weights(PUBLISHED)
    for _ in range(15):
        store.import_file(card, file, fine, agreed)
        store.choose(card)
    return os.getpid()


def test_processes_that_import_at_once_harm_nothing(tmp_path: Path) -> None:
    user = tmp_path / "user"
    files = [file_of(tmp_path, bytes([number]) * 100_000, f"{number}.pth") for number in range(2)]
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        assert len(set(pool.map(_import_often, [user] * 2, files))) == 2
    path = Store(tmp_path, user).choose(with_weights(PUBLISHED))[1]
    assert path.read_bytes() in {file.read_bytes() for file in files}
    assert engine_files(tmp_path) == {path.name, "published.pth.json"}


@settings(deadline=None, max_examples=40)
@given(
    record=st.binary()
    | st.sampled_from([b"[]", b'{"file": 3}', b'{"file":"../x","sha256":"","licence":"","origin":""}'])
)
def test_a_damaged_record_is_no_record(record: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store, card = Store(Path(folder), Path(folder)), with_weights(PUBLISHED)
        file_of(Path(folder) / "fake", record, "published.pth.json")
        assert not store.ready(card)
        store.import_file(card, file_of(Path(folder), b"x"), fine, agreed)
        assert store.ready(card)


@settings(deadline=None, max_examples=40)
@given(memory=st.binary(), contents=st.lists(st.binary(max_size=20), min_size=1, max_size=4))
def test_fingerprints_are_right_whatever_is_remembered(memory: bytes, contents: list[bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        remembered, file = Path(folder) / "memory.json", Path(folder) / "file"
        remembered.write_bytes(memory)
        for number, content in enumerate(contents):
            file.write_bytes(content)
            os.utime(file, ns=(0, number))
            assert Fingerprints(remembered).of(file) == sha256(content)
            assert Fingerprints(remembered).of(file) == sha256(content)


PARTS = (known(b"backbone", "backbone.onnx"), known(b"head", "head.onnx"))


def in_parts() -> Card:
    return replace(with_weights(*PARTS), weights_together=True)


def test_weights_that_work_together_are_all_needed(store: Store, tmp_path: Path) -> None:
    card = in_parts()
    assert not store.ready(card)
    store.import_file(card, file_of(tmp_path, b"head", "whatever.onnx"), fine)
    assert not store.ready(card)
    with pytest.raises(
        EngineError, match=r"no weights called backbone\.onnx.*models import fake backbone\.onnx"
    ) as error:
        store.files(card)
    assert error.value.fault is Fault.WEIGHTS_MISSING
    store.import_file(card, file_of(tmp_path, b"backbone"), fine)
    assert store.ready(card)
    files = store.files(card)
    assert {name: path.read_bytes() for name, path in files.items()} == {
        "backbone.onnx": b"backbone",
        "head.onnx": b"head",
    }
    store.remove(card, "head.onnx")
    assert not store.ready(card)


def test_damage_to_any_of_them_is_found(store: Store, tmp_path: Path) -> None:
    card = in_parts()
    for content in (b"backbone", b"head"):
        store.import_file(card, file_of(tmp_path, content), fine)
    store.files(card)["head.onnx"].write_bytes(b"damage!")
    with pytest.raises(EngineError, match="damaged") as error:
        store.files(card)
    assert error.value.fault is Fault.WEIGHTS_INVALID


def test_weights_that_stand_for_each_other_are_given_one_at_a_time(store: Store, tmp_path: Path) -> None:
    card = with_weights(*PARTS)
    store.import_file(card, file_of(tmp_path, b"head"), fine)
    assert list(store.files(card)) == ["head.onnx"]
    assert store.files(with_weights()) == {}
