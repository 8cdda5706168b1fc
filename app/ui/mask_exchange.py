"""Asks which masks to read, and where to save them."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QFileDialog, QWidget

from app.state.loading import FILMS, PICTURES
from app.state.mask_exchange import MaskExchange


def read_file(parent: QWidget, exchange: MaskExchange) -> None:
    """Masks from a film, whose white is erased, or from one picture, for all frames."""
    translate = QCoreApplication.translate
    patterns = " ".join(f"*.{suffix} *.{suffix.upper()}" for suffix in (*FILMS, *PICTURES))
    some, every = translate("MaskExchange", "Films and pictures"), translate("MaskExchange", "All files")
    title = translate("MaskExchange", "Masks from a file: white is erased")
    name, _ = QFileDialog.getOpenFileName(parent, title, "", f"{some} ({patterns});;{every} (*)")
    if name:
        exchange.read(Path(name))


def read_folder(parent: QWidget, exchange: MaskExchange) -> None:
    """Masks from a folder of numbered pictures."""
    title = QCoreApplication.translate("MaskExchange", "Masks from a folder of numbered pictures")
    name = QFileDialog.getExistingDirectory(parent, title)
    if name:
        exchange.read(Path(name))


def save(parent: QWidget, exchange: MaskExchange) -> None:
    """The masks of the chosen track, into a folder that is made for them."""
    suggested = exchange.suggested()
    if suggested is None:
        return
    translate = QCoreApplication.translate
    title = translate("MaskExchange", "Save masks: name a new folder")
    kind = translate("MaskExchange", "Folder of PNG pictures")
    options = QFileDialog.Option.DontConfirmOverwrite
    name, _ = QFileDialog.getSaveFileName(parent, title, str(suggested), f"{kind} (*)", options=options)
    if name:
        exchange.write(Path(name))
