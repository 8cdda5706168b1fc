"""What erasers on a checkpoint of Stable Diffusion have in common: all but the walk from noise to the fill."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import ClassVar

import numpy as np

from engines.core.context import Context
from engines.core.engine import ImageEraser, Options, Setup
from engines.core.types import Alpha, FloatImage
from engines.diffusion.canvas import Crop, Walk, made_anew
from engines.diffusion.memory_modes import Mode
from engines.diffusion.studio import Room, Studio, recognised


class StudioEraser(ImageEraser):
    """Erases a crop with the checkpoint that it was set up with. ``modes``: how that may be kept in memory."""

    modes: ClassVar[tuple[Mode, ...]] = tuple(Mode)

    def __init__(self, setup: Setup) -> None:
        self._studio = Studio(setup)

    @classmethod
    def recognise(cls, path: Path) -> str:
        return recognised(path)

    def erase(self, image: FloatImage, alpha: Alpha, options: Options, ctx: Context) -> FloatImage:
        return self.erase_avoiding(image, alpha, np.zeros_like(alpha), options, ctx)

    def erase_avoiding(
        self, image: FloatImage, alpha: Alpha, avoid: Alpha, options: Options, ctx: Context
    ) -> FloatImage:
        ctx.step(0.0, "preparing")
        if not alpha.any():
            return image.copy()
        foreign = np.where(alpha > 0, np.uint8(0), avoid)
        crop = Crop(image, alpha, foreign, float(options["spread"]), bool(options["grain"]))
        walk = self.walk(crop, options)

        def made(room: Room) -> FloatImage:
            return made_anew(self._studio, room, crop, walk, ctx)

        return self._studio.attempted(str(options["memory"]), made, ctx, self.modes)

    def close(self) -> None:
        self._studio.close()

    @abstractmethod
    def walk(self, crop: Crop, options: Options) -> Walk:
        """What makes the latent of the fill for ``crop``, as the options say."""
