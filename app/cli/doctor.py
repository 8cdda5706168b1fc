"""``cleanplate doctor``: what is installed, what this machine offers, what is missing and how to get it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from app import VERSION
from app.cli.console import out, show_table

if TYPE_CHECKING:  # these import numpy, which --help must not wait for
    from engines.diagnosis import Diagnosis


def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> int:
    """Tell versions, devices, memory and disk, what is missing, and how to get it.

    Ends with 1 where a part of the installation does not work.
    """
    from engines.catalog import load_catalog
    from engines.diagnosis import diagnose
    from engines.store import Store

    found = diagnose(load_catalog(), Store())
    if as_json:
        from dataclasses import asdict

        typer.echo(json.dumps({"cleanplate": VERSION, **asdict(found)}, ensure_ascii=False, indent=2, default=str))
    else:
        show_table(("", ""), _facts(found))
        _tell_problems(found)
    return 1 if any(problem.serious for problem in found.problems) else 0


def _facts(found: Diagnosis) -> list[tuple[str, str]]:
    gib = 1 << 30
    packages = [(name, version or "not installed") for name, version in found.packages.items()]
    devices = [
        (device.id, f"{device.name}; {device.free / gib:.1f} of {device.total / gib:.1f} GiB free")
        for device in found.devices
    ]
    folder = f"{found.data_folder}{'' if found.data_writable else ' (cannot be written)'}"
    return [
        ("cleanplate", VERSION),
        ("python", f"{found.python}, {found.system}"),
        *packages,
        *(devices or [("devices", "unknown: PyTorch does not load")]),
        ("ONNX Runtime on", ", ".join(found.providers) or "unknown: it does not load"),
        ("memory", f"{found.memory_free / gib:.1f} of {found.memory_total / gib:.1f} GiB free"),
        ("data folder", f"{folder}; {found.disk_free / gib:.1f} GiB free"),
        ("downloads", "only when you ask for one" if found.downloads_allowed else "switched off by CLEANPLATE_OFFLINE"),
    ]


def _tell_problems(found: Diagnosis) -> None:
    page = out()
    page.print()
    if not found.problems:
        page.print("Nothing is missing.")
    for problem in found.problems:
        page.print(f"* {problem.what} {problem.remedy}".rstrip(), highlight=False, markup=False)
