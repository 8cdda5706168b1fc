"""Builds the engine that a card names: the one place where an engine's module is imported."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

from engines.core.engine import Card, Engine, Setup, Weight
from engines.core.faults import EngineError, Fault

EXTRAS: Mapping[str, tuple[str, ...]] = {
    "diffusion": ("diffusers", "transformers", "accelerate", "peft", "huggingface_hub")
}
"""The optional packages, by the name under which they are installed together."""


def load_engine(card: Card, setup: Setup) -> Engine:
    """The engine of ``card.entry`` (``module:Class``), built from ``setup``.

    Raises ``EngineError``: NO_BACKEND where a package it needs is absent or broken, BAD_INPUT where the card
    names what does not exist, and whatever the engine itself raises while it loads.
    """
    return engine_class(card)(setup)


def check_weights(card: Card, weight: Weight, path: Path) -> None:
    """Have the engine look at ``path`` as its ``weight``: most are built with it, and freed. Raises what they raise."""
    engine_class(card).check(Setup(card, {weight.file: path}))


def recognised(card: Card, path: Path) -> str:
    """The name of the card's weights that the model in ``path`` is; the engine looks at it."""
    return engine_class(card).recognise(path)


def missing_packages(card: Card) -> list[str]:
    """The optional packages that the engine needs and that are not installed; none is imported for that."""
    return [name for name in card.packages if importlib.util.find_spec(name) is None]


def how_to_install(package: str) -> str:
    """The command that brings ``package``, or the set of packages that it belongs to."""
    extra = next((name for name, packages in EXTRAS.items() if package in packages), "")
    if extra:
        return f"pip install -c constraints.txt -e '.[{extra}]', in the folder of Cleanplate"
    return f"pip install {package}"


def engine_class(card: Card) -> type[Engine]:
    """The class that ``card.entry`` names, imported but not built."""
    module_name, _, class_name = card.entry.partition(":")
    if not (module_name and class_name.isidentifier()):
        raise _bad_card(card, "which is not module:Class")
    found: object = getattr(_module(card, module_name), class_name, None)
    if found is None:
        raise _bad_card(card, "but that module has no such class")
    if not (isinstance(found, type) and issubclass(found, Engine)):
        raise _bad_card(card, "which is no engine")
    return found


def _module(card: Card, name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        missing = error.name or ""
        if name == missing or name.startswith(f"{missing}."):
            raise _bad_card(card, "but there is no such module") from error
        package = missing.partition(".")[0]
        raise EngineError(
            Fault.NO_BACKEND,
            f"{card.name} needs the package {package}, which is not installed.",
            f"Install it ({how_to_install(package)}), or take another engine: cleanplate engines",
        ) from error
    except (ImportError, OSError) as error:  # a native library that is damaged, or misses another one
        raise EngineError(
            Fault.NO_BACKEND,
            f"A package that {card.name} needs is installed but cannot be loaded ({error}).",
            "See what is wrong with: cleanplate doctor",
        ) from error


def _bad_card(card: Card, why: str) -> EngineError:
    return EngineError(
        Fault.BAD_INPUT,
        f"The card of engine {card.id!r} names {card.entry!r}, {why}.",
        f"Correct entry in models/{card.id}.toml.",
    )
