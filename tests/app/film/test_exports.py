"""Exports: presets, what a file cannot hold, and the queue that survives the end of the program."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QAbstractButton, QApplication

from app.document.coverage import Combine
from app.state import export_choice
from app.state.export_choice import ExportChoice, Preset, lost_streams, preset_choice
from app.state.export_journal import Export, ExportStatus, Journal
from app.state.notices import Notice
from app.state.workshop import Workshop
from app.ui.exports_panel import ExportsPanel
from app.ui.film_export_dialog import FilmExportDialog
from app.ui.window import Window
from engines.catalog import load_catalog
from engines.core.faults import EngineError, Fault
from engines.jobs.film_desk import ExportFilm
from engines.media.film.encoders import Encoding
from engines.media.film.formats import Codec
from engines.media.film.probe import probe
from engines.media.film.reader import open_film
from engines.requests import Failed, Progressed
from engines.store import Store
from engines.worker.client import EngineClient
from engines.worker.messages import WorkerConfig
from tests.app.conftest import FakeClient, Patience
from tests.app.film.clip import FRAMES
from tests.app.support import box

SIZE = (120, 160)


@pytest.fixture
def slow(client: FakeClient) -> FakeClient:
    client.quick = False
    return client


@pytest.fixture
def marked(film_shop: Workshop, slow: FakeClient) -> Workshop:
    film_shop.editor.commit("Brush", box(40, 50, 20, 20, SIZE), Combine.ADD)
    return film_shop


def choice(clip: Path, target: Path) -> ExportChoice:
    return ExportChoice(str(clip), str(target))


def only(shop: Workshop) -> Export:
    [export] = shop.exporting.all
    return export


# ---- what is asked for


def test_presets(clip: Path, tmp_path: Path) -> None:
    info = probe(clip)
    same, small, editing = (preset_choice(preset, info, tmp_path / "out.mp4") for preset in Preset)
    assert (same.codec, same.quality, Path(same.target).suffix) == ("", None, ".mp4")
    assert same.settings().encoding is None
    assert small.settings().encoding == Encoding(Codec.H265, None, export_choice.SMALL_QUALITY)
    assert (editing.codec, Path(editing.target).suffix) == ("prores", ".mov")
    assert Path(preset_choice(Preset.SMALL, info, tmp_path / "out.webm").target).suffix == ".mp4"


def test_what_a_file_cannot_hold_is_known_before(clip: Path, tmp_path: Path) -> None:
    info = probe(clip)
    assert lost_streams(choice(clip, tmp_path / "a.mkv"), info) == ()
    webm = ExportChoice(str(clip), str(tmp_path / "a.webm"), codec="vp9")
    assert [stream.codec for stream in lost_streams(webm, info)] == ["aac"]
    with pytest.raises(EngineError, match="MP4 files do not hold ProRes"):
        lost_streams(ExportChoice(str(clip), str(tmp_path / "a.mp4"), codec="prores"), info)
    with pytest.raises(EngineError, match="names no kind of film"):
        lost_streams(choice(clip, tmp_path / "a.txt"), info)


def test_a_choice_survives_json(clip: Path, tmp_path: Path) -> None:
    whole = ExportChoice(str(clip), str(tmp_path / "a.mkv"), "h264", 18.0, "", True, True, True, "1/25", "3/5")
    assert ExportChoice.of_plain(whole.plain()) == whole
    for broken in ({}, {"source": 1, "target": "b"}, {"source": "a", "target": "b", "more": 1}):
        with pytest.raises(ValueError, match="not an export"):
            ExportChoice.of_plain(broken)


# ---- the dialog


@pytest.fixture
def dialog(film_window: Window, wait: Patience) -> Iterator[FilmExportDialog]:
    film_window.workshop.editor.commit("Brush", box(40, 50, 20, 20, SIZE), Combine.ADD)
    made = FilmExportDialog(film_window, film_window.workshop)
    made.show()
    wait(lambda: not film_window.workshop.tasks.running)
    yield made
    if not made._over:
        made.reject()
    QApplication.processEvents()


def test_the_dialog_offers_the_source_s_own_kind_first(dialog: FilmExportDialog) -> None:
    assert dialog.choice.target.endswith("clip-clean.mp4")
    assert (dialog.choice.codec, dialog.choice.quality) == ("", None)
    assert dialog.start.isEnabled()
    assert not dialog.advanced.isVisible()
    assert not dialog.span.isEnabled()


def test_the_dialog_says_what_cannot_be_held(dialog: FilmExportDialog, film_window: Window, wait: Patience) -> None:
    def settle() -> None:
        wait(lambda: not film_window.workshop.tasks.running)

    dialog.container.setCurrentIndex(dialog.container.findData(".webm"))
    dialog.container.activated.emit(dialog.container.currentIndex())
    dialog.codec.setCurrentIndex(dialog.codec.findData("vp9"))
    dialog.codec.activated.emit(dialog.codec.currentIndex())
    settle()
    assert "audio (aac)" in dialog.warning.text()
    assert not dialog.start.isEnabled()
    dialog.leave_out.setChecked(True)
    assert dialog.start.isEnabled()
    assert dialog.choice.leave_out
    dialog.codec.setCurrentIndex(dialog.codec.findData("prores"))
    dialog.codec.activated.emit(dialog.codec.currentIndex())
    settle()
    assert dialog.warning.text().startswith("WebM files do not hold ProRes.")
    assert not dialog.start.isEnabled()
    assert not dialog.best.isEnabled(), "ProRes knows no such number"
    dialog.preset.setCurrentIndex(1)
    dialog.preset.activated.emit(1)
    settle()
    assert dialog.choice.codec == "h265"
    assert dialog.choice.quality == export_choice.SMALL_QUALITY
    assert dialog.start.isEnabled()


def test_only_the_span_is_exported_where_that_is_asked(dialog: FilmExportDialog, film_window: Window) -> None:
    film_window.workshop.playback.set_span(10, FRAMES)
    dialog.span.setChecked(True)
    assert dialog.choice.settings().start == 10 * film_window.workshop.playback.reel.film.times[1]  # type: ignore[union-attr]
    assert dialog.choice.settings().end == 2


def test_the_dialog_queues(dialog: FilmExportDialog, film_window: Window, slow: FakeClient, wait: Patience,
                           tmp_path: Path) -> None:  # fmt: skip
    dialog.path.setText(str(tmp_path / "out.mkv"))
    dialog._export()
    wait(lambda: slow.asked)
    request = slow.asked[-1].request
    assert isinstance(request, ExportFilm)
    assert request.settings.target == tmp_path / "out.mkv"
    assert len(request.what.tracks) == 1
    assert dialog._over
    wait(film_window.exports_panel.isVisible)


# ---- the queue


def test_exports_run_one_after_the_other(marked: Workshop, slow: FakeClient, clip: Path, tmp_path: Path,
                                         wait: Patience) -> None:  # fmt: skip
    told: list[Notice] = []
    marked.editor.told.connect(told.append)
    for name in ("a.mp4", "b.mp4"):
        marked.exporting.add(choice(clip, tmp_path / name))
    wait(lambda: len(marked.exporting.all) == 2)
    assert [export.status for export in marked.exporting.all] == [ExportStatus.RUNNING, ExportStatus.WAITING]
    assert len(slow.asked) == 1
    slow.answer(slow.asked[0])
    wait(lambda: len(slow.asked) == 2)
    assert told[-1].message == "Exported a.mp4, 0.0 MB."
    assert told[-1].hint == "It was a test."
    slow.answer(slow.asked[1])
    wait(lambda: all(export.status is ExportStatus.DONE for export in marked.exporting.all))
    marked.exporting.clear()
    assert marked.exporting.all == []
    assert (tmp_path / "a.mp4").exists()


def test_editing_goes_on_and_the_export_keeps_what_was_asked(marked: Workshop, slow: FakeClient, clip: Path,
                                                             tmp_path: Path, wait: Patience) -> None:  # fmt: skip
    asked = marked.editor.state.tracks
    marked.exporting.add(choice(clip, tmp_path / "a.mp4"))
    wait(lambda: slow.asked)
    marked.tracks.remove(0)
    request = slow.asked[0].request
    assert isinstance(request, ExportFilm)
    assert [id(track) for track in request.what.tracks] == [id(track) for track in asked]


def test_pause_resume_and_cancel(marked: Workshop, slow: FakeClient, clip: Path, tmp_path: Path,
                                 wait: Patience) -> None:  # fmt: skip
    marked.exporting.add(choice(clip, tmp_path / "a.mp4"))
    wait(lambda: slow.asked)
    parts = tmp_path / ".a.mp4.parts"
    parts.mkdir()
    (parts / "half.mkv").write_bytes(b"what was encoded")
    marked.exporting.pause(only(marked).id)
    assert only(marked).status is ExportStatus.PAUSED
    assert parts.exists(), "what is encoded is kept"
    marked.exporting.resume(only(marked).id)
    assert only(marked).status is ExportStatus.RUNNING
    assert len(slow.asked) == 2
    marked.exporting.cancel(only(marked).id)
    assert marked.exporting.all == []
    wait(lambda: not marked.tasks.running)
    assert list((marked.folder / "exports").iterdir()) == []


def test_what_failed_says_why_and_is_tried_again(marked: Workshop, slow: FakeClient, clip: Path, tmp_path: Path,
                                                 wait: Patience) -> None:  # fmt: skip
    marked.exporting.add(choice(clip, tmp_path / "a.mp4"))
    wait(lambda: slow.asked)
    full = EngineError(Fault.NOT_WRITTEN, "The disk is full.", "Free some space.")
    slow.asked[0].on_event(Failed(slow.asked[0].id, full))
    wait(lambda: only(marked).status is ExportStatus.FAILED)
    assert only(marked).message == "The disk is full. Free some space."
    marked.exporting.resume(only(marked).id)
    slow.answer(slow.asked[1])
    wait(lambda: only(marked).status is ExportStatus.DONE)


def test_the_queue_survives_the_end_of_the_program(marked: Workshop, slow: FakeClient, clip: Path, tmp_path: Path,
                                                   cards: tuple[Path, ...], wait: Patience) -> None:  # fmt: skip
    for name in ("a.mp4", "b.mp4"):
        marked.exporting.add(choice(clip, tmp_path / name))
    wait(lambda: len(marked.exporting.all) == 2 and not marked.tasks.running)
    next_client = FakeClient(quick=True)
    again = Workshop(next_client, load_catalog(*cards), Store(), marked.folder)
    try:
        exports = again.exporting.all
        assert [(e.target.name, e.status) for e in exports] == [
            ("a.mp4", ExportStatus.PAUSED), ("b.mp4", ExportStatus.PAUSED),
        ]  # fmt: skip
        assert again.exporting.unfinished == 2
        again.exporting.resume(exports[0].id)
        wait(lambda: again.exporting.all[0].status is ExportStatus.DONE)
        request = next_client.asked[0].request
        assert isinstance(request, ExportFilm)
        assert request.what.tracks[0].keys[0].box == marked.editor.state.tracks[0].keys[0].box
    finally:
        again.close()


def test_a_damaged_journal_is_passed_over(marked: Workshop, clip: Path, tmp_path: Path, slow: FakeClient,
                                          wait: Patience) -> None:  # fmt: skip
    marked.exporting.add(choice(clip, tmp_path / "a.mp4"))
    wait(lambda: slow.asked and not marked.tasks.running)
    folder = marked.folder / "exports"
    (folder / "broken.json").write_text("{")
    (folder / "odd.json").write_text('{"choice": 3}')
    assert [export.target.name for export in Journal(folder).load()] == ["a.mp4"]


def test_cards_show_progress_and_offer_what_fits(film_window: Window, slow: FakeClient, clip: Path, tmp_path: Path,
                                                 wait: Patience, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    shop, panel = film_window.workshop, film_window.exports_panel

    def names() -> list[str]:
        return [b.accessibleName() for b in panel.findChildren(QAbstractButton) if b.isVisible() and b.accessibleName()]

    assert not panel.isVisible()
    shop.exporting.add(choice(clip, tmp_path / "a.mp4"))
    wait(lambda: slow.asked and "Pause" in names())
    slow.asked[0].on_event(Progressed(slow.asked[0].id, 0.5, "frame 25 of 50"))
    wait(lambda: "frame 25 of 50" in words(panel))
    assert "left" in words(panel)
    slow.answer(slow.asked[0])
    wait(lambda: "Show in folder" in names())
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    next(b for b in panel.findChildren(QAbstractButton) if b.accessibleName() == "Show in folder").click()
    assert opened == [str(tmp_path)]


def words(panel: ExportsPanel) -> str:
    return " ".join(card._words.text() for card in panel._cards.values())


def test_with_a_real_engine_process(clip: Path, tmp_path: Path, cards: tuple[Path, ...], wait: Patience,
                                    qapp: object) -> None:  # fmt: skip
    """Preview and export go on at the same time, each in a process of its own; the film is there at the end."""
    config = WorkerConfig(card_folders=cards, log=tmp_path / "engine-log.txt")
    shop = Workshop(
        EngineClient(config), load_catalog(*cards), Store(), tmp_path / "data", lambda: EngineClient(config)
    )
    shop.settings.update(object_engine="inpaint")
    try:
        shop.files.open(clip)
        wait(lambda: shop.playback.reel is not None)
        shop.editor.commit("Brush", box(40, 50, 20, 20, SIZE), Combine.ADD)
        target = tmp_path / "out.mp4"
        shop.exporting.add(choice(clip, target))
        shop.previewing.frame()
        wait(lambda: shop.previewing.there, 120)
        wait(lambda: only(shop).status in (ExportStatus.DONE, ExportStatus.FAILED), 180)
        assert only(shop).status is ExportStatus.DONE, only(shop).message
        with open_film(target) as film:
            assert len(film) == FRAMES
            assert [stream.codec for stream in film.info.others] == ["aac"]
    finally:
        shop.close()
