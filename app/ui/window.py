"""The window: puts the panels together and binds menus to what they do."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QByteArray, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QColor, QDragEnterEvent, QDropEvent, QKeyEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QMainWindow,
    QScrollArea,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.state.notices import Notice
from app.state.workshop import Workshop
from app.ui.actions import Actions
from app.ui.bits import rule
from app.ui.canvas import Canvas
from app.ui.commands import Commands
from app.ui.compare import Compare
from app.ui.compare_bar import CompareBar
from app.ui.edits_panel import EditsPanel
from app.ui.engine_panel import EnginePanel
from app.ui.error_bar import ErrorBar
from app.ui.exports_panel import ExportsPanel
from app.ui.film_panel import FilmPanel
from app.ui.finder_choice import FinderChoice
from app.ui.icons import app_icon
from app.ui.layers_panel import LayersPanel
from app.ui.pointing import Pointing
from app.ui.start_page import StartPage
from app.ui.status import StatusBar
from app.ui.theme import Tokens
from app.ui.timeline import Timeline
from app.ui.toolbox import OptionsBar, Toolbox

_SIDE = 324
"""Width of the panel at the right."""


class Window(QMainWindow):
    """One window, one picture."""

    def __init__(self, workshop: Workshop, tokens: Tokens) -> None:
        super().__init__()
        self.workshop = workshop
        self._leaving = False
        editor, settings = workshop.editor, workshop.settings
        self.setWindowIcon(app_icon())
        self.setAcceptDrops(True)
        self.canvas = Canvas(editor, settings)
        self.pointing = Pointing(self.canvas)
        self.compare_bar = CompareBar(self.canvas)
        self._middle = QStackedWidget()
        self.timeline = Timeline(workshop.playback, workshop.tracks, workshop.thumbnails, workshop.loudspeaker)
        self.notices = ErrorBar(self._middle, tokens)
        self.start_page = StartPage(settings)
        self.toolbox = Toolbox(editor)
        self.finder_choice = FinderChoice(editor, workshop.selecting)
        self.options_bar = OptionsBar(editor, workshop.finding, self.finder_choice)
        self.engine_panel = EnginePanel(workshop)
        self.film_panel = FilmPanel(workshop)
        self.exports_panel = ExportsPanel(workshop.exporting)
        self.status = StatusBar(editor, self.canvas, workshop.host, workshop.measurements, settings)
        self.status.follow(workshop.tasks)
        self.commands = Commands(self)
        self.actions_ = Actions(self, self.menuBar(), self.commands.table())
        self.actions_.set_keys(settings)
        self._lay_out()
        self._bind()
        self.restyle(tokens)
        self.resize(1320, 860)
        self.setMinimumSize(900, 560)
        if settings.value.geometry:
            self.restoreGeometry(QByteArray.fromBase64(settings.value.geometry.encode()))
        self._show_document()

    def _close_for_good(self) -> None:
        self._leaving = True
        self.close()

    def _lay_out(self) -> None:
        self._middle.addWidget(self.start_page)
        self._middle.addWidget(self.canvas)
        centre = QVBoxLayout()
        centre.setContentsMargins(0, 0, 0, 0)
        centre.setSpacing(0)
        centre.addWidget(self.options_bar)
        halves = QSplitter(Qt.Orientation.Vertical)
        halves.setObjectName("halves")
        halves.setHandleWidth(5)
        halves.setChildrenCollapsible(False)
        halves.addWidget(self._middle)
        halves.addWidget(self.timeline)
        halves.setStretchFactor(0, 1)
        halves.setSizes([560, 236])
        centre.addWidget(halves, 1)
        body = QHBoxLayout()
        body.setContentsMargins(0, 0, 0, 0)
        body.setSpacing(0)
        body.addWidget(self.toolbox)
        body.addLayout(centre, 1)
        body.addWidget(self._side_panel())
        whole = QVBoxLayout()
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(body, 1)
        whole.addWidget(self.status)
        holder = QWidget()
        holder.setLayout(whole)
        self.setCentralWidget(holder)

    def _side_panel(self) -> QWidget:
        contents = QWidget()
        contents.setObjectName("sideContents")
        layout = QVBoxLayout(contents)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        editor = self.workshop.editor
        edits = EditsPanel(editor, self.workshop.erasing, self.canvas)
        self._picture_parts = (self.engine_panel, rule(), LayersPanel(editor), rule(), edits)
        for part in (*self._picture_parts, self.film_panel, self.exports_panel):
            layout.addWidget(part)
        layout.addStretch(1)
        scroll = QScrollArea()
        scroll.setObjectName("sideScroll")
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(contents)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        panel = QFrame()
        panel.setObjectName("sidePanel")
        panel.setFixedWidth(_SIDE)
        inner = QVBoxLayout(panel)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.addWidget(scroll)
        return panel

    def _bind(self) -> None:
        workshop, commands = self.workshop, self.commands
        workshop.playback.opened.connect(self._show_document)
        workshop.playback.glimpsed.connect(self.canvas.roll)
        workshop.playback.settled.connect(self.canvas.settle)
        workshop.playback.size = lambda: self.canvas.screen_size
        workshop.editor.changed.connect(self._show_title)
        workshop.editor.told.connect(self._tell)
        workshop.files.saved.connect(self._show_title)
        workshop.files.missing.connect(commands.locate)
        workshop.erasing.previewed.connect(self.canvas.set_preview)
        workshop.settings.changed.connect(commands.settings_changed)
        self.canvas.compare_changed.connect(self._show_compare)
        self.pointing.moved.connect(self.status.show_pixel)
        self.pointing.tapped.connect(workshop.playback.toggle)
        self.film_panel.export_wanted.connect(commands.export)
        self.engine_panel.models_wanted.connect(commands.models)
        self.finder_choice.models_wanted.connect(commands.models)
        self.engine_panel.command_wanted.connect(commands.copy_command)
        self.start_page.open_wanted.connect(commands.open)
        self.start_page.sample_wanted.connect(commands.sample)
        self.start_page.sample_film_wanted.connect(commands.sample_film)
        self.start_page.recent_wanted.connect(commands.open_path)
        self.notices.remedied.connect(commands.remedy)

    def restyle(self, tokens: Tokens) -> None:
        """Other colours."""
        light = QColor(tokens.window).lightness() > 128
        self.canvas.set_colours(QColor(tokens.accent), QColor(tokens.canvas), light=light)
        self.notices.restyle(tokens)

    def _tell(self, notice: Notice) -> None:
        self.notices.tell(notice)

    def _show_document(self) -> None:
        there = self.workshop.editor.sheet is not None
        self._middle.setCurrentWidget(self.canvas if there else self.start_page)
        (self.canvas if there else self.start_page).setFocus()
        film = self.workshop.playback.reel is not None
        self.actions_.enable(there, film)
        self.film_panel.setVisible(film)
        for part in self._picture_parts:
            part.setVisible(not film)
        self.toolbox.offer(film=film)
        self.commands.fill_recent(self.actions_.recent)
        self._show_title()

    def _show_title(self) -> None:
        sheet = self.workshop.editor.sheet
        if sheet is None:
            self.setWindowTitle("Cleanplate")
            return
        self.setWindowModified(sheet.dirty)
        self.setWindowTitle(f"{sheet.title.name}[*] – Cleanplate")
        document = sheet.document
        labels, at = document.labels, document.position
        self.actions_.step("undo", labels[at] if at > 0 else None)
        self.actions_.step("redo", labels[at + 1] if at + 1 < len(labels) else None)

    def _show_compare(self) -> None:
        for mode in (Compare.SPLIT, Compare.SIDE, Compare.DIFFERENCE):
            self.actions_.by_id[mode.value].setChecked(self.canvas.compare is mode)

    # ---- events

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        if not self.commands.key(event, pressed=True):
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        if not self.commands.key(event, pressed=False):
            super().keyReleaseEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802
        if event.mimeData().hasUrls() or event.mimeData().hasImage():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802
        urls = [url for url in event.mimeData().urls() if url.isLocalFile()]
        if urls:
            self.commands.open_path(Path(urls[0].toLocalFile()))
            event.acceptProposedAction()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802
        if self.commands.unsaved and not self._leaving:
            event.ignore()
            # a window does not close again while it is being asked to
            self.commands.leave(lambda: QTimer.singleShot(0, self._close_for_good))
            return
        self.workshop.settings.update(geometry=bytes(self.saveGeometry().toBase64().data()).decode())
        self.workshop.close()
        super().closeEvent(event)
