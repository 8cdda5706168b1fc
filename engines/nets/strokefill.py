"""StrokeFill: a compact text eraser of Cleanplate's own, made to be trained and run on a CPU.

It says outright what other erasers must find out: which pixels are text, and what the surface looks like between
them. A small U-Net (the *finder*) predicts the coverage of strokes inside the mask. What the coverage leaves of
the picture is spread over the strokes by a push-pull pyramid (Gortler et al., *The Lumigraph*, SIGGRAPH 1996,
section 4.3), which has no parameters. A second U-Net (the *painter*) corrects that fill and blends it in, and
sees the picture, so that it can also un-blend text that the surface shines through.

All convolutions run at half the size or less. Nothing normalises over the picture: a crop gives what the whole
gives as far as the receptive field reaches.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

MULTIPLE = 64
"""Sides must be multiples of this: the coarsest cell of the fill."""

_FINDER, _PAINTER = (24, 48, 72, 96, 96), (32, 64, 96, 128, 128)
_LEVELS = 6
_TRUST = 4
"""A pixel's weight in the fill is what the coverage leaves of it, to this power: half covered counts a sixteenth."""


class StrokeFillOutput(NamedTuple):
    """``image``: ``(n, 3, h, w)``, unclamped; ``fill``: the push-pull fill; ``coverage``: logits, ``(n, 1, h, w)``."""

    image: Tensor
    fill: Tensor
    coverage: Tensor


def silence(layer: nn.Conv2d) -> None:
    """Make a layer say nothing at first, so that what it adds to is learnt from a sensible start."""
    for parameter in layer.parameters():
        nn.init.zeros_(parameter)


class ResidualBlock(nn.Module):
    """Two 3 x 3 convolutions beside the identity; starts as the identity."""

    def __init__(self, channels: int, dilation: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=dilation, dilation=dilation)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        silence(self.conv2)

    def forward(self, value: Tensor) -> Tensor:
        branch: Tensor = self.conv2(functional.leaky_relu(self.conv1(value), 0.1))
        return functional.leaky_relu(value + branch, 0.1)


class UNet(nn.Module):
    """From ``(n, channels, h, w)`` to ``(n, out_channels, h, w)``; works at h/2 to h/32."""

    def __init__(self, channels: int, out_channels: int, widths: tuple[int, ...]) -> None:
        super().__init__()
        self.stem = nn.Conv2d(4 * channels, widths[0], 3, padding=1)
        pairs = list(pairwise(widths))
        self.encoders = nn.ModuleList(ResidualBlock(width) for width in widths[:-1])
        self.downs = nn.ModuleList(nn.Conv2d(wide, wider, 3, 2, 1) for wide, wider in pairs)
        self.bottom = nn.Sequential(
            ResidualBlock(widths[-1]), ResidualBlock(widths[-1], 2), ResidualBlock(widths[-1], 4)
        )
        self.ups = nn.ModuleList(nn.Conv2d(wider, wide, 1) for wide, wider in pairs)
        self.decoders = nn.ModuleList(ResidualBlock(width) for width in widths[:-1])
        self.head = nn.Conv2d(widths[0], 4 * out_channels, 3, padding=1)

    def forward(self, value: Tensor) -> Tensor:
        value = functional.leaky_relu(self.stem(functional.pixel_unshuffle(value, 2)), 0.1)
        skips = []
        for encoder, down in zip(self.encoders, self.downs, strict=True):
            value = encoder(value)
            skips.append(value)
            value = functional.leaky_relu(down(value), 0.1)
        value = self.bottom(value)
        for up, decoder, skip in zip(reversed(self.ups), reversed(self.decoders), reversed(skips), strict=True):
            larger = functional.interpolate(up(value), scale_factor=2.0, mode="bilinear", align_corners=False)
            value = decoder(functional.leaky_relu(larger + skip, 0.1))
        return functional.pixel_shuffle(self.head(value), 2)


def push_pull(image: Tensor, weight: Tensor, levels: int = _LEVELS) -> Tensor:
    """``image`` where ``weight`` is 1, and where it is less, more and more of its surroundings.

    ``image``: ``(n, c, h, w)``, ``weight``: ``(n, 1, h, w)`` in 0..1; sides multiples of
    ``2 ** levels``. What no weight reaches at the coarsest level takes that level's mean.
    """
    pulled = [(image * weight, weight)]
    for _ in range(levels):
        colour, mass = pulled[-1]
        # sums, not means: four half-known pixels make one that is known
        pulled.append((functional.avg_pool2d(colour, 2) * 4, functional.avg_pool2d(mass, 2) * 4))
    colour, mass = pulled.pop()
    mean = colour.sum((2, 3), keepdim=True) / (mass.sum((2, 3), keepdim=True) + 1e-4)
    filled = _known_over(colour, mass, mean.expand_as(colour))
    for colour, mass in reversed(pulled):
        larger = functional.interpolate(filled, scale_factor=2.0, mode="bilinear", align_corners=False)
        filled = _known_over(colour, mass, larger)
    return filled


def _known_over(colour: Tensor, mass: Tensor, below: Tensor) -> Tensor:
    """The known colour, as far as there is at least a full pixel of it, over ``below``."""
    known = mass.clamp(max=1)
    return colour / (mass + 1e-4) * known + below * (1 - known)


class StrokeFill(nn.Module):
    """The whole network."""

    def __init__(self) -> None:
        super().__init__()
        self.finder = UNet(4, 1, _FINDER)
        self.painter = UNet(8, 4, _PAINTER)
        silence(self.painter.head)

    def forward(self, image: Tensor, mask: Tensor) -> StrokeFillOutput:
        """``image``: ``(n, 3, h, w)`` in 0..1, not blanked; ``mask``: ``(n, 1, h, w)``, 1 = erase."""
        logits = self.finder(torch.cat([image - 0.5, mask], 1))
        coverage = torch.sigmoid(logits) * mask
        fill = push_pull(image, (1 - coverage) ** _TRUST)
        painted = self.painter(torch.cat([image - 0.5, mask, coverage, fill - 0.5], 1))
        correction, blend = painted[:, :3], painted[:, 3:]
        # a zero head leaves the fill blended in by its coverage: the network starts as a sensible eraser
        share = mask * torch.sigmoid(logits + blend)
        return StrokeFillOutput(image + share * (fill + correction - image), fill, logits)
