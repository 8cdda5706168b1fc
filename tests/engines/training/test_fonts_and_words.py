"""Fonts are found, checked for scripts, and missed loudly; words stay within their script."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pytest
from PIL import features

from engines.core.faults import EngineError, Fault
from engines.training.synthesis import Backgrounds, FontLibrary, Settings, Synthesiser, glyphs
from engines.training.synthesis.fonts import Face
from engines.training.synthesis.style import Scene
from engines.training.synthesis.words import INVENTORY, SHAPED, Script, compose, date
from tests.engines.training.conftest import forced

ROOT = Path(__file__).parents[3]
FETCHED = ROOT / "build" / "fonts" / "train"
FEW = ("lohit-deva", "hosny-amiri", "smiley-sans", "ipaexfont-gothic", "nanum", "tlwg-garuda-ttf", "lobster")
FOLDERS = (
    *(FETCHED / f"fonts-{name}" for name in FEW),
    FETCHED / "culmus",
    Path("/usr/share/fonts/truetype/dejavu"),
)


@pytest.fixture(scope="session")
def installed() -> FontLibrary:
    """Some of the fonts that training fetches, where they have been fetched, and some of the machine's."""
    folders = [folder for folder in FOLDERS if folder.is_dir()]
    if not folders:
        pytest.skip("neither build/fonts nor DejaVu is on this machine")
    return FontLibrary.find(folders)


def face_for(script: Script, library: FontLibrary) -> Face:
    if script not in library.scripts:
        pytest.skip(f"no installed font covers {script.value}")
    return library.faces[library.scripts[script][0]]


def test_the_builtin_face_covers_ascii_only(fonts: FontLibrary) -> None:
    assert set(fonts.scripts) == {Script.LATIN}


def test_missing_fonts_are_told(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="no fonts"):
        FontLibrary.find([tmp_path])
    with pytest.raises(EngineError, match="no font folder"):
        FontLibrary.find([tmp_path / "nowhere"])
    with pytest.raises(EngineError, match="no fonts"):
        FontLibrary(())


def test_a_broken_font_is_told(tmp_path: Path) -> None:
    (tmp_path / "broken.ttf").write_bytes(b"no font at all")
    with pytest.raises(EngineError) as caught:
        FontLibrary.find([tmp_path])
    assert caught.value.fault is Fault.UNREADABLE


def test_a_font_that_vanishes_is_not_passed_over(tmp_path: Path, backgrounds: Backgrounds) -> None:
    lost = FontLibrary((Face(tmp_path / "lost.ttf", 0, frozenset({Script.LATIN})),))
    synthesiser = Synthesiser(backgrounds, lost, Settings(blank=0, empty=0))
    text = forced(Scene.SCATTERED)
    with pytest.raises(OSError, match="resource"):
        synthesiser.sample(np.random.default_rng(0), 64, text)


def test_named_files_can_be_excluded(font_folder: Path) -> None:
    with pytest.raises(EngineError, match="no fonts"):
        FontLibrary.find([font_folder], exclude=["builtin"])


def test_families_count_once(font_folder: Path, tmp_path: Path) -> None:
    data = (font_folder / "builtin.ttf").read_bytes()
    for name in ("Many-Bold.ttf", "Many-Light.ttf", "Many-Thin.ttf", "Single.ttf"):
        (tmp_path / name).write_bytes(data)
    library = FontLibrary.find([tmp_path])
    rng = np.random.default_rng(0)
    share = np.mean([library.pick(rng, Script.LATIN).path.stem == "Single" for _ in range(400)])
    assert 0.4 < share < 0.6


@pytest.mark.parametrize("script", list(Script))
def test_lines_use_letters_of_their_script(script: Script) -> None:
    rng = np.random.default_rng(1)
    allowed = set(INVENTORY[script]) | {" "}
    lines = [compose(rng, script, length) for length in (1, 5, 12, 30) for _ in range(25)]
    assert all(line.strip() for line in lines)
    assert all(set(line) <= allowed for line in lines)
    assert len(set(lines)) > 40


def test_dates_look_like_dates() -> None:
    rng = np.random.default_rng(0)
    assert all(any(c.isdigit() for c in date(rng)) for _ in range(50))


def test_columns_run_down(fonts: FontLibrary) -> None:
    down = glyphs.column("ABCDEF", fonts.faces[0], 20, Script.LATIN)
    along = glyphs.row("ABCDEF", fonts.faces[0], 20, Script.LATIN)
    assert down.shape[0] > 4 * down.shape[1]
    assert along.shape[1] > 2 * along.shape[0]
    rows = down.any(axis=1).astype(int)
    assert int((np.diff(rows) == 1).sum()) >= 5, "six letters with gaps between them"


@pytest.mark.parametrize("script", list(Script))
def test_every_script_renders(script: Script, installed: FontLibrary) -> None:
    face = face_for(script, installed)
    rng = np.random.default_rng(0)
    images = [glyphs.row(compose(rng, script, 8), face, 30, script) for _ in range(4)]
    assert all(image.max() > 200 and image.shape[1] > 8 for image in images)


@pytest.mark.parametrize("script", [Script.ARABIC, Script.HEBREW])
def test_right_to_left_lines_start_at_the_right(script: Script, installed: FontLibrary) -> None:
    if not features.check("raqm"):
        pytest.skip("this Pillow has no Raqm layout")
    face = face_for(script, installed)
    words = {Script.ARABIC: ("سلام", "سلام."), Script.HEBREW: ("שלום", "שלום.")}[script]
    without, with_stop = (np.asarray(glyphs.row(text, face, 40, script)) for text in words)
    added = with_stop.shape[1] - without.shape[1]
    assert added > 0
    # the full stop ends the line: it stands at the left, and low
    end = with_stop[:, : max(added - 1, 2)]
    assert end.any()
    assert not end[: with_stop.shape[0] // 3].any()


def test_shaped_scripts_need_raqm(installed: FontLibrary) -> None:
    if features.check("raqm"):
        assert all(not face.scripts & SHAPED or face.at(20, Script.ARABIC) for face in installed.faces[:3])
    else:
        assert not set(installed.scripts) & SHAPED


def test_arched_rows_keep_their_ink(fonts: FontLibrary) -> None:
    flat = glyphs.row("curved words here", fonts.faces[0], 24, Script.LATIN)
    for bend in (0.5, 1.5, -1.0, 2.2):
        bent = glyphs.arched(flat, bend)
        assert bent.shape[0] > flat.shape[0]
        assert float(bent.sum()) / float(flat.sum()) == pytest.approx(1 + abs(bend) * 0.07, rel=0.3)


def test_marks_are_drawn() -> None:
    shapes = [glyphs.mark(np.random.default_rng(seed), 40) for seed in range(40)]
    assert all(shape.max() == 255 and min(shape.shape) > 3 for shape in shapes)


def test_the_font_list_is_whole_and_shares_no_face() -> None:
    rows = tomllib.loads((ROOT / "engines/training/fonts.toml").read_text(encoding="utf-8"))["package"]
    train = {row["name"]: row.get("files") for row in rows if not row["held_out"]}
    held = {row["name"]: row.get("files") for row in rows if row["held_out"]}
    assert len(train) >= 40
    assert len(held) >= 15
    assert all(row["licence"] and row["scripts"] for row in rows)
    covered = {script for row in rows if not row["held_out"] for script in row["scripts"]}
    assert covered == {script.value for script in Script}
    for name in train.keys() & held.keys():
        assert train[name]
        assert held[name]
        assert not set(train[name]) & set(held[name])
