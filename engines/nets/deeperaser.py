"""DeepEraser: *Deep Iterative Context Mining for Generic Text Eraser* (arXiv 2402.19108, IEEE TMM 2024).
Parameter names are those of the published checkpoint.

Everything runs at full resolution, with zero padding and no stride. The encoder's instance normalisations have
no parameters but make the result depend on all that is shown: ``Statistics`` records them on one view, and
``replaying`` uses them again on its tiles.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

HIDDEN = 64
"""Channels of the hidden state, and of the context beside it."""

EPS = 1e-5

NORMALISATIONS, NORMALISED_CHANNELS = 28, 1584
"""How often the encoder normalises, and how many channels that is in all."""

ENCODER_REACH, ITERATION_REACH = 27, 10
"""How far, in pixels, the encoder (statistics apart) and one iteration look."""

Normalise = Callable[[Tensor], Tensor]


def instance_norm(value: Tensor) -> Tensor:
    """Zero mean and unit variance for each image and channel; statistics in float32 whatever the precision."""
    return functional.instance_norm(value.float(), eps=EPS).to(value.dtype)


class Statistics:
    """Mean and deviation of every normalisation of one view, so that its tiles can be normalised alike.

    ``record`` pools them over a batch of windows of that view: any size of view costs bounded memory. For a
    single window it is ``instance_norm``. For inference only: both ways write into the tensor they are given.
    """

    def __init__(self) -> None:
        self._moments: list[Tensor] = []

    @property
    def moments(self) -> Tensor:
        """``(2, c)``: what is subtracted and what is divided by, for the channels of all calls in a row."""
        return torch.cat(self._moments, 1)

    def record(self, value: Tensor) -> Tensor:
        """Normalise with the batch's own moments, and keep them."""
        mean = value.mean((0, 2, 3), keepdim=True)
        centred = value.sub_(mean)
        deviation = torch.sqrt(centred.square().mean((0, 2, 3), keepdim=True) + EPS)
        self._moments.append(torch.stack([mean.flatten(), deviation.flatten()]))
        return centred.div_(deviation)


def replaying(moments: Tensor) -> Normalise:
    """A normalisation for one forward pass: each call uses the next channels of ``Statistics.moments``."""
    used = 0

    def normalise(value: Tensor) -> Tensor:
        nonlocal used
        mean, deviation = moments[:, used : used + value.shape[1], None, None]
        used += value.shape[1]
        return value.sub_(mean).div_(deviation)

    return normalise


class ResidualBlock(nn.Module):
    """Two 3 x 3 convolutions, each normalised and rectified, added to the (projected) input."""

    def __init__(self, channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, out_channels, 3, padding=1)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1)
        self.downsample = None if channels == out_channels else nn.Sequential(nn.Conv2d(channels, out_channels, 1))

    def forward(self, value: Tensor, norm: Normalise) -> Tensor:
        branch = functional.relu(norm(self.conv1(value)), inplace=True)
        branch = functional.relu(norm(self.conv2(branch)), inplace=True)
        skip = value if self.downsample is None else norm(self.downsample(value))
        return functional.relu(skip + branch, inplace=True)


class Encoder(nn.Module):
    """From image and mask, ``(n, 4, h, w)``, to 128 feature channels of the same size."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(4, 16, 7, padding=3)
        channels = 16
        for number, out_channels in enumerate((16, 32, 32, 64, 64, 128), 1):
            first, second = ResidualBlock(channels, out_channels), ResidualBlock(out_channels, out_channels)
            setattr(self, f"layer{number}", nn.ModuleList([first, second]))
            channels = out_channels
        self.conv2 = nn.Conv2d(128, 2 * HIDDEN, 1)
        self._initialise()

    def _initialise(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, value: Tensor, norm: Normalise = instance_norm) -> Tensor:
        value = functional.relu(norm(self.conv1(value)), inplace=True)
        for number in range(1, 7):
            for block in getattr(self, f"layer{number}"):
                value = block(value, norm)
        out: Tensor = self.conv2(value)
        return out


class ImageEncoder(nn.Module):
    """61 features of the image so far; the image itself is appended as the other three of 64."""

    def __init__(self) -> None:
        super().__init__()
        self.convf1 = nn.Conv2d(3, 128, 7, padding=3)
        self.convf2 = nn.Conv2d(128, HIDDEN - 3, 3, padding=1)

    def forward(self, image: Tensor) -> Tensor:
        features = torch.relu(self.convf2(torch.relu(self.convf1(image))))
        return torch.cat([features, image], 1)


class SeparableGRU(nn.Module):
    """A convolutional GRU in two halves: 1 x 5 along the rows, then 5 x 1 along the columns."""

    def __init__(self) -> None:
        super().__init__()
        for gate in "zrq":
            setattr(self, f"conv{gate}1", nn.Conv2d(3 * HIDDEN, HIDDEN, (1, 5), padding=(0, 2)))
            setattr(self, f"conv{gate}2", nn.Conv2d(3 * HIDDEN, HIDDEN, (5, 1), padding=(2, 0)))

    def forward(self, hidden: Tensor, inputs: Tensor) -> Tensor:
        for half in (1, 2):
            update, reset, candidate = (getattr(self, f"conv{gate}{half}") for gate in "zrq")
            seen = torch.cat([hidden, inputs], 1)
            share = torch.sigmoid(update(seen))
            kept = torch.sigmoid(reset(seen)) * hidden
            hidden = (1 - share) * hidden + share * torch.tanh(candidate(torch.cat([kept, inputs], 1)))
        return hidden


class Head(nn.Module):
    """The correction that a hidden state stands for; darkening ones come out a fifth as large, by the last slope."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(HIDDEN, 128, 3, padding=1)
        self.conv2 = nn.Conv2d(128, 3, 3, padding=1)

    def forward(self, hidden: Tensor) -> Tensor:
        return functional.leaky_relu(self.conv2(functional.leaky_relu(self.conv1(hidden), 0.2)), 0.2)


class UpdateBlock(nn.Module):
    """One iteration: look at the image so far, update the hidden state, give the correction."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = ImageEncoder()
        self.gru = SeparableGRU()
        self.pre_head = Head()

    def forward(self, hidden: Tensor, context: Tensor, image: Tensor) -> tuple[Tensor, Tensor]:
        hidden = self.gru(hidden, torch.cat([context, self.encoder(image)], 1))
        return hidden, self.pre_head(hidden)


class DeepEraser(nn.Module):
    """The whole network: 1 438 512 parameters in 78 tensors."""

    def __init__(self) -> None:
        super().__init__()
        self.fnet = Encoder()
        self.update_block = UpdateBlock()

    def encode(self, image: Tensor, mask: Tensor, norm: Normalise = instance_norm) -> tuple[Tensor, Tensor]:
        """The first hidden state and the context, 64 channels each."""
        features = self.fnet(torch.cat([image, mask], 1), norm)
        hidden, context = features.split(HIDDEN, 1)
        return torch.tanh(hidden), torch.relu(context)

    def forward(self, image: Tensor, mask: Tensor, iterations: int = 8) -> list[Tensor]:
        """The image after each iteration, unclamped.

        ``image``: ``(n, 3, h, w)`` in 0..1, not blanked; ``mask``: ``(n, 1, h, w)`` in 0..1, 1 = erase. Each
        result is the original plus a correction; the unclamped result is what the next iteration looks at.
        """
        hidden, context = self.encode(image, mask)
        restored, results = image, []
        for _ in range(iterations):
            hidden, correction = self.update_block(hidden, context, restored)
            restored = image + correction
            results.append(restored)
        return results
