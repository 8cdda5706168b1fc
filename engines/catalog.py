"""Reads ``models/*.toml`` into cards, checking every field; imports no engine."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, fields
from enum import Enum
from pathlib import Path
from typing import TypeVar

from engines.core.engine import Backend, Card, Option, OptionValue, Role, Task, Weight
from engines.core.faults import EngineError, Fault
from engines.core.paths import models_dir

RANKING = "ranking.toml"
"""The one file beside the cards that is none: which engine did how well on what."""

T = TypeVar("T")
E = TypeVar("E", bound=Enum)


class Catalog(Mapping[str, Card]):
    """All cards by id, in a fixed order."""

    def __init__(self, cards: Mapping[str, Card]) -> None:
        self._cards = dict(sorted(cards.items()))

    def __getitem__(self, engine: str) -> Card:
        return self._cards[engine]

    def __iter__(self) -> Iterator[str]:
        return iter(self._cards)

    def __len__(self) -> int:
        return len(self._cards)

    def card(self, engine: str, role: Role | None = None) -> Card:
        """The card of ``engine``, or an ``EngineError`` that lists the engines there are (of ``role``)."""
        card = self._cards.get(engine)
        if card is None or (role is not None and card.role is not role):
            there = ", ".join(self.ids(role))
            raise EngineError(Fault.UNKNOWN_ENGINE, f"There is no engine {engine!r}.", f"There are: {there}.")
        return card

    def ids(self, role: Role | None = None) -> list[str]:
        return [card.id for card in self._cards.values() if role in (None, card.role)]


def load_catalog(*folders: Path) -> Catalog:
    """The cards in ``folders`` (the program's own when none is given); a later folder wins over an earlier."""
    cards: dict[str, Card] = {}
    for folder in folders or (models_dir(),):
        for path in sorted(set(folder.glob("*.toml")) - {folder / RANKING}):
            card = read_card(path)
            cards[card.id] = card
    return Catalog(cards)


def read_card(path: Path) -> Card:
    """The card in ``path``, or an ``EngineError`` that names the field that is wrong."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        card = _card(table)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, TypeError, ValueError, EngineError) as error:
        why = str(error).rstrip(".")
        raise EngineError(Fault.BAD_INPUT, f"The engine card {path.name} cannot be used: {why}.") from error
    if card.id != path.stem:
        raise EngineError(Fault.BAD_INPUT, f"The engine card {path.name} is for {card.id!r}; names must agree.")
    return card


_DEVICES = ("cpu", "cuda", "mps")
_TABLES = ("role", "task", "weights", "backends", "devices", "packages", "options")


def _card(table: Mapping[str, object]) -> Card:
    plain = {name: value for name, value in table.items() if name not in _TABLES}
    card = _build(
        Card,
        {
            **plain,
            "role": _member(Role, table.get("role")),
            "task": _member(Task, table.get("task")),
            "weights": _rows(table, "weights", _weight),
            "backends": tuple(_member(Backend, name) for name in _list(table, "backends")),
            "devices": tuple(str(name) for name in _list(table, "devices")) or ("cpu",),
            "packages": tuple(str(name) for name in _list(table, "packages")),
            "options": _rows(table, "options", _option),
        },
    )
    for name in ("licence", "source", "summary", "entry"):
        if not getattr(card, name):
            msg = f"{name} is empty"
            raise ValueError(msg)
    _check_sizes(card)
    return card


def _check_sizes(card: Card) -> None:
    """Refuse what would make the pipeline divide by zero or look for a crop that cannot be."""
    faults = {
        "multiple_of is less than 1": card.multiple_of < 1,
        "context or context_share is less than 0": card.context < 0 or card.context_share < 0,
        "min_side, best_side and max_side do not ascend": not 1 <= card.min_side <= card.best_side <= card.max_side,
        f"devices must be among {', '.join(_DEVICES)}": not set(card.devices) <= set(_DEVICES),
        "window is for video erasers, and they need one": (card.window > 0) != (card.role is Role.VIDEO_ERASER),
        "weights_together is for cards with several weights": card.weights_together and len(card.weights) < 2,
        "overlap is not within 0 and half the window": not 0 <= 2 * card.overlap <= max(card.window, 0),
    }
    _refuse(faults)


def _refuse(faults: Mapping[str, bool], where: str = "") -> None:
    for fault, found in faults.items():
        if found:
            raise ValueError(where + fault)


def _option(row: Mapping[str, object]) -> Option:
    choices = tuple(str(choice) for choice in _list(row, "choices"))
    option = _build(Option, {**row, "choices": choices})
    for task in Task:
        option.check(option.default_for(task))
    return option


_NPM = r"(@[\w.-]+/)?[\w.-]+@\d[\w.+-]*:[\w./-]+"


def _weight(row: Mapping[str, object]) -> Weight:
    weight = _build(Weight, row)
    faults = {
        "file is not a plain name": Path(weight.file).name != weight.file,
        "licence or source is empty": not (weight.licence and weight.source),
        "sha256 is not 64 hex digits": bool(weight.sha256) and re.fullmatch("[0-9a-f]{64}", weight.sha256) is None,
        "url is not http or https": bool(weight.url) and re.match("https?://", weight.url) is None,
        "npm is not package@version:path": bool(weight.npm) and re.fullmatch(_NPM, weight.npm) is None,
        "url or npm is there, but not sha256 and size": bool(weight.url or weight.npm)
        and not (weight.sha256 and weight.size > 0),
        "hub is not owner/name": bool(weight.hub) and re.fullmatch(r"[\w.-]+/[\w.-]+", weight.hub) is None,
        "hub is there for what is no folder": bool(weight.hub) and not weight.folder,
        "bundled is set for weights that are not commercial": weight.bundled and not weight.commercial,
    }
    _refuse(faults, f"weights {weight.file!r}: ")
    return weight


def _rows(table: Mapping[str, object], name: str, make: Callable[[Mapping[str, object]], T]) -> tuple[T, ...]:
    rows = _list(table, name)
    if not all(isinstance(row, dict) for row in rows):
        msg = f"{name} must be tables"
        raise TypeError(msg)
    return tuple(make(row) for row in rows if isinstance(row, dict))


def _list(table: Mapping[str, object], name: str) -> list[object]:
    value = table.get(name, [])
    if not isinstance(value, list):
        msg = f"{name} must be a list"
        raise TypeError(msg)
    return value


def _member(kind: type[E], value: object) -> E:
    try:
        return kind(value)
    except ValueError:
        allowed = ", ".join(str(member.value) for member in kind)
        msg = f"{kind.__name__.lower()} is {value!r} and must be one of {allowed}"
        raise ValueError(msg) from None


_SCALARS: Mapping[str, type | tuple[type, ...]] = {
    "str": str,
    "int": int,
    "bool": bool,
    "float": (int, float),
    "float | None": (int, float),
    "OptionValue": OptionValue.__args__,
    "OptionValue | None": OptionValue.__args__,
}


def _build(kind: Callable[..., T], row: Mapping[str, object]) -> T:
    """A frozen dataclass from a table: unknown, missing and ill-typed fields are refused by name."""
    known = {f.name: f for f in fields(kind)}  # type: ignore[arg-type]
    for name, value in row.items():
        if name not in known:
            msg = f"it has an unknown field {name!r}"
            raise ValueError(msg)
        wanted = _SCALARS.get(str(known[name].type))
        if wanted is not None and (not isinstance(value, wanted) or (wanted is int and isinstance(value, bool))):
            msg = f"{name} is {value!r}, which is not of type {known[name].type}"
            raise TypeError(msg)
    missing = [name for name, f in known.items() if f.default is MISSING and name not in row]
    if missing:
        msg = f"it lacks {', '.join(missing)}"
        raise ValueError(msg)
    return kind(**row)
