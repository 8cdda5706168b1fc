"""Reading JSON that may come from anybody: every value is checked, and what is wrong is told in words."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import TypeAlias, TypeVar

from engines.core.faults import EngineError, Fault

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"
E = TypeVar("E", bound=Enum)


class Table:
    """A JSON object with typed look-ups; each raises an ``EngineError`` (UNREADABLE) that names the field."""

    def __init__(self, value: Json, name: str = "the project") -> None:
        if not isinstance(value, dict):
            raise _broken(name)
        self._value: Mapping[str, Json] = value
        self._name = name

    def whole(self, key: str) -> int:
        value = self._value.get(key)
        if not isinstance(value, int) or isinstance(value, bool):
            raise _broken(f"{self._name}: {key}")
        return value

    def number(self, key: str) -> float:
        value = self._value.get(key)
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise _broken(f"{self._name}: {key}")
        return float(value)

    def number_or_none(self, key: str) -> float | None:
        return None if self._value.get(key) is None else self.number(key)

    def text(self, key: str) -> str:
        value = self._value.get(key)
        if not isinstance(value, str):
            raise _broken(f"{self._name}: {key}")
        return value

    def flag(self, key: str) -> bool:
        value = self._value.get(key)
        if not isinstance(value, bool):
            raise _broken(f"{self._name}: {key}")
        return value

    def has(self, key: str) -> bool:
        """Whether there is a value, other than null."""
        return self._value.get(key) is not None

    def table(self, key: str) -> Table:
        return Table(self._value.get(key), f"{self._name}: {key}")

    def rows(self, key: str) -> list[Table]:
        return [Table(row, f"{self._name}: {key} {number}") for number, row in enumerate(self._list(key))]

    def wholes(self, key: str) -> list[int]:
        row = Table({str(number): value for number, value in enumerate(self._list(key))}, f"{self._name}: {key}")
        return [row.whole(str(number)) for number in range(len(self._list(key)))]

    def lists(self, key: str) -> list[list[int]]:
        """A list of lists of whole numbers."""
        rows = {str(number): value for number, value in enumerate(self._list(key))}
        return [Table(rows, f"{self._name}: {key}").wholes(number) for number in rows]

    def texts(self, key: str) -> list[str]:
        row = Table({str(number): value for number, value in enumerate(self._list(key))}, f"{self._name}: {key}")
        return [row.text(str(number)) for number in range(len(self._list(key)))]

    def scalars(self, key: str) -> dict[str, bool | int | float | str]:
        """An object whose values are all plain: engine options."""
        value = self._value.get(key)
        if not isinstance(value, dict):
            raise _broken(f"{self._name}: {key}")
        plain = {name: v for name, v in value.items() if isinstance(v, bool | int | float | str)}
        if len(plain) != len(value):
            raise _broken(f"{self._name}: {key}")
        return plain

    def _list(self, key: str) -> list[Json]:
        value = self._value.get(key)
        if not isinstance(value, list):
            raise _broken(f"{self._name}: {key}")
        return value


def _broken(where: str) -> EngineError:
    return EngineError(
        Fault.UNREADABLE,
        f"The project file is damaged ({where}).",
        "Open an older copy of it, or the picture itself.",
    )


broken = _broken


def member(kind: type[E], value: str) -> E:
    """The member of an enum with that value."""
    try:
        return kind(value)
    except ValueError:
        raise broken(value) from None
