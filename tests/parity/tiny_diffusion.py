"""The small U-Nets with which the diffusion archives were recorded: their sizes, and the rule of their weights."""

from __future__ import annotations

import hashlib
import json
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tests.parity.golden import Archive

CONFIGS = json.loads((Path(__file__).resolve().parents[1] / "data/golden/ae_tiny_configs.json").read_bytes())["models"]


def tiny_unet(kind: str) -> Any:
    """``sd`` or ``sdxl``: the layers of the real one, few channels, weights that follow from their names."""
    from diffusers import UNet2DConditionModel

    from engines.diffusion.packages import quiet

    with quiet():
        unet = UNet2DConditionModel(**CONFIGS[kind]["config"])
    fill(unet, CONFIGS[kind]["gains"])
    return unet.eval().requires_grad_(False)


def fill(network: torch.nn.Module, gains: tuple[float, float] = (1.0, 1.0)) -> None:
    """Give every parameter the values that its name stands for; ``gains``: of queries, and of what is added."""
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            parameter.copy_(_values(name, tuple(parameter.shape), gains))


def sha256_of(network: torch.nn.Module) -> str:
    """Of all parameters by name, as little-endian float32."""
    digest = hashlib.sha256()
    for _, parameter in sorted(network.named_parameters()):
        digest.update(parameter.detach().numpy().astype("<f4").tobytes())
    return digest.hexdigest()


def drawn(tag: str, shape: tuple[int, ...]) -> Tensor:
    """Numbers that follow from ``tag``."""
    return torch.from_numpy(_normal(tag, shape).astype(np.float32))


def tensor(recorded: Archive, name: str) -> Tensor:
    return torch.from_numpy(np.asarray(recorded[name]))


def alpha(recorded: Archive, side: int) -> np.ndarray:
    """The archive's mask, ``(side, side)`` uint8, packed or not."""
    stored = recorded[f"mask{side}"]
    return stored if stored.ndim == 2 else np.unpackbits(stored)[: side * side].reshape(side, side)


def _normal(tag: str, shape: tuple[int, ...]) -> np.ndarray:
    generator = np.random.Generator(np.random.PCG64(zlib.crc32(tag.encode())))
    return np.asarray(generator.standard_normal(shape))


def _values(name: str, shape: tuple[int, ...], gains: tuple[float, float]) -> Tensor:
    if len(shape) >= 2:
        values = _normal(name, shape) / np.sqrt(np.prod(shape[1:]))
    elif "norm" in name.split(".")[-2]:
        values = np.full(shape, float(name.endswith("weight")))
    else:
        values = 0.05 * _normal(name, shape)
    if name.endswith("to_q.weight"):
        values = values * gains[0]
    if name.endswith(("to_out.0.weight", "ff.net.2.weight")):
        values = values * gains[1]
    return torch.from_numpy(np.asarray(values, np.float32))
