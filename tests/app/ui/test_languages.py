"""Translations are whole, compiled, and shown; a layout from right to left holds."""

from __future__ import annotations

import importlib.util
import re
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from types import ModuleType

import pytest
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QApplication

from app.main import translate
from app.state.workshop import Workshop
from app.ui.window import Window

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "resources" / "i18n"


def packaging(name: str) -> ModuleType:
    """A script of ``packaging`` as a module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "packaging" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def texts(language: str) -> dict[tuple[str, str], str]:
    root = ET.parse(FOLDER / f"cleanplate_{language}.ts").getroot()
    return {
        (str(context.findtext("name")), str(message.findtext("source"))): message.findtext("translation") or ""
        for context in root.findall("context")
        for message in context.findall("message")
    }


@pytest.mark.parametrize("language", packaging("translations").LANGUAGES)
def test_nothing_is_left_to_translate(language: str) -> None:
    known = texts(language)
    assert [source for source, translated in known.items() if not translated] == []
    tables = {pair for pair in packaging("translations").table_texts() if pair[1]}
    assert tables - known.keys() == set()


@pytest.mark.parametrize("language", packaging("translations").LANGUAGES)
def test_places_for_values_are_kept(language: str) -> None:
    for (_, source), translated in texts(language).items():
        assert sorted(re.findall(r"%\d", source)) == sorted(re.findall(r"%\d", translated)), source


def test_the_compiled_file_is_that_of_the_text(tmp_path: Path) -> None:
    target = tmp_path / "made.qm"
    packaging("translations").compile_language(FOLDER / "cleanplate_zh_CN.ts", target)
    assert target.read_bytes() == (FOLDER / "cleanplate_zh_CN.qm").read_bytes()


def test_the_window_speaks_chinese(shop: Workshop, qapp: QApplication) -> None:
    from app.ui.theme import DARK

    installed = translate(qapp, "zh_CN")
    try:
        window = Window(shop, DARK)
        assert window.menuBar().actions()[0].text() == "文件(&F)"
        assert QCoreApplication.translate("Tools", "Brush") == "画笔"
        assert window.actions_.by_id["export"].text() == "导出(&E)…"
        window.deleteLater()
    finally:
        for translator in installed:
            qapp.removeTranslator(translator)


def test_a_layout_from_right_to_left_holds(window: Window, qapp: QApplication) -> None:
    qapp.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    try:
        qapp.processEvents()
        assert window.toolbox.x() > window.canvas.x()
        assert window.engine_panel.mapTo(window, window.engine_panel.rect().topLeft()).x() < window.width() / 2
        assert window.grab().width() > 0
    finally:
        qapp.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
