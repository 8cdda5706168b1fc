"""Engines for tests of the editor that do something one can see; cards name them by ``entry``."""

from __future__ import annotations

import time
from pathlib import Path

import cv2
import numpy as np

from engines.core.context import Context
from engines.core.engine import ImageEraser, Options, Setup
from engines.core.types import Alpha, FloatImage
from tests.fakes import write_card

STEPS = """
[[options]]
name = "steps"
label = "Steps"
help = "How many rounds, each shown."
default = 3
minimum = 1
maximum = 1000

[[options]]
name = "pause"
label = "Pause"
help = "Seconds between rounds."
default = 0.0
minimum = 0.0
maximum = 60.0

[[options]]
name = "seed"
label = "Seed"
help = "Another one, another grain."
default = 0
minimum = 0
maximum = 9999
"""


class Inpainter(ImageEraser):
    """OpenCV's inpainting with some grain, in ``steps`` rounds that are shown."""

    def __init__(self, setup: Setup) -> None:
        self.card = setup.card

    def erase(self, image: FloatImage, alpha: Alpha, options: Options, ctx: Context) -> FloatImage:
        steps, rng = int(options["steps"]), np.random.default_rng(int(options["seed"]))
        small = np.rint(image * 255).astype(np.uint8)
        smooth = np.asarray(cv2.inpaint(small, alpha, 5, cv2.INPAINT_TELEA), np.float32) / np.float32(255)
        grain = rng.normal(0, 0.02, (*alpha.shape, 1)).astype(np.float32)
        filled = np.clip(smooth + grain, 0, 1).astype(np.float32)
        for step in range(steps):
            share = (step + 1) / steps
            mixed = (image + (filled - image) * np.float32(share)).astype(np.float32)
            ctx.step(share * 0.99, f"round {step + 1} of {steps}", mixed if ctx.wants_preview else None)
            time.sleep(float(options["pause"]))
        return np.where(alpha[..., None] > 0, filled, image).astype(np.float32)


def write_cards(folder: Path) -> Path:
    """Cards of all of these in ``folder``, and of one whose weights are missing."""
    folder.mkdir(parents=True, exist_ok=True)
    write_card(folder, "inpaint", "tests.app.engines:Inpainter", STEPS)
    write_card(folder, "second", "tests.app.engines:Inpainter", STEPS)
    write_card(folder, "hang", "tests.fakes:HangingEraser")
    write_card(folder, "hunger", "tests.fakes:HungryEraser")
    write_card(folder, "abort", "tests.fakes:AbortingEraser")
    weights = '\n[[weights]]\nfile = "w.safetensors"\nsource = "tests"\nlicence = "MIT"\n'
    write_card(folder, "absent", "tests.app.engines:Inpainter", weights)
    return folder
