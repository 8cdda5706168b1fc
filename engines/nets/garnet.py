"""GaRNet: *The Surprisingly Straightforward Scene Text Removal Method With Gated Attention and Region of
Interest Generation* (ECCV 2022, arXiv 2210.07489). Parameter names are those of the published checkpoint.

Input: ``(n, 4, h, w)``, channels R, G, B in -1..1 and the mask (1 = erase), sides multiples of 32. The image is
not blanked inside the mask. No layer normalises over the batch: a batch equals its images one by one.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional


class AttentionMaps(NamedTuple):
    """One block's maps, each ``(n, 1, h, w)`` of logits: where strokes are, where their surroundings are."""

    stroke: Tensor
    surround: Tensor
    gate: Tensor


class GaRNetOutput(NamedTuple):
    """``image``: ``(n, 3, h, w)``, more than -1, unbounded above; ``half`` and ``quarter``: the same, smaller.

    ``attention``: the eight blocks' maps, from shallow to deep. ``masks``: the mask branch's eight maps.
    """

    image: Tensor
    half: Tensor
    quarter: Tensor
    attention: list[AttentionMaps]
    masks: list[Tensor]


class GatedAttention(nn.Module):
    """Decides per pixel how much of a residual passes: from its mean, its maximum, and the mask."""

    def __init__(self) -> None:
        super().__init__()
        self.alpha = nn.Parameter(torch.tensor(0.5))
        self.beta = nn.Parameter(torch.tensor(0.5))
        self.conv = nn.Conv2d(3, 1, 7, padding=3, bias=False)
        self.conv2 = nn.Conv2d(3, 1, 7, padding=3, bias=False)

    def maps(self, residual: Tensor, mask: Tensor) -> AttentionMaps:
        """The logits of the stroke, the surround, and the gate."""
        seen = _summary(residual, mask)
        stroke, surround = self.conv(seen), self.conv2(seen)
        return AttentionMaps(stroke, surround, self.alpha * stroke + self.beta * surround)

    def gate(self, residual: Tensor, mask: Tensor) -> Tensor:
        """The gate alone, 0..1, by one convolution: both are linear in the same input."""
        kernel = self.alpha * self.conv.weight + self.beta * self.conv2.weight
        return torch.sigmoid(functional.conv2d(_summary(residual, mask), kernel, padding=3))


def _summary(residual: Tensor, mask: Tensor) -> Tensor:
    return torch.cat([residual.mean(1, keepdim=True), residual.amax(1, keepdim=True), mask], 1)


class ResidualAttention(nn.Module):
    """A residual block whose residual is gated; halves the size where the channels change."""

    def __init__(self, channels: int, out_channels: int | None = None) -> None:
        super().__init__()
        wider = out_channels or channels
        stride = 1 if out_channels is None else 2
        self.conv1 = nn.Conv2d(channels, wider, 3, stride, 1)
        self.conv2 = nn.Conv2d(wider, wider, 3, 1, 1)
        self.conv3 = None if out_channels is None else nn.Conv2d(channels, wider, 1, 2)
        self.att_layer = GatedAttention()

    def forward(self, value: Tensor, mask: Tensor, maps: list[AttentionMaps] | None = None) -> Tensor:
        """``maps``: where to keep the attention maps; without it, the shorter way to the same gate is taken."""
        residual = self.conv2(torch.relu(self.conv1(value)))
        if maps is None:
            gate = self.att_layer.gate(residual, mask)
        else:
            maps.append(self.att_layer.maps(residual, mask))
            gate = torch.sigmoid(maps[-1].gate)
        skip = value if self.conv3 is None else self.conv3(value)
        return torch.relu(residual * gate + skip)


class LateralStem(nn.Module):
    """The first three of the four linear convolutions in a row of a lateral connection."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        half = channels // 2
        self.model = nn.Sequential(
            nn.Conv2d(channels, half, 1), nn.Conv2d(half, half, 3, 1, 1), nn.Conv2d(half, half, 3, 1, 1)
        )

    def forward(self, value: Tensor) -> Tensor:
        out: Tensor = self.model(value)
        return out


def _lateral(channels: int) -> nn.Sequential:
    return nn.Sequential(LateralStem(channels), nn.Conv2d(channels // 2, channels, 1))


def _up(channels: int, out_channels: int) -> nn.Sequential:
    return nn.Sequential(nn.ConvTranspose2d(channels, out_channels, 4, 2, 1), nn.ELU())


class BoxBlur(nn.Module):
    """A box blur whose kernel is a constant that stands in the checkpoint."""

    def __init__(self, side: int, stride: int = 1) -> None:
        super().__init__()
        self.stride = stride
        self.weight = nn.Parameter(torch.full((1, 1, side, side), 1 / side**2), requires_grad=False)

    def forward(self, value: Tensor) -> Tensor:
        return functional.conv2d(value, self.weight, stride=self.stride, padding=1)


def _blurs(stride: int = 1) -> nn.Sequential:
    return nn.Sequential(BoxBlur(3, stride), BoxBlur(3))


class MaskBranch(nn.Module):
    """A fixed pyramid of box blurs: the mask as each attention block sees it (frozen; spec section 3).

    Each stage is divided by its maximum *per image*: the published code takes it over the batch, so that a
    small box is dimmed by its neighbours.
    """

    def __init__(self) -> None:
        super().__init__()
        self.initial = nn.Sequential(BoxBlur(4, 2))
        self.layer1_out = _blurs()
        self.layer2_in = _blurs()
        self.layer2_out = _blurs(2)
        self.layer3_in = _blurs()
        self.layer3_out = _blurs(2)
        self.layer4_in = _blurs()
        self.layer4_out = _blurs(2)
        self.layer5 = _blurs()

    def forward(self, mask: Tensor) -> list[Tensor]:
        """``mask``: ``(n, 1, h, w)`` in 0..1; gives eight maps from h/4 to h/32."""
        with torch.autocast(mask.device.type, enabled=False):  # 1e-6 is at the edge of half precision
            level = _peak_to_one(self.initial(mask.float()))
            level = _peak_to_one(functional.max_pool2d(level, 2))
            stages = (self.layer1_out, self.layer2_in, self.layer2_out, self.layer3_in)
            maps: list[Tensor] = []
            for stage in (*stages, self.layer3_out, self.layer4_in, self.layer4_out, self.layer5):
                level = _peak_to_one(stage(level))
                maps.append(level)
            return maps


def _peak_to_one(level: Tensor) -> Tensor:
    return level / (level.amax((1, 2, 3), keepdim=True) + 1e-6)


class GaRNet(nn.Module):
    """The generator: 12 399 909 values in 135 tensors, 160 of them frozen."""

    def __init__(self) -> None:
        super().__init__()
        self.mask_branch = MaskBranch()
        self.layer1 = nn.Conv2d(4, 64, 4, 2, 1)
        self.layer1_lc = _lateral(64)
        self.layer1_block = ResidualAttention(64)
        self.layer2 = ResidualAttention(64)
        self.layer2_lc = _lateral(64)
        self.layer2_block = ResidualAttention(64, 128)
        self.layer3 = ResidualAttention(128)
        self.layer3_lc = _lateral(128)
        self.layer3_block = ResidualAttention(128, 256)
        self.layer4 = ResidualAttention(256)
        self.layer4_lc = _lateral(256)
        self.layer4_block = ResidualAttention(256, 512)
        self.layer5 = ResidualAttention(512)
        self.layer6 = nn.Conv2d(512, 2, 1)
        self.uplayer1 = _up(2, 256)
        self.uplayer2 = _up(256, 128)
        self.uplayer3 = _up(128, 64)
        self.convs_1 = nn.Conv2d(64, 3, 1, bias=False)
        self.uplayer4 = _up(64, 64)
        self.convs_2 = nn.Conv2d(64, 3, 1, bias=False)
        self.uplayer5 = _up(64, 3)

    def forward(self, value: Tensor) -> GaRNetOutput:
        """Everything that training and a look into the network need."""
        maps: list[AttentionMaps] = []
        masks = self.mask_branch(value[:, 3:])
        laterals, deep = self._encoded(value, masks, maps)
        quarter, half = self._decoded(laterals, deep)
        return GaRNetOutput(self.uplayer5(half), self.convs_2(half), self.convs_1(quarter), maps, masks)

    def restore(self, value: Tensor) -> Tensor:
        """The full-size image alone: the same as ``forward(value).image``, without the side outputs."""
        _, half = self._decoded(*self._encoded(value, self.mask_branch(value[:, 3:]), None))
        image: Tensor = self.uplayer5(half)
        return image

    def _encoded(
        self, value: Tensor, masks: list[Tensor], maps: list[AttentionMaps] | None
    ) -> tuple[list[Tensor], Tensor]:
        """The four lateral connections, from shallow to deep, and the two-channel bottleneck."""
        level = self.layer1(value)
        laterals = [self.layer1_lc(level)]
        level = self.layer1_block(functional.max_pool2d(level, 2), masks[0], maps)
        level = self.layer2(level, masks[1], maps)
        laterals.append(self.layer2_lc(level))
        level = self.layer3(self.layer2_block(level, masks[2], maps), masks[3], maps)
        laterals.append(self.layer3_lc(level))
        level = self.layer4(self.layer3_block(level, masks[4], maps), masks[5], maps)
        laterals.append(self.layer4_lc(level))
        level = self.layer5(self.layer4_block(level, masks[6], maps), masks[7], maps)
        return laterals, self.layer6(level)

    def _decoded(self, laterals: list[Tensor], deep: Tensor) -> tuple[Tensor, Tensor]:
        """The features at a quarter and at half the size; each sum is activated once more."""
        level = functional.elu(laterals[3] + self.uplayer1(deep))
        level = functional.elu(laterals[2] + self.uplayer2(level))
        quarter = functional.elu(laterals[1] + self.uplayer3(level))
        return quarter, functional.elu(laterals[0] + self.uplayer4(quarter))
