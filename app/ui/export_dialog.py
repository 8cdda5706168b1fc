"""Export: format and place, and how large the file will be, measured by writing it aside."""

from __future__ import annotations

import tempfile
from pathlib import Path

from PySide6.QtCore import QStandardPaths, QTimer
from PySide6.QtWidgets import QComboBox, QFileDialog, QFormLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from app.state.files import Exported
from app.state.workshop import Workshop
from app.ui.bits import Dialog, button, label, row

FORMATS = (
    ("PNG", ".png"), ("JPEG", ".jpg"), ("TIFF", ".tif"), ("WebP", ".webp"), ("BMP", ".bmp"), ("HEIC", ".heic"),
    ("AVIF", ".avif"),
)  # fmt: skip


class ExportDialog(Dialog):
    """The source's own format comes first: there the file keeps all it had."""

    def __init__(self, parent: QWidget, shop: Workshop) -> None:
        super().__init__(parent, self.tr("Export picture"))
        self._shop = shop
        self._trial: tempfile.TemporaryDirectory[str] | None = None
        self.setMinimumWidth(520)
        sheet = shop.editor.sheet
        source = sheet.title.path if sheet is not None else None
        sample = sheet is not None and sheet.title.sample
        own = source.suffix.lower() if source is not None else ".png"
        self._format = QComboBox()
        self._format.setAccessibleName(self.tr("Format"))
        for name, suffix in sorted(FORMATS, key=lambda item: not _alike(item[1], own)):
            as_is = self.tr("%1 – as the original").replace("%1", name)
            text = as_is if source is not None and _alike(suffix, own) else name
            self._format.addItem(text, suffix)
        self._format.currentIndexChanged.connect(self._format_chosen)
        first = own if any(_alike(suffix, own) for _, suffix in FORMATS) else ".png"
        folder = source.parent if source is not None and not sample else _pictures()
        stem = source.stem if source is not None else self.tr("untitled")
        self._path = QLineEdit(str(folder / f"{stem}-clean{first}"))
        self._path.setAccessibleName(self.tr("File"))
        self._size = QLabel(self.tr("measuring…"))
        self._size.setProperty("role", "muted")
        self._lay_out()
        shop.files.exported.connect(self._measured)
        QTimer.singleShot(0, self._measure)

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setHorizontalSpacing(18)
        form.setVerticalSpacing(12)
        form.addRow(self.tr("Format"), self._format)
        form.addRow(self.tr("File"), row(self._path, button(self.tr("Choose…"), self._choose)))
        form.addRow(self.tr("Size"), self._size)
        keep = self.tr("Depth, colour profile and metadata stay as they are; an embedded thumbnail is left out.")
        export = button(self.tr("Export"), self._export, "primary")
        export.setDefault(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(22, 20, 22, 18)
        layout.setSpacing(16)
        layout.addLayout(form)
        layout.addWidget(label(keep, "faint", wraps=True))
        layout.addLayout(row(None, button(self.tr("Cancel"), self.reject), export))

    @property
    def size_text(self) -> str:
        """How large the file will be, in words."""
        return self._size.text()

    @property
    def target(self) -> Path:
        """What the person typed."""
        return Path(self._path.text()).expanduser()

    def done(self, result: int) -> None:
        """Leave nothing of the trial behind."""
        self._shop.files.exported.disconnect(self._measured)
        if self._trial is not None:
            self._trial.cleanup()
        super().done(result)

    def _format_chosen(self) -> None:
        self._path.setText(str(self.target.with_suffix(str(self._format.currentData()))))
        self._measure()

    def _measure(self) -> None:
        if not self.isVisible():
            return
        self._size.setText(self.tr("measuring…"))
        if self._trial is None:
            self._trial = tempfile.TemporaryDirectory(prefix="cleanplate-export-")
        trial = Path(self._trial.name) / f"trial{self._format.currentData()}"
        self._shop.files.export(trial, overwrite=True, quiet=True)

    def _measured(self, done: Exported) -> None:
        if done.path.name == f"trial{self._format.currentData()}":
            size = done.size
            self._size.setText(f"{size / 1e6:.2f} MB" if size >= 1e5 else f"{size / 1e3:.1f} kB")

    def _choose(self) -> None:
        name, _ = QFileDialog.getSaveFileName(
            self, self.tr("Export picture"), self._path.text(), options=QFileDialog.Option.DontConfirmOverwrite
        )
        if name:
            self._path.setText(name)

    def _export(self) -> None:
        target = self.target
        if target.exists() and not self._may_replace(target):
            return
        self._shop.files.export(target, overwrite=True)
        self.accept()

    def _may_replace(self, target: Path) -> bool:
        from PySide6.QtWidgets import QMessageBox

        words = self.tr("%1 exists already. Replace it?").replace("%1", target.name)
        return QMessageBox.question(self, self.tr("Export picture"), words) == QMessageBox.StandardButton.Yes


def _pictures() -> Path:
    """Where the person keeps pictures: for those that have no file of their own."""
    place = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.PicturesLocation)
    return Path(place) if place and Path(place).is_dir() else Path.home()


def _alike(a: str, b: str) -> bool:
    same = {".jpeg": ".jpg", ".jpe": ".jpg", ".tiff": ".tif", ".heif": ".heic"}
    return same.get(a, a) == same.get(b, b)
