"""The panel for films: make masks go through time, say what erases them, preview, export."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QMenu, QProgressBar, QPushButton, QToolButton, QVBoxLayout, QWidget

from app.state.jobs import Job
from app.state.settings import TitlePlace
from app.state.workshop import Workshop
from app.ui import mask_exchange
from app.ui.bits import Amount, button, label, row, rule, tool_button
from engines.core.engine import Role
from engines.core.tracks import MaskTrack, TrackKind, erase_anything


class FilmPanel(QWidget):
    """Bound to the chosen track. ``export_wanted``: the dialog is asked for."""

    export_wanted = Signal()

    def __init__(self, shop: Workshop) -> None:
        super().__init__()
        self._shop = shop
        self._tracks, self._following, self._previewing = shop.tracks, shop.following, shop.previewing
        self._exchange = shop.mask_exchange
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 14, 14, 14)
        layout.setSpacing(9)
        self._make_masks(layout)
        layout.addWidget(rule())
        self._make_track(layout)
        layout.addWidget(rule())
        self._make_result(layout)
        self._tracks.changed.connect(self._show)
        self._following.changed.connect(self._show_work)
        self._previewing.changed.connect(self._show_work)
        self._exchange.changed.connect(self._show_work)
        shop.playback.opened.connect(self._show)
        shop.library.changed.connect(self._fill_engines)
        self._fill_engines()
        self._show()

    # ---- made once

    def _make_masks(self, layout: QVBoxLayout) -> None:
        layout.addWidget(label(self.tr("What should go"), "title"))
        layout.addWidget(label(self.tr("Paint over it on one frame; then track it if it moves."), "small", wraps=True))
        find = self.tr("Find the burnt-in text between the in and the out point, to the frame")
        self._find = button(self.tr("Find subtitles"), self._following.find_titles, icon_name="text")
        self._find.setToolTip(find)
        self._track = button(self.tr("Track"), self._following.track, icon_name="smart")
        self._track.setToolTip(self.tr("Follow what is painted through the film (Ctrl+J)"))
        self._ways = tool_button("chevron", self.tr("Track one way only"), size=14)
        self._ways.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._ways.setMenu(self._way_menu())
        self._whole = button(self.tr("Whole clip"), self._tracks.whole_clip)
        self._whole.setToolTip(self.tr("A mark that stays: one mask in all frames"))
        self._place = QComboBox()
        self._place.setAccessibleName(self.tr("Where subtitles are looked for"))
        self._place.addItem(self.tr("at the bottom"), TitlePlace.BOTTOM)
        self._place.addItem(self.tr("in the whole picture"), TitlePlace.WHOLE)
        self._place.addItem(self.tr("in the box painted here"), TitlePlace.PAINTED)
        self._place.setToolTip(self.tr("The box: around what the chosen track covers in this frame"))
        self._place.activated.connect(lambda i: self._following.look_in(self._place.itemData(i)))
        layout.addWidget(self._find)
        layout.addWidget(self._place)
        layout.addLayout(row(self._track, self._ways, self._whole, spacing=4))
        self._from = QPushButton(self.tr("Masks from…"))
        self._from.setToolTip(self.tr("Masks that were made elsewhere: a new track of them"))
        self._from.setMenu(self._source_menu())
        layout.addWidget(self._from)
        self._bar = QProgressBar()
        self._bar.setRange(0, 1000)
        self._bar.setTextVisible(False)
        self._note = label(role="small", wraps=True)
        self._cancel = button(self.tr("Cancel (Esc)"), self.cancel)
        for part in (self._bar, self._note, self._cancel):
            layout.addWidget(part)

    def _way_menu(self) -> QMenu:
        menu = QMenu(self)
        menu.addAction(self.tr("Track forward only"), lambda: self._track_one_way(forward=True))
        menu.addAction(self.tr("Track backward only"), lambda: self._track_one_way(forward=False))
        return menu

    def _source_menu(self) -> QMenu:
        menu = QMenu(self)
        menu.addAction(self.tr("A film or a picture…"), lambda: mask_exchange.read_file(self, self._exchange))
        menu.addAction(self.tr("A folder of pictures…"), lambda: mask_exchange.read_folder(self, self._exchange))
        return menu

    def _track_one_way(self, *, forward: bool) -> None:
        from engines.jobs.track_masks import Direction

        self._following.track(Direction.FORWARD if forward else Direction.BACKWARD)

    def _make_track(self, layout: QVBoxLayout) -> None:
        self._name = label(role="title")
        layout.addWidget(self._name)
        self._settings = QWidget()
        inside = QVBoxLayout(self._settings)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(8)
        self._grow = Amount(self.tr("Grow"), 0, 60, " px")
        self._feather = Amount(self.tr("Feather"), 0, 60, " px")
        self._smooth = Amount(self.tr("Steady"), 0, 10, "")
        self._smooth.setToolTip(self.tr("Frames on either side that steady the mask"))
        self._grow.changed.connect(lambda value: self._tracks.adjust(grow=value))
        self._feather.changed.connect(lambda value: self._tracks.adjust(feather=value))
        self._smooth.changed.connect(lambda value: self._tracks.adjust(smooth=value))
        self._engine = QComboBox()
        self._engine.setAccessibleName(self.tr("Engine of this track"))
        self._engine.activated.connect(lambda i: self._tracks.set_engine(str(self._engine.itemData(i))))
        self._summary = label(role="small", wraps=True)
        self._learnt = QCheckBox(self.tr("Learn the mark and lift it off"))
        self._learnt.setToolTip(self.tr("For see-through marks that never move: what shines through is kept"))
        self._learnt.clicked.connect(self._tracks.set_learnt)
        self._save = button(self.tr("Save masks…"), lambda: mask_exchange.save(self, self._exchange), "link")
        self._save.setToolTip(self.tr("The masks of this track as numbered pictures, for other programs"))
        parts = (self._grow, self._feather, self._smooth, self._engine, self._summary, self._learnt, self._save)
        for part in parts:
            inside.addWidget(part)
        layout.addWidget(self._settings)

    def _make_result(self, layout: QVBoxLayout) -> None:
        layout.addWidget(label(self.tr("Result"), "title"))
        self._frame = button(self.tr("Preview frame"), self._previewing.frame)
        self._frame.setToolTip(self.tr("Erase in this frame only, to see how it will look (Ctrl+Enter)"))
        self._range = button(self.tr("Preview range"), self._previewing.short_range)
        self._range.setToolTip(self.tr("Erase between the in and out points, or in two seconds from here, and play it"))
        self._masks = button(self.tr("Back to the masks"), self._previewing.clear, "link")
        self._export = button(self.tr("Export film…"), self.export_wanted.emit, "primary")
        layout.addLayout(row(self._frame, self._range, spacing=6))
        layout.addWidget(self._masks)
        layout.addWidget(self._export)

    # ---- what is shown

    def cancel(self) -> None:
        """End what runs for this film in the engine process."""
        if not (self._following.cancel() or self._exchange.cancel()):
            self._previewing.cancel()

    def _fill_engines(self) -> None:
        with QSignalBlocker(self._engine):
            self._engine.clear()
            for info in self._shop.library.all:
                if info.card.role is Role.VIDEO_ERASER:
                    missing = self.tr("%1 (weights missing)").replace("%1", info.card.name)
                    self._engine.addItem(info.card.name if info.ready else missing, info.card.id)
        self._show()

    def _show(self) -> None:
        track = self._tracks.track
        self._settings.setVisible(track is not None)
        self._name.setText(track.name if track is not None else self.tr("No track yet"))
        if track is not None:
            self._show_track(track)
        self._show_work()

    def _show_track(self, track: MaskTrack) -> None:
        self._grow.set_value(track.grow)
        self._feather.set_value(track.feather)
        self._smooth.set_value(track.smooth)
        self._smooth.setVisible(track.kind is not TrackKind.STATIC)
        with QSignalBlocker(self._engine):
            self._engine.setCurrentIndex(self._engine.findData(track.engine))
        info = self._shop.library.info(track.engine)
        self._summary.setText(info.card.summary if info is not None else "")
        self._learnt.setVisible(track.kind is TrackKind.STATIC)
        self._learnt.setChecked(track.learnt)

    def _show_work(self) -> None:
        job = self._following.running or self._exchange.running or self._previewing.running
        track = self._tracks.track
        masks = erase_anything(self._tracks.all)
        self._place.setCurrentIndex(self._place.findData(self._following.place))
        busy = (self._find, self._place, self._track, self._ways, self._whole, self._from, self._save)
        for part in (*busy, self._frame, self._range):
            part.setEnabled(job is None)
        if job is None:
            self._track.setEnabled(track is not None and bool(track.keys))
            self._ways.setEnabled(track is not None and bool(track.keys))
            self._whole.setEnabled(track is not None and bool(track.keys or track.made))
            self._frame.setEnabled(masks)
            self._range.setEnabled(masks)
        self._export.setEnabled(masks)
        self._masks.setVisible(self._previewing.there)
        for below in (self._bar, self._note, self._cancel):
            below.setVisible(job is not None)
        if job is not None:
            self._show_job(job)

    def _show_job(self, job: Job) -> None:
        self._bar.setRange(0, 1000 if job.done > 0 else 0)
        self._bar.setValue(round(job.done * 1000))
        words = job.note or self.tr("starting the engine process")
        self._note.setText(f"{words[:1].upper()}{words[1:]} · {job.seconds:.0f} s")
