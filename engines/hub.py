"""Fetches a model folder from the Hugging Face hub, at the person's wish: goes on where it stopped, and is checked."""

from __future__ import annotations

import importlib
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engines.core.context import Context
from engines.core.faults import Cancelled, EngineError, Fault
from engines.core.files import sha256_of
from engines.loading import how_to_install
from engines.model_files import WEIGHTS, needed

OFFLINE = "HF_HUB_OFFLINE"


@dataclass(frozen=True, slots=True)
class _File:
    """A file that the hub offers; ``sha256`` is empty for small ones, which it keeps otherwise."""

    name: str
    size: int
    sha256: str


def fetch_model(repository: str, folder: Path, ctx: Context) -> None:
    """Make ``folder`` hold the files that make up the model ``repository`` (``owner/name``).

    Files that are there already are not asked for again; one that has come in part is gone on with.
    Raises ``EngineError``: NO_BACKEND without huggingface_hub, NO_NETWORK, WEIGHTS_INVALID; or ``Cancelled``.
    """
    if os.environ.get(OFFLINE, "0").upper() not in ("", "0", "NO", "OFF", "FALSE"):
        raise EngineError(Fault.NO_NETWORK, f"Downloads are switched off by {OFFLINE}.", "Unset it.")
    hub = _package()
    ctx.step(0.0, f"asking for {repository}")
    try:
        commit, files = _offered(hub, repository)
        _fetch_all(hub, repository, commit, files, (folder, ctx))
    except (EngineError, Cancelled):
        raise
    except (OSError, ValueError, RuntimeError, hub.errors.XetDownloadError) as error:  # HTTP errors are OSErrors
        raise _told(hub, repository, error) from error


def _package() -> Any:
    try:
        hub = importlib.import_module("huggingface_hub")
    except ImportError as error:
        raise EngineError(
            Fault.NO_BACKEND,
            "Models from the hub need the package huggingface_hub, which is not installed.",
            f"Install it ({how_to_install('huggingface_hub')}).",
        ) from error
    importlib.import_module("huggingface_hub.errors")
    constants = importlib.import_module("huggingface_hub.constants")
    constants.HF_HUB_OFFLINE = False  # type: ignore[attr-defined]  # an engine that ran before has switched it off
    hub.logging.set_verbosity_error()  # it remarks on every attempt; what matters is told by us
    return hub


def _endpoint() -> str | None:
    """Another address of the hub, as its own tools take it."""
    return os.environ.get("HF_ENDPOINT") or None


def _offered(hub: Any, repository: str) -> tuple[str, list[_File]]:
    """The commit that is fetched, and its files that are needed."""
    info = hub.HfApi(endpoint=_endpoint()).model_info(repository, files_metadata=True)
    there = {
        entry.rfilename: _File(entry.rfilename, int(entry.size or 0), entry.lfs.sha256 if entry.lfs else "")
        for entry in info.siblings
    }
    files = [there[name] for name in needed(there)]
    if not any(file.name.endswith(WEIGHTS) for file in files):
        raise EngineError(
            Fault.WEIGHTS_INVALID,
            f"{repository} offers no safetensors where they are looked for; other kinds of file are not taken.",
            "Take another repository.",
        )
    return str(info.sha), files


def _fetch_all(hub: Any, repository: str, commit: str, files: Sequence[_File], into: tuple[Path, Context]) -> None:
    folder, ctx = into
    total, come = max(sum(file.size for file in files), 1), 0
    for file in files:
        note = f"{file.name}: {come / 1e6:.0f} of {total / 1e6:.0f} MB"
        ctx.step(come / total, note)
        part = ctx.part(come / total, file.size / total)
        path = hub.hf_hub_download(
            repository,
            file.name,
            revision=commit,
            local_dir=folder,
            tqdm_class=_reporting(part, note),
            endpoint=_endpoint(),
        )
        if file.sha256 and sha256_of(Path(path)) != file.sha256:
            Path(path).unlink()
            raise EngineError(
                Fault.WEIGHTS_INVALID,
                f"What the hub sent for {file.name} of {repository} is not that file: its sha256 is another one.",
                "Nothing of it was kept. Try again later.",
            )
        come += file.size
    shutil.rmtree(folder / ".cache", ignore_errors=True)  # what the hub's client remembers of parts
    ctx.step(1.0, f"{repository}: checking")


def _reporting(ctx: Context, note: str) -> Any:
    """A progress bar that tells ``ctx``, and stops the download when the person cancels."""
    from tqdm.auto import tqdm

    class Bar(tqdm):  # type: ignore[type-arg, misc, unused-ignore]
        def __init__(self, *given: Any, **named: Any) -> None:
            named.pop("name", None)
            super().__init__(*given, **{**named, "disable": True})
            self._come, self._all = float(named.get("initial") or 0), float(named.get("total") or 0)

        def update(self, n: float | None = 1) -> bool | None:
            self._come += n or 0
            ctx.step(self._come / self._all if self._all else 0.0, note)
            return None

    return Bar


def _told(hub: Any, repository: str, error: Exception) -> EngineError:
    if isinstance(error, hub.errors.GatedRepoError):
        message = f"{repository} is given only to those who have agreed to its terms on the hub."
        hint = "Agree there, log in with the hub's own command (hf auth login), and run this again."
    elif isinstance(error, hub.errors.RepositoryNotFoundError | hub.errors.HFValidationError):
        message, hint = f"The hub has no public model {repository}.", "Models are named owner/name."
    else:
        message = f"The download of {repository} stopped: {str(error).splitlines()[0] if str(error) else error!r}"
        hint = "What has come is kept: the same command goes on from there."
    return EngineError(Fault.NO_NETWORK, message, hint)
