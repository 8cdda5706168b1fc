"""The window through real events: mouse, wheel, keys, drops; each dialog once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QEvent, QMimeData, QObject, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication, QImage, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QDialog, QMessageBox, QWidget

from app.document import verbs
from app.document.state import LayerRole
from app.state.measurements import Run
from app.state.notices import Notice, Remedy, Weight
from app.state.settings import MaskLook, Theme
from app.tools import TOOLS
from app.ui.actions import ROWS
from app.ui.compare import Compare
from app.ui.engine_panel import EnginePanel
from app.ui.icons import icon
from app.ui.theme import DARK, LIGHT
from app.ui.window import Window
from engines.core.engine import Task
from engines.core.types import Box
from tests.app.conftest import FakeClient, Patience
from tests.app.support import box

LEFT = Qt.MouseButton.LeftButton
NONE = Qt.KeyboardModifier.NoModifier


@pytest.fixture
def open_window(window: Window, photo: Path, wait: Patience) -> Window:
    window.commands.open_path(photo)
    wait(lambda: window.workshop.editor.sheet is not None)
    QApplication.processEvents()
    return window


def on_screen(window: Window, x: float, y: float) -> QPoint:
    at = window.canvas.view.to_screen(x, y)
    return QPoint(round(at[0]), round(at[1]))


def move(window: Window, x: float, y: float, buttons: Qt.MouseButton = LEFT, held: Qt.KeyboardModifier = NONE) -> None:
    at = QPointF(on_screen(window, x, y))
    globally = QPointF(window.canvas.mapToGlobal(at.toPoint()))
    event = QMouseEvent(QEvent.Type.MouseMove, at, globally, Qt.MouseButton.NoButton, buttons, held)
    QApplication.sendEvent(window.canvas, event)


def drag(window: Window, *points: tuple[float, float], button: Qt.MouseButton = LEFT,
         held: Qt.KeyboardModifier = NONE) -> None:  # fmt: skip
    QTest.mousePress(window.canvas, button, held, on_screen(window, *points[0]))
    for point in points[1:]:
        move(window, *point, buttons=button, held=held)
    QTest.mouseRelease(window.canvas, button, held, on_screen(window, *points[-1]))


def covered(window: Window) -> np.ndarray:
    return window.workshop.editor.state.masks.coverage(Box(0, 0, 400, 300))


def shot(window: Window) -> np.ndarray:
    """The canvas as it is on the screen, ``(h, w, 3)``."""
    QApplication.processEvents()
    image = window.canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    raw = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return raw[:, : image.width() * 3].reshape(image.height(), image.width(), 3).copy()


def test_painting_shows_at_once_and_erases_with_the_keys(open_window: Window, wait: Patience) -> None:
    before = shot(open_window)
    QTest.mousePress(open_window.canvas, LEFT, NONE, on_screen(open_window, 60, 150))
    move(open_window, 160, 150)
    spot = on_screen(open_window, 110, 150)
    during = shot(open_window)
    assert during[spot.y(), spot.x(), 0] > before[spot.y(), spot.x(), 0].astype(int) + 20
    QTest.mouseRelease(open_window.canvas, LEFT, NONE, on_screen(open_window, 160, 150))
    assert covered(open_window)[150, 110] == 255
    QTest.keyClick(open_window, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    editor = open_window.workshop.editor
    wait(lambda: len(editor.state.edits) == 1)
    after = shot(open_window)
    assert np.abs(after[spot.y(), spot.x()].astype(int) - 99).max() <= 2
    QTest.keyClick(open_window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert editor.state.edits == ()


@pytest.mark.parametrize("row", [row for row in TOOLS if row.id not in ("hand", "restore", "eraser", "text")],
                         ids=lambda row: row.id)  # fmt: skip
def test_every_tool_marks_by_mouse(open_window: Window, wait: Patience, row: object) -> None:
    name, shortcut = getattr(row, "id"), getattr(row, "shortcut")  # noqa: B009
    QTest.keyClick(open_window, getattr(Qt.Key, f"Key_{shortcut}"))
    assert open_window.workshop.editor.row.id == name
    drag(open_window, (100, 150), (160, 152), (170, 220), (110, 210))
    if name == "polygon":
        for at in ((200, 150), (200, 220)):
            drag(open_window, at)
        QTest.mouseDClick(open_window.canvas, LEFT, NONE, on_screen(open_window, 120, 220))
    wait(lambda: not open_window.workshop.editor.state.masks.blank)
    assert covered(open_window).any()


def test_the_eraser_and_the_restore_brush(open_window: Window, wait: Patience) -> None:
    editor = open_window.workshop.editor
    editor.do("", verbs.paint(editor.state, LayerRole.ADD, box(50, 50, 200, 100)))
    editor.use("eraser")
    drag(open_window, (100, 100), (200, 100))
    assert covered(open_window)[100, 150] == 0
    open_window.workshop.erasing.erase()
    wait(lambda: editor.state.edits)
    editor.use("restore")
    drag(open_window, (70, 70), (90, 70))
    assert not editor.state.edits[0].restored.empty


def test_lines_of_text_are_clicked_on_and_off(open_window: Window, wait: Patience) -> None:
    editor = open_window.workshop.editor
    QTest.keyClick(open_window, Qt.Key.Key_T, Qt.KeyboardModifier.ControlModifier)
    wait(lambda: editor.state.masks.text.lines)
    QTest.keyClick(open_window, Qt.Key.Key_T)
    move(open_window, 60, 35, Qt.MouseButton.NoButton)
    assert editor.hovered == 0
    drag(open_window, (60, 35))
    assert editor.state.masks.text.chosen == {1}
    drag(open_window, (60, 35))
    assert editor.state.masks.text.chosen == {0, 1}


def test_escape_gives_up_a_stroke_and_a_run(open_window: Window, client: FakeClient, wait: Patience) -> None:
    editor = open_window.workshop.editor
    QTest.mousePress(open_window.canvas, LEFT, NONE, on_screen(open_window, 60, 150))
    move(open_window, 160, 150)
    QTest.keyClick(open_window, Qt.Key.Key_Escape)
    QTest.mouseRelease(open_window.canvas, LEFT, NONE, on_screen(open_window, 160, 150))
    assert editor.state.masks.blank
    client.quick = False
    drag(open_window, (60, 150), (90, 150))
    open_window.workshop.erasing.erase()
    wait(lambda: open_window.workshop.erasing.running is not None)
    QTest.keyClick(open_window, Qt.Key.Key_Escape)
    assert open_window.workshop.erasing.running is None


def wheel(window: Window, x: float, y: float, notches: int, held: Qt.KeyboardModifier = NONE) -> None:
    at = QPointF(on_screen(window, x, y))
    event = QWheelEvent(at, QPointF(window.canvas.mapToGlobal(at.toPoint())), QPoint(), QPoint(0, 120 * notches),
                        Qt.MouseButton.NoButton, held, Qt.ScrollPhase.NoScrollPhase, False)  # fmt: skip
    QApplication.sendEvent(window.canvas, event)


def test_the_wheel_zooms_at_the_pointer(open_window: Window) -> None:
    before = on_screen(open_window, 300, 200)
    scale = open_window.canvas.view.scale
    wheel(open_window, 300, 200, 4)
    assert open_window.canvas.view.scale == pytest.approx(scale * 1.2**4)
    after = on_screen(open_window, 300, 200)
    assert (after - before).manhattanLength() <= 2


def test_space_and_the_middle_button_pan(open_window: Window) -> None:
    view = open_window.canvas.view
    drag(open_window, (100, 100), (140, 120), button=Qt.MouseButton.MiddleButton)
    assert open_window.canvas.view.x > view.x
    open_window.canvas.setFocus()
    QTest.keyPress(open_window.canvas, Qt.Key.Key_Space)
    view = open_window.canvas.view
    drag(open_window, (100, 100), (60, 120))
    QTest.keyRelease(open_window.canvas, Qt.Key.Key_Space)
    assert open_window.canvas.view.x < view.x
    assert open_window.workshop.editor.state.masks.blank


def test_alt_and_the_right_button_size_the_brush(open_window: Window) -> None:
    size = open_window.workshop.editor.settings.size
    drag(open_window, (100, 100), (130, 100), button=Qt.MouseButton.RightButton, held=Qt.KeyboardModifier.AltModifier)
    assert open_window.workshop.editor.settings.size > size
    QTest.keyClick(open_window.canvas, Qt.Key.Key_BracketLeft)
    QTest.keyClick(open_window.canvas, Qt.Key.Key_BracketRight)
    assert open_window.workshop.editor.settings.size > size


def test_single_pixels_are_shown_as_they_are(open_window: Window) -> None:
    canvas = open_window.canvas
    canvas.set_view(canvas.view.zoomed(16, 300, 200))
    shown, sheet = shot(open_window), open_window.workshop.editor.sheet
    assert sheet is not None
    for x, y in ((100, 80), (105, 84)):
        spot = on_screen(open_window, x + 0.5, y + 0.5)
        if 0 <= spot.x() < shown.shape[1] and 0 <= spot.y() < shown.shape[0]:
            assert shown[spot.y(), spot.x()].tolist() == sheet.document.pixels[y, x].tolist()


def test_ways_to_compare(open_window: Window, wait: Patience) -> None:
    editor, canvas = open_window.workshop.editor, open_window.canvas
    editor.do("", verbs.paint(editor.state, LayerRole.ADD, box(50, 100, 300, 100)))
    open_window.workshop.erasing.erase()
    wait(lambda: editor.state.edits)
    spots = [on_screen(open_window, x, 150) for x in (80, 320)]
    after = shot(open_window)
    QTest.keyPress(open_window, Qt.Key.Key_Backslash, NONE)
    before = shot(open_window)
    QTest.keyRelease(open_window, Qt.Key.Key_Backslash, NONE)
    assert canvas.compare is Compare.OFF
    assert any((before[s.y(), s.x()] != after[s.y(), s.x()]).any() for s in spots)
    QTest.keyClick(open_window, Qt.Key.Key_F9)
    split = shot(open_window)
    assert split[spots[0].y(), spots[0].x()].tolist() == before[spots[0].y(), spots[0].x()].tolist()
    assert split[spots[1].y(), spots[1].x()].tolist() == after[spots[1].y(), spots[1].x()].tolist()
    middle = canvas.width() // 2
    QTest.mousePress(canvas, LEFT, NONE, QPoint(middle, 300))
    move_at = QPointF(middle + 100, 300)
    event = QMouseEvent(QEvent.Type.MouseMove, move_at, move_at, Qt.MouseButton.NoButton, LEFT, NONE)
    QApplication.sendEvent(canvas, event)
    QTest.mouseRelease(canvas, LEFT, NONE, move_at.toPoint())
    assert canvas.split > 0.55
    for key, mode in ((Qt.Key.Key_F10, Compare.SIDE), (Qt.Key.Key_F11, Compare.DIFFERENCE)):
        QTest.keyClick(open_window, key)
        assert canvas.compare is mode
        assert shot(open_window).any()
    QTest.keyClick(open_window, Qt.Key.Key_Escape)
    assert canvas.compare is Compare.OFF


def test_transparent_parts_show_a_checkerboard(window: Window, tmp_path: Path, wait: Patience) -> None:
    Image.new("RGBA", (200, 200), (255, 0, 0, 0)).save(tmp_path / "clear.png")
    window.commands.open_path(tmp_path / "clear.png")
    wait(lambda: window.workshop.editor.sheet is not None)
    shown, spot = shot(window), on_screen(window, 100, 100)
    area = shown[spot.y() - 20 : spot.y() + 20, spot.x() - 20 : spot.x() + 20]
    assert len(np.unique(area.reshape(-1, 3), axis=0)) == 2


def test_a_picture_is_dropped(window: Window, photo: Path, wait: Patience) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(photo))])
    entering = QDragEnterEvent(QPointF(10, 10), Qt.DropAction.CopyAction, data, LEFT, NONE)
    QApplication.sendEvent(window, entering)
    assert entering.isAccepted()
    QApplication.sendEvent(window, QDropEvent(QPointF(10, 10), Qt.DropAction.CopyAction, data, LEFT, NONE))
    wait(lambda: window.workshop.editor.sheet is not None)
    assert "photo.png" in window.windowTitle()


def test_a_picture_is_pasted_and_the_result_copied(window: Window, wait: Patience) -> None:
    image = QImage(120, 80, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.green)
    QGuiApplication.clipboard().setImage(image)
    window.commands.paste()
    wait(lambda: window.workshop.editor.sheet is not None)
    editor = window.workshop.editor
    editor.do("", verbs.paint(editor.state, LayerRole.ADD, box(0, 0, 10, 10, (80, 120))))
    window.workshop.erasing.erase()
    wait(lambda: editor.state.edits)
    window.commands.copy()
    wait(lambda: QGuiApplication.clipboard().image().pixelColor(5, 5).red() == 99)


def test_the_command_that_does_the_same(open_window: Window, wait: Patience) -> None:
    drag(open_window, (60, 150), (90, 150))
    open_window.commands.copy_command()
    text = QGuiApplication.clipboard().text()
    assert text.startswith("cleanplate erase ")
    assert "--engine inpaint" in text
    mask = Path(text.partition("--mask ")[2].split(" --")[0].strip("'"))
    wait(mask.exists)


DIALOGS = ("preferences", "shortcuts", "models", "log", "about", "export")


@pytest.mark.parametrize("name", DIALOGS)
def test_each_dialog_opens_is_named_and_closes(open_window: Window, name: str, wait: Patience) -> None:
    getattr(open_window.commands, name)()
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, QDialog)
    wait(lambda: not open_window.workshop.tasks.running)
    assert dialog.grab().width() > 300
    assert all(b.text() or b.accessibleName() or b.toolTip() for b in shown_buttons(dialog))
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()


def shown_buttons(widget: QWidget) -> list[QAbstractButton]:
    """Those that are ours: others belong to fields, tables and tabs of Qt."""
    return [b for b in widget.findChildren(QAbstractButton) if b.isVisible() and kind_of(b.parent()) not in QT_OWN]


QT_OWN = ("QLineEdit", "QTableWidget", "QTabBar", "QSpinBox", "QMenuBar")


def kind_of(owner: QObject | None) -> str:
    return str(owner.metaObject().className()) if owner is not None else ""


def test_every_button_of_the_window_has_a_name(open_window: Window) -> None:
    assert [b for b in shown_buttons(open_window) if not (b.text() or b.accessibleName())] == []


def test_preferences_are_in_force_at_once(open_window: Window) -> None:
    settings = open_window.workshop.settings
    settings.update(theme=Theme.LIGHT)
    assert QApplication.palette().window().color().name() == LIGHT.window
    settings.update(theme=Theme.DARK)
    assert QApplication.palette().window().color().name() == DARK.window
    settings.update(mask_look=MaskLook.ANTS)
    drag(open_window, (60, 150), (160, 150))
    assert shot(open_window).any()
    settings.update(mask_look=MaskLook.TINT)


def test_shortcuts_can_be_changed_but_not_used_twice(open_window: Window) -> None:
    from app.ui.shortcuts_dialog import ShortcutsDialog

    dialog = ShortcutsDialog(open_window, open_window.workshop.settings)
    dialog.set_keys("export", "Ctrl+S")
    assert dialog.clashes() == ["Ctrl+S"]
    dialog.keep()
    assert open_window.workshop.settings.value.shortcuts == ()
    dialog.set_keys("export", "Ctrl+Alt+E")
    dialog.keep()
    assert open_window.actions_.by_id["export"].shortcut().toString() == "Ctrl+Alt+E"


def test_export_from_the_dialog(open_window: Window, photo: Path, wait: Patience) -> None:
    from app.ui.export_dialog import ExportDialog

    dialog = ExportDialog(open_window, open_window.workshop)
    dialog.open()
    wait(lambda: "B" in dialog.size_text)
    target = dialog.target
    assert target == photo.with_name("photo-clean.png")
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    wait(target.exists)
    wait(lambda: not open_window.workshop.tasks.running)
    assert np.array_equal(np.asarray(Image.open(target)), np.asarray(Image.open(photo)))


def test_leaving_with_changes_asks(open_window: Window, monkeypatch: pytest.MonkeyPatch) -> None:
    drag(open_window, (60, 150), (160, 150))
    asked: list[str] = []
    answers = {"now": QMessageBox.StandardButton.Cancel}

    def ask(box_: QMessageBox) -> QMessageBox.StandardButton:
        asked.append(box_.text())
        return answers["now"]

    monkeypatch.setattr(QMessageBox, "exec", ask)
    open_window.commands.close_picture()
    assert open_window.workshop.editor.sheet is not None
    answers["now"] = QMessageBox.StandardButton.Discard
    open_window.commands.close_picture()
    assert open_window.workshop.editor.sheet is None
    assert len(asked) == 2


def test_saving_on_leaving_goes_on_afterwards(
    open_window: Window, tmp_path: Path, wait: Patience, monkeypatch: pytest.MonkeyPatch
) -> None:
    drag(open_window, (60, 150), (160, 150))
    sheet = open_window.workshop.editor.sheet
    assert sheet is not None
    sheet.title.project = tmp_path / "kept.cleanplate"
    monkeypatch.setattr(QMessageBox, "exec", lambda _: QMessageBox.StandardButton.Save)
    open_window.close()
    wait(lambda: not open_window.isVisible())
    assert (tmp_path / "kept.cleanplate").exists()


def test_notices_stay_in_order_of_weight(open_window: Window) -> None:
    bar = open_window.notices
    bar.tell(Notice(Weight.ERROR, "Broken.", "Mend it.", Remedy.LOG))
    bar.tell(Notice(Weight.INFO, "By the way."))
    assert bar.notice is not None
    assert bar.notice.message == "Broken."
    bar.dismiss()
    assert bar.notice is not None
    assert bar.notice.message == "By the way."
    bar.dismiss()
    assert not bar.isVisible()


def test_edits_are_listed_hidden_and_deleted(open_window: Window, wait: Patience) -> None:
    editor = open_window.workshop.editor
    drag(open_window, (60, 150), (160, 150))
    open_window.workshop.erasing.erase()
    wait(lambda: editor.state.edits)
    wait(lambda: named(open_window, "Delete this edit"))
    QTest.mouseClick(named(open_window, "Hide")[0], LEFT)
    assert not editor.state.edits[0].visible
    wait(lambda: not named(open_window, "Hide") and named(open_window, "Delete this edit"))
    QTest.mouseClick(named(open_window, "Delete this edit")[0], LEFT)
    assert editor.state.edits == ()


def named(window: Window, name: str) -> list[QAbstractButton]:
    """The buttons of that name, the lowest first."""
    found = [b for b in window.findChildren(QAbstractButton) if b.accessibleName() == name and b.isVisible()]
    return sorted(found, key=lambda b: -b.mapToGlobal(QPoint()).y())


def test_every_icon_can_be_drawn() -> None:
    names = {row.icon for row in ROWS if row.icon} | {tool.id for tool in TOOLS}
    for name in names:
        assert not icon(name).pixmap(24, 24).isNull()


def test_menu_keys_are_not_used_twice() -> None:
    keys = [row.keys for row in ROWS if row.keys] + [tool.shortcut for tool in TOOLS]
    assert sorted({key for key in keys if keys.count(key) > 1}) == []


def test_engines_for_the_task_come_first_with_what_they_need_or_take(open_window: Window, wait: Patience) -> None:
    shop, panel = open_window.workshop, open_window.findChild(EnginePanel)
    assert panel is not None
    listed = panel.findChild(QComboBox)
    assert listed is not None

    def texts() -> dict[str, str]:
        return {str(listed.itemData(n)): listed.itemText(n) for n in range(1, listed.count())}

    shop.erasing.set_task(Task.OBJECT)
    assert texts()["migan"] == "MI-GAN (weights missing: 28 MB)"
    tasks = [shop.library.catalog[name].task for name in texts()]
    assert tasks == sorted(tasks, key=lambda task: task is not Task.OBJECT)
    shop.erasing.set_task(Task.TEXT)
    tasks = [shop.library.catalog[name].task for name in texts()]
    assert tasks == sorted(tasks, key=lambda task: task is not Task.TEXT)
    shop.measurements.add("classical", "cpu", Run(1.0, 20.0, 0.0, 1 << 20))
    shop.editor.do("Brush", verbs.paint(shop.editor.state, LayerRole.ADD, box(100, 100, 50, 50)))
    wait(lambda: "Classical · " in texts()["classical"])
