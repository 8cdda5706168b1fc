"""Draws a set to measure with: pairs of pictures with and without text, of fonts and photos that nobody trained on.

    python packaging/training_fonts.py build/fonts
    python packaging/make_eval_set.py build/held_out --photos DIR --fonts build/fonts/held_out --count 100
    cleanplate evaluate build/held_out --mask boxes

``--photos`` is the folder that was trained on: only the photos are taken from it that training holds out, by the
name of their source. With ``--all-photos`` it is a folder that training never saw. All text that is drawn is to go;
masks are the strokes to the pixel. The same seed draws the same set.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from engines.training.synthesis import Backgrounds, FontLibrary, Settings, Synthesiser, list_folder, pack


def main() -> None:
    wanted = arguments()
    wanted.target.mkdir(parents=True, exist_ok=False)
    with tempfile.TemporaryDirectory() as folder:
        packed = pack(list_folder(wanted.photos), Path(folder) / "photos.npy", max(wanted.side, 320))
        photos = Backgrounds.packed(packed, None if wanted.all_photos else True)
        fonts = FontLibrary.find(wanted.fonts)
        settings = Settings(difficulty=wanted.difficulty, blank=0.0, empty=0.0, keep=0.0, cut=0.0)
        number = tried = 0
        synthesiser = Synthesiser(photos, fonts, settings)
        while number < wanted.count:
            sample = synthesiser.sample(np.random.default_rng([wanted.seed, tried]), wanted.side)
            tried += 1
            if sample.stroke.any():
                write(wanted.target, f"drawn_{number:04}", sample.image, sample.truth, sample.stroke)
                number += 1
    record = {
        "count": wanted.count,
        "side": wanted.side,
        "seed": wanted.seed,
        "difficulty": wanted.difficulty,
        "photos": len(photos),
        "fonts": sorted({face.path.name for face in fonts.faces}),
    }
    (wanted.target / "RECORD.json").write_text(json.dumps(record, indent=1), encoding="utf-8")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Draw a set to measure erasers with.")
    parser.add_argument("target", type=Path, help="the folder to make")
    parser.add_argument("--photos", type=Path, required=True, help="photos without text")
    parser.add_argument("--all-photos", action="store_true", help="take all of them, not only those held out")
    parser.add_argument("--fonts", type=Path, action="append", required=True, help="a folder of fonts; repeatable")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--side", type=int, default=320)
    parser.add_argument("--seed", type=int, default=2024)
    parser.add_argument("--difficulty", type=float, default=1.0)
    return parser.parse_args()


def write(folder: Path, name: str, image: np.ndarray, truth: np.ndarray, stroke: np.ndarray) -> None:
    for part, pixels in (("image", image * 255), ("gt", truth * 255), ("mask", stroke)):
        Image.fromarray(np.rint(pixels).astype(np.uint8)).save(folder / f"{name}_{part}.png")


if __name__ == "__main__":
    main()
