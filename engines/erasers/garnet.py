"""The gated-attention scene text eraser: one pass, quick (``engines.nets.garnet``)."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from engines.core.context import Context
from engines.core.engine import ImageEraser, Options, Setup
from engines.core.types import Alpha, FloatImage
from engines.nets.garnet import GaRNet
from engines.runtime.memory import out_of_memory_told
from engines.runtime.onnx import OnnxModel, chosen_model, export, largest_difference
from engines.runtime.torch_load import load_network

_EXPORT_SIDES, _CHECK_SIDES = (128, 160), (192, 96)


class Garnet(ImageEraser):
    """GaRNet on PyTorch or ONNX Runtime. The mask is taken as it is: covered or not."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._notes: list[str] = []
        self._onnx = chosen_model(setup, self._notes.append)
        self._network = None if self._onnx else self._load()

    def erase(self, image: FloatImage, alpha: Alpha, options: Options, ctx: Context) -> FloatImage:
        for note in self._notes:
            ctx.tell(note)
        ctx.step(0.0, "erasing")
        value = _network_input(image, alpha)
        restored = self._onnx.run({"value": value})[0] if self._onnx else self._restored(value)
        return _as_image(restored)

    def attention(self, image: FloatImage, alpha: Alpha) -> dict[str, list[NDArray[np.float32]]]:
        """What the eight blocks look at, from shallow to deep, ``(h', w')`` in 0..1: stroke, surround and gate.

        ``image``: ``(h, w, 3)`` in 0..1 with sides that are multiples of 32; ``alpha``: ``(h, w)``.
        """
        network = self._network or self._load()
        with torch.inference_mode(), out_of_memory_told():
            maps = network(self._tensor(_network_input(image, alpha))).attention
            return {
                name: [torch.sigmoid(getattr(block, name))[0, 0].cpu().numpy() for block in maps]
                for name in ("stroke", "surround", "gate")
            }

    def export_onnx(self, path: Path) -> None:
        """Write the network as an ONNX model with any height and width that are multiples of 32."""
        network = self._load("cpu")
        rows, columns = (torch.export.Dim(name, min=2, max=256) for name in ("rows", "columns"))
        shapes = {"value": {2: 32 * rows, 3: 32 * columns}}
        value = torch.zeros(1, 4, *_EXPORT_SIDES)
        value[:, 3, 32:64, 32:96] = 1
        export(_Restore(network), {"value": value}, ["image"], path, shapes)

    def compare_onnx(self, path: Path) -> float:
        """The largest difference to PyTorch on a random image of another size."""
        rng = np.random.default_rng(0)
        image = rng.random((*_CHECK_SIDES, 3), np.float32)
        alpha = np.zeros(_CHECK_SIDES, np.uint8)
        alpha[40:100, 20:70] = 255
        value = _network_input(image, alpha)
        with torch.inference_mode():
            ours = self._load("cpu").restore(torch.from_numpy(value)).numpy()
        return largest_difference(OnnxModel(path, "cpu", self._notes.append).run({"value": value})[0], ours)

    def close(self) -> None:
        self._network = self._onnx = None

    def _load(self, device: str | None = None) -> GaRNet:
        (weights,) = self._setup.weights.values()
        return load_network(GaRNet, weights, device or self._setup.device)

    def _tensor(self, value: NDArray[np.float32]) -> Tensor:
        return torch.from_numpy(value).to(self._setup.device, memory_format=torch.channels_last)

    def _restored(self, value: NDArray[np.float32]) -> NDArray[np.float32]:
        assert self._network is not None
        with torch.inference_mode(), out_of_memory_told():
            return cast("NDArray[np.float32]", self._network.restore(self._tensor(value)).cpu().numpy())


class _Restore(nn.Module):
    """The inference path as a module's forward, which is what the exporter follows."""

    def __init__(self, network: GaRNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, value: Tensor) -> Tensor:
        return self.network.restore(value)


def _network_input(image: FloatImage, alpha: Alpha) -> NDArray[np.float32]:
    """``(1, 4, h, w)``: the image in -1..1, and 1 where the mask covers anything."""
    value = np.concatenate([image * 2 - 1, (alpha > 0)[..., None]], axis=2, dtype=np.float32)
    return np.ascontiguousarray(value.transpose(2, 0, 1)[None])


def _as_image(restored: NDArray[np.float32]) -> FloatImage:
    return np.asarray(np.clip((restored[0].transpose(1, 2, 0) + 1) / 2, 0, 1), np.float32)
