"""The compact text eraser (``engines.nets.strokefill``): finds the strokes, spreads what surrounds them, corrects."""

from __future__ import annotations

from pathlib import Path
from typing import cast

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


class StrokeFillEngine(ImageEraser):
    """StrokeFill on PyTorch or ONNX Runtime. The mask is taken as it is: covered or not."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._onnx: OnnxModel | None = None
        self._network: StrokeFill | None = None
        self._notes: list[str] = []
        if setup.backend is Backend.ONNX and setup.onnx is not None:
            self._onnx = OnnxModel(setup.onnx, setup.device, self._notes.append)
        else:
            self._network = self._load()

    def erase(self, image: FloatImage, alpha: Alpha, options: Options, ctx: Context) -> FloatImage:
        for note in self._notes:
            ctx.tell(note)
        ctx.step(0.0, "erasing")
        picture, mask = _inputs(image, alpha)
        feeds = {"image": picture, "mask": mask}
        restored = self._onnx.run(feeds)[0] if self._onnx else self._restored(picture, mask)
        return np.asarray(np.clip(restored[0].transpose(1, 2, 0), 0, 1), np.float32)

    def export_onnx(self, path: Path) -> None:
        """Write the network as an ONNX model with any height and width that are multiples of 64."""
        rows, columns = (torch.export.Dim(name, min=1, max=128) for name in ("rows", "columns"))
        sides = {2: MULTIPLE * rows, 3: MULTIPLE * columns}
        image, mask = torch.zeros(1, 3, *_EXPORT_SIDES), torch.zeros(1, 1, *_EXPORT_SIDES)
        mask[..., 32:64, 32:96] = 1
        shapes = {"image": sides, "mask": sides}
        export(_Restore(self._load("cpu")), {"image": image, "mask": mask}, ["restored"], path, shapes)

    def compare_onnx(self, path: Path) -> float:
        """The largest difference to PyTorch on a random image of another size."""
        image = np.random.default_rng(0).random((*_CHECK_SIDES, 3), np.float32)
        alpha = np.zeros(_CHECK_SIDES, np.uint8)
        alpha[40:100, 20:50] = 255
        picture, mask = _inputs(image, alpha)
        with torch.inference_mode():
            ours = self._load("cpu")(torch.from_numpy(picture), torch.from_numpy(mask)).image.numpy()
        theirs = OnnxModel(path, "cpu", self._notes.append).run({"image": picture, "mask": mask})[0]
        return largest_difference(theirs, ours)

    def close(self) -> None:
        self._network = self._onnx = None

    def _load(self, device: str | None = None) -> StrokeFill:
        (weights,) = self._setup.weights.values()
        return load_network(StrokeFill, weights, device or self._setup.device)

    def _restored(self, picture: NDArray[np.float32], mask: NDArray[np.float32]) -> NDArray[np.float32]:
        assert self._network is not None
        device = self._setup.device
        with torch.inference_mode(), out_of_memory_told():
            image = torch.from_numpy(picture).to(device, memory_format=torch.channels_last)
            restored = self._network(image, torch.from_numpy(mask).to(device)).image
            return cast("NDArray[np.float32]", restored.cpu().numpy())


class _Restore(nn.Module):
    """The restored image alone, which is all that inference needs."""

    def __init__(self, network: StrokeFill) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor, mask: Tensor) -> Tensor:
        out: Tensor = self.network(image, mask).image
        return out


def _inputs(image: FloatImage, alpha: Alpha) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """``(1, 3, h, w)`` in 0..1, and ``(1, 1, h, w)``: 1 where the mask covers anything."""
    picture = np.ascontiguousarray(image.transpose(2, 0, 1)[None], np.float32)
    return picture, (alpha > 0).astype(np.float32)[None, None]
