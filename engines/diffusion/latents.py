"""From pictures to latents and back, and a cheap look at a latent that is under way."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engines.core.types import FloatImage


def encoded(vae: Any, picture: FloatImage, device: str) -> Tensor:
    """The latent of an ``(h, w, 3)`` picture in 0..1: ``(1, 4, h / 8, w / 8)`` float32, the mean of the posterior."""
    value = torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1))[None])
    with torch.inference_mode():
        latent = vae.encode((value * 2 - 1).to(device, vae.dtype)).latent_dist.mode()
    return _float(latent) * float(vae.config.scaling_factor)


def decoded(vae: Any, latent: Tensor) -> FloatImage:
    """The picture of a latent, ``(h, w, 3)`` in 0..1."""
    with torch.inference_mode():
        value = vae.decode((latent / float(vae.config.scaling_factor)).to(vae.dtype)).sample
    picture = ((_float(value)[0] + 1) / 2).clamp(0, 1).nan_to_num(0.5)
    return np.ascontiguousarray(picture.cpu().numpy().transpose(1, 2, 0))


class Preview:
    """Shows latents by the linear map that fits this picture best: no network, no constants of a model."""

    def __init__(self, latent: Tensor, picture: FloatImage) -> None:
        """``latent``: the one of ``picture``."""
        rows, columns = latent.shape[2:]
        small = cv2.resize(picture, (columns, rows), interpolation=cv2.INTER_AREA).reshape(-1, 3)
        self._map = np.linalg.lstsq(_features(latent), small, rcond=None)[0]

    def shown(self, latent: Tensor, size: tuple[int, int]) -> FloatImage:
        """``latent`` as a picture of ``size`` = (height, width), soft, in 0..1."""
        rows, columns = latent.shape[2:]
        small = (_features(latent) @ self._map).reshape(rows, columns, 3).astype(np.float32)
        return np.asarray(np.clip(cv2.resize(small, size[::-1], interpolation=cv2.INTER_LINEAR), 0, 1), np.float32)


def _features(latent: Tensor) -> NDArray[np.float64]:
    """``(pixels, 5)``: the four channels, and 1."""
    values = np.asarray(latent[0].cpu().numpy().reshape(latent.shape[1], -1).T, np.float64)
    return np.column_stack([np.nan_to_num(values), np.ones(len(values))])


def _float(value: Any) -> Tensor:
    assert isinstance(value, Tensor)
    return value.float()
