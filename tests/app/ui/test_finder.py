"""The options bar says which way smart select goes, and where the better one comes from."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QPushButton

from app.state.workshop import Workshop
from app.ui.finder_choice import FinderChoice
from app.ui.models_dialog import ModelsDialog
from app.ui.window import Window
from engines.store import Store
from tests.app.conftest import Patience
from tests.tiny_sam2 import tiny_folder


def ways_of(choice: FinderChoice) -> QComboBox:
    found = choice.findChild(QComboBox)
    assert found is not None
    return found


@pytest.fixture
def choice(window: Window, photo: Path, wait: Patience) -> FinderChoice:
    window.workshop.files.open(photo)
    wait(lambda: window.workshop.editor.sheet is not None)
    window.workshop.editor.use("smart")
    return window.finder_choice


def test_without_weights_grabcut_is_named_and_the_models_page_is_a_click_away(
    window: Window, choice: FinderChoice, wait: Patience
) -> None:
    assert choice.isVisible()
    assert not ways_of(choice).isVisible()
    (get,) = [found for found in choice.findChildren(QPushButton) if found.isVisible()]
    assert "GrabCut" in get.text()
    assert "Segment Anything 2" in get.toolTip()
    QTest.mouseClick(get, Qt.MouseButton.LeftButton)
    wait(lambda: window.findChild(ModelsDialog) is not None)
    dialog = window.findChild(ModelsDialog)
    assert dialog is not None
    dialog.close()
    window.workshop.editor.use("brush")
    assert not choice.isVisible()


def test_with_weights_the_way_can_be_chosen(
    shop: Workshop, choice: FinderChoice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(user=tmp_path / "models")
    monkeypatch.setattr(shop.library, "store", store)
    store.import_file(shop.library.catalog["sam2"], tiny_folder(tmp_path / "tiny"), check=lambda _: None)
    shop.library.refresh()
    ways = ways_of(choice)
    assert ways.isVisible()
    assert ways.currentText() == "Segment Anything 2"
    assert shop.selecting.uses is shop.library.catalog["sam2"]
    QTest.keyClick(ways, Qt.Key.Key_Down)
    assert ways.currentText() == "GrabCut"
    assert shop.selecting.uses is None
