"""Finds, checks, imports, downloads and removes weights, and keeps the ONNX models made from them.

Bundled files are read-only, in the program's ``models/bundled``. The user's are on a shelf for each engine
(``engines.shelf``), under a name with their sha256.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from engines.core.atomic import flush, replacing
from engines.core.context import Context
from engines.core.engine import Card, Weight
from engines.core.faults import EngineError, Fault
from engines.core.files import Fingerprints, sha256_of
from engines.core.paths import models_dir, user_data_dir
from engines.download import obtain, refuse_offline
from engines.hub import fetch_model
from engines.loading import check_weights, missing_packages, recognised
from engines.model_files import copy, digest, discard, move
from engines.shelf import Record, Shelf, export_name, stored_name

Check = Callable[[Path], None]
"""Raises ``EngineError`` where the engine cannot use the file."""

Consent = Callable[[Weight], bool]
"""Asks the person whether the licence of weights for non-commercial use is all right."""


@dataclass(frozen=True, slots=True)
class Holding:
    """What is here of one of a card's weights.

    ``path``: None where it is missing; ``sha256``: what it must have, empty where nobody knows;
    ``bundled``: it came with the program.
    """

    weight: Weight
    path: Path | None = None
    sha256: str = ""
    bundled: bool = False


@dataclass(frozen=True, slots=True)
class Kept:
    """Weights that were taken into the store. ``known``: the card itself says which sha256 they must have."""

    weight: Weight
    path: Path
    sha256: str
    known: bool


def _nobody(weight: Weight) -> bool:
    """There is nobody to ask, so nobody agrees."""
    del weight
    return False


class Store:
    """The weights of all engines. ``bundled`` and ``user``: folders; those of the program where None."""

    def __init__(self, bundled: Path | None = None, user: Path | None = None) -> None:
        self._bundled = bundled or models_dir() / "bundled"
        self._user = user or user_data_dir() / "models"
        self._fingerprints = Fingerprints(self._user / "sha256.json")

    def holdings(self, card: Card) -> tuple[Holding, ...]:
        """Every file of weights that the card names, in its order, and whether it is here."""
        return tuple(self._holding(card, weight) for weight in card.weights)

    def ready(self, card: Card) -> bool:
        """Whether the engine can run: its packages are here, and weights where it needs any. They are not read."""
        enough = all if card.weights_together else any
        weights = not card.weights or enough(holding.path is not None for holding in self.holdings(card))
        return weights and not missing_packages(card)

    def files(self, card: Card, name: str = "") -> dict[str, Path]:
        """What the engine is built from: those weights that ``choose`` gives, or all where they work together.

        Raises ``EngineError`` as ``choose`` does.
        """
        names = [weight.file for weight in card.weights] if card.weights_together else [name]
        chosen = [self.choose(card, each) for each in names] if card.weights else []
        return {weight.file: path for weight, path in chosen}

    def choose(self, card: Card, name: str = "") -> tuple[Weight, Path]:
        """The first of the card's weights that are here (those called ``name``, if given), with their sha256 checked.

        Raises ``EngineError``: WEIGHTS_MISSING with the command that helps, WEIGHTS_INVALID for damaged ones.
        """
        wanted = _named(card, name) if name else None
        for holding in self.holdings(card):
            if holding.path is not None and wanted in (None, holding.weight):
                try:
                    self._verify(card, holding, holding.path)
                except FileNotFoundError:  # another process has replaced it since
                    return self.choose(card, name)
                return holding.weight, holding.path
        which = f" called {name}" if name else ""
        message = f"{card.name} has no weights{which} on this machine."
        raise EngineError(Fault.WEIGHTS_MISSING, message, _how_to_get(card, wanted))

    def import_file(
        self,
        card: Card,
        file: Path,
        check: Check | None = None,
        consent: Consent = _nobody,
        name: str = "",
        *,
        link: bool = False,
    ) -> Kept:
        """Copy ``file`` into the store, as the weights of the card that it is, or that ``name`` says it is.

        It may be a folder where the card allows it. ``link``: nothing is copied, it stays where it is and must stay
        there. ``check``: where None, the engine is built with the file, and must take it strictly.
        Raises ``EngineError``; then the store is as it was.
        """
        found = _sha256_of_given(card, file)
        weight = _slot(card, file, found, name or self._recognised(card, file, check))
        _agree(card, weight, consent)
        (check or partial(check_weights, card, weight))(file)
        shelf = self._shelf(card)
        with shelf.changing() as folder:
            path = file.absolute() if link else folder / stored_name(weight, found, _suffix(file))
            if not link:
                copy(file, path)
                if digest(path, sha256_of) != found:
                    discard(path)
                    raise EngineError(Fault.WEIGHTS_INVALID, f"{file} changed while it was copied.", "Try again.")
            record = Record(path.name, found, weight.licence, file.name, str(path) if link else "")
            shelf.write(weight, record)
        return Kept(weight, path, found, bool(weight.sha256))

    def download(
        self, card: Card, ctx: Context, check: Check | None = None, consent: Consent = _nobody, name: str = ""
    ) -> Kept:
        """Fetch the card's first weights that can be fetched, or those called ``name``; see ``engines.download``.

        Where they are here already, nothing is fetched. Raises ``EngineError`` or ``Cancelled``; what has come
        until then is kept for the next time.
        """
        weight = _downloadable(card, name)
        held = self._holding(card, weight)
        if held.path is not None and (held.bundled or self._intact(held, held.path)):
            self._verify(card, held, held.path)
            return Kept(weight, held.path, held.sha256, known=bool(weight.sha256))
        if weight.hub:
            return self.download_model(card, weight.hub, ctx, check, weight.file)
        refuse_offline(f"Unset it, or import the file: cleanplate models import {card.id} {weight.file}")
        _agree(card, weight, consent)
        shelf = self._shelf(card)
        with shelf.arriving(card, weight.file) as arriving:
            origin = obtain(weight, arriving, ctx)
            (check or partial(check_weights, card, weight))(arriving)
            with shelf.changing() as folder:
                path = folder / stored_name(weight, weight.sha256, arriving.suffix)
                flush(arriving)
                arriving.replace(path)
                shelf.write(weight, Record(path.name, weight.sha256, weight.licence, origin))
        return Kept(weight, path, weight.sha256, known=True)

    def download_model(
        self, card: Card, repository: str, ctx: Context, check: Check | None = None, name: str = ""
    ) -> Kept:
        """Fetch the model ``owner/name`` from the Hugging Face hub, for an engine that takes models of one's choice.

        Where it is here already, nothing is fetched.
        Raises ``EngineError`` or ``Cancelled``; what has come until then is kept for the next time.
        """
        if not any(weight.folder for weight in card.weights):
            raise EngineError(Fault.BAD_INPUT, f"{card.name} takes no models from the hub.", _how_to_get(card))
        shelf, origin = self._shelf(card), f"hub {repository}"
        for held in self.holdings(card):
            record = shelf.read(held.weight)
            if record and record.origin == origin and held.path and self._intact(held, held.path):
                return Kept(held.weight, held.path, held.sha256, known=bool(held.weight.sha256))
        refuse_offline(f"Unset it, or import a folder: cleanplate models import {card.id} FOLDER")
        with shelf.arriving(card, f"hub--{repository.replace('/', '--')}") as arriving:
            fetch_model(repository, arriving, ctx)
            found = digest(arriving, sha256_of)
            weight = _slot(card, arriving, found, name or self._recognised(card, arriving, check))
            (check or partial(check_weights, card, weight))(arriving)
            with shelf.changing() as folder:
                path = folder / stored_name(weight, found, "")
                move(arriving, path)
                shelf.write(weight, Record(path.name, found, weight.licence, origin))
        return Kept(weight, path, found, bool(weight.sha256))

    def remove(self, card: Card, name: str = "") -> list[str]:
        """Delete the user's weights called ``name`` (all of the engine's, where empty) and what was made of them.

        Returns the names of what went. Bundled files stay, and so do those that lie elsewhere.
        """
        wanted = [_named(card, name)] if name else card.weights
        shelf = self._shelf(card)
        with shelf.changing() as folder:
            gone = [weight.file for weight in wanted if shelf.forget(weight)]
            for left in (*folder.glob("*.onnx"), *folder.glob("partial/hub--*")) if not name else ():
                discard(left)
                gone.append(left.name)
        return gone

    def onnx_path(self, card: Card, weights: Path) -> Path:
        """Where the ONNX model made from the file ``weights`` is, or would be: their sha256 is in its name.

        Weights that are an ONNX model already are it themselves.
        """
        if weights.suffix == ".onnx":
            return weights
        return self._shelf(card).folder / export_name(digest(weights, self._fingerprints.of))

    def add_export(self, card: Card, weights: Path, model: Path) -> Path:
        """Copy the ONNX model that was made from ``weights`` into the store, for ``--backend onnx``."""
        path = self.onnx_path(card, weights)
        with self._shelf(card).changing(), replacing(path) as beside:
            shutil.copyfile(model, beside)
        return path

    def _shelf(self, card: Card) -> Shelf:
        return Shelf(self._user / (card.weights_of or card.id))

    def _holding(self, card: Card, weight: Weight) -> Holding:
        bundled = self._bundled / weight.file
        if weight.bundled and bundled.is_file():
            return Holding(weight, bundled, weight.sha256, bundled=True)
        shelf = self._shelf(card)
        record = shelf.read(weight)
        if record is None or not (weight.commercial or record.licence == weight.licence):
            return Holding(weight)
        path = shelf.path(record)
        there = path.is_file() or (weight.folder and path.is_dir())
        return Holding(weight, path, weight.sha256 or record.sha256) if there else Holding(weight)

    def _recognised(self, card: Card, path: Path, check: Check | None) -> str:
        """Which weights of a card with several kinds of models ``path`` is; the engine itself knows."""
        if check is not None or not any(weight.folder for weight in card.weights):
            return ""
        return recognised(card, path)

    def _verify(self, card: Card, holding: Holding, path: Path) -> None:
        if not self._intact(holding, path):
            again = "Install Cleanplate again." if holding.bundled else _how_to_get(card, holding.weight)
            message = f"The weights {path} are damaged: their sha256 is not {holding.sha256}."
            raise EngineError(Fault.WEIGHTS_INVALID, message, again)

    def _intact(self, holding: Holding, path: Path) -> bool:
        wanted, of = holding.sha256, self._fingerprints.of
        return not wanted or digest(path, of) == wanted or digest(path, partial(of, afresh=True)) == wanted


def _suffix(path: Path) -> str:
    return "" if path.is_dir() else path.suffix


def _sha256_of_given(card: Card, path: Path) -> str:
    if path.is_dir() and not any(weight.folder for weight in card.weights):
        raise EngineError(Fault.UNREADABLE, f"{path} is a folder, and {card.name} takes a file.")
    try:
        return digest(path, sha256_of)
    except FileNotFoundError as error:
        raise EngineError(Fault.UNREADABLE, f"There is no file {path}.") from error
    except OSError as error:
        raise EngineError(Fault.UNREADABLE, f"{path} cannot be read: {error.strerror or error}.") from error


def _named(card: Card, name: str) -> Weight:
    for weight in card.weights:
        if weight.file == name:
            return weight
    names = ", ".join(weight.file for weight in card.weights)
    there = f"There are: {names}." if names else "It needs none."
    raise EngineError(Fault.BAD_INPUT, f"{card.name} has no weights called {name!r}.", there)


def _slot(card: Card, file: Path, sha256: str, name: str) -> Weight:
    """Which of the card's weights ``file`` is: by ``name``, by its sha256, by its own name, or the only one left."""
    if not card.weights:
        raise EngineError(Fault.BAD_INPUT, f"{card.name} needs no weights.")
    unknown = [weight for weight in card.weights if not (weight.sha256 or weight.bundled)]
    candidates = (
        [_named(card, name)]
        if name
        else [weight for weight in card.weights if weight.sha256 == sha256]
        or [weight for weight in card.weights if weight.file == file.name]
        or unknown
    )
    if len(candidates) != 1:
        names = ", ".join(weight.file for weight in card.weights)
        message = f"{file} could be any or none of the weights of {card.name}."
        raise EngineError(Fault.BAD_INPUT, message, f"Say which with --weights: {names}.")
    (weight,) = candidates
    if weight.sha256 not in ("", sha256):
        message = f"{file} is not {weight.file}: its sha256 is {sha256} instead of {weight.sha256}."
        raise EngineError(Fault.WEIGHTS_INVALID, message, "It may be damaged, or another version: get it again.")
    return weight


def _downloadable(card: Card, name: str) -> Weight:
    offered = [_named(card, name)] if name else list(card.weights)
    weight = next((weight for weight in offered if weight.downloadable), None)
    if weight is None:
        message = f"No weights of {card.name} can be downloaded." if card.weights else f"{card.name} needs no weights."
        wanted = offered[0] if name else None
        raise EngineError(Fault.WEIGHTS_MISSING, message, _how_to_get(card, wanted) if card.weights else "")
    return weight


def _agree(card: Card, weight: Weight, consent: Consent) -> None:
    if not (weight.commercial or consent(weight)):
        raise EngineError(
            Fault.BAD_INPUT,
            f"{weight.file} of {card.name} has a licence that was not accepted: {weight.licence}.",
            "If it allows what you do with it, add --accept-licence.",
        )


def _how_to_get(card: Card, wanted: Weight | None = None) -> str:
    """The command that brings ``wanted``; or, where None, the weights of the card that are easiest to get."""
    offered = [weight for weight in card.weights if wanted in (None, weight)]
    if any(weight.downloadable for weight in offered):
        return f"Run: cleanplate models download {card.id}"
    if any(weight.folder for weight in offered):
        return f"Add a checkpoint that you have: cleanplate models import {card.id} FILE_OR_FOLDER"
    by_hand = next((weight for weight in offered if wanted or not weight.bundled), None)
    if by_hand is None:
        return "They come with the program, but this copy lacks them: install Cleanplate again."
    return f"Get {by_hand.file} ({by_hand.source}), then run: cleanplate models import {card.id} {by_hand.file}"
