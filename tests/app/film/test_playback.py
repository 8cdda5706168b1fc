"""A film in the editor: opened, stepped through, scrubbed, played."""

from __future__ import annotations

import time
from fractions import Fraction
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.document.project import load_project
from app.document.state import Clip
from app.state.loading import SourceMissing
from app.state.notices import Notice
from app.state.reel import Reel
from app.state.workshop import Workshop
from app.ui.window import Window
from tests.app.conftest import Patience
from tests.app.film.clip import FRAMES, make_clip, number_of

NONE = Qt.KeyboardModifier.NoModifier


def shown(shop: Workshop) -> int:
    """Which frame the sheet shows."""
    sheet = shop.editor.sheet
    assert sheet is not None
    return number_of(sheet.document.pixels)


def reel_of(shop: Workshop) -> Reel:
    assert shop.playback.reel is not None
    return shop.playback.reel


def test_a_film_opens_at_its_first_frame(film_shop: Workshop) -> None:
    assert film_shop.editor.state.source.film == Clip(FRAMES, Fraction(25))
    assert film_shop.editor.state.size == (120, 160)
    assert reel_of(film_shop).frame == 0
    assert shown(film_shop) == 0
    assert film_shop.settings.value.recent[0].endswith("clip.mp4")


def test_any_frame_is_shown_exactly(film_shop: Workshop, wait: Patience) -> None:
    for frame in (17, 3, 49, 30, 29):
        film_shop.playback.go(frame)
        assert reel_of(film_shop).frame == frame
        wait(partial(lambda wanted: shown(film_shop) == wanted, frame))
        sheet = film_shop.editor.sheet
        assert sheet is not None
        assert number_of(sheet.picture.read(0, sheet.picture_box)) == frame


def test_steps_end_at_the_ends(film_shop: Workshop) -> None:
    play = film_shop.playback
    play.step(-1)
    assert reel_of(film_shop).frame == 0
    play.go(10**9)
    assert reel_of(film_shop).frame == FRAMES - 1
    play.step(1)
    assert reel_of(film_shop).frame == FRAMES - 1


def test_of_many_wishes_the_last_is_shown(film_shop: Workshop, wait: Patience) -> None:
    for frame in range(40):
        film_shop.playback.go(frame)
    wait(lambda: shown(film_shop) == 39)
    QTest.qWait(100)
    assert shown(film_shop) == 39


def test_in_and_out_points(film_shop: Workshop) -> None:
    play, reel = film_shop.playback, reel_of(film_shop)
    assert reel.whole
    play.go(10)
    play.mark_in()
    play.go(20)
    play.mark_out()
    assert reel.span == (10, 21)
    play.go(30)
    play.mark_in()
    assert reel.span == (30, FRAMES), "an in point behind the out point takes the rest of the film"
    play.go(5)
    play.mark_out()
    assert reel.span == (0, 6)
    play.clear_span()
    assert reel.whole


def test_it_plays_in_time_and_stops_at_the_out_point(film_shop: Workshop, wait: Patience) -> None:
    play, reel = film_shop.playback, reel_of(film_shop)
    seen: list[int] = []
    pictures: list[int] = []
    play.moved.connect(seen.append)
    play.glimpsed.connect(lambda picture: pictures.append(number_of(picture)))
    play.set_span(5, 30)
    play.go(5)
    seen.clear()
    begun = time.monotonic()
    play.play()
    assert play.playing
    wait(lambda: not play.playing)
    assert 0.9 < time.monotonic() - begun < 4, "25 frames at 25 a second"
    assert seen == sorted(seen)
    assert pictures == sorted(pictures)
    assert len(pictures) + play.dropped == 25
    assert reel.frame == 29
    wait(lambda: shown(film_shop) == 29)
    play.play()
    wait(lambda: reel.frame < 20)
    play.toggle()
    assert not play.playing
    assert 5 <= reel.frame < 20


def test_late_frames_are_left_out(film_shop: Workshop, wait: Patience) -> None:
    play = film_shop.playback

    def slow(_: int, picture: np.ndarray) -> np.ndarray:
        time.sleep(0.1)
        return picture

    play.paint = slow
    begun = time.monotonic()
    play.play()
    wait(lambda: not play.playing)
    assert time.monotonic() - begun < 5, "two seconds of film, however slow it is drawn"
    assert play.dropped > 20


def test_the_window_thread_is_never_held_up(film_window: Window, wait: Patience) -> None:
    """While it plays and while it is scrubbed, the event loop goes round without a pause that one would feel."""
    play = film_window.workshop.playback
    turns: list[float] = []
    QTest.qWait(300)

    def turn() -> None:
        begun = time.thread_time()  # of this thread alone: other processes of the machine do not count
        QApplication.processEvents()
        turns.append(time.thread_time() - begun)
        time.sleep(0.001)

    play.play()
    end = time.monotonic() + 1.0
    while time.monotonic() < end:
        turn()
    play.pause()
    for frame in range(0, FRAMES, 3):
        play.go(frame)
        turn()
    assert float(np.percentile(turns, 95)) < 0.010


@pytest.mark.parametrize(("key", "frame"), [(Qt.Key.Key_Period, 11), (Qt.Key.Key_Comma, 9), (Qt.Key.Key_Home, 0),
                                            (Qt.Key.Key_End, FRAMES - 1)])  # fmt: skip
def test_keys_move_the_playhead(film_window: Window, key: Qt.Key, frame: int) -> None:
    film_window.workshop.playback.go(10)
    QTest.keyClick(film_window, key)
    assert reel_of(film_window.workshop).frame == frame


def test_keys_mark_and_play(film_window: Window, wait: Patience) -> None:
    shop = film_window.workshop
    shop.playback.go(8)
    QTest.keyClick(film_window, Qt.Key.Key_I)
    shop.playback.go(15)
    QTest.keyClick(film_window, Qt.Key.Key_O)
    assert reel_of(shop).span == (8, 16)
    QTest.keyClick(film_window.canvas, Qt.Key.Key_Space)
    assert shop.playback.playing
    QTest.keyClick(film_window.canvas, Qt.Key.Key_Space)
    assert not shop.playback.playing


def test_space_that_pans_does_not_play(film_window: Window) -> None:
    canvas = film_window.canvas
    QTest.keyPress(canvas, Qt.Key.Key_Space)
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, NONE, canvas.rect().center())
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, NONE, canvas.rect().center())
    QTest.keyRelease(canvas, Qt.Key.Key_Space)
    assert not film_window.workshop.playback.playing


def test_a_film_is_dropped_onto_the_window(window: Window, clip: Path, wait: Patience) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(clip))])
    drop = QDropEvent(QPointF(5, 5), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, NONE)
    window.dropEvent(drop)
    wait(lambda: window.workshop.playback.reel is not None)
    assert window.windowTitle().startswith("clip.mp4")


def test_the_film_menu_is_there_for_films_only(window: Window, clip: Path, photo: Path, wait: Patience) -> None:
    shop = window.workshop
    window.commands.open_path(clip)
    wait(lambda: shop.playback.reel is not None)
    assert window.actions_.by_id["play"].isEnabled()
    assert not window.actions_.by_id["mask_alpha"].isEnabled()
    window.commands.open_path(photo)
    wait(lambda: shop.editor.sheet is not None and shop.playback.reel is None)
    assert not window.actions_.by_id["play"].isEnabled()
    assert window.actions_.by_id["mask_alpha"].isEnabled()


def test_the_canvas_shows_the_frame(film_window: Window, wait: Patience) -> None:
    canvas, shop = film_window.canvas, film_window.workshop
    shop.playback.go(21)
    wait(lambda: shown(shop) == 21)
    QTest.qWait(50)
    image = canvas.grab().toImage()
    view = canvas.view

    def bit(number: int) -> int:
        x, y = view.to_screen(number * 20 + 10, 8)
        return int(image.pixelColor(round(x), round(y)).lightness() > 128)

    assert sum(bit(number) << number for number in range(8)) == 21


def test_a_project_finds_its_film_again(shop: Workshop, tmp_path: Path, wait: Patience) -> None:
    film = make_clip(tmp_path / "short.mp4", 12, sound=False)
    shop.files.open(film)
    wait(lambda: shop.playback.reel is not None)
    project = tmp_path / "work.cleanplate"
    shop.files.save_project(project)
    wait(project.exists)
    assert load_project(project).state.source.film == Clip(12, Fraction(25))
    film.rename(tmp_path / "renamed.mp4")
    asked: list[SourceMissing] = []
    shop.files.missing.connect(asked.append)
    shop.files.open(project)
    wait(lambda: asked)
    shop.files.open(project, source=tmp_path / "renamed.mp4")
    wait(lambda: reel_of(shop).path.name == "renamed.mp4")
    told: list[Notice] = []
    shop.editor.told.connect(told.append)
    shop.files.open(project, source=make_clip(tmp_path / "other.mp4", 9, sound=False))
    wait(lambda: told)
    assert "12 frames of 160 × 120" in told[-1].message


def test_what_is_no_film_is_told(shop: Workshop, tmp_path: Path, wait: Patience) -> None:
    told: list[Notice] = []
    shop.editor.told.connect(told.append)
    bad = tmp_path / "bad.mp4"
    bad.write_bytes(b"nothing that anybody could play" * 50)
    shop.files.open(bad)
    wait(lambda: told)
    assert "bad.mp4" in told[0].message
    assert shop.editor.sheet is None


def test_the_chosen_range_is_looped_until_it_is_paused(film_window: Window, wait: Patience) -> None:
    play, frames = film_window.workshop.playback, list[int]()
    play.set_span(10, 16)
    QTest.keyClick(film_window, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    assert play.loops
    assert film_window.timeline.transport._loop.isChecked()
    play.go(13)
    play.moved.connect(frames.append)
    play.play()
    wait(lambda: sum(after < before for before, after in pairwise(frames)) >= 2)
    assert play.playing
    assert set(frames) <= set(range(10, 16))
    assert all(after > before or after < 13 for before, after in pairwise(frames)), "it goes on from the in point"
    play.pause()
    film_window.timeline.transport._loop.click()
    assert not play.loops
    play.play()
    wait(lambda: not play.playing)
    assert reel_of(film_window.workshop).frame == 15


def test_a_loop_follows_the_points_when_they_are_moved(film_shop: Workshop, wait: Patience) -> None:
    play, frames = film_shop.playback, list[int]()
    play.set_loops(True)
    play.set_span(10, 14)
    play.play()
    play.set_span(30, 34)
    play.moved.connect(frames.append)
    wait(lambda: frames[-4:] and frames[-1] == 33 and frames.count(33) > 1)
    assert 30 in frames
    play.pause()


def test_a_range_that_is_shown_is_looped_by_itself(film_shop: Workshop, wait: Patience) -> None:
    play, frames = film_shop.playback, list[int]()
    play.set_loops(True)
    play.moved.connect(frames.append)
    play.play_span(20, 24)
    wait(lambda: frames.count(23) > 1)
    assert set(frames) <= set(range(20, 24))
    play.pause()
