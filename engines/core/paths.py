"""Where the program's own files and the user's data are: source tree, installed wheel, or frozen bundle."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import platformdirs


def _root() -> Path:
    frozen = getattr(sys, "_MEIPASS", None)
    if frozen is not None:
        return Path(frozen)
    package = Path(__file__).resolve().parents[1]
    packed = package / "data"
    return packed if packed.is_dir() else package.parent


def models_dir() -> Path:
    """Cards, licences and bundled weights; read-only."""
    return _root() / "models"


def resources_dir() -> Path:
    """Samples, icons, themes; read-only."""
    return _root() / "resources"


def user_data_dir() -> Path:
    """Imported and downloaded weights. ``CLEANPLATE_DATA`` overrides it. Not created here."""
    override = os.environ.get("CLEANPLATE_DATA")
    return Path(override) if override else Path(platformdirs.user_data_dir("cleanplate", appauthor=False))


def user_cache_dir() -> Path:
    """What can be made anew at any time, such as the index of a film. ``CLEANPLATE_CACHE`` overrides it."""
    override = os.environ.get("CLEANPLATE_CACHE")
    return Path(override) if override else Path(platformdirs.user_cache_dir("cleanplate", appauthor=False))
