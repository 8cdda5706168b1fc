"""Finds, checks, imports, downloads and removes weights, and keeps the ONNX models made from them.

Bundled files are read-only, in the program's ``models/bundled``. The user's are in a folder for each engine:
the file under a name with its sha256, beside it a record (JSON) of what it is. The record is written last and
removed first, so that a process that is killed leaves nothing that would be taken for weights.
"""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from engines.core.atomic import flush, replacing, write_bytes
from engines.core.context import Context
from engines.core.engine import Card, Weight
from engines.core.faults import EngineError, Fault
from engines.core.files import Fingerprints, locked, sha256_of
from engines.core.paths import models_dir, user_data_dir
from engines.download import obtain, refuse_offline
from engines.loading import check_weights

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
    """A file that was taken into the store. ``known``: the card itself says which sha256 it must have."""

    weight: Weight
    path: Path
    sha256: str
    known: bool


@dataclass(frozen=True, slots=True)
class _Record:
    """What the store knows of a file of the user's. ``licence``: the one in the card when it was taken in."""

    file: str
    sha256: str
    licence: str
    origin: str


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
        """Whether the engine can run: it needs no weights, or some are here. They are not read for that."""
        return not card.weights or any(holding.path for holding in self.holdings(card))

    def choose(self, card: Card) -> tuple[Weight, Path]:
        """The first of the card's weights that are here, bundled before imported, with their sha256 checked.

        Raises ``EngineError``: WEIGHTS_MISSING with the command that helps, WEIGHTS_INVALID for a damaged file.
        """
        for holding in self.holdings(card):
            if holding.path is not None:
                try:
                    self._verify(card, holding, holding.path)
                except FileNotFoundError:  # another process has replaced it since
                    return self.choose(card)
                return holding.weight, holding.path
        message = f"{card.name} has no weights on this machine."
        raise EngineError(Fault.WEIGHTS_MISSING, message, _how_to_get(card))

    def import_file(
        self, card: Card, file: Path, check: Check | None = None, consent: Consent = _nobody, name: str = ""
    ) -> Kept:
        """Copy ``file`` into the store, as the weights of the card that it is, or that ``name`` says it is.

        ``check``: where None, the engine is built with the file, and must take it strictly.
        Raises ``EngineError``; then the store is as it was.
        """
        found = _sha256_of_given(file)
        weight = _slot(card, file, found, name)
        _agree(card, weight, consent)
        (check or partial(check_weights, card, weight))(file)
        with self._changing(card) as folder:
            path = folder / _stored_name(weight, found, file.suffix)
            with replacing(path) as copy:
                shutil.copyfile(file, copy)
                if sha256_of(copy) != found:
                    raise EngineError(Fault.WEIGHTS_INVALID, f"{file} changed while it was copied.", "Try again.")
            return self._record(card, Kept(weight, path, found, bool(weight.sha256)), file.name)

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
            return Kept(weight, held.path, weight.sha256, known=True)
        refuse_offline(f"Unset it, or import the file: cleanplate models import {card.id} {weight.file}")
        _agree(card, weight, consent)
        with self._arriving(card, weight) as arriving:
            origin = obtain(weight, arriving, ctx)
            (check or partial(check_weights, card, weight))(arriving)
            with self._changing(card) as folder:
                path = folder / _stored_name(weight, weight.sha256, arriving.suffix)
                flush(arriving)
                arriving.replace(path)
                return self._record(card, Kept(weight, path, weight.sha256, known=True), origin)

    def remove(self, card: Card, name: str = "") -> list[str]:
        """Delete the user's weights called ``name`` (all of the engine's, where empty) and what was made of them.

        Returns the names of what went. Bundled files stay.
        """
        wanted = [_named(card, name)] if name else card.weights
        with self._changing(card) as folder:
            gone = [weight.file for weight in wanted if self._forget(card, weight)]
            for model in folder.glob("*.onnx") if not name else ():
                model.unlink()
                gone.append(model.name)
        return gone

    def onnx_path(self, card: Card, weights: Path) -> Path:
        """Where the ONNX model made from the file ``weights`` is, or would be: their sha256 is in its name.

        Weights that are an ONNX model already are it themselves.
        """
        if weights.suffix == ".onnx":
            return weights
        return self._folder(card) / _export_name(self._fingerprints.of(weights))

    def add_export(self, card: Card, weights: Path, model: Path) -> Path:
        """Copy the ONNX model that was made from ``weights`` into the store, for ``--backend onnx``."""
        path = self.onnx_path(card, weights)
        with self._changing(card), replacing(path) as copy:
            shutil.copyfile(model, copy)
        return path

    def _folder(self, card: Card) -> Path:
        return self._user / card.id

    def _holding(self, card: Card, weight: Weight) -> Holding:
        bundled = self._bundled / weight.file
        if weight.bundled and bundled.is_file():
            return Holding(weight, bundled, weight.sha256, bundled=True)
        record = self._read_record(card, weight)
        if record is None or not (weight.commercial or record.licence == weight.licence):
            return Holding(weight)
        path = self._folder(card) / record.file
        return Holding(weight, path, weight.sha256 or record.sha256) if path.is_file() else Holding(weight)

    def _verify(self, card: Card, holding: Holding, path: Path) -> None:
        if not self._intact(holding, path):
            again = "Install Cleanplate again." if holding.bundled else _how_to_get(card, holding.weight)
            message = f"The weights {path} are damaged: their sha256 is not {holding.sha256}."
            raise EngineError(Fault.WEIGHTS_INVALID, message, again)

    def _intact(self, holding: Holding, path: Path) -> bool:
        wanted, of = holding.sha256, self._fingerprints.of
        return not wanted or of(path) == wanted or of(path, afresh=True) == wanted

    def _read_record(self, card: Card, weight: Weight) -> _Record | None:
        try:
            table = json.loads((self._folder(card) / _record_name(weight)).read_bytes())
            record = _Record(**{field: str(value) for field, value in table.items()})
        except (OSError, ValueError, TypeError, AttributeError):
            return None
        return record if Path(record.file).name == record.file else None

    def _record(self, card: Card, kept: Kept, origin: str) -> Kept:
        """Make ``kept`` the user's file of its weights; what was there before goes."""
        before = self._read_record(card, kept.weight)
        record = _Record(kept.path.name, kept.sha256, kept.weight.licence, origin)
        folder = self._folder(card)
        write_bytes(folder / _record_name(kept.weight), json.dumps(asdict(record), indent=1).encode())
        if before is not None and before.file != record.file:
            _discard(folder, before)
        return kept

    def _forget(self, card: Card, weight: Weight) -> bool:
        """Delete a file of the user's, or the part of one that has come; whether there was any."""
        folder, record = self._folder(card), self._read_record(card, weight)
        arrived = folder / "partial" / weight.file
        there = record is not None or arrived.exists()
        (folder / _record_name(weight)).unlink(missing_ok=True)
        arrived.unlink(missing_ok=True)
        if record is not None:
            _discard(folder, record)
        return there

    @contextlib.contextmanager
    def _changing(self, card: Card) -> Iterator[Path]:
        """The engine's folder, for this process alone; what a killed one left half done is cleared away."""
        folder = self._folder(card)
        with _writing_told(folder):
            folder.mkdir(parents=True, exist_ok=True)
            with locked(folder / ".lock"):
                for left in folder.glob(".cleanplate-*"):
                    shutil.rmtree(left)
                yield folder

    @contextlib.contextmanager
    def _arriving(self, card: Card, weight: Weight) -> Iterator[Path]:
        """Where a download grows; only one process at a time may add to it."""
        folder = self._folder(card) / "partial"
        with _writing_told(folder), contextlib.ExitStack() as stack:
            folder.mkdir(parents=True, exist_ok=True)
            try:
                stack.enter_context(locked(folder / ".lock", wait=False))
            except BlockingIOError as error:
                message = f"Another Cleanplate is downloading weights of {card.name} at this moment."
                raise EngineError(Fault.NOT_WRITTEN, message, "Wait until it has ended.") from error
            yield folder / weight.file


@contextlib.contextmanager
def _writing_told(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise EngineError(
            Fault.NOT_WRITTEN,
            f"{folder} cannot be written: {error.strerror or error}.",
            "Set CLEANPLATE_DATA to a folder that can.",
        ) from error


def _discard(folder: Path, record: _Record) -> None:
    """Delete a file of weights, and the ONNX model that was made of it."""
    for name in (record.file, _export_name(record.sha256)):
        with contextlib.suppress(PermissionError):  # Windows, while another process reads it; nothing names it now
            (folder / name).unlink(missing_ok=True)


def _stored_name(weight: Weight, sha256: str, suffix: str) -> str:
    return f"{Path(weight.file).stem}.{sha256[:12]}{suffix}"


def _export_name(sha256: str) -> str:
    return f"{sha256[:16]}.onnx"


def _record_name(weight: Weight) -> str:
    return f"{weight.file}.json"


def _sha256_of_given(file: Path) -> str:
    try:
        return sha256_of(file)
    except FileNotFoundError as error:
        raise EngineError(Fault.UNREADABLE, f"There is no file {file}.") from error
    except OSError as error:
        raise EngineError(Fault.UNREADABLE, f"{file} cannot be read: {error.strerror or error}.") from error


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
        raise EngineError(Fault.WEIGHTS_MISSING, message, _how_to_get(card) if card.weights else "")
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
    by_hand = next((weight for weight in offered if wanted or not weight.bundled), None)
    if by_hand is None:
        return "They come with the program, but this copy lacks them: install Cleanplate again."
    return f"Get {by_hand.file} ({by_hand.source}), then run: cleanplate models import {card.id} {by_hand.file}"
