"""The store of photos: packed whole, split by source for ever, strict about licences."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from engines.core.faults import EngineError, Fault
from engines.training.synthesis import Backgrounds, list_folder, pack
from engines.training.synthesis.backgrounds import Listed, held_out, unclear
from tests.conftest import background

HEADER = "file,source,commit_or_release,path,licence,crop,size,bytes\n"


def picture(path: Path, height: int = 40, width: int = 60, seed: int = 0) -> np.ndarray:
    pixels = background(height, width, seed)
    ok, data = cv2.imencode(".png", pixels[:, :, ::-1])
    assert ok
    path.write_bytes(data.tobytes())
    return pixels


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = [
        ("a.png", "one", "MIT"),
        ("b.png", "one", "CC-BY-SA-4.0"),
        ("c.png", "two", "CC0-1.0"),
        ("d.png", "two", "GPL-2+"),
    ]
    for number, (name, _, _) in enumerate(rows):
        picture(tmp_path / name, seed=number)
    table = "".join(f"{name},{source},x,{name},{licence},-,-,1\n" for name, source, licence in rows)
    (tmp_path / "ATTRIBUTION.csv").write_text(HEADER + table, encoding="utf-8")
    return tmp_path


def test_a_packed_photo_is_the_photo(folder: Path, tmp_path: Path) -> None:
    store = Backgrounds.packed(pack(list_folder(folder, strict=False), tmp_path / "out" / "photos.npy"))
    assert len(store) == 4
    assert np.array_equal(store.photo(2), background(40, 60, 2))


def test_large_photos_are_reduced(tmp_path: Path) -> None:
    picture(tmp_path / "wide.png", 120, 300)
    store = Backgrounds.packed(pack(list_folder(tmp_path), tmp_path / "photos.npy", short_side=60))
    assert store.photo(0).shape == (60, 150, 3)


def test_strict_listing_leaves_out_unclear_licences(folder: Path) -> None:
    assert [listed.path.name for listed in list_folder(folder)] == ["a.png", "c.png"]
    assert len(list_folder(folder, strict=False)) == 4


@pytest.mark.parametrize(
    ("licence", "left_out"),
    [
        ("MIT", False),
        ("CC0-1.0 (repo LICENSE)", False),
        ("CC-BY-4.0", False),
        ("CC-BY-SA-3.0", True),
        ("GPL-2+", True),
        ("Creative Commons (COPYING)", True),
        ("CC0/CC-BY (per-file entry not found)", True),
    ],
)
def test_unclear_licences(licence: str, left_out: bool) -> None:
    assert unclear(licence) == left_out


def test_a_folder_without_a_table_gives_all_its_pictures(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    picture(tmp_path / "deep" / "x.png")
    (tmp_path / "notes.txt").write_text("not a picture", encoding="utf-8")
    assert [listed.source for listed in list_folder(tmp_path)] == ["deep/x.png"]


def test_what_is_missing_or_broken_is_told(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="no folder"):
        list_folder(tmp_path / "nowhere")
    with pytest.raises(EngineError, match="no usable photos"):
        list_folder(tmp_path)
    with pytest.raises(EngineError, match="no packed photos"):
        Backgrounds.packed(tmp_path / "nothing.npy")
    with pytest.raises(EngineError, match="no photos"):
        Backgrounds.of([])
    (tmp_path / "broken.png").write_bytes(b"no picture")
    with pytest.raises(EngineError) as caught:
        pack(list_folder(tmp_path), tmp_path / "photos.npy")
    assert caught.value.fault is Fault.UNREADABLE
    assert not (tmp_path / "photos.npy").exists()


def test_held_out_sources_are_few_fixed_and_never_shared(tmp_path: Path) -> None:
    names = [f"source-{number}" for number in range(4000)]
    held = [name for name in names if held_out(name)]
    assert 0.04 < len(held) / len(names) < 0.08
    inside, outside = held[0], next(name for name in names if not held_out(name))
    for number in range(4):
        picture(tmp_path / f"{number}.png", seed=number)
    listed = [Listed(tmp_path / f"{n}.png", inside if n % 2 else outside, "c") for n in range(4)]
    packed = pack(listed, tmp_path / "photos.npy")
    held_store, other = Backgrounds.packed(packed, held=True), Backgrounds.packed(packed, held=False)
    assert (len(held_store), len(other)) == (2, 2)
    rng = np.random.default_rng(0)
    held_bytes = {np.asarray(held_store.pick(rng)).tobytes() for _ in range(20)}
    other_bytes = {np.asarray(other.pick(rng)).tobytes() for _ in range(20)}
    assert held_bytes.isdisjoint(other_bytes)


def test_a_source_with_many_pieces_is_not_drawn_more_often() -> None:
    photos = [np.full((8, 8, 3), level, np.uint8) for level in range(10)]
    store = Backgrounds([[[0], list(range(1, 10))]], None, photos)
    rng = np.random.default_rng(0)
    share = np.mean([store.pick(rng)[0, 0, 0] == 0 for _ in range(400)])
    assert 0.4 < share < 0.6


def test_a_large_collection_counts_by_its_root() -> None:
    photos = [np.full((8, 8, 3), level, np.uint8) for level in range(10)]
    store = Backgrounds([[[0]], [[number] for number in range(1, 10)]], None, photos)
    rng = np.random.default_rng(0)
    share = np.mean([store.pick(rng)[0, 0, 0] == 0 for _ in range(600)])
    assert 0.19 < share < 0.31
