"""``cleanplate engines`` through a real process."""

from __future__ import annotations

import json
from pathlib import Path

from engines.catalog import load_catalog
from engines.store import Store
from tests.cli.run import cleanplate
from tests.engines.weights import file_of


def test_the_table_has_a_row_for_every_engine(tmp_path: Path) -> None:
    shown = cleanplate("engines", data=tmp_path)
    assert (shown.returncode, shown.stderr) == (0, "")
    head, *rows = shown.stdout.splitlines()
    for column in ("id", "what it is for", "licence", "weights", "devices"):
        assert column in head
    assert [row.split()[0] for row in rows] == list(load_catalog())
    for row, card in zip(rows, load_catalog().values(), strict=True):
        for part in (card.summary, card.licence, ", ".join(card.devices)):
            assert part in row
    assert "none needed" in next(row for row in rows if row.startswith("text "))


def test_imported_weights_are_shown_with_their_condition(tmp_path: Path) -> None:
    card = load_catalog()["garnet"]
    given = file_of(tmp_path, b"for the table any file will do", "garnet-published.pth")
    Store(user=tmp_path / "models").import_file(card, given, lambda path: None, lambda weight: True)
    rows = cleanplate("engines", data=tmp_path).stdout.splitlines()
    assert "garnet-published.pth (non-commercial)" in next(row for row in rows if row.startswith("garnet"))


def test_json_says_the_same_and_more(tmp_path: Path) -> None:
    shown = cleanplate("engines", "--json", data=tmp_path)
    engines = {row["id"]: row for row in json.loads(shown.stdout)}
    assert list(engines) == list(load_catalog())
    garnet, text = engines["garnet"], engines["text"]
    published = next(weight for weight in garnet["weights"] if weight["file"] == "garnet-published.pth")
    assert published["here"] is published["commercial"] is False
    assert garnet["ready"] == any(weight["here"] for weight in garnet["weights"])
    assert (garnet["role"], garnet["task"], garnet["backends"]) == ("image-eraser", "text", ["torch", "onnx"])
    assert (text["ready"], text["weights"]) == (True, [])


def test_a_file_where_the_data_folder_should_be_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("in the way")
    assert cleanplate("engines", data=tmp_path / "data").returncode == 0
