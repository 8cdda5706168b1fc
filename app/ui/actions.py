"""Every menu entry: one row each, with its standard keys. The window binds them to what they do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

from app.state.settings import SettingsStore
from app.ui.icons import icon

CONTEXT = "Actions"


@dataclass(frozen=True, slots=True)
class ActionRow:
    """``text`` empty: a separator. ``picture``: only while one is open. ``checks``: it can be ticked.

    ``film``: True: only for films; False: only for pictures; None: for both.
    """

    id: str
    menu: str
    text: str = ""
    keys: str = ""
    icon: str = ""
    picture: bool = True
    checks: bool = False
    film: bool | None = None


FILE, EDIT, MASK, FILM, VIEW, HELP = (
    "&File", "&Edit", "&Mask",
    "Fi&lm", "&View", "&Help",
)  # fmt: skip
MENUS = (FILE, EDIT, MASK, FILM, VIEW, HELP)

ROWS: tuple[ActionRow, ...] = (
    ActionRow("open", FILE, "&Open…", "Ctrl+O", "open", False),
    ActionRow("recent", FILE, "Open &recent", picture=False),
    ActionRow("paste", FILE, "Open from &clipboard", "Ctrl+V", "", False),
    ActionRow("next", FILE, "&Next picture in the folder", "PgDown", film=False),
    ActionRow("previous", FILE, "&Previous picture in the folder", "PgUp", film=False),
    ActionRow("-1", FILE),
    ActionRow("save", FILE, "&Save project", "Ctrl+S", "save"),
    ActionRow("save_as", FILE, "Save project &as…", "Ctrl+Shift+S"),
    ActionRow("export", FILE, "&Export…", "Ctrl+E", "export"),
    ActionRow("export_mask", FILE, "Export &mask…"),
    ActionRow("-2", FILE),
    ActionRow("close", FILE, "&Close picture", "Ctrl+W"),
    ActionRow("quit", FILE, "&Quit", "Ctrl+Q", "", False),
    ActionRow("undo", EDIT, "&Undo", "Ctrl+Z", "undo"),
    ActionRow("redo", EDIT, "&Redo", "Ctrl+Shift+Z", "redo"),
    ActionRow("-3", EDIT),
    ActionRow("erase", EDIT, "&Erase", "Ctrl+Return", "erase"),
    ActionRow("try", EDIT, "&Try several engines", "Ctrl+Shift+Return", film=False),
    ActionRow("cancel", EDIT, "&Cancel", "Esc", "", False),
    ActionRow("copy", EDIT, "&Copy result", "Ctrl+C", "copy"),
    ActionRow("copy_command", EDIT, "Copy as co&mmand", "Ctrl+Shift+C", film=False),
    ActionRow("-4", EDIT),
    ActionRow("shortcuts", EDIT, "&Keyboard shortcuts…", "Ctrl+K", "", False),
    ActionRow("preferences", EDIT, "&Preferences…", "Ctrl+,", "settings", False),
    ActionRow("find_text", MASK, "Find &text", "Ctrl+T", "text", film=False),
    ActionRow("all_text", MASK, "Choose &all text", "Ctrl+A", film=False),
    ActionRow("-5", MASK),
    ActionRow("grow", MASK, "&Grow…", film=False),
    ActionRow("shrink", MASK, "&Shrink…", film=False),
    ActionRow("feather", MASK, "&Feather…", "Shift+F6", film=False),
    ActionRow("smooth", MASK, "S&mooth…", film=False),
    ActionRow("fill", MASK, "Fill &holes", film=False),
    ActionRow("shadow", MASK, "Add the shado&w", "Ctrl+Shift+H", film=False),
    ActionRow("invert", MASK, "&Invert", "Ctrl+Shift+I", "invert", film=False),
    ActionRow("clear", MASK, "&Clear", "Ctrl+D", "clear", film=False),
    ActionRow("-6", MASK),
    ActionRow("mask_file", MASK, "From f&ile…", film=False),
    ActionRow("mask_alpha", MASK, "From t&ransparency", film=False),
    ActionRow("play", FILM, "&Play or pause", "Ctrl+Space", "play", film=True),
    ActionRow("frame_back", FILM, "One frame &back", ",", "", film=True),
    ActionRow("frame_on", FILM, "One frame &on", ".", "", film=True),
    ActionRow("film_start", FILM, "To the &start", "Home", "", film=True),
    ActionRow("film_end", FILM, "To the &end", "End", "", film=True),
    ActionRow("-10", FILM),
    ActionRow("mark_in", FILM, "Set the &in point", "I", "", film=True),
    ActionRow("mark_out", FILM, "Set the &out point", "O", "", film=True),
    ActionRow("clear_span", FILM, "&Forget in and out points", "Shift+X", "", film=True),
    ActionRow("-11", FILM),
    ActionRow("loop", FILM, "&Loop between in and out", "Ctrl+L", "", film=True),
    ActionRow("mute", FILM, "&Mute", "M", "", film=True),
    ActionRow("add_track", FILM, "&Add a mask track", "Ctrl+Shift+N", "", film=True),
    ActionRow("film_masks", FILM, "Masks from fil&e…", film=True),
    ActionRow("track", FILM, "&Track", "Ctrl+J", "", film=True),
    ActionRow("find_titles", FILM, "Find s&ubtitles", "Ctrl+Shift+T", "", film=True),
    ActionRow("whole_clip", FILM, "&Whole clip", "", "", film=True),
    ActionRow("key_back", FILM, "To the p&revious key", "Shift+,", "", film=True),
    ActionRow("key_on", FILM, "To the &next key", "Shift+.", "", film=True),
    ActionRow("key_delete", FILM, "&Delete the key here", "Shift+Del", "", film=True),
    ActionRow("-12", FILM),
    ActionRow("preview_range", FILM, "Pre&view a range", "Ctrl+Shift+P", "", film=True),
    ActionRow("zoom_in", VIEW, "Zoom &in", "Ctrl++", "zoom-in"),
    ActionRow("zoom_out", VIEW, "Zoom &out", "Ctrl+-", "zoom-out"),
    ActionRow("fit", VIEW, "&Fit the window", "Ctrl+0", "fit"),
    ActionRow("actual", VIEW, "&Actual size", "Ctrl+1", "actual"),
    ActionRow("-7", VIEW),
    ActionRow("split", VIEW, "Before and after: &split line", "F9", "split", True, True),
    ActionRow("side", VIEW, "Before and after: side &by side", "F10", "side", True, True),
    ActionRow("difference", VIEW, "&Difference", "F11", "difference", True, True),
    ActionRow("-8", VIEW),
    ActionRow("ants", VIEW, "&Marching ants", "Ctrl+H", "", False, True),
    ActionRow("models", HELP, "&Models…", "", "models", False),
    ActionRow("log", HELP, "&Log…", picture=False),
    ActionRow("diagnostics", HELP, "Copy &diagnostics", picture=False),
    ActionRow("sample", HELP, "Open the &sample picture", picture=False),
    ActionRow("sample_film", HELP, "Open the sample &film", picture=False),
    ActionRow("-9", HELP),
    ActionRow("about", HELP, "&About Cleanplate", "", "info", False),
)  # fmt: skip

BRUSH_KEYS = (("[", -1), ("]", 1))


class Actions:
    """The rows as ``QAction``s in a menu bar."""

    def __init__(self, window: QWidget, bar: QMenuBar, does: Mapping[str, Callable[[], object]]) -> None:
        self.by_id: dict[str, QAction] = {}
        self.recent = QMenu(window)
        menus = {name: bar.addMenu(tr(name)) for name in MENUS}
        self._film_menu, self._mask_menu = menus[FILM], menus[MASK]
        for row in ROWS:
            if not row.text:
                menus[row.menu].addSeparator()
                continue
            if row.id == "recent":
                self.recent.setTitle(tr(row.text))
                menus[row.menu].addMenu(self.recent)
                continue
            action = QAction(tr(row.text), window)
            if row.icon:
                action.setIcon(icon(row.icon))
            action.setCheckable(row.checks)
            action.setIconVisibleInMenu(False)
            action.triggered.connect(lambda _checked=False, do=does[row.id]: do())
            self.by_id[row.id] = action
            menus[row.menu].addAction(action)

    def set_keys(self, settings: SettingsStore) -> None:
        """The keys in force: the table's, or what the person made of them."""
        own = dict(settings.value.shortcuts)
        for row in ROWS:
            action = self.by_id.get(row.id)
            if action is not None:
                action.setShortcut(QKeySequence(own.get(row.id, row.keys)))
        if "redo" not in own:
            self.by_id["redo"].setShortcuts([QKeySequence("Ctrl+Shift+Z"), QKeySequence("Ctrl+Y")])
        if "zoom_in" not in own:
            self.by_id["zoom_in"].setShortcuts([QKeySequence("Ctrl++"), QKeySequence("Ctrl+=")])

    def step(self, name: str, label: str | None) -> None:
        """Undo or redo: what it would do, or None where there is nothing."""
        action, row = self.by_id[name], next(row for row in ROWS if row.id == name)
        action.setEnabled(label is not None)
        step = QCoreApplication.translate("History", label) if label else ""
        action.setText(f"{tr(row.text)}: {step}" if step else tr(row.text))

    def enable(self, picture: bool, film: bool) -> None:
        """Switch off what makes no sense without a picture, or without a film."""
        for row in ROWS:
            if row.id in self.by_id and row.picture:
                self.by_id[row.id].setEnabled(picture and row.film in (None, film))
        self._film_menu.menuAction().setVisible(film)
        self._mask_menu.menuAction().setVisible(not film)


def tr(text: str) -> str:
    """A text of the table in the person's language."""
    return QCoreApplication.translate(CONTEXT, text)
