"""Project files: what they keep, where they look for the picture, and what they say of damaged ones."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.document import verbs
from app.document.codec import same
from app.document.project import VERSION, file_hash, find_source, load_project, save_project
from app.document.recipe import Recipe
from app.document.state import LayerRole, State
from engines.core.engine import Task
from engines.core.faults import EngineError, Fault
from tests.app.support import box, fresh, line, picture, variant


def rich(dtype: str = "uint8", path: Path | None = None) -> State:
    """A state with something of everything."""
    state = fresh(picture(dtype=dtype), path)
    state = verbs.set_text(state, [line(10, 10, 80, 20, "früh 早"), line(10, 50, 80, 20)], [1])
    state = verbs.paint(verbs.paint(state, LayerRole.PROTECT, box(3, 3, 5, 5)), LayerRole.ADD, box(60, 60, 200, 9))
    state = verbs.erase(state, Task.OBJECT, variant(box(60, 60, 20, 9), 3, dtype))
    state = verbs.add_variant(state, 1, variant(box(60, 60, 20, 9), 4, dtype))
    state = verbs.restore(state, box(65, 60, 4, 4))
    return verbs.paint(state, LayerRole.NO_SAMPLE, box(200, 200, 30, 30))


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_a_project_comes_back_as_it_was(dtype: str, tmp_path: Path) -> None:
    path, state, pixels = tmp_path / "a.cleanplate", rich(dtype), picture(dtype=dtype)
    alpha = np.full((300, 400), 77, np.uint8)
    save_project(path, state, pixels, alpha)
    loaded = load_project(path)
    assert same(loaded.state, state)
    assert loaded.pixels is not None
    assert loaded.alpha is not None
    assert np.array_equal(loaded.pixels, pixels)
    assert np.array_equal(loaded.alpha, alpha)
    assert [p.name for p in tmp_path.iterdir()] == ["a.cleanplate"]


def test_a_picture_with_a_file_is_not_copied(tmp_path: Path) -> None:
    path = tmp_path / "a.cleanplate"
    save_project(path, rich(path=tmp_path / "photo.jpg"), picture())
    assert load_project(path).pixels is None
    assert not any(name.startswith("source") for name in zipfile.ZipFile(path).namelist())


def test_masks_are_pictures_that_anybody_can_open(tmp_path: Path) -> None:
    path = tmp_path / "a.cleanplate"
    save_project(path, rich(), picture())
    with zipfile.ZipFile(path) as archive:
        assert {name.rpartition(".")[2] for name in archive.namelist()} == {"json", "png"}
        assert archive.read("mask-0-protect.png").startswith(b"\x89PNG")
        assert json.loads(archive.read("state.json"))["version"] == VERSION


def test_a_failed_save_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.cleanplate"
    save_project(path, rich(), picture())
    before = path.read_bytes()
    broken = verbs.erase(rich(), Task.TEXT, variant(box(0, 0, 5, 5)))
    object.__setattr__(broken.edits[1].variants[0].patches[0], "pixels", None)
    with pytest.raises(AttributeError):
        save_project(path, broken, picture())
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["a.cleanplate"]


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(EngineError) as caught:
        save_project(tmp_path / "file" / "a.cleanplate", rich(), picture())
    assert caught.value.fault is Fault.NOT_WRITTEN


def test_the_picture_is_found_where_the_project_moved_with_it(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    (old / "photos").mkdir(parents=True)
    photo = old / "photos" / "p.jpg"
    photo.write_bytes(b"x")
    save_project(old / "a.cleanplate", rich(path=photo), picture())
    assert find_source(old / "a.cleanplate", load_project(old / "a.cleanplate")) == old / "photos" / "p.jpg"
    old.rename(new)
    project = load_project(new / "a.cleanplate")
    assert find_source(new / "a.cleanplate", project) == new / "photos" / "p.jpg"
    (new / "photos" / "p.jpg").rename(new / "p.jpg")
    assert find_source(new / "a.cleanplate", project) == new / "p.jpg"
    (new / "p.jpg").unlink()
    assert find_source(new / "a.cleanplate", project) is None


def set_at(path: str, value: object) -> Callable[[dict[str, Any]], None]:
    """Puts ``value`` at a place like ``state/layers/0/role`` of the JSON."""

    def change(table: dict[str, Any]) -> None:
        *way, last = path.split("/")
        here: Any = table
        for key in way:
            here = here[int(key) if key.isdigit() else key]
        here[last] = value

    return change


DAMAGE = {
    "a mask of another size": set_at("state/layers/0/coverage/box/w", 9),
    "a patch outside the picture": set_at("state/edits/0/variants/0/patches/0/box/x", 399),
    "an unknown role": set_at("state/layers/0/role", "magic"),
    "a wrong type": set_at("state/edits/0/id", "1"),
    "a choice that is not there": set_at("state/edits/0/chosen", 5),
    "a chosen line that is not there": set_at("state/chosen", [9]),
    "a size of nothing": set_at("state/source/width", 0),
    "no state": set_at("state", None),
    "a newer version": set_at("version", 99),
}


def rewritten(path: Path, change: Callable[[dict[str, bytes]], None]) -> None:
    save_project(path, rich(), picture())
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    change(files)
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)


@pytest.mark.parametrize("how", DAMAGE)
def test_damage_is_told_in_words(how: str, tmp_path: Path) -> None:
    path = tmp_path / "a.cleanplate"

    def change(files: dict[str, bytes]) -> None:
        table = json.loads(files["state.json"])
        DAMAGE[how](table)
        files["state.json"] = json.dumps(table).encode()

    rewritten(path, change)
    with pytest.raises(EngineError) as caught:
        load_project(path)
    assert caught.value.fault is Fault.UNREADABLE
    assert ("newer" in caught.value.message) == (how == "a newer version")


@pytest.mark.parametrize(("name", "data"), [("mask-0-protect.png", b"nothing"), ("state.json", b"{")])
def test_a_part_that_is_garbage_or_missing_is_told(name: str, data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.cleanplate"
    for change in (lambda files: files.update({name: data}), lambda files: files.pop(name)):
        rewritten(path, change)
        with pytest.raises(EngineError) as caught:
            load_project(path)
        assert caught.value.fault is Fault.UNREADABLE


def test_a_truncated_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.cleanplate"
    save_project(path, rich(), picture())
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(EngineError, match="not a project file"):
        load_project(path)


def test_the_hash_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"abc")
    assert file_hash(tmp_path / "f").startswith("ba7816bf")
    with pytest.raises(EngineError):
        file_hash(tmp_path / "none")


def test_a_recipe_is_a_command_and_comes_back_from_toml(tmp_path: Path) -> None:
    recipe = Recipe("garnet", True, Path("my mask.png"), {"steps": 3, "q": 0.5, "on": True, 'a"b': 'x\n"'}, "cpu")
    assert Recipe.from_toml(recipe.to_toml()) == recipe
    careful = replace(recipe, no_sample=Path("not here.png"))
    assert Recipe.from_toml(careful.to_toml()) == careful
    assert "--no-sample 'not here.png'" in careful.command(Path("in.jpg"), Path("out.jpg"))
    command = Recipe("garnet", True, Path("my mask.png"), {"steps": 3}, "cpu").command(Path("in.jpg"), Path("out.jpg"))
    assert command == (
        "cleanplate erase in.jpg --mask 'my mask.png' --text --engine garnet --set steps=3 --device cpu -o out.jpg"
    )
    removal = Recipe("classical", mask=Path("m.png"), task=Task.OBJECT)
    assert Recipe.from_toml(removal.to_toml()) == removal
    command = removal.command(Path("in.jpg"), Path("out.jpg"))
    assert command == "cleanplate erase in.jpg --mask m.png --task object --engine classical -o out.jpg"
    with pytest.raises(EngineError):
        Recipe.from_toml("engine = [")
    with pytest.raises(EngineError, match="another task"):
        Recipe.from_toml(removal.to_toml().replace("object", "cooking"))
    with pytest.raises(EngineError, match="newer"):
        Recipe.from_toml('version = 2\nengine = "x"')


def test_projects_of_the_first_version_are_read(tmp_path: Path) -> None:
    path, old = tmp_path / "a.cleanplate", tmp_path / "old.cleanplate"
    state = rich()
    save_project(path, state, picture())
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(old, "w") as older:
        for name in archive.namelist():
            if name != "state.json":
                older.writestr(name, archive.read(name))
        document = json.loads(archive.read("state.json"))
        document["version"] = 1
        del document["state"]["source"]["film"]
        document["state"].pop("tracks", None)
        older.writestr("state.json", json.dumps(document))
    assert same(load_project(old).state, load_project(path).state)
