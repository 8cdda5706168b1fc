"""The timeline: which part of the film it shows, and what hand and keys do on it."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLineEdit

from app.document import track_verbs as verbs
from app.state.reel import Reel
from app.ui.stretch import CLOSEST, Stretch
from app.ui.track_row import TrackLane
from app.ui.window import Window
from engines.core.engine import Tracked
from engines.core.tracks import MaskTrack, Span, Stop, TrackKind
from tests.app.conftest import Patience
from tests.app.film.clip import FRAMES, number_of
from tests.app.support import box

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
SIZE = (120, 160)


@given(st.integers(1, 200_000), st.integers(1, 4000), st.floats(0.2, 8), st.floats(0, 4000), st.floats(-1e5, 1e5))
def test_a_stretch_stays_inside_the_film(frames: int, width: int, factor: float, x: float, step: float) -> None:
    whole = Stretch.whole(frames, width)
    for stretch in (whole.zoomed(factor, x), whole.zoomed(factor, x).moved(step), whole.zoomed(factor, x).resized(900)):
        assert stretch.left >= 0
        assert stretch.left + stretch.width / stretch.scale <= frames + 1e-6
        assert stretch.scale <= max(CLOSEST, stretch.smallest)
        assert 0 <= stretch.frame_at(x) < frames


@given(st.integers(100, 100_000), st.integers(300, 3000), st.floats(1.2, 30), st.floats(0, 1))
def test_what_is_under_the_pointer_stays_there(frames: int, width: int, factor: float, share: float) -> None:
    before = Stretch.whole(frames, width)
    after = before.zoomed(factor, share * width)
    assert abs(after.x_of(share * frames) - share * width) < 1e-3 * width


@pytest.mark.parametrize("scale", [0.001, 0.02, 0.4, 3.0, 12.0, 40.0])
def test_labels_of_the_ruler_do_not_meet(scale: float) -> None:
    stretch = Stretch(200_000, 1000, scale)
    large, small = stretch.marks(Fraction(25), 90)
    assert large * scale >= 90 or large == 25 * 3600
    assert large % small == 0
    assert len(list(stretch.seen(small))) < 400


def test_the_playhead_is_kept_in_sight() -> None:
    near = Stretch.whole(1000, 500).zoomed(20, 0)
    for frame in (0, 40, 999, 500):
        near = near.showing(frame)
        assert 0 <= near.x_of(frame) <= 500


@pytest.fixture
def tracked(film_window: Window) -> Window:
    """A static track with a key at 10, and one that was tracked from 20 until it stopped at 31."""
    editor = film_window.workshop.editor
    state = verbs.insert_track(
        editor.state, MaskTrack("Mark", TrackKind.STATIC, SIZE, {10: box(8, 30, 20, 20, SIZE)}, (Span(5, 45),))
    )
    made = {frame: Tracked(box(frame, 60, 20, 20, SIZE), 0.9 if frame < 28 else 0.5) for frame in range(21, 31)}
    stopped = MaskTrack("Man", TrackKind.TRACKED, SIZE, {20: box(20, 60, 20, 20, SIZE)}, (), made,
                        stops=(Stop(31, "The tracker was no longer sure."),))  # fmt: skip
    editor.do("tracks", verbs.insert_track(state, stopped))
    QApplication.processEvents()
    return film_window


def lane_of(window: Window, number: int) -> TrackLane:
    return window.timeline.rows[number].lane


def at(lane: TrackLane, frame: float, y: int = 17) -> QPoint:
    return QPoint(round(lane.stretch.x_of(frame)), y)


def drag(lane: TrackLane, start: QPoint, end: QPoint) -> None:
    QTest.mousePress(lane, LEFT, NONE, start)
    QTest.mouseMove(lane, (start + end) / 2)
    QTest.mouseMove(lane, end)
    QTest.mouseRelease(lane, LEFT, NONE, end)


def reel(window: Window) -> Reel:
    assert window.workshop.playback.reel is not None
    return window.workshop.playback.reel


def test_it_is_there_for_films_only(window: Window, clip: object, photo: object, wait: Patience) -> None:
    assert not window.timeline.isVisible()
    window.commands.open_path(clip)  # type: ignore[arg-type]
    wait(window.timeline.isVisible)
    window.commands.open_path(photo)  # type: ignore[arg-type]
    wait(lambda: not window.timeline.isVisible())


def test_ruler_and_strip_scrub(film_window: Window) -> None:
    timeline = film_window.timeline
    for lane in (timeline.ruler, timeline.strip):
        x = round(lane.stretch.x_of(33.5))
        QTest.mouseClick(lane, LEFT, NONE, QPoint(x, 20))
        assert reel(film_window).frame == 33
        QTest.mouseClick(lane, LEFT, NONE, QPoint(1, 20))
        assert reel(film_window).frame == 0


def test_pictures_fill_the_strip_and_stand_in_while_scrubbing(film_window: Window, wait: Patience) -> None:
    thumbs = film_window.workshop.thumbnails
    wait(lambda: thumbs.get(0) is not None and thumbs.get(48) is not None)
    picture = thumbs.get(24)
    assert picture is not None
    assert number_of(picture) == 24
    near = thumbs.near(25)
    assert near is not None
    assert abs(number_of(near) - 25) <= 1
    image = film_window.timeline.strip.grab().toImage()
    colours = {image.pixelColor(x, 30).rgb() for x in range(4, image.width(), 40)}
    assert len(colours) > 3


def test_in_and_out_points_are_dragged(film_window: Window) -> None:
    film_window.workshop.playback.set_span(10, 40)
    ruler = film_window.timeline.ruler
    QTest.mousePress(ruler, LEFT, NONE, QPoint(round(ruler.stretch.x_of(10)), 5))
    QTest.mouseMove(ruler, QPoint(round(ruler.stretch.x_of(15)), 5))
    QTest.mouseRelease(ruler, LEFT, NONE, QPoint(round(ruler.stretch.x_of(15)), 5))
    assert reel(film_window).span == (15, 40)
    assert reel(film_window).frame == 0, "the handle was taken, not the playhead"


def test_a_key_is_dragged(tracked: Window) -> None:
    lane = lane_of(tracked, 0)
    drag(lane, at(lane, 10.5), at(lane, 18.5))
    track = tracked.workshop.editor.state.tracks[0]
    assert list(track.keys) == [18]
    assert reel(tracked).frame == 18
    tracked.workshop.editor.undo()
    assert list(tracked.workshop.editor.state.tracks[0].keys) == [10]


def test_the_ends_of_a_range_are_dragged(tracked: Window) -> None:
    lane = lane_of(tracked, 0)
    drag(lane, at(lane, 45), at(lane, 30))
    assert tracked.workshop.editor.state.tracks[0].ranges == (Span(5, 30),)
    drag(lane, at(lane, 5), at(lane, 40))
    assert tracked.workshop.editor.state.tracks[0].ranges == (Span(29, 30),), "one frame stays"


def test_keys_are_reached_moved_and_deleted_by_keyboard(tracked: Window) -> None:
    lane, editor = lane_of(tracked, 1), tracked.workshop.editor
    lane.setFocus()
    QTest.keyClick(lane, Qt.Key.Key_Right)
    assert reel(tracked).frame == 20
    assert tracked.workshop.tracks.chosen == 1
    QTest.keyClick(lane, Qt.Key.Key_Right, Qt.KeyboardModifier.AltModifier)
    assert list(editor.state.tracks[1].keys) == [21]
    assert reel(tracked).frame == 21
    QTest.keyClick(lane, Qt.Key.Key_Delete)
    assert editor.state.tracks[1].keys == {}


def test_rows_tell_what_they_show(tracked: Window) -> None:
    first, second = lane_of(tracked, 0), lane_of(tracked, 1)
    assert first.accessibleName() == "Track Mark"
    assert first.accessibleDescription() == "Frames 5–44. Keys: 10."
    assert "Frame 31: The tracker was no longer sure." in second.accessibleDescription()
    assert second._words_at(second.stretch.x_of(29.5)) == "Frame 29: the tracker was 50% sure"
    image = second.grab().toImage()
    sure, unsure = (image.pixelColor(round(second.stretch.x_of(frame + 0.5)), 24) for frame in (23, 29))
    assert sure.green() > sure.red() + 40
    assert unsure.red() > unsure.green() + 40


def test_every_part_can_be_reached_and_is_named(tracked: Window) -> None:
    buttons = [b for b in tracked.timeline.findChildren(QAbstractButton) if b.isVisible()]
    assert len(buttons) > 10
    assert all(b.accessibleName() or b.text() for b in buttons)
    assert all(row.lane.focusPolicy() & Qt.FocusPolicy.TabFocus for row in tracked.timeline.rows)


def test_keys_of_the_timeline(film_window: Window) -> None:
    timeline = film_window.timeline
    timeline.setFocus()
    QTest.keyClick(timeline, Qt.Key.Key_Right)
    QTest.keyClick(timeline, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert reel(film_window).frame == 11
    QTest.keyClick(timeline, Qt.Key.Key_Left)
    assert reel(film_window).frame == 10
    scale = timeline.scope.stretch.scale
    QTest.keyClick(timeline, Qt.Key.Key_Plus)
    assert timeline.scope.stretch.scale > scale
    QTest.keyClick(timeline, Qt.Key.Key_Space)
    assert film_window.workshop.playback.playing
    QTest.keyClick(timeline, Qt.Key.Key_Space)


def test_the_wheel_zooms_and_the_bar_scrolls(film_window: Window) -> None:
    timeline = film_window.timeline
    place = QPointF(300, 20)
    frame = timeline.scope.stretch.frame_at(300)
    for _ in range(4):
        turn = QWheelEvent(place, place, QPoint(), QPoint(0, 120), Qt.MouseButton.NoButton, NONE,
                           Qt.ScrollPhase.NoScrollPhase, False)  # fmt: skip
        QApplication.sendEvent(timeline.strip, turn)
    assert timeline.scope.stretch.frame_at(300) == frame
    assert timeline.scope.stretch.scale > timeline.scope.stretch.smallest * 1.5
    timeline.fit()
    assert timeline.scope.stretch.left == 0
    assert np.isclose(timeline.scope.stretch.scale * FRAMES, timeline.ruler.width())


def test_time_is_shown_and_typed(film_window: Window) -> None:
    time = film_window.timeline.transport.findChild(QLineEdit, "timecode")
    assert time is not None
    film_window.workshop.playback.go(30)
    assert time.text() == "0:00:01.200"
    for typed, frame in (("0.4", 10), ("#44", 44), ("nonsense", 44), ("1:00", FRAMES - 1)):
        time.setText(typed)
        QTest.keyClick(time, Qt.Key.Key_Return)
        assert reel(film_window).frame == frame


def test_a_track_is_added_for_the_chosen_span_and_painted_on(film_window: Window) -> None:
    shop = film_window.workshop
    shop.playback.set_span(10, 20)
    shop.tracks.add()
    shop.tracks.add()
    assert [track.name for track in shop.tracks.all] == ["Mask 1", "Mask 2"]
    assert shop.tracks.chosen == 1
    assert shop.editor.state.tracks[1].ranges == (Span(10, 20),)
    assert len(film_window.timeline.rows) == 2
    shop.tracks.remove(1)
    assert shop.tracks.chosen == 0


def test_painting_on_a_frame_makes_a_key_that_is_seen(film_window: Window, wait: Patience) -> None:
    shop, canvas = film_window.workshop, film_window.canvas
    shop.playback.go(12)
    points = [QPoint(*(round(v) for v in canvas.view.to_screen(x, 70))) for x in (40, 80)]
    QTest.mousePress(canvas, LEFT, NONE, points[0])
    QTest.mouseMove(canvas, points[1])
    QTest.mouseRelease(canvas, LEFT, NONE, points[1])
    track = shop.editor.state.tracks[0]
    assert list(track.keys) == [12]
    assert track.keys[12].dense(shop.editor.sheet.picture_box)[70, 60] == 255  # type: ignore[union-attr]
    shop.playback.go(40)
    wait(lambda: number_of(shop.editor.sheet.document.pixels) == 40)  # type: ignore[union-attr]
    QTest.qWait(100)
    spot = canvas.view.to_screen(60, 70)
    shown = canvas.grab().toImage().pixelColor(round(spot[0]), round(spot[1]))
    assert shown.red() > shown.green() + 30, "a mark that stays is seen in every frame"
    shop.editor.undo()
    assert shop.editor.state.tracks == ()
    QTest.qWait(60)
    shown = canvas.grab().toImage().pixelColor(round(spot[0]), round(spot[1]))
    assert shown.red() < shown.green() + 30
