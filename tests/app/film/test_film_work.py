"""What the engine process does for a film: track, find subtitles, preview in place; and how it is told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import av
import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.document import track_verbs as verbs
from app.document.coverage import Combine
from app.state.notices import Notice, Weight
from app.state.sheet import Overlay, Sheet
from app.state.workshop import Workshop
from app.ui.window import Window
from engines.core.engine import Tracked
from engines.core.faults import EngineError, Fault
from engines.core.tracks import Span, Stop, TrackKind, mask_at
from engines.core.types import Box
from engines.jobs.film_desk import CleanSpan, FindTitles, FollowTrack, TrackMade
from engines.jobs.track_masks import Direction
from engines.requests import Failed, Finished, Progressed
from tests.app.conftest import FakeClient, Patience
from tests.app.film.clip import FRAMES, number_of
from tests.app.support import box

SIZE = (120, 160)
THING = box(40, 50, 20, 20, SIZE)


def sheet_of(shop: Workshop) -> Sheet:
    assert shop.editor.sheet is not None
    return shop.editor.sheet


def paint(shop: Workshop, frame: int = 10) -> None:
    shop.playback.go(frame)
    shop.editor.commit("Brush", THING, Combine.ADD)


def test_a_painted_thing_is_tracked(
    film_shop: Workshop, client: FakeClient, wait: Patience, told: list[Notice]
) -> None:
    paint(film_shop)
    film_shop.playback.set_span(5, 30)
    film_shop.following.track()
    wait(lambda: film_shop.editor.state.tracks[0].made)
    request = client.asked[-1].request
    assert isinstance(request, FollowTrack)
    assert (request.start, request.stop, request.direction) == (5, 30, Direction.BOTH)
    track = film_shop.editor.state.tracks[0]
    assert track.kind is TrackKind.TRACKED
    assert mask_at(track, 25).box.x == 55
    assert (told[-1].weight, told[-1].message) == (Weight.DONE, "Tracked Mask 1 through 19 frames.")
    film_shop.editor.undo()
    assert film_shop.editor.state.tracks[0].kind is TrackKind.STATIC


def test_where_the_tracker_stopped_is_told_and_shown(film_window: Window, client: FakeClient, wait: Patience) -> None:
    shop = film_window.workshop
    notices: list[Notice] = []
    shop.editor.told.connect(notices.append)
    client.quick = False
    paint(shop)
    shop.following.track(Direction.FORWARD)
    asked = client.asked[-1]
    assert isinstance(asked.request, FollowTrack)
    asked.on_event(Progressed(asked.id, 0.4, "following Mask 1"))
    wait(lambda: shop.following.running is not None and shop.following.running.done == 0.4)
    assert "Following Mask 1" in film_window.film_panel._note.text()
    assert not film_window.film_panel._track.isEnabled()
    made = {frame: Tracked(THING, 0.9 if frame < 15 else 0.45) for frame in range(11, 18)}
    stop = Stop(18, "The tracker was no longer sure: paint the mask again from here on.")
    track = replace(asked.request.track, kind=TrackKind.TRACKED, made=made, stops=(stop,))
    asked.on_event(Finished(asked.id, TrackMade(track)))
    wait(lambda: shop.editor.state.tracks[0].made)
    assert notices[-1] == Notice(Weight.WARNING, "Mask 1 stops at frame 18.", stop.reason)
    wait(lambda: film_window.timeline.rows[0].head._about.text() == "stopped at frame 18")
    assert film_window.film_panel._track.isEnabled()


def test_tracking_is_cancelled_by_escape(film_window: Window, client: FakeClient, wait: Patience) -> None:
    shop = film_window.workshop
    client.quick = False
    paint(shop)
    QTest.keyClick(film_window, Qt.Key.Key_J, Qt.KeyboardModifier.ControlModifier)
    wait(lambda: shop.following.running is not None)
    QTest.keyClick(film_window, Qt.Key.Key_Escape)
    assert shop.following.running is None
    assert shop.editor.state.tracks[0].made == {}


def test_what_was_tracked_is_dropped_where_the_keys_have_changed(
    film_shop: Workshop, client: FakeClient, wait: Patience, told: list[Notice]
) -> None:
    client.quick = False
    paint(film_shop)
    film_shop.following.track()
    paint(film_shop, 12)
    client.answer(client.asked[-1])
    wait(lambda: told)
    assert "dropped" in told[-1].message
    assert film_shop.editor.state.tracks[0].made == {}


def test_without_a_key_there_is_nothing_to_track(film_shop: Workshop, client: FakeClient, told: list[Notice]) -> None:
    film_shop.following.track()
    film_shop.tracks.add()
    film_shop.following.track()
    assert client.asked == []
    assert [notice.message for notice in told] == ["There is no key to track from yet."] * 2


def test_subtitles_are_found_in_the_chosen_span(
    film_shop: Workshop, client: FakeClient, wait: Patience, told: list[Notice]
) -> None:
    film_shop.playback.set_span(10, 30)
    film_shop.following.find_titles()
    wait(lambda: film_shop.editor.state.tracks)
    request = client.asked[-1].request
    assert isinstance(request, FindTitles)
    assert (request.start, request.stop) == (10, 30)
    track = film_shop.editor.state.tracks[0]
    assert (track.name, track.kind) == ("Subtitles 1", TrackKind.TEXT)
    assert film_shop.tracks.reach(track) == (Span(12, 28),)
    assert told[-1].message == "Found text in 16 frames."


def test_failures_are_told(film_shop: Workshop, client: FakeClient, wait: Patience, told: list[Notice]) -> None:
    client.quick = False
    film_shop.following.find_titles()
    asked = client.asked[-1]
    asked.on_event(Failed(asked.id, EngineError(Fault.UNREADABLE, "The film is gone.", "Put it back.")))
    wait(lambda: told)
    assert (told[0].message, told[0].hint) == ("The film is gone.", "Put it back.")
    assert film_shop.following.running is None


def test_the_frame_is_previewed_in_place_and_compared(film_window: Window, client: FakeClient, wait: Patience) -> None:
    shop = film_window.workshop
    paint(shop, 20)
    wait(lambda: number_of(sheet_of(shop).document.pixels) == 20)
    QTest.keyClick(film_window, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    wait(lambda: shop.previewing.there)
    request = client.asked[-1].request
    assert isinstance(request, CleanSpan)
    assert (request.start, request.stop) == (20, 21)
    sheet = sheet_of(shop)
    wait(lambda: not sheet.pending)
    inside = Box(45, 55, 10, 10)
    assert np.all(sheet.picture.read(0, inside) == 99)
    assert not np.all(sheet.picture.original(0, inside) == 99), "compare shows the film as it is"
    assert not sheet.coverage(Overlay.ERASE, inside).any(), "the result is not tinted"
    shop.playback.go(21)
    wait(lambda: number_of(sheet.document.pixels) == 21)
    assert sheet.coverage(Overlay.ERASE, inside).all()
    shop.playback.go(20)
    wait(lambda: number_of(sheet.document.pixels) == 20 and not sheet.pending)
    assert np.all(sheet.picture.read(0, inside) == 99), "the preview is still there"
    shop.previewing.clear()
    wait(lambda: not sheet.pending)
    assert not np.all(sheet.picture.read(0, inside) == 99)
    assert sheet.coverage(Overlay.ERASE, inside).all()


def test_a_preview_goes_when_the_masks_change(film_shop: Workshop, wait: Patience) -> None:
    paint(film_shop)
    film_shop.previewing.frame()
    wait(lambda: film_shop.previewing.there)
    paint(film_shop, 10)
    film_shop.editor.commit("Brush", box(100, 50, 9, 9, SIZE), Combine.ADD)
    assert not film_shop.previewing.there


def test_a_range_is_previewed_and_played(film_shop: Workshop, client: FakeClient, wait: Patience) -> None:
    paint(film_shop)
    play, seen = film_shop.playback, []
    play.glimpsed.connect(lambda picture: seen.append(picture[picture.shape[0] // 2, picture.shape[1] * 50 // 160, :3]))
    play.set_span(8, 20)
    film_shop.previewing.short_range()
    wait(lambda: film_shop.previewing.there)
    seen.clear()  # the small picture that stood in while the playhead jumped
    wait(lambda: play.playing)
    wait(lambda: not play.playing)
    request = client.asked[-1].request
    assert isinstance(request, CleanSpan)
    assert (request.start, request.stop) == (8, 20)
    assert seen
    assert all(np.abs(colour.astype(int) - 99).max() <= 1 for colour in seen)
    reel = play.reel
    assert reel is not None
    assert reel.frame == 19
    play.clear_span()
    assert film_shop.previewing.short_span(reel) == (0, FRAMES)


def test_masks_are_seen_while_it_plays(film_shop: Workshop, wait: Patience) -> None:
    paint(film_shop)
    play, reds = film_shop.playback, []
    play.go(0)

    def look(picture: np.ndarray) -> None:
        spot = picture[round(picture.shape[0] * 60 / 120), round(picture.shape[1] * 50 / 160)].astype(int)
        reds.append(spot[2] - spot[1])

    play.glimpsed.connect(look)
    play.play()
    wait(lambda: len(reds) > 5)
    play.pause()
    assert min(reds) > 30


def test_where_nothing_is_marked_nothing_is_previewed(
    film_shop: Workshop, client: FakeClient, told: list[Notice]
) -> None:
    film_shop.previewing.frame()
    paint(film_shop)
    film_shop.editor.do("", verbs.set_ranges(film_shop.editor.state, 0, [Span(5, 15)]))
    film_shop.playback.go(30)
    film_shop.previewing.frame()
    assert client.asked == []
    assert len(told) == 2


def test_the_panel_changes_the_chosen_track(film_window: Window) -> None:
    shop, panel = film_window.workshop, film_window.film_panel
    assert panel.isVisible()
    assert not panel._export.isEnabled()
    paint(shop)
    QApplication.processEvents()
    assert panel._export.isEnabled()
    panel._grow.changed.emit(4)
    panel._feather.changed.emit(2)
    track = shop.editor.state.tracks[0]
    assert (track.grow, track.feather) == (4, 2)
    panel._learnt.click()
    assert shop.editor.state.tracks[0].learnt
    shop.editor.do("", verbs.set_ranges(shop.editor.state, 0, [Span(5, 15)]))
    panel._whole.click()
    assert shop.editor.state.tracks[0].ranges == ()
    names = [panel._engine.itemData(i) for i in range(panel._engine.count())]
    assert "propagate" in names
    shop.tracks.set_engine("per-frame")
    assert panel._engine.currentData() == "per-frame"


def test_previews_larger_than_a_block_of_the_pyramid(shop: Workshop, tmp_path: Path, wait: Patience) -> None:
    path = tmp_path / "large.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 900, 700, "yuv420p"
        for _ in range(3):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.full((700, 900, 3), 60, np.uint8), "rgb24")))
        container.mux(stream.encode(None))
    shop.files.open(path)
    wait(lambda: shop.playback.reel is not None)
    hole = box(100, 80, 700, 540, (700, 900))
    shop.editor.commit("Brush", hole, Combine.ADD)
    shop.previewing.frame()
    sheet = sheet_of(shop)
    wait(lambda: shop.previewing.there and not sheet.pending)
    shown = sheet.picture.read(0, sheet.picture_box)
    inside = hole.dense(sheet.picture_box) > 0
    assert np.all(shown[inside] == 99)
    assert np.abs(shown[~inside].astype(int) - 60).max() < 4
