"""Fetches the fonts that ``engines/training/fonts.toml`` lists, on Debian or Ubuntu, without installing anything.

    python packaging/training_fonts.py build/fonts

puts those to train with into ``build/fonts/train``, those to measure with into ``build/fonts/held_out``, each
beside its copyright file, and ``build/fonts/FONTS.csv`` says which version of which package each file came from.
"""

from __future__ import annotations

import csv
import fnmatch
import hashlib
import shutil
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

LIST = Path(__file__).parents[1] / "engines" / "training" / "fonts.toml"
SUFFIXES = {".ttf", ".otf", ".ttc"}


@dataclass(frozen=True)
class Package:
    """One row of the list; ``files`` are the patterns of the faces to take, all where empty."""

    name: str
    licence: str
    held_out: bool
    files: tuple[str, ...]


@dataclass(frozen=True)
class Taken:
    """One font file, for the record."""

    split: str
    package: str
    version: str
    licence: str
    file: str
    sha256: str


def packages(listing: Path) -> list[Package]:
    rows = tomllib.loads(listing.read_text(encoding="utf-8"))["package"]
    return [Package(r["name"], r["licence"], r["held_out"], tuple(r.get("files", ()))) for r in rows]


def output(*command: str, cwd: Path | None = None) -> str:
    return subprocess.run(command, cwd=cwd, check=True, capture_output=True, text=True).stdout


def fetch(package: Package, target: Path, work: Path) -> list[Taken]:
    """Download one package and copy its faces; raises ``SystemExit`` where it has none of those listed."""
    folder = work / package.name
    folder.mkdir(exist_ok=True)
    if not list(folder.glob("*.deb")):
        output("apt-get", "download", package.name, cwd=folder)
        output("dpkg-deb", "-x", str(next(folder.glob("*.deb"))), str(folder / "x"))
    version = output("dpkg-deb", "-f", str(next(folder.glob("*.deb"))), "Version").strip()
    split = "held_out" if package.held_out else "train"
    place = target / split / package.name
    place.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(folder / "x" / "usr/share/doc" / package.name / "copyright", place / "copyright")
    faces = [p for p in sorted((folder / "x").rglob("*")) if p.suffix.lower() in SUFFIXES and p.is_file()]
    wanted = [p for p in faces if not p.is_symlink() and _listed(p.name, package.files)]
    if not wanted:
        sys.exit(f"{package.name} {version} has none of the fonts that {LIST.name} names.")
    taken = []
    for path in wanted:
        shutil.copyfile(path, place / path.name)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        taken.append(Taken(split, package.name, version, package.licence, path.name, digest))
    return taken


def _listed(name: str, patterns: tuple[str, ...]) -> bool:
    return not patterns or any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def main(target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work:
        taken = [row for package in packages(LIST) for row in fetch(package, target, Path(work))]
    with (target / "FONTS.csv").open("w", encoding="utf-8", newline="") as out:
        table = csv.writer(out)
        table.writerow(Taken.__dataclass_fields__)
        table.writerows(vars(row).values() for row in taken)
    held = sum(row.split == "held_out" for row in taken)
    sys.stdout.write(f"{len(taken) - held} fonts to train with, {held} to measure with, in {target}\n")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
