"""The composition root of the editor: settings, engine process, state, window; run."""

from __future__ import annotations

import logging
import logging.handlers
import sys
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QLibraryInfo, QLocale, QTimer, QTranslator
from PySide6.QtWidgets import QApplication

from app.state.workshop import Workshop
from app.ui import theme
from app.ui.icons import app_icon
from app.ui.window import Window
from engines.catalog import load_catalog
from engines.core.paths import resources_dir, user_data_dir
from engines.store import Store
from engines.worker.client import EngineClient
from engines.worker.messages import WorkerConfig


def run(arguments: Sequence[str], config: WorkerConfig | None = None) -> int:
    """Open the window, with the file that ``arguments`` name; the exit code. ``config``: another engine process."""
    folder = user_data_dir()
    folder.mkdir(parents=True, exist_ok=True)
    application = QApplication([sys.argv[0], *arguments])
    application.setApplicationName("Cleanplate")
    application.setDesktopFileName("cleanplate")
    workshop = open_workshop(folder, config)
    translators = translate(application, workshop.settings.value.language)
    tokens = theme.apply(application, workshop.settings.value.theme)
    application.setWindowIcon(app_icon())
    window = Window(workshop, tokens)
    application.styleHints().colorSchemeChanged.connect(
        lambda: window.restyle(theme.apply(application, workshop.settings.value.theme))
    )
    window.show()
    QTimer.singleShot(0, lambda: begin(window, [Path(name) for name in arguments if not name.startswith("-")]))
    code = application.exec()
    del translators
    return code


def open_workshop(folder: Path, config: WorkerConfig | None = None) -> Workshop:
    """All state over a real engine process; the process itself starts later."""
    log = folder / "log.txt"
    _log_to(log)
    config = config or WorkerConfig(log=folder / "engine-log.txt")
    catalog = load_catalog(*config.card_folders)
    return Workshop(EngineClient(config), catalog, Store(), folder, lambda: EngineClient(config))


def begin(window: Window, paths: Sequence[Path]) -> None:
    """Open what was asked for; else offer what a crash left; else, the first time, the sample. Then warm up."""
    shop = window.workshop
    leftovers = shop.files.recovery.leftovers()
    if leftovers:
        from app.ui.recover_dialog import RecoverDialog

        RecoverDialog(window, shop, leftovers).open()
    if paths:
        shop.files.open(paths[0])
    elif shop.settings.value.first_start and not leftovers:
        window.commands.sample()
    shop.settings.update(first_start=False)
    shop.host.warm()


def translate(application: QApplication, language: str) -> list[QTranslator]:
    """Install the texts of a language; ``system`` takes the machine's."""
    locale = QLocale.system() if language == "system" else QLocale(language)
    installed: list[QTranslator] = []
    places = (
        ("cleanplate", str(resources_dir() / "i18n")),
        ("qtbase", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)),
    )
    for name, place in places:
        translator = QTranslator(application)
        if translator.load(locale, name, "_", place):
            application.installTranslator(translator)
            installed.append(translator)
    if language != "system":
        QLocale.setDefault(locale)
        application.setLayoutDirection(locale.textDirection())
    return installed


def _log_to(path: Path) -> None:
    handler = logging.handlers.RotatingFileHandler(path, maxBytes=1 << 20, backupCount=1, encoding="utf-8", delay=True)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
