"""Preferences: a value; the dialog is made from its fields; kept as JSON in the user's folder."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields, replace
from enum import Enum
from pathlib import Path
from typing import Any, cast

from PySide6.QtCore import QObject, Signal

from engines.core.atomic import write_bytes
from engines.core.faults import EngineError


class Theme(Enum):
    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class MaskLook(Enum):
    """How the mask is shown."""

    TINT = "tint"
    ANTS = "ants"


class TitlePlace(Enum):
    """Where in a film's picture subtitles are looked for."""

    BOTTOM = "bottom"
    WHOLE = "whole"
    PAINTED = "painted"


def _say(label: str, help_text: str = "", section: str = "", **more: object) -> Mapping[str, object]:
    return {"label": label, "help": help_text, "section": section, **more}


@dataclass(frozen=True, slots=True)
class Settings:
    """Every field with a label in its metadata is shown in the preferences, by section."""

    theme: Theme = field(default=Theme.SYSTEM, metadata=_say("Theme", section="Appearance"))
    language: str = field(
        default="system",
        metadata=_say("Language", "Takes effect at the next start.", "Appearance", choices=("system", "en", "zh_CN")),
    )
    mask_colour: str = field(default="#ff3b5c", metadata=_say("Mask colour", section="Appearance", colour=True))
    mask_opacity: float = field(default=0.5, metadata=_say("Mask opacity", section="Appearance", low=0.1, high=1.0))
    mask_look: MaskLook = field(default=MaskLook.TINT, metadata=_say("Show the mask as", section="Appearance"))
    device: str = field(
        default="auto",
        metadata=_say(
            "Device",
            "Where engines compute. “auto” takes a graphics card if there is one.",
            "Engines",
            choices=("auto", "cpu", "cuda", "mps"),
        ),
    )
    text_engine: str = field(
        default="auto",
        metadata=_say(
            "Engine for text", "“auto” takes the best that is ready on this machine.", "Engines", engines=True
        ),
    )
    object_engine: str = field(default="auto", metadata=_say("Engine for objects", "", "Engines", engines=True))
    history_mb: int = field(
        default=512,
        metadata=_say(
            "Memory for history (MB)", "Older steps go to disk; none is lost.", "Editing", low=64, high=65536
        ),
    )
    autosave_seconds: int = field(
        default=60,
        metadata=_say(
            "Autosave every (seconds)", "Kept apart from your files, for after a crash.", "Editing", low=10, high=3600
        ),
    )
    recent: tuple[str, ...] = ()
    geometry: str = ""
    layout: str = ""
    first_start: bool = True
    title_place: TitlePlace = TitlePlace.BOTTOM
    volume: int = 100
    """Of films, in percent."""
    muted: bool = False
    shortcuts: tuple[tuple[str, str], ...] = ()
    """Menu actions whose keys were changed: their name and the new keys."""


RECENT = 12
"""How many files are remembered."""


def shown_fields() -> list[Field[Any]]:
    """The fields that the preferences show."""
    return [f for f in fields(Settings) if "label" in f.metadata]


class SettingsStore(QObject):
    """The settings in force; ``changed`` whenever they are replaced. Written at once; a failure costs only that."""

    changed = Signal()

    def __init__(self, path: Path | None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._path = path
        self.value = _read(path)

    def update(self, **changes: object) -> None:
        """Replace fields, for example ``update(theme=Theme.DARK)``."""
        before = self.value
        for name, value in changes.items():
            self.value = _replaced(self.value, name, value)
        if self.value == before:
            return
        if self._path is not None:
            with contextlib.suppress(EngineError):
                write_bytes(self._path, json.dumps(_plain(self.value), indent=1, ensure_ascii=False).encode())
        self.changed.emit()

    def remember(self, path: Path) -> None:
        """Put a file at the top of the recent ones."""
        others = [name for name in self.value.recent if name != str(path)]
        self.update(recent=(str(path), *others)[:RECENT])


def _plain(value: Settings) -> dict[str, object]:
    table = {f.name: getattr(value, f.name) for f in fields(value)}
    return {name: item.value if isinstance(item, Enum) else item for name, item in table.items()}


def _read(path: Path | None) -> Settings:
    """What is on disk; a field that is unknown or of another type is left at its default."""
    try:
        table: object = json.loads(path.read_bytes()) if path is not None else {}
    except (OSError, ValueError):
        table = {}
    result = Settings()
    for f in fields(Settings):
        if isinstance(table, dict) and f.name in table:
            with contextlib.suppress(ValueError, TypeError):
                result = _replaced(result, f.name, _as(f.default, table[f.name]))
    return result


def _replaced(settings: Settings, name: str, value: object) -> Settings:
    if name not in Settings.__dataclass_fields__:
        raise AttributeError(name)
    return replace(settings, **{name: cast("Any", value)})


def _as(default: object, value: object) -> object:
    if isinstance(default, Enum):
        return type(default)(value)
    if isinstance(default, tuple) and isinstance(value, list):
        return tuple(tuple(cast("list[object]", item)) if isinstance(item, list) else str(item) for item in value)
    if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not type(default):
        raise TypeError(value)
    return value
