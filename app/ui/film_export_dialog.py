"""Export of a film: a plain preset, and an advanced part; what a file cannot hold is said before the work begins."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, QStandardPaths
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFileDialog,
    QFormLayout,
    QLineEdit,
    QMessageBox,
    QVBoxLayout,
    QWidget,
)

from app.state.export_choice import ExportChoice, Preset, lost_streams, preset_choice
from app.state.workshop import Workshop
from app.ui.bits import Dialog, button, label, row, set_role
from engines.core.faults import EngineError

PRESETS = (Preset.SAME, Preset.SMALL, Preset.EDITING)


class FilmExportDialog(Dialog):
    """``choice`` is what the person asks for."""

    def __init__(self, parent: QWidget, shop: Workshop) -> None:
        super().__init__(parent, self.tr("Export film"))
        self._shop = shop
        reel = shop.playback.reel
        if reel is None:
            msg = "no film is open"
            raise RuntimeError(msg)
        self._reel = reel
        self._lost: tuple[str, ...] = ()
        self._refused = ""
        self._over = False
        self.setMinimumWidth(560)
        self._make()
        self._lay_out()
        self._choose_preset(0)

    def _make(self) -> None:
        from engines.media.film.formats import CODECS, CONTAINERS

        self.preset = QComboBox()
        words = (
            self.tr("Same as the source, visually lossless"),
            self.tr("Small: H.265, about a third of the size"),
            self.tr("For editing: ProRes in QuickTime, large"),
        )
        for text, preset in zip(words, PRESETS, strict=True):
            self.preset.addItem(text, preset)
        self.preset.setAccessibleName(self.tr("What for"))
        self.preset.activated.connect(self._choose_preset)
        self.path = QLineEdit()
        self.path.setAccessibleName(self.tr("File"))
        self.path.editingFinished.connect(self._check)
        self.span = QCheckBox(self.tr("Only from the in to the out point"))
        self.span.setEnabled(not self._reel.whole)
        self.codec = QComboBox()
        self.codec.addItem(self.tr("The source's own"), "")
        for codec, card in CODECS.items():
            self.codec.addItem(card.name, codec.value)
        self.codec.activated.connect(self._codec_chosen)
        self.container = QComboBox()
        for container in CONTAINERS:
            self.container.addItem(f"{container.name} ({container.endings[0]})", container.endings[0])
        self.container.activated.connect(self._container_chosen)
        self.encoder = QComboBox()
        self.quality = QDoubleSpinBox()
        self.quality.setDecimals(1)
        self.quality.setRange(0, 63)
        self.best = QCheckBox(self.tr("Looks like the source"))
        self.best.toggled.connect(lambda on: self.quality.setEnabled(not on))
        self.untouched = QCheckBox(self.tr("Copy parts without an edit as they are"))
        self.leave_out = QCheckBox(self.tr("Leave out what the file cannot hold"))
        self.leave_out.toggled.connect(self._show_warning)

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setHorizontalSpacing(18)
        form.setVerticalSpacing(12)
        form.addRow(self.tr("What for"), self.preset)
        form.addRow(self.tr("File"), row(self.path, button(self.tr("Choose…"), self._choose)))
        form.addRow("", self.span)
        self.advanced = QWidget()
        more = QFormLayout(self.advanced)
        more.setContentsMargins(0, 4, 0, 0)
        more.setHorizontalSpacing(18)
        more.setVerticalSpacing(10)
        for name, field in (
            (self.tr("Container"), self.container), (self.tr("Codec"), self.codec), (self.tr("Encoder"), self.encoder),
        ):  # fmt: skip
            field.setAccessibleName(name)
            more.addRow(name, field)
        self.quality.setAccessibleName(self.tr("Quality (less is better)"))
        more.addRow(self.tr("Quality (less is better)"), row(self.quality, self.best))
        more.addRow("", self.untouched)
        self.advanced.setVisible(False)
        self.toggle = button(self.tr("Advanced…"), self._show_advanced, "link")
        self.warning = label(role="warn", wraps=True)
        keep = self.tr("Sound, subtitles, chapters and all else are copied as they are; so are times and colours.")
        self.start = button(self.tr("Export"), self._export, "primary")
        self.start.setDefault(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(22, 20, 22, 18)
        layout.setSpacing(14)
        layout.addLayout(form)
        layout.addWidget(self.toggle)
        layout.addWidget(self.advanced)
        layout.addWidget(label(keep, "faint", wraps=True))
        layout.addWidget(self.warning)
        layout.addWidget(self.leave_out)
        layout.addLayout(row(None, button(self.tr("Cancel"), self.reject), self.start))

    # ---- the choice

    @property
    def choice(self) -> ExportChoice:
        """What the fields say."""
        reel, times = self._reel, self._reel.film.times
        start, stop = reel.span
        plain = ExportChoice(
            str(reel.path),
            str(Path(self.path.text()).expanduser()),
            codec=str(self.codec.currentData()),
            quality=None if self.best.isChecked() else self.quality.value(),
            encoder=str(self.encoder.currentData() or ""),
            copy_untouched=self.untouched.isChecked(),
            leave_out=self.leave_out.isChecked() and bool(self._lost),
        )
        if not self.span.isChecked():
            return plain
        end = times[stop] if stop < len(times) else reel.film.end
        return replace(plain, start=str(times[start]), end=str(end))

    def _choose_preset(self, number: int) -> None:
        made = preset_choice(PRESETS[number], self._reel.film.info, self._target())
        self.path.setText(made.target)
        with QSignalBlocker(self.codec):
            self.codec.setCurrentIndex(max(self.codec.findData(made.codec), 0))
        self.best.setChecked(made.quality is None)
        self._fill_encoders()
        if made.quality is not None:
            self.quality.setValue(made.quality)
        self._check()

    def _target(self) -> Path:
        if self.path.text():
            return Path(self.path.text()).expanduser()
        source, sheet = self._reel.path, self._shop.editor.sheet
        sample = sheet is not None and sheet.title.sample
        folder = _films() if sample else source.parent
        return folder / f"{source.stem}-clean{source.suffix}"

    def _codec_chosen(self) -> None:
        self._fill_encoders()
        self._check()

    def _container_chosen(self) -> None:
        self.path.setText(str(self._target().with_suffix(str(self.container.currentData()))))
        self._check()

    def _fill_encoders(self) -> None:
        """The encoders that open on this machine; looked for elsewhere, because opening a device takes a while."""
        from engines.media.film.formats import CODECS, Codec

        name = str(self.codec.currentData())
        self.encoder.clear()
        self.encoder.addItem(self.tr("In software"), "")
        quality = CODECS[Codec(name)].quality if name else None
        self.best.setEnabled(quality is not None)
        if quality is not None:
            self.quality.setRange(quality[1], quality[2])
            self.quality.setValue(quality[0])
        else:
            self.best.setChecked(True)
        if name:
            self._shop.tasks.run("", lambda: _hardware(name), lambda found: self._offer(name, found), self._shrug)

    def _offer(self, codec: str, encoders: list[str]) -> None:
        if not self._over and self.codec.currentData() == codec:
            for name in encoders:
                self.encoder.addItem(name, name)

    # ---- what cannot be

    def _check(self) -> None:
        """Look elsewhere at what the file could hold, and say it."""
        target, choice = self._target(), self.choice
        with QSignalBlocker(self.container):
            self.container.setCurrentIndex(self.container.findData(target.suffix.lower()))
        info = self._reel.film.info

        def work() -> tuple[tuple[str, ...], str]:
            try:
                return tuple(stream.name for stream in lost_streams(choice, info)), ""
            except EngineError as error:
                return (), f"{error.message} {error.hint}".strip()

        self._shop.tasks.run("", work, self._checked, self._shrug)

    def _checked(self, found: tuple[tuple[str, ...], str]) -> None:
        if not self._over:
            self._lost, self._refused = found
            self._show_warning()

    def _show_warning(self) -> None:
        words = self._refused
        if self._lost:
            words = self.tr("%1 cannot hold %2. Matroska (.mkv) holds more.")
            words = words.replace("%1", self.container.currentText() or self._target().suffix)
            words = words.replace("%2", ", ".join(self._lost))
        self.warning.setText(words)
        self.warning.setVisible(bool(words))
        set_role(self.warning, "role", "bad" if self._refused else "warn")
        self.leave_out.setVisible(bool(self._lost))
        self.start.setEnabled(not self._refused and (not self._lost or self.leave_out.isChecked()))

    def _shrug(self, error: EngineError) -> None:
        self._checked(((), error.message))

    def done(self, result: int) -> None:
        """What is still looked for elsewhere comes too late."""
        self._over = True
        super().done(result)

    # ---- buttons

    def _show_advanced(self) -> None:
        self.advanced.setVisible(not self.advanced.isVisible())
        self.toggle.setText(self.tr("Less") if self.advanced.isVisible() else self.tr("Advanced…"))
        self.adjustSize()

    def _choose(self) -> None:
        name, _ = QFileDialog.getSaveFileName(
            self, self.tr("Export film"), self.path.text(), options=QFileDialog.Option.DontConfirmOverwrite
        )
        if name:
            self.path.setText(name)
            self._check()

    def _export(self) -> None:
        choice = self.choice
        target = Path(choice.target)
        if target.exists() and not self._may_replace(target):
            return
        self._shop.exporting.add(replace(choice, overwrite=target.exists()))
        self.accept()

    def _may_replace(self, target: Path) -> bool:
        if target.samefile(self._reel.path):
            words = self.tr("This is the film itself, which is never overwritten.")
            QMessageBox.warning(self, self.tr("Export film"), words)
            return False
        words = self.tr("%1 exists already. Replace it?").replace("%1", target.name)
        return QMessageBox.question(self, self.tr("Export film"), words) == QMessageBox.StandardButton.Yes


def _hardware(codec: str) -> list[str]:
    """The encoders of a codec that open here, but for the one in software."""
    from engines.media.film.encoders import encoders_of
    from engines.media.film.formats import CODECS, Codec

    software = CODECS[Codec(codec)].encoders[0]
    return [name for name in encoders_of(Codec(codec)) if name != software]


def _films() -> Path:
    """Where the person keeps films: for those that have no file of their own."""
    place = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.MoviesLocation)
    return Path(place) if place and Path(place).is_dir() else Path.home()
