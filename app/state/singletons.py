"""Keeps True, False and None alive where a library counts them wrongly.

PySide 6.12's ``Signal.emit`` returns True without taking a reference of its own. Before Python 3.12, which made
these objects immortal, each emit therefore takes one away, and after some hundreds the interpreter ends with
"deallocating True or False". Giving them as many references as immortal objects have makes that harmless.
"""

from __future__ import annotations

import ctypes
import sys

_MANY = 1 << 40


def protect_singletons() -> None:
    """Once per process, before the first signal; does nothing where they are immortal already."""
    if sys.version_info >= (3, 12) or sys.implementation.name != "cpython":
        return
    for singleton in (True, False, None):
        references = ctypes.c_ssize_t.from_address(id(singleton))  # the first field of every object
        if references.value < _MANY:
            references.value += _MANY
