"""Where subtitles are looked for, and tracks that are hidden: neither shown nor erased, and kept so."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QApplication

from app.document import track_verbs as verbs
from app.document.coverage import Combine
from app.document.plain import Json, Table
from app.document.project import load_project, save_project
from app.document.track_codec import decode_track, encode_track
from app.state.export_choice import ExportChoice
from app.state.export_journal import Export
from app.state.exporting import request_of
from app.state.notices import Notice
from app.state.settings import SettingsStore, TitlePlace
from app.state.sheet import Overlay
from app.state.workshop import Workshop
from app.ui.window import Window
from engines.core.tracks import NOTHING, MaskTrack, TrackKind, erase_anything, mask_at, masks_at
from engines.core.types import Box
from engines.jobs.film_desk import CleanSpan, FindTitles
from tests.app.conftest import FakeClient, Patience
from tests.app.support import box

SIZE = (120, 160)
PLACE = box(20, 80, 100, 30, SIZE)


def asked_region(shop: Workshop, client: FakeClient, wait: Patience, place: TitlePlace) -> Box | None:
    before = len(shop.editor.state.tracks)
    shop.following.look_in(place)
    shop.following.find_titles()
    wait(lambda: len(shop.editor.state.tracks) > before)
    request = client.asked[-1].request
    assert isinstance(request, FindTitles)
    return request.region


def test_subtitles_are_looked_for_at_the_bottom_or_everywhere(
    film_shop: Workshop, client: FakeClient, wait: Patience
) -> None:
    assert film_shop.following.place is TitlePlace.BOTTOM
    assert asked_region(film_shop, client, wait, TitlePlace.BOTTOM) == Box(0, 78, 160, 42)
    assert asked_region(film_shop, client, wait, TitlePlace.WHOLE) is None


def test_in_a_painted_box_they_are_found_and_the_box_is_hidden(
    film_shop: Workshop, client: FakeClient, wait: Patience, told: list[Notice]
) -> None:
    film_shop.playback.go(10)
    film_shop.editor.commit("Rectangle", PLACE, Combine.ADD)
    assert asked_region(film_shop, client, wait, TitlePlace.PAINTED) == PLACE.box
    area, titles = film_shop.editor.state.tracks
    assert (area.hidden, titles.hidden, titles.kind) == (True, False, TrackKind.TEXT)
    assert film_shop.tracks.track is titles
    assert told[-1].hint == "Mask 1 said where to look; it is hidden now."
    film_shop.editor.undo()
    assert [track.hidden for track in film_shop.editor.state.tracks] == [False], "one step of history"


def test_without_a_box_nothing_is_asked(film_shop: Workshop, client: FakeClient, told: list[Notice]) -> None:
    film_shop.following.look_in(TitlePlace.PAINTED)
    film_shop.following.find_titles()
    assert client.asked == []
    assert told[-1].message == "Nothing is painted in this frame."


def test_the_panel_offers_the_places_and_remembers_the_choice(film_window: Window) -> None:
    panel, shop = film_window.film_panel, film_window.workshop
    assert panel._place.currentData() is TitlePlace.BOTTOM
    panel._place.activated.emit(panel._place.findData(TitlePlace.WHOLE))
    assert shop.following.place is TitlePlace.WHOLE
    assert SettingsStore(shop.folder / "settings.json").value.title_place is TitlePlace.WHOLE


def test_a_hidden_track_is_neither_shown_nor_erased(film_window: Window, client: FakeClient, wait: Patience) -> None:
    shop = film_window.workshop
    shop.editor.commit("Brush", PLACE, Combine.ADD)
    shop.tracks.add()
    shop.tracks.choose(1)
    other = box(5, 5, 20, 20, SIZE)
    shop.editor.commit("Brush", other, Combine.ADD)
    QApplication.processEvents()
    head = film_window.timeline.rows[0].head
    head._eye.click()
    assert shop.editor.state.tracks[0].hidden
    assert head._about.text() == "hidden"
    sheet = shop.editor.sheet
    assert sheet is not None
    assert not sheet.coverage(Overlay.ERASE, PLACE.box).any()
    assert sheet.coverage(Overlay.ERASE, other.box).any()
    shop.previewing.frame()
    wait(lambda: shop.previewing.there)
    request = client.asked[-1].request
    assert isinstance(request, CleanSpan)
    assert [track.name for track in request.what.tracks] == ["Mask 2"]
    choice = ExportChoice("in.mp4", "out.mp4")
    exported = request_of(Export("1", choice, shop.editor.state.tracks, "auto", "cpu"))
    assert [track.name for track in exported.what.tracks] == ["Mask 2"]
    head._eye.click()
    assert sheet.coverage(Overlay.ERASE, PLACE.box).all()
    shop.editor.undo()
    assert shop.editor.state.tracks[0].hidden


def test_where_all_is_hidden_there_is_nothing_to_do(film_window: Window, client: FakeClient) -> None:
    shop = film_window.workshop
    shop.editor.commit("Brush", PLACE, Combine.ADD)
    shop.tracks.set_hidden(0, True)
    QApplication.processEvents()
    assert not erase_anything(shop.editor.state.tracks)
    assert not film_window.film_panel._export.isEnabled()
    shop.previewing.frame()
    assert client.asked == []


def test_what_is_painted_on_a_hidden_track_is_seen(film_shop: Workshop) -> None:
    film_shop.editor.commit("Brush", PLACE, Combine.ADD)
    film_shop.tracks.set_hidden(0, True)
    film_shop.editor.commit("Brush", box(5, 5, 20, 20, SIZE), Combine.ADD)
    track = film_shop.editor.state.tracks[0]
    assert not track.hidden
    assert mask_at(track, 0).box == Box(5, 5, 115, 105)


def test_it_is_hidden_in_the_project_and_older_projects_have_none(film_shop: Workshop, tmp_path: Path) -> None:
    film_shop.editor.commit("Brush", PLACE, Combine.ADD)
    film_shop.tracks.set_hidden(0, True)
    state, path = film_shop.editor.state, tmp_path / "hidden.cleanplate"
    sheet = film_shop.editor.sheet
    assert sheet is not None
    save_project(path, state, sheet.document.pixels)
    kept = load_project(path).state.tracks
    assert kept[0].hidden
    assert masks_at(kept, 0).empty
    plain = encode_track(MaskTrack("Old", TrackKind.STATIC, SIZE), 0, lambda _mask, _name: "")
    assert isinstance(plain, dict)
    older: Json = {key: value for key, value in plain.items() if key != "hidden"}
    assert not decode_track(Table(older), SIZE, lambda _: NOTHING).hidden


def test_names_are_used_once(film_shop: Workshop) -> None:
    state = verbs.add_track(film_shop.editor.state, "Logo")
    assert verbs.unused_name(state, "Mark") == "Mark"
    assert verbs.unused_name(state, "Logo") == "Logo 1"
