"""MI-GAN (Sargsyan and others, ICCV 2023): a generative fill, as the ONNX pipeline that its authors publish.

The pipeline takes a uint8 picture of any size and a mask, 0 = hole, 255 = keep. It looks at a square around the
hole, with 128 pixels beside it, brings that to 512 pixels and back, and blends over the rim.
"""

from __future__ import annotations

import numpy as np

from engines.core.context import Context
from engines.core.engine import ImageEraser, Options, Setup
from engines.core.types import Alpha, FloatImage
from engines.pipeline.membrane import membrane
from engines.runtime.onnx import OnnxModel

_LEAST = 16
"""The pipeline fails on pictures of a few pixels; they are mirrored out to this many."""


class Migan(ImageEraser):
    """Runs on ONNX Runtime alone: its weights are the model."""

    def __init__(self, setup: Setup) -> None:
        self._notes: list[str] = []
        (model,) = setup.weights.values()
        self._model: OnnxModel | None = OnnxModel(model, setup.device, self._notes.append)

    def erase(self, image: FloatImage, alpha: Alpha, options: Options, ctx: Context) -> FloatImage:
        for note in self._notes:
            ctx.tell(note)
        ctx.step(0.0, "filling")
        hole = alpha > 0
        if not hole.any():
            return image.copy()
        # it blends what is in the hole into its rim: the object must be gone before
        out = np.clip(membrane(image, hole), 0, 1)
        out[hole] = self._run(out, alpha)[hole]
        return out

    def _run(self, image: FloatImage, alpha: Alpha) -> FloatImage:
        assert self._model is not None
        h, w = alpha.shape
        more = ((0, max(_LEAST - h, 0)), (0, max(_LEAST - w, 0)))
        levels = np.rint(np.pad(image, (*more, (0, 0)), mode="symmetric") * 255).astype(np.uint8)
        keep = np.where(np.pad(alpha, more) > 0, np.uint8(0), np.uint8(255))
        feeds = {"image": np.ascontiguousarray(levels.transpose(2, 0, 1)[None]), "mask": keep[None, None]}
        (filled,) = self._model.run(feeds)
        return np.asarray(filled[0].transpose(1, 2, 0)[:h, :w] / np.float32(255), np.float32)

    def close(self) -> None:
        self._model = None
