"""DeepEraser's engine against the network's plain forward pass: ``python -m tests.benchmarks.bench_deeperaser``.

A 512 x 512 picture, two words, a tenth of it masked. All ways run interleaved, in random order, in one process;
a ratio is the median over the rounds of (plain forward pass over the whole picture / this way), by the clock and
in CPU time, which is the steadier one on a machine that others use. Where no weights are bundled, they are drawn
by the rule of the parity tests: the time is the same.
"""

from __future__ import annotations

import argparse
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor

from engines.catalog import load_catalog
from engines.core.context import Context
from engines.core.engine import Backend, Card, ImageEraser, Options, Setup
from engines.core.measure import peak_memory
from engines.core.paths import models_dir
from engines.core.types import Alpha, FloatImage, Mask
from engines.erasers import deeperaser
from engines.erasers.deeperaser import DeepEraserEngine, _TorchStages
from engines.nets.deeperaser import DeepEraser
from engines.pipeline import region
from engines.pipeline.job import Job
from engines.runtime.torch_load import load_network
from tests.conftest import background, with_text
from tests.parity.golden import fill_by_rule

SIDE = 512
WORDS = ((60, 90), (190, 350))
"""Top left corners, (x, y), of two boxes of 262 x 50 pixels: 10 % of the picture."""

CARD = load_catalog()["deeperaser"]
TITLE = "512 x 512, 10 % in two words, 8 iterations"
PLAIN = "plain forward, whole picture"
MARGINS = (0, 10, 16, 20, 24, 40)


class Plain(ImageEraser):
    """What the published demo does with what it is shown, in the default memory format."""

    def __init__(self, setup: Setup) -> None:
        (weights,) = setup.weights.values()
        self._network = load_network(DeepEraser, weights, "cpu")
        self._network.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]

    def erase(self, image: FloatImage, alpha: Alpha, options: Options, ctx: Context) -> FloatImage:
        shown = torch.from_numpy(image.transpose(2, 0, 1)[None].copy())
        with torch.inference_mode():
            mask = torch.from_numpy(alpha[None, None] / np.float32(255))
            restored = self._network(shown, mask, int(options["iterations"]))[-1]
        return np.asarray(restored[0].permute(1, 2, 0).clamp(0, 1))


class Unmerged(_TorchStages):
    """Iterations with the network's own update block: nothing computed once, no two convolutions made one."""

    def prepare(self, context: Tensor) -> tuple[Tensor, ...]:
        return context, context

    def iterate(self, hidden: Tensor, first: Tensor, second: Tensor, restored: Tensor) -> tuple[Tensor, ...]:
        del second
        out: tuple[Tensor, ...] = self._stages.network.update_block(hidden, first, restored)
        return out


class RowsFirst(_TorchStages):
    """The default memory format."""

    def _there(self, value: Tensor) -> Tensor:
        return value.to(self._device, memory_format=torch.contiguous_format)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", "--rounds", type=int, default=5)
    parser.add_argument("--memory", action="store_true", help="print the peak memory of each way, in a process each")
    parser.add_argument("--only", help=argparse.SUPPRESS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        ways = _ways(_setup(Path(folder)), Path(folder), options.only)
        if options.only:
            ways[options.only]()
            print(peak_memory() >> 20)
        elif options.memory:
            _print_memory(list(ways))
        else:
            _print_times(ways, options.rounds)
            _print_margins(_setup(Path(folder)))


def _setup(folder: Path) -> Setup:
    bundled = models_dir() / "bundled" / CARD.weights[0].file
    if bundled.is_file():
        return Setup(CARD, {"weights": bundled})
    drawn = folder / "drawn.safetensors"
    save_file(fill_by_rule(DeepEraser()).state_dict(), drawn)
    return Setup(CARD, {"weights": drawn})


def _ways(setup: Setup, folder: Path, only: str | None) -> dict[str, Callable[[], FloatImage]]:
    image, alpha = _picture()
    plain, engine = Plain(setup), DeepEraserEngine(setup)

    def with_stages(kind: type[_TorchStages], network: DeepEraser) -> DeepEraserEngine:
        other = DeepEraserEngine(setup)
        other._stages = kind(network, "cpu")
        return other

    ways: dict[str, Callable[[], FloatImage]] = {
        PLAIN: lambda: plain.erase(image, alpha, {"iterations": 8}, Context()),
        "plain forward, our crops": lambda: _by_region(plain, image, alpha),
        "torch": lambda: _by_region(engine, image, alpha),
        "torch, not merged": lambda: _by_region(with_stages(Unmerged, engine._load("cpu")), image, alpha),
        "torch, rows first": lambda: _by_region(with_stages(RowsFirst, plain._network), image, alpha),
    }
    if only in (None, "ONNX Runtime"):
        model = folder / "deeperaser.onnx"
        engine.export_onnx(model)
        by_onnx = DeepEraserEngine(Setup(CARD, setup.weights, backend=Backend.ONNX, onnx=model))
        ways["ONNX Runtime"] = lambda: _by_region(by_onnx, image, alpha)
    return ways


def _picture() -> tuple[FloatImage, Alpha]:
    picture, alpha = background(SIDE, SIDE), np.zeros((SIDE, SIDE), np.uint8)
    for x, y in WORDS:
        picture = with_text(picture, "SPRING SALE", (x + 6, y + 4), 36)
        alpha[y : y + 50, x : x + 262] = 255
    return np.divide(picture, 255, dtype=np.float32), alpha


def _by_region(eraser: ImageEraser, image: FloatImage, alpha: Alpha, card: Card = CARD) -> FloatImage:
    result = image.copy()
    for patch in region.erase(Job(eraser, card, card.resolve({})), image, Mask.of(alpha), Context()):
        patch.paint(result)
    return result


def _print_times(ways: dict[str, Callable[[], FloatImage]], rounds: int) -> None:
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    results = {name: way() for name, way in ways.items()}  # warms up
    order = list(ways)
    for _ in range(rounds):
        random.shuffle(order)
        for name in order:
            begin = time.perf_counter(), time.process_time()
            ways[name]()
            seconds[name].append((time.perf_counter() - begin[0], time.process_time() - begin[1]))
    inside = _picture()[1] > 0
    print(f"{TITLE:<44}{'best s':>8}{'CPU s':>8}{'ratio':>8}{'CPU':>7}{'diff x 255':>12}")
    for name, taken in seconds.items():
        wall, cpu = (min(column) for column in zip(*taken, strict=True))
        by_clock, by_cpu = (
            statistics.median(a[i] / b[i] for a, b in zip(seconds[PLAIN], taken, strict=True)) for i in (0, 1)
        )
        off = 255 * float(np.abs(results[name] - results["plain forward, our crops"])[inside].max())
        shown = "" if name == PLAIN else f"{off:12.4f}"
        print(f"{name:<44}{wall:8.2f}{cpu:8.2f}{by_clock:8.2f}{by_cpu:7.2f}{shown:>12}")
    print("diff: largest difference inside the mask to 'plain forward, our crops', in grey levels")


def _print_margins(setup: Setup) -> None:
    """How the pixels that iterations run on around a hole change what is in it."""
    image, alpha = _picture()
    engine = DeepEraserEngine(setup)
    found: dict[int, FloatImage] = {}
    for margin in (*MARGINS, 80):
        deeperaser.MARGIN = margin
        found[margin] = _by_region(engine, image, alpha)
    print("\nmargin around the hole, and the largest difference to a margin of 80 (exact), in grey levels")
    for margin in MARGINS:
        print(f"{margin:>4}{255 * float(np.abs(found[margin] - found[80]).max()):12.5f}")


def _print_memory(names: list[str]) -> None:
    print(f"{'peak memory of the process':<44}{'MiB':>8}")
    for name in names:
        command = [sys.executable, "-m", "tests.benchmarks.bench_deeperaser", "--only", name]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        print(f"{name:<44}{done.stdout.strip():>8}")


if __name__ == "__main__":
    main()
