"""Times whole commands, start-up and weights included: ``python -m tests.benchmarks.bench_command``.

Prints the median of several runs and, as the reference of the same run, the time that Python takes to import
what the command cannot do without. The weights are random where none are installed: the time is the same.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from engines.catalog import load_catalog
from engines.store import Store
from tests.conftest import background, with_text
from tests.contract.random_weights import random_weights

ROOT = Path(__file__).resolve().parents[2]
SIGNS = ((300, 400), (1800, 300), (3200, 1500), (700, 2300), (2600, 2500))
"""Top left corners of five signs of 320 x 90 pixels in a 4000 x 3000 photo."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", "--runs", type=int, default=5)
    parser.add_argument("--engines", nargs="*", default=["garnet", "classical"])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        photo = _photo(Path(folder))
        rows = [("cleanplate --help", ["-m", "app", "--help"], ["-c", "pass"])]
        for engine in options.engines:
            _provide_weights(engine, data)
            command = ["-m", "app", "erase", str(photo), *_boxes(), "-o", f"{folder}/out.jpg", "--overwrite"]
            rows.append((f"12 MP, five signs, {engine}", [*command, "--engine", engine], ["-c", "import torch, cv2"]))
        print(f"{'whole process':<32}{'median s':>10}{'reference s':>13}{'ratio':>8}   reference")
        for name, command, reference in rows:
            _print_row(name, command, reference, options.runs, data)


def _print_row(name: str, command: list[str], reference: list[str], runs: int, data: Path) -> None:
    env = {**os.environ, "CLEANPLATE_DATA": str(data)}
    pairs = [(_seconds(command, env), _seconds(reference, env)) for _ in range(runs + 1)][1:]  # the first one warms
    ours, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(a / b for a, b in pairs)
    print(f"{name:<32}{ours:>10.2f}{theirs:>13.2f}{ratio:>8.2f}   python {' '.join(reference)}")


def _seconds(arguments: list[str], env: dict[str, str]) -> float:
    begin = time.perf_counter()
    subprocess.run([sys.executable, *arguments], cwd=ROOT, env=env, check=True, capture_output=True)
    return time.perf_counter() - begin


def _photo(folder: Path) -> Path:
    picture = background(3000, 4000)
    for x, y in SIGNS:
        picture = with_text(picture, "NO PARKING", (x + 10, y + 15), 48)
    Image.fromarray(np.ascontiguousarray(picture)).save(folder / "photo.jpg", quality=92)
    return folder / "photo.jpg"


def _boxes() -> list[str]:
    return [word for x, y in SIGNS for word in ("--box", f"{x},{y},320,90")]


def _provide_weights(engine: str, data: Path) -> None:
    card = load_catalog()[engine]
    store = Store(user=data / "models")
    if card.weights and not store.ready(card):
        made = random_weights(card, data / "made" / card.weights[0].file)
        store.import_file(card, made, check=lambda path: None)


if __name__ == "__main__":
    main()
