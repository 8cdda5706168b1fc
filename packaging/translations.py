"""Collects every text of the editor for translation, and compiles the translations.

``python packaging/translations.py`` brings ``resources/i18n/*.ts`` up to date (with Qt's lupdate) and makes the
``.qm`` files that the program loads (with lrelease). Texts in tables, which lupdate cannot see, are listed for it.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from enum import Enum
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
FOLDER = ROOT / "resources" / "i18n"
LANGUAGES = ("zh_CN",)


def table_texts() -> Iterator[tuple[str, str]]:
    """Context and text of everything that stands in a table."""
    from app.state.settings import shown_fields
    from app.tools import TOOLS
    from app.ui import actions, settings_dialog

    for menu in actions.MENUS:
        yield actions.CONTEXT, menu
    for row in actions.ROWS:
        if row.text:
            yield actions.CONTEXT, row.text
    for tool in TOOLS:
        yield "Tools", tool.name
        yield "Tools", tool.hint
    for field in shown_fields():
        for part in ("label", "help", "section"):
            yield settings_dialog.CONTEXT, str(field.metadata[part])
        values = [member.value for member in type(field.default)] if isinstance(field.default, Enum) else []
        for value in (*values, *field.metadata.get("choices", ()), "auto"):
            yield settings_dialog.CONTEXT, settings_dialog.WORDS[str(value)]
    for label in history_labels():
        yield "History", label


def modules(*packages: str) -> list[Path]:
    """The Python files of packages of the editor."""
    return sorted(path for name in packages for path in (ROOT / "app" / name).glob("*.py"))


def history_labels() -> list[str]:
    """What steps of the history are called, as it is written in the state and the tools."""
    pattern = re.compile(r'(?:\._?do|commit|compute|take_mask|restore|operate|_compute)\(\s*(?:desk, )?"([A-Z][^"]+)"')
    shapes = re.compile(r'_(?:shape|strokes)\(desk, (?:Combine\.\w+, )?"([A-Z][^"]+)"')
    texts = [path.read_text(encoding="utf-8") for path in modules("state", "tools")]
    found = {label for text in texts for label in (*pattern.findall(text), *shapes.findall(text))}
    return sorted(found | {"Erase", "Erase anew"})


def main() -> int:
    """0 when all languages were written."""
    sources = [str(path.relative_to(ROOT)) for path in modules("ui", "state")]
    with tempfile.TemporaryDirectory(dir=ROOT) as folder:
        listed = Path(folder) / "tables.py"
        lines = [f"QT_TRANSLATE_NOOP({context!r}, {text!r})" for context, text in sorted(set(table_texts())) if text]
        listed.write_text("\n".join(lines).replace("'", '"') + "\n", encoding="utf-8")
        for language in LANGUAGES:
            target = FOLDER / f"cleanplate_{language}.ts"
            call = [_tool("lupdate"), "-no-obsolete", "-locations", "none", *sources, str(listed), "-ts", str(target)]
            subprocess.run(call, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
            compile_language(target, target.with_suffix(".qm"))
    return 0


def compile_language(source: Path, target: Path) -> None:
    """Make the ``.qm`` of a ``.ts``."""
    subprocess.run([_tool("lrelease"), str(source), "-qm", str(target)], check=True, stdout=subprocess.DEVNULL)


def _tool(name: str) -> str:
    return str(Path(sys.executable).with_name(f"pyside6-{name}"))


if __name__ == "__main__":
    sys.exit(main())
