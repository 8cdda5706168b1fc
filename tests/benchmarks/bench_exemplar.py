"""Compares fills of object holes where the truth is known: ``python -m tests.benchmarks.bench_exemplar``.

Photographs of the shared folder with drawn, object-like holes, and pictures into which an object was put. Beside
``exemplar`` stand OpenCV's Telea and xphoto's shift map and frequency selective reconstruction. Times are those of
the processor, as multiples of Telea's in the same run. PSNR is inside the hole and praises blurs; the patch distance
(``engines.evaluation.texture``) does not. ``--sheet`` writes all results as one PNG, for the eye to judge.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from engines.catalog import load_catalog
from engines.core.context import Context
from engines.core.engine import ImageEraser, OptionValue, Setup
from engines.core.types import Alpha, Mask, Pixels
from engines.evaluation.metrics import psnr
from engines.evaluation.texture import patch_distance
from engines.loading import load_engine
from engines.pipeline import region
from engines.pipeline.job import Job

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
REFERENCE = "telea"
CANDIDATES: Mapping[str, tuple[str, dict[str, OptionValue]]] = {
    "exemplar": ("exemplar", {}),
    REFERENCE: ("classical", {"method": "telea", "strokes": False}),
    "shift-map": ("classical", {"method": "shift-map", "strokes": False}),
    "fsr": ("classical", {"method": "fsr", "strokes": False}),
}
_CELL = 320


@dataclass(frozen=True, eq=False)
class Case:
    """``photo``: what is erased from; ``truth``: the same without the object."""

    name: str
    photo: Pixels
    truth: Pixels
    hole: Alpha


@dataclass(frozen=True)
class Figures:
    seconds: float
    psnr: float
    distance: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", "--photos", type=int, default=16, help="photographs with drawn holes")
    parser.add_argument("--objects", type=int, default=8, help="pictures into which an object was put")
    parser.add_argument("--engines", nargs="*", default=list(CANDIDATES), choices=list(CANDIDATES))
    parser.add_argument("--sheet", type=Path)
    options = parser.parse_args()
    cases = [*drawn_cases(options.photos), *object_cases(options.objects)]
    if not cases:
        sys.exit(f"There is nothing to measure with: {DATA} holds neither train_backgrounds nor eval_object/synthetic.")
    jobs = {name: _job(*CANDIDATES[name]) for name in options.engines}
    measured: dict[str, list[Figures]] = {name: [] for name in jobs}
    rows: list[Pixels] = []
    for case in cases:
        results = {name: _erased(job, case) for name, job in jobs.items()}
        for name, (result, seconds) in results.items():
            measured[name].append(_figures(result, seconds, case))
        cells = {"input": _tinted(case), **{name: result for name, (result, _) in results.items()}, "truth": case.truth}
        rows.append(np.hstack([_cell(f"{case.name} {name}", pixels) for name, pixels in cells.items()]))
    _print_table(measured, len(cases))
    if options.sheet:
        Image.fromarray(np.vstack(rows)).save(options.sheet)
        print(f"Contact sheet: {options.sheet}")


def drawn_cases(count: int) -> Iterator[Case]:
    """Photographs, of each source in turn, with a hole of a third of their side drawn over the middle."""
    by_source: dict[str, list[Path]] = {}
    for path in sorted((DATA / "train_backgrounds").glob("*.jpg")):
        by_source.setdefault(path.name.partition("_")[0], []).append(path)
    turns = max((len(paths) for paths in by_source.values()), default=0)
    every = [paths[turn] for turn in range(turns) for paths in by_source.values() if turn < len(paths)]
    for number, path in enumerate(every[:count]):
        photo = np.asarray(Image.open(path).convert("RGB"))
        yield Case(path.stem[:12], photo, photo, drawn_hole(photo.shape[0], photo.shape[1], number))


def drawn_hole(height: int, width: int, seed: int, share: float = 0.35) -> Alpha:
    """A smooth, irregular shape of about ``share`` of the shorter side, somewhere in the middle."""
    rng = np.random.default_rng(seed)
    turn = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    radius = 1 + sum(rng.normal(0, 0.25 / k) * np.cos(k * turn + rng.uniform(0, 6)) for k in range(2, 6))
    stretch, side = rng.uniform(0.7, 1.4), min(height, width) * share / 2
    x = rng.uniform(0.35, 0.65) * width + radius * np.cos(turn) * side * stretch
    y = rng.uniform(0.35, 0.65) * height + radius * np.sin(turn) * side / stretch
    alpha = np.zeros((height, width), np.uint8)
    cv2.fillPoly(alpha, [np.rint(np.stack([x, y], axis=1)).astype(np.int32)], (255,))
    return alpha


def object_cases(count: int) -> Iterator[Case]:
    """Pictures with an object, their truth, and the mask that includes its shadow, a little wider."""
    folder = DATA / "eval_object" / "synthetic"
    for path in sorted(folder.glob("*_image.jpg"))[:count]:
        name = path.stem.removesuffix("_image")
        photo, truth = (
            np.asarray(Image.open(folder / f"{name}_{which}.jpg").convert("RGB")) for which in ("image", "gt")
        )
        mask = np.asarray(Image.open(folder / f"{name}_mask_with_shadow.png").convert("L"))
        yield Case(name, photo, truth, np.asarray(cv2.dilate(mask, np.ones((9, 9), np.uint8)) // 255 * 255, np.uint8))


def _job(engine: str, options: dict[str, OptionValue]) -> Job:
    card = load_catalog()[engine]
    eraser = load_engine(card, Setup(card, {}))
    assert isinstance(eraser, ImageEraser)
    return Job(eraser, card, card.resolve(options))


def _erased(job: Job, case: Case) -> tuple[Pixels, float]:
    begin = time.process_time()
    result = case.photo.copy()
    for patch in region.erase(job, case.photo, Mask.of(case.hole), Context()):
        patch.paint(result)
    return result, time.process_time() - begin


def _figures(result: Pixels, seconds: float, case: Case) -> Figures:
    inside = case.hole > 0
    difference = (result[inside].astype(np.float64) - case.truth[inside]) / 255
    signal = min(psnr(float(np.square(difference).mean())), 60.0)  # a plain ground may be met exactly
    return Figures(seconds, signal, patch_distance(result, case.truth, case.hole))


def _print_table(measured: Mapping[str, list[Figures]], cases: int) -> None:
    print(f"{'means of ' + str(cases) + ' holes':<24}{'cpu s':>8}{'x telea':>9}{'PSNR':>8}{'patch distance':>16}")
    for name, every in measured.items():
        ratio = ""
        if REFERENCE in measured:
            pairs = zip(every, measured[REFERENCE], strict=True)
            ratio = f"{statistics.median(a.seconds / max(b.seconds, 1e-6) for a, b in pairs):.1f}"
        seconds, signal, distance = (
            statistics.mean(values) for values in zip(*((f.seconds, f.psnr, f.distance) for f in every), strict=True)
        )
        print(f"{name:<24}{seconds:>8.2f}{ratio:>9}{signal:>8.2f}{distance:>16.3f}")


def _tinted(case: Case) -> Pixels:
    shown = case.photo.copy()
    shown[case.hole > 0] = (255, 0, 255)
    return shown


def _cell(title: str, pixels: Pixels) -> Pixels:
    """The picture in a square, its title above."""
    scale = _CELL / max(pixels.shape[:2])
    size = (round(pixels.shape[1] * scale), round(pixels.shape[0] * scale))
    small = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR))
    page = np.full((_CELL + 24, _CELL + 4, 3), 255, np.uint8)
    page[20 : 20 + size[1], : size[0]] = small
    cv2.putText(page, title, (2, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (40, 40, 40), 1, cv2.LINE_AA)
    return page


if __name__ == "__main__":
    main()
