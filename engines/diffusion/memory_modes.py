"""Where the parts of a checkpoint lie while it works, how much memory that needs, and which way suits a device."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from typing import Any

import torch

from engines.diffusion.checkpoint import Facts
from engines.diffusion.compact import compact


class Mode(Enum):
    """From quick to frugal."""

    FULL = "full"
    """Everything on the device."""
    OFFLOAD = "offload"
    """On the device is the part that works, U-Net or autoencoder; the others wait in the main memory."""
    SEQUENTIAL = "sequential"
    """Each layer comes to the device when its turn is; attention goes by rows. Slow."""
    COMPACT = "compact"
    """On the CPU: weights are kept in 16 bits and computed with in 32. Half the memory, a little slower."""


@dataclass(frozen=True, slots=True)
class Way:
    """``tiled``: the autoencoder works in tiles; ``rows``: of attention at once, 0 for all."""

    mode: Mode
    tiled: bool = False
    rows: int = 0


_CHANNELS = 320
"""Of the first layers of every U-Net of the families."""

_LIVE = 60
"""Activations of the U-Net that are held at once, in units of its first layer's output for both branches."""

_WIDTH, _LIVE_PIXELS = 256, 5
"""Channels of the autoencoder at full size, and how many such arrays are held at once."""

TILE = 512
"""Side in pixels of the autoencoder's tiles."""

_LARGEST_LAYER = 0.03
"""The share of a U-Net's weights that one layer and its buffers take at most."""

_ROWS = 1024
_MARGIN = 0.9


def ways(device: str) -> tuple[Way, ...]:
    """The ways that there are on a kind of device, from quick to frugal."""
    if device == "cpu":
        return Way(Mode.FULL), Way(Mode.FULL, tiled=True), Way(Mode.COMPACT, tiled=True)
    rows = _ROWS if device.startswith("mps") else 0  # Metal's attention holds the whole matrix of logits
    return (
        Way(Mode.FULL, rows=rows),
        Way(Mode.FULL, tiled=True, rows=rows),
        Way(Mode.OFFLOAD, tiled=True, rows=rows),
        Way(Mode.SEQUENTIAL, tiled=True, rows=_ROWS),
    )


def need(facts: Facts, way: Way, device: str, pixels: int) -> int:
    """An estimate, in bytes, of what working on a picture of ``pixels`` in this way holds at most."""
    width = weight_bytes(device, way.mode)
    unet, vae = facts.unet_parameters * width, facts.vae_parameters * 4
    tokens = pixels // facts.factor**2
    walking = tokens * _CHANNELS * 2 * (4 if device == "cpu" else 2) * _LIVE
    decoding = min(pixels, TILE**2 if way.tiled else pixels) * _WIDTH * 4 * _LIVE_PIXELS
    match way.mode:
        case Mode.FULL | Mode.COMPACT:
            return unet + vae + max(walking, decoding)
        case Mode.OFFLOAD:
            return max(unet + walking, vae + decoding)
        case Mode.SEQUENTIAL:
            return max(int(unet * _LARGEST_LAYER) + walking, vae + decoding)


def weight_bytes(device: str, mode: Mode) -> int:
    """Bytes per number of the U-Net: CPUs compute best in 32 bits."""
    return 4 if device == "cpu" and mode is not Mode.COMPACT else 2


def choose(needs: Mapping[Way, int], free: int) -> Way:
    """The quickest way that fits into ``free`` bytes; the most frugal one where none does."""
    return next((way for way, wanted in needs.items() if wanted <= _MARGIN * free), list(needs)[-1])


class Placed:
    """U-Net and autoencoder, each on the device while its block lasts, as the way has it."""

    def __init__(self, unet: Any, vae: Any, device: str, way: Way) -> None:
        self._unet, self._vae = unet, vae
        self._device, self._way = device, way
        if way.tiled:
            vae.enable_tiling()
            vae.tile_sample_min_size = TILE
            vae.tile_latent_min_size = TILE // 2 ** (len(vae.config.block_out_channels) - 1)
        match way.mode:
            case Mode.FULL:
                unet.to(device)
                vae.to(device)
            case Mode.COMPACT:
                compact(unet)
            case Mode.SEQUENTIAL:
                from accelerate import cpu_offload

                cpu_offload(unet, execution_device=torch.device(device))
            case Mode.OFFLOAD:
                unet.to("cpu")

    def parts(self) -> tuple[Any, Any]:
        """U-Net and autoencoder, wherever they are at this moment."""
        return self._unet, self._vae

    @contextmanager
    def unet(self) -> Iterator[Any]:
        with self._there(self._unet, self._way.mode is Mode.OFFLOAD):
            yield self._unet

    @contextmanager
    def vae(self) -> Iterator[Any]:
        with self._there(self._vae, self._way.mode in (Mode.OFFLOAD, Mode.SEQUENTIAL)):
            yield self._vae

    @contextmanager
    def _there(self, part: Any, moved: bool) -> Iterator[None]:
        if not moved:
            yield
            return
        try:
            part.to(self._device)
            yield
        finally:
            part.to("cpu")
            if self._device.startswith("cuda"):
                torch.cuda.empty_cache()
