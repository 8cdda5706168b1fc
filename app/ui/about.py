"""About, with licences; the log; and what helps in a report."""

from __future__ import annotations

import platform
import sys
from importlib import metadata
from pathlib import Path

from PySide6.QtCore import Qt, qVersion
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QLabel, QPlainTextEdit, QTextBrowser, QVBoxLayout, QWidget

from app.state.library import Library
from app.ui.bits import Dialog, button, label, row
from app.ui.icons import app_icon

_TAIL = 60_000
"""Characters of a log that are shown."""

_PACKAGES = (
    "cleanplate", "PySide6_Essentials", "numpy", "opencv-contrib-python-headless", "pillow", "torch", "onnxruntime",
    "tifffile", "pillow_heif", "imagecodecs", "safetensors", "shapely", "pyclipper",
)  # fmt: skip


class AboutDialog(Dialog):
    """Name, version, promises; the licences of engines and of the packages it stands on."""

    def __init__(self, parent: QWidget, library: Library) -> None:
        super().__init__(parent, self.tr("About Cleanplate"))
        self.resize(600, 520)
        sign = QLabel()
        sign.setPixmap(app_icon().pixmap(56, 56))
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(label("Cleanplate", "headline"))
        words.addWidget(label(self.tr("Version %1").replace("%1", version()), "muted"))
        promise = self.tr("Your pictures stay on this machine. Outside the mask not a bit is changed.")
        licences = QTextBrowser()
        licences.setOpenExternalLinks(True)
        licences.setHtml(self._licences(library))
        close = button(self.tr("Close"), self.accept, "primary")
        close.setDefault(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 22, 24, 18)
        layout.setSpacing(14)
        layout.addLayout(row(sign, words, None, spacing=16))
        layout.addWidget(label(promise, "muted", wraps=True))
        layout.addWidget(licences, 1)
        layout.addLayout(row(None, close))

    def _licences(self, library: Library) -> str:
        cards = [info.card for info in library.all]
        engines = "".join(f"<li><b>{c.name}</b> – {c.licence}<br><small>{c.source}</small></li>" for c in cards)
        packages = "".join(f"<li><b>{name}</b> {_licence(name)}</li>" for name in _PACKAGES if _installed(name))
        one, two = self.tr("Engines"), self.tr("Software")
        return f"<h3>{one}</h3><ul>{engines}</ul><h3>{two}</h3><ul>{packages}</ul>"


class LogDialog(Dialog):
    """What the editor and its engine process have written down."""

    def __init__(self, parent: QWidget, path: Path) -> None:
        super().__init__(parent, self.tr("Log"))
        self.resize(820, 520)
        view = QPlainTextEdit()
        view.setReadOnly(True)
        view.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        view.setPlainText(logs(path) or self.tr("Nothing has been logged."))
        view.moveCursor(view.textCursor().MoveOperation.End)
        copy = button(
            self.tr("Copy diagnostics"), lambda: QGuiApplication.clipboard().setText(diagnostics(path)), "", "copy"
        )
        close = button(self.tr("Close"), self.accept, "primary")
        close.setDefault(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 18, 20, 16)
        layout.addWidget(view, 1)
        layout.addLayout(row(copy, None, close))
        close.setFocus(Qt.FocusReason.OtherFocusReason)


def version() -> str:
    try:
        return metadata.version("cleanplate")
    except metadata.PackageNotFoundError:
        return "0.1.0"


def logs(path: Path) -> str:
    """The end of both logs."""
    parts = []
    for file in (path, path.with_name("engine-log.txt")):
        if file.is_file():
            parts.append(f"== {file.name}\n{file.read_text(encoding='utf-8', errors='replace')[-_TAIL:]}")
    return "\n".join(parts)


def diagnostics(path: Path) -> str:
    """Versions, system, and the end of the logs; without names of pictures beyond what the logs say."""
    lines = [f"Cleanplate {version()}", f"Python {sys.version.split()[0]}, {platform.platform()}", f"Qt {qVersion()}"]
    lines += [f"{name} {metadata.version(name)}" for name in _PACKAGES if _installed(name)]
    return "\n".join([*lines, "", logs(path)[-8000:]])


def _installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def _licence(name: str) -> str:
    info = metadata.metadata(name)
    stated = [info[key] for key in ("License-Expression", "License") if key in info]
    first = stated[0].strip().splitlines()[0][:80] if stated and stated[0].strip() else ""
    return f"{info['Version']} – {first}" if first else str(info["Version"])
