"""Light and dark: the colours by what they are for, the palette, and the style sheet."""

from __future__ import annotations

from dataclasses import dataclass, fields
from string import Template

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from app.state.settings import Theme
from app.ui import icons
from engines.core.paths import resources_dir


@dataclass(frozen=True, slots=True)
class Tokens:
    """Colours. ``window`` behind panels, ``panel`` of panels, ``raised`` of fields and buttons, ``canvas`` behind the
    picture."""

    window: str
    panel: str
    raised: str
    hover: str
    pressed: str
    canvas: str
    border: str
    text: str
    muted: str
    faint: str
    accent: str
    accent_hover: str
    accent_soft: str
    on_accent: str
    good: str
    warn: str
    bad: str


DARK = Tokens(
    window="#1b1d20", panel="#24262a", raised="#303339", hover="#393d44", pressed="#2a2d32", canvas="#141517",
    border="#383c43", text="#e8eaed", muted="#a2a8b1", faint="#6d737c", accent="#4f8cff", accent_hover="#6a9dff",
    accent_soft="#2b3c5c", on_accent="#ffffff", good="#45c486", warn="#e9b44c", bad="#ff6b78",
)  # fmt: skip

LIGHT = Tokens(
    window="#e9ebee", panel="#f7f8f9", raised="#ffffff", hover="#e8ebf0", pressed="#dde1e7", canvas="#cfd3d9",
    border="#d0d5dc", text="#1c1f24", muted="#59616d", faint="#949ba6", accent="#2767e8", accent_hover="#1c58d0",
    accent_soft="#dbe6fd", on_accent="#ffffff", good="#15803d", warn="#a16207", bad="#d0273c",
)  # fmt: skip


def is_dark(theme: Theme) -> bool:
    """Whether a theme comes out dark on this machine now."""
    if theme is Theme.SYSTEM:
        return QGuiApplication.styleHints().colorScheme() != Qt.ColorScheme.Light
    return theme is Theme.DARK


def apply(application: QApplication, theme: Theme) -> Tokens:
    """Dress the whole program; the colours in force."""
    tokens = DARK if is_dark(theme) else LIGHT
    application.setStyle("Fusion")
    application.setPalette(_palette(tokens))
    icons.set_colours(QColor(tokens.text), QColor(tokens.on_accent), QColor(tokens.faint))
    application.setStyleSheet(style_sheet(tokens))
    return tokens


def style_sheet(tokens: Tokens) -> str:
    """The style sheet in ``resources/themes`` with the colours filled in."""
    folder = resources_dir() / "themes"
    values = {f.name: getattr(tokens, f.name) for f in fields(tokens)}
    shade = "dark" if tokens is DARK else "light"
    values |= {"shade": shade, "themes": folder.as_posix()}
    return Template((folder / "editor.qss").read_text(encoding="utf-8")).substitute(values)


def _palette(tokens: Tokens) -> QPalette:
    palette = QPalette()
    roles = QPalette.ColorRole
    for role, colour in (
        (roles.Window, tokens.window), (roles.WindowText, tokens.text), (roles.Base, tokens.raised),
        (roles.AlternateBase, tokens.panel), (roles.Text, tokens.text), (roles.Button, tokens.raised),
        (roles.ButtonText, tokens.text), (roles.BrightText, tokens.bad), (roles.Highlight, tokens.accent),
        (roles.HighlightedText, tokens.on_accent), (roles.ToolTipBase, tokens.raised), (roles.ToolTipText, tokens.text),
        (roles.PlaceholderText, tokens.faint), (roles.Link, tokens.accent), (roles.Light, tokens.hover),
        (roles.Mid, tokens.border), (roles.Dark, tokens.pressed), (roles.Accent, tokens.accent),
    ):  # fmt: skip
        palette.setColor(role, QColor(colour))
    for role in (roles.WindowText, roles.Text, roles.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(tokens.faint))
    return palette
