"""The compact text eraser (``engines.nets.strokefill``): finds the strokes, spreads what surrounds them, corrects."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from engines.core.context import Context
from engines.core.engine import Backend, ImageEraser, Options, Setup
from engines.core.types import Alpha, FloatImage
from engines.nets.strokefill import MULTIPLE, StrokeFill
from engines.runtime.memory import out_of_memory_told
from engines.runtime.onnx import OnnxModel, export, largest_difference
from engines.runtime.torch_load import load_network

_EXPORT_SIDES, _CHECK_SIDES = (128, 192), (192, 64)

_THICK = 150
"""Pixels across the thickest part of the hole above which it is looked at in half size first: the network has
learnt letters of up to a third of 256 pixels, and takes what is much larger for a part of the surface."""

_SKIRT = 2
"""Pixels by which the network is told that the hole is wider than it is: a mask that ends on the letters' soft rims
would have them taken for the surface. What is outside the mask is thrown away by the pipeline."""

_HALVINGS = 3
_SURE = 0.5
"""Coverage from which a coarse look is believed."""


class StrokeFillEngine(ImageEraser):
    """StrokeFill on PyTorch or ONNX Runtime. The mask is taken as it is: covered or not.

    Thick holes are erased from coarse to fine: what a look at the reduced picture is sure of is filled first, and
    the next finer look, up to the full size, sees the rest.
    """

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._onnx: OnnxModel | None = None
        self._network: nn.Module | None = None
        self._notes: list[str] = []
        if setup.backend is Backend.ONNX and setup.onnx is not None:
            self._onnx = OnnxModel(setup.onnx, setup.device, self._notes.append)
        else:
            self._network = self._load()

    def erase(self, image: FloatImage, alpha: Alpha, options: Options, ctx: Context) -> FloatImage:
        for note in self._notes:
            ctx.tell(note)
        hole = np.asarray(cv2.dilate((alpha > 0).astype(np.float32), _disc(_SKIRT)), np.float32)
        looks = _halvings(hole)
        picture = image
        for done, halvings in enumerate(range(looks, 0, -1)):
            ctx.step(done / (looks + 1), "erasing large letters", picture if done and ctx.wants_preview else None)
            picture = self._coarsely(picture, hole, halvings)
        ctx.step(looks / (looks + 1), "erasing", picture if looks and ctx.wants_preview else None)
        return self._look(picture, hole)[0]

    def _coarsely(self, picture: FloatImage, hole: FloatImage, halvings: int) -> FloatImage:
        """``picture`` with what a look at it, reduced by ``2 ** halvings``, is sure of filled in."""
        h, w = hole.shape
        size = (max(w >> halvings, 1), max(h >> halvings, 1))
        small = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.float32)
        touched = (cv2.resize(hole, size, interpolation=cv2.INTER_AREA) > 0).astype(np.float32)
        restored, coverage = self._look(small, touched)
        filled = cv2.resize(restored, (w, h), interpolation=cv2.INTER_CUBIC)
        reach = 2**halvings + 1  # a coarse pixel's edge is not to be seen in the fine picture
        sure = cv2.dilate(cv2.resize(coverage, (w, h), interpolation=cv2.INTER_LINEAR), np.ones((reach, reach)))
        share = np.clip((sure - _SURE) / 0.2, 0, 1) * hole
        return np.asarray(np.clip(picture + share[..., None] * (filled - picture), 0, 1), np.float32)

    def _look(self, picture: FloatImage, hole: FloatImage) -> tuple[FloatImage, FloatImage]:
        """The restored picture, ``(h, w, 3)`` in 0..1, and the coverage of strokes, ``(h, w)``, at any size."""
        h, w = hole.shape
        more = ((0, -h % MULTIPLE), (0, -w % MULTIPLE))
        image = np.pad(picture, (*more, (0, 0)), mode="symmetric").transpose(2, 0, 1)[None]
        feeds = {"image": np.ascontiguousarray(image), "mask": np.pad(hole, more)[None, None]}
        restored, coverage = self._onnx.run(feeds) if self._onnx else self._run(feeds)
        shown = np.clip(restored[0].transpose(1, 2, 0)[:h, :w], 0, 1)
        return np.asarray(shown, np.float32), np.asarray(coverage[0, 0, :h, :w], np.float32)

    def export_onnx(self, path: Path) -> None:
        """Write the network as an ONNX model with any height and width that are multiples of 64."""
        rows, columns = (torch.export.Dim(name, min=1, max=128) for name in ("rows", "columns"))
        sides = {2: MULTIPLE * rows, 3: MULTIPLE * columns}
        image, mask = torch.zeros(1, 3, *_EXPORT_SIDES), torch.zeros(1, 1, *_EXPORT_SIDES)
        mask[..., 32:64, 32:96] = 1
        shapes = {"image": sides, "mask": sides}
        export(self._load("cpu"), {"image": image, "mask": mask}, ["restored", "coverage"], path, shapes)

    def compare_onnx(self, path: Path) -> float:
        """The largest difference to PyTorch on a random image of another size."""
        rng = np.random.default_rng(0)
        mask = np.zeros((1, 1, *_CHECK_SIDES), np.float32)
        mask[..., 40:100, 20:50] = 1
        feeds = {"image": rng.random((1, 3, *_CHECK_SIDES), np.float32), "mask": mask}
        with torch.inference_mode():
            ours = self._load("cpu")(*(torch.from_numpy(value) for value in feeds.values()))
        theirs = OnnxModel(path, "cpu", self._notes.append).run(feeds)
        return max(largest_difference(a, b.numpy()) for a, b in zip(theirs, ours, strict=True))

    def close(self) -> None:
        self._network = self._onnx = None

    def _load(self, device: str | None = None) -> nn.Module:
        (weights,) = self._setup.weights.values()
        return _Restore(load_network(StrokeFill, weights, device or self._setup.device)).eval()

    def _run(self, feeds: Mapping[str, NDArray[np.float32]]) -> list[NDArray[np.float32]]:
        assert self._network is not None
        device = self._setup.device
        with torch.inference_mode(), out_of_memory_told():
            image = torch.from_numpy(feeds["image"]).to(device, memory_format=torch.channels_last)
            outputs = self._network(image, torch.from_numpy(feeds["mask"]).to(device))
            return [output.cpu().numpy() for output in outputs]


class _Restore(nn.Module):
    """The restored image and the strokes' coverage in 0..1: all that inference needs, and what is exported."""

    def __init__(self, network: StrokeFill) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        out = self.network(image, mask)
        return out.image, torch.sigmoid(out.coverage) * mask


def _disc(radius: int) -> Alpha:
    side = 2 * radius + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)


def _halvings(hole: FloatImage) -> int:
    """How often the picture is halved for the first look at a hole, ``(h, w)``."""
    framed = np.pad((hole > 0).astype(np.uint8), 1)
    thickness = 2 * float(cv2.distanceTransform(framed, cv2.DIST_L2, 5).max())
    return next((n for n in range(_HALVINGS) if thickness / 2**n <= _THICK), _HALVINGS)
