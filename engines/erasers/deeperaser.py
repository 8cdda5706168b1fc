"""The recurrent text eraser (``engines.nets.deeperaser``): eight small corrections, one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engines.core.context import Context
from engines.core.engine import ImageEraser, Options, Setup
from engines.core.types import Alpha, Box, FloatImage, Mask
from engines.nets.deeperaser import DeepEraser, Normalise, Statistics, instance_norm
from engines.nets.deeperaser_recurrence import Recurrence
from engines.runtime.memory import out_of_memory_told
from engines.runtime.torch_load import load_network

MARGIN = 24
"""Pixels around a hole that the iterations run on, too.

One iteration spreads information by at most 10 pixels, so 10 per iteration is exact. Measured, the hole's
pixels differ from that by less than 1e-5 from 20 on (``tests/benchmarks/bench_deeperaser.py``).
"""

WINDOW, WINDOWS = 256, 9
"""A view too large for one pass has its statistics taken on this many windows of this side, evenly spread."""


class DeepEraserEngine(ImageEraser):
    """DeepEraser on PyTorch. A grey mask stays soft: its coverage is what the network is shown."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        (weights,) = setup.weights.values()
        network = load_network(DeepEraser, weights, setup.device)
        self._network = cast("DeepEraser", network.to(memory_format=torch.channels_last))
        self._recurrence = Recurrence(self._network)

    def erase(self, image: FloatImage, alpha: Alpha, options: Options, ctx: Context) -> FloatImage:
        return self._erase(image, alpha, options, ctx, instance_norm)

    def for_tiles(self, image: FloatImage, alpha: Alpha, options: Options, ctx: Context) -> ImageEraser:
        """An eraser that normalises every tile with the moments of the whole view (spec section 4)."""
        ctx.step(0.0, "looking at the whole")
        statistics = Statistics()
        windows = np.stack([_stacked(image[box.slices], alpha[box.slices]) for box in sample_windows(image.shape[:2])])
        with torch.inference_mode(), out_of_memory_told():
            self._network.fnet(self._tensor(windows), statistics.record)
        return _Replaying(self, statistics)

    def close(self) -> None:
        del self._network, self._recurrence

    def _erase(
        self, image: FloatImage, alpha: Alpha, options: Options, ctx: Context, norm: Normalise
    ) -> FloatImage:
        ctx.step(0.0, "reading the region")
        with torch.inference_mode(), out_of_memory_told():
            value = self._tensor(_stacked(image, alpha)[None])
            hidden, context = self._network.encode(value[:, :3], value[:, 3:], norm)
            result = image.copy()
            areas = hole_areas(alpha)
            for number, area in enumerate(areas):
                part = ctx.part(0.15 + 0.85 * number / len(areas), 0.85 / len(areas))
                crop = (slice(None), slice(None), *area.slices)
                start = (hidden[crop], context[crop], value[:, :3][crop])
                for restored in self._iterated(start, int(options["iterations"]), part):
                    result[area.slices] = restored
                    part_image = result.clip(0, 1) if ctx.wants_preview else None
                    ...
        return result
