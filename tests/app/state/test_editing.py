"""From opening to an exported file, without a window."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from app.document import operations, verbs
from app.document.codec import same
from app.document.coverage import Combine
from app.document.state import LayerRole
from app.state.loading import SourceMissing
from app.state.notices import Notice, Weight
from app.state.workshop import Workshop
from app.tools.pointer import Kind, Pointer
from engines.core.engine import Task
from engines.core.faults import EngineError, Fault
from engines.core.types import Box, Mask
from engines.requests import EraseImage, Failed, Finished, Previewed, Progressed
from tests.app.conftest import FakeClient, Patience, result_of
from tests.app.support import box

HOLE = box(40, 30, 60, 40)


def notices(shop: Workshop) -> list[Notice]:
    heard: list[Notice] = []
    shop.editor.told.connect(heard.append)
    return heard


def mark(shop: Workshop, mask: Mask = HOLE, role: LayerRole = LayerRole.ADD) -> None:
    shop.editor.do("Mark", verbs.paint(shop.editor.state, role, mask))


def erase(shop: Workshop, wait: Patience) -> None:
    count = len(shop.editor.state.edits)
    shop.erasing.erase()
    wait(lambda: len(shop.editor.state.edits) == count + 1)


def picture_of(shop: Workshop) -> np.ndarray:
    sheet = shop.editor.sheet
    assert sheet is not None
    return sheet.document.composite(Box(0, 0, 400, 300))


def test_a_stroke_becomes_an_erased_result(opened: Workshop, client: FakeClient, wait: Patience) -> None:
    for kind, x in ((Kind.PRESS, 50.0), (Kind.MOVE, 100.0), (Kind.RELEASE, 100.0)):
        opened.editor.pointer(Pointer(kind, x, 60.0))
    assert opened.editor.sheet is not None
    assert opened.editor.sheet.document.labels[-1] == "Brush"
    before = picture_of(opened).copy()
    covered = opened.editor.state.masks.coverage(Box(0, 0, 400, 300))
    erase(opened, wait)
    after = picture_of(opened)
    assert (after[covered > 0] == 99).all()
    assert np.array_equal(after[covered == 0], before[covered == 0])
    assert opened.editor.state.masks.blank
    request = client.asked[-1].request
    assert isinstance(request, EraseImage)
    assert request.image.shape[0] < 300
    assert client.asked[-1].wants_preview
    opened.editor.undo()
    assert np.array_equal(picture_of(opened), before)
    assert not opened.editor.state.masks.blank


def test_nothing_marked_is_told(opened: Workshop, client: FakeClient) -> None:
    heard = notices(opened)
    opened.erasing.erase()
    assert heard[0].weight is Weight.INFO
    assert client.asked == []


def test_what_is_not_to_be_copied_from_is_never_shown(opened: Workshop, client: FakeClient, wait: Patience) -> None:
    mark(opened)
    mark(opened, box(105, 30, 20, 40), LayerRole.NO_SAMPLE)
    before = picture_of(opened).copy()
    erase(opened, wait)
    request = client.asked[-1].request
    assert isinstance(request, EraseImage)
    assert request.mask.alpha.astype(bool).sum() == 60 * 40
    assert request.avoid.alpha.astype(bool).sum() == 20 * 40
    after = picture_of(opened)
    assert (after[HOLE.box.slices] == 99).all()
    assert np.array_equal(after[30:70, 105:125], before[30:70, 105:125])


def test_protected_pixels_stay(opened: Workshop, wait: Patience) -> None:
    mark(opened)
    mark(opened, box(40, 30, 60, 10), LayerRole.PROTECT)
    before = picture_of(opened).copy()
    erase(opened, wait)
    assert np.array_equal(picture_of(opened)[30:40], before[30:40])
    assert (picture_of(opened)[40:70, 40:100] == 99).all()


def test_a_result_for_pixels_that_changed_is_dropped(opened: Workshop, client: FakeClient, wait: Patience) -> None:
    mark(opened)
    erase(opened, wait)
    mark(opened)
    client.quick = False
    opened.erasing.erase()
    wait(lambda: len(client.asked) == 2)
    heard = notices(opened)
    opened.editor.do("Hide", verbs.show_edit(opened.editor.state, 1, False))
    client.answer(client.asked[-1])
    wait(lambda: any("dropped" in notice.message for notice in heard))
    assert len(opened.editor.state.edits) == 1


def test_what_is_painted_during_a_run_stays_marked(opened: Workshop, client: FakeClient, wait: Patience) -> None:
    client.quick = False
    mark(opened)
    opened.erasing.erase()
    wait(lambda: len(client.asked) == 1)
    other = box(300, 200, 20, 20)
    mark(opened, other)
    client.answer(client.asked[-1])
    wait(lambda: len(opened.editor.state.edits) == 1)
    assert opened.editor.state.masks.erase_mask().box == other.box


def test_progress_and_previews_come_through(opened: Workshop, client: FakeClient, wait: Patience) -> None:
    client.quick = False
    mark(opened)
    shown: list[object] = []
    opened.erasing.previewed.connect(shown.append)
    opened.erasing.erase()
    wait(lambda: len(client.asked) == 1)
    job = client.asked[0]
    assert isinstance(job.request, EraseImage)
    job.on_event(Progressed(job.id, 0.5, "half"))
    job.on_event(Previewed(job.id, np.ones(job.request.image.shape, np.float32)))
    wait(lambda: shown)
    patch = shown[0]
    assert getattr(patch, "box").holds(HOLE.box)  # noqa: B009
    running = opened.erasing.running
    assert running is not None
    assert running.done == 0.5
    client.answer(job)
    wait(lambda: opened.erasing.running is None)
    assert shown[-1] is None


def test_escape_ends_a_run_at_once(opened: Workshop, client: FakeClient, wait: Patience) -> None:
    client.quick = False
    mark(opened)
    opened.erasing.erase()
    wait(lambda: len(client.asked) == 1)
    assert opened.erasing.cancel()
    assert opened.erasing.running is None
    client.answer(client.asked[0])
    wait(lambda: not opened.queue.jobs)
    assert opened.editor.state.edits == ()
    assert not opened.erasing.cancel()


def test_a_failure_is_told_with_what_helps(opened: Workshop, client: FakeClient, wait: Patience) -> None:
    client.quick = False
    mark(opened)
    heard = notices(opened)
    opened.erasing.erase()
    wait(lambda: len(client.asked) == 1)
    error = EngineError(Fault.OUT_OF_MEMORY, "It did not fit.", "Close other programs.")
    client.asked[0].on_event(Failed(client.asked[0].id, error))
    wait(lambda: heard)
    assert (heard[0].message, heard[0].hint) == ("It did not fit.", "Close other programs.")
    assert not opened.editor.state.masks.blank


def test_an_engine_without_weights_is_refused_with_the_models_page(opened: Workshop, client: FakeClient) -> None:
    mark(opened)
    heard = notices(opened)
    opened.erasing.set_engine("absent")
    opened.erasing.erase()
    assert heard[0].remedy.value == "models"
    assert client.asked == []


def test_an_edit_is_made_anew_as_a_variant(opened: Workshop, client: FakeClient, wait: Patience) -> None:
    mark(opened)
    erase(opened, wait)
    opened.erasing.rerun(1, "second", {"seed": 5, "steps": 1, "pause": 0.0})
    wait(lambda: len(opened.editor.state.edits[0].variants) == 2)
    request = client.asked[-1].request
    assert isinstance(request, EraseImage)
    assert request.engine == "second"
    assert request.options["seed"] == 5
    assert not (request.image == 99).all(axis=2).any()  # it sees the picture below the edit
    assert opened.editor.state.edits[0].chosen == 1


def test_times_are_measured_and_told_before_the_next_run(opened: Workshop, wait: Patience) -> None:
    mark(opened)
    wait(lambda: opened.erasing.plan.megapixels > 0)
    assert opened.erasing.plan.forecast is None
    erase(opened, wait)
    mark(opened)
    wait(lambda: opened.erasing.plan.forecast is not None)
    forecast = opened.erasing.plan.forecast
    assert forecast is not None
    assert forecast.seconds > 0
    assert forecast.runs == 1


def test_options_at_their_default_follow_the_task(opened: Workshop) -> None:
    card, erasing = opened.library.catalog["classical"], opened.erasing
    assert erasing.options(card)["strokes"] is True
    erasing.set_task(Task.OBJECT)
    assert erasing.options(card)["strokes"] is False
    assert erasing.changed_options(card) == {}
    erasing.set_option(card, "strokes", True)
    assert erasing.changed_options(card) == {"strokes": True}
    erasing.set_task(Task.TEXT)
    assert erasing.changed_options(card) == {}
    assert erasing.options(card, Task.OBJECT)["strokes"] is True


def test_options_are_checked_and_only_changes_are_commanded(opened: Workshop) -> None:
    card = opened.library.catalog["inpaint"]
    opened.erasing.set_option(card, "steps", 7)
    assert opened.erasing.changed_options(card) == {"steps": 7}
    assert opened.erasing.options(card)["seed"] == 0


def test_found_text_is_chosen_and_erased(opened: Workshop, wait: Patience) -> None:
    opened.finding.find()
    wait(lambda: opened.editor.state.masks.text.lines)
    text = opened.editor.state.masks.text
    assert [line.text for line in text.lines] == ["one", "two"]
    assert text.chosen == {0, 1}
    opened.editor.choose_text([1], False)
    reach = opened.editor.state.masks.erase_mask().box
    assert reach.right <= 130
    opened.finding.choose_all(True)
    erase(opened, wait)
    assert opened.editor.state.masks.text.chosen == frozenset()


def test_a_rough_stroke_finds_the_text_under_it(opened: Workshop, wait: Patience) -> None:
    opened.finding.find(box(20, 20, 100, 30))
    wait(lambda: opened.editor.state.masks.text.lines)
    assert opened.editor.state.masks.text.chosen == {0}


def test_operations_run_elsewhere_and_are_one_step(opened: Workshop, wait: Patience) -> None:
    mark(opened)
    assert opened.editor.sheet is not None
    steps = len(opened.editor.sheet.document.labels)
    opened.editor.operate("Grow mask", lambda size: operations.grow(5, size))
    wait(lambda: opened.editor.state.masks.erase_mask().box == HOLE.box.grown(5))
    opened.editor.invert_mask()
    wait(lambda: opened.editor.state.masks.coverage(Box(0, 0, 1, 1))[0, 0] == 255)
    assert len(opened.editor.sheet.document.labels) == steps + 2


def test_a_wand_click_selects_elsewhere(opened: Workshop, wait: Patience) -> None:
    opened.editor.use("wand")
    opened.editor.set_tool(tolerance=40, mode=Combine.ADD)
    for kind in (Kind.PRESS, Kind.RELEASE):
        opened.editor.pointer(Pointer(kind, 200.0, 200.0))
    wait(lambda: not opened.editor.state.masks.blank)


def test_a_project_is_saved_and_opened_again(opened: Workshop, wait: Patience, tmp_path: Path) -> None:
    mark(opened)
    erase(opened, wait)
    mark(opened, box(200, 200, 30, 30))
    sheet, state = opened.editor.sheet, opened.editor.state
    assert sheet is not None
    assert sheet.dirty
    opened.files.save_project(tmp_path / "work")
    wait(lambda: (tmp_path / "work.cleanplate").exists() and not sheet.dirty)
    opened.editor.open(None)
    opened.files.open(tmp_path / "work.cleanplate")
    wait(lambda: opened.editor.sheet is not None)
    assert same(opened.editor.state, state)
    assert opened.settings.value.recent[0].endswith("work.cleanplate")


def test_a_project_whose_picture_is_gone_asks_for_it(opened: Workshop, photo: Path, wait: Patience) -> None:
    project = photo.with_name("p.cleanplate")
    mark(opened)
    opened.files.save_project(project)
    wait(project.exists)
    wait(lambda: not opened.tasks.running)
    moved = photo.parents[1] / "elsewhere.png"
    photo.rename(moved)
    missing: list[SourceMissing] = []
    opened.files.missing.connect(missing.append)
    opened.files.open(project)
    wait(lambda: missing)
    assert missing[0].picture == "photo.png"
    opened.editor.open(None)
    heard = notices(opened)
    opened.files.open(project, source=moved)
    wait(lambda: opened.editor.sheet is not None)
    assert any("another place" in notice.message for notice in heard)


def test_a_changed_picture_is_told_and_one_of_another_size_refused(
    opened: Workshop, photo: Path, wait: Patience
) -> None:
    project = photo.with_name("p.cleanplate")
    mark(opened)
    opened.files.save_project(project)
    wait(project.exists)
    heard = notices(opened)
    Image.new("RGB", (400, 300), (1, 2, 3)).save(photo)
    opened.files.open(project)
    wait(lambda: any("changed since" in notice.message for notice in heard))
    Image.new("RGB", (40, 30)).save(photo)
    opened.files.open(project)
    wait(lambda: any("not the picture" in notice.message for notice in heard))


def test_export_writes_what_is_seen_and_never_the_source(opened: Workshop, photo: Path, wait: Patience) -> None:
    mark(opened)
    erase(opened, wait)
    source = photo.read_bytes()
    heard = notices(opened)
    target = photo.with_name("clean.png")
    opened.files.export(target, overwrite=False)
    wait(target.exists)
    wait(lambda: not opened.tasks.running)
    assert np.array_equal(np.asarray(Image.open(target)), picture_of(opened))
    assert opened.editor.sheet is not None
    assert not opened.editor.sheet.dirty
    opened.files.export(photo, overwrite=True)
    wait(lambda: any("never overwritten" in notice.message for notice in heard))
    assert photo.read_bytes() == source


def test_masks_go_to_a_file_and_come_back(opened: Workshop, photo: Path, wait: Patience) -> None:
    mark(opened)
    target = photo.with_name("mask.png")
    opened.files.export_mask(target)
    wait(target.exists)
    wait(lambda: not opened.tasks.running)
    opened.editor.clear_mask()
    opened.files.import_mask(target)
    wait(lambda: opened.editor.state.masks.erase_mask().box == HOLE.box)


def test_a_file_that_is_no_picture_is_told(shop: Workshop, tmp_path: Path, wait: Patience) -> None:
    heard = notices(shop)
    (tmp_path / "x.jpg").write_bytes(b"no picture")
    shop.files.open(tmp_path / "x.jpg")
    wait(lambda: heard)
    assert heard[0].weight is Weight.ERROR
    assert shop.editor.sheet is None


def test_neighbours_in_the_folder(opened: Workshop, photo: Path) -> None:
    for name in ("a.png", "z.jpg", "notes.txt"):
        (photo.parent / name).touch()
    assert opened.files.neighbour(-1) == photo.parent / "a.png"
    assert opened.files.neighbour(1) == photo.parent / "z.jpg"


def test_sixteen_bits_and_transparency(shop: Workshop, tmp_path: Path, wait: Patience) -> None:
    import cv2

    pixels = np.random.default_rng(0).integers(0, 65536, (300, 400, 4), np.uint16)
    cv2.imwrite(str(tmp_path / "deep.png"), pixels)
    shop.files.open(tmp_path / "deep.png")
    wait(lambda: shop.editor.sheet is not None)
    sheet = shop.editor.sheet
    assert sheet is not None
    assert sheet.document.state.source.dtype == "uint16"
    assert sheet.shown.alpha is not None
    mark(shop)
    erase(shop, wait)
    shop.files.export(tmp_path / "out.png", overwrite=False)
    wait((tmp_path / "out.png").exists)
    wait(lambda: not shop.tasks.running)
    out = cv2.imread(str(tmp_path / "out.png"), cv2.IMREAD_UNCHANGED)
    assert out is not None
    outside = HOLE.dense(Box(0, 0, 400, 300)) == 0
    assert np.array_equal(out[outside], pixels[outside])
    shop.files.mask_from_alpha()
    assert not shop.editor.state.masks.blank


def test_what_was_open_is_offered_after_a_crash(
    opened: Workshop, wait: Patience, tmp_path: Path, client: FakeClient
) -> None:
    mark(opened)
    opened.files.autosave()
    folder = tmp_path / "data" / "recovery"
    wait(lambda: list(folder.glob("*.json")))
    wait(lambda: not opened.tasks.running)
    state = opened.editor.state
    assert opened.files.recovery.leftovers() == []
    saved = next(folder.glob("*.cleanplate"))
    saved.rename(folder / "1.cleanplate")  # as if another process had left it
    note = next(folder.glob("*.json"))
    note.write_text(note.read_text().replace('"born"', '"dead"'))
    note.rename(folder / "1.json")
    (leftover,) = opened.files.recovery.leftovers()
    assert leftover.name == "photo.png"
    opened.editor.open(None)
    opened.files.recover(leftover)
    wait(lambda: opened.editor.sheet is not None)
    assert same(opened.editor.state, state)
    assert opened.files.recovery.leftovers() == []


def test_a_good_end_leaves_nothing_to_recover(opened: Workshop, wait: Patience, tmp_path: Path) -> None:
    mark(opened)
    opened.files.autosave()
    wait(lambda: not opened.tasks.running)
    opened.files.close()
    assert list((tmp_path / "data" / "recovery").iterdir()) == []


def test_the_task_decides_which_choice_is_kept(opened: Workshop) -> None:
    opened.erasing.set_task(Task.OBJECT)
    opened.erasing.set_engine("second")
    opened.erasing.set_task(Task.TEXT)
    assert opened.erasing.engine == "inpaint"
    opened.erasing.set_task(Task.OBJECT)
    assert opened.erasing.engine == "second"


def test_results_of_a_closed_picture_go_nowhere(opened: Workshop, client: FakeClient, wait: Patience) -> None:
    client.quick = False
    mark(opened)
    opened.erasing.erase()
    wait(lambda: len(client.asked) == 1)
    opened.editor.open(None)
    client.asked[0].on_event(Finished(1, result_of(client.asked[0].request)))
    wait(lambda: not opened.queue.jobs)
    assert opened.editor.sheet is None
