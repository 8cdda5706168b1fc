"""Losses that look into the hole only: outside it the pipeline composites, so nothing is demanded there.

All are means per hole area, so that small text counts as much as large. Pictures are ``(n, 3, h, w)`` in 0..1,
masks ``(n, 1, h, w)`` in 0..1; each function gives a scalar.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

_SMOOTH = 1e-6


def hole_mean(error: Tensor, mask: Tensor) -> Tensor:
    """The mean of ``error`` where ``mask`` is, for each picture, then over the pictures."""
    area = mask.sum((1, 2, 3)) * error.shape[1]
    return ((error * mask).sum((1, 2, 3)) / (area + 1.0)).mean()


def charbonnier(difference: Tensor) -> Tensor:
    """A smooth absolute value: sqrt(x^2 + 1e-6)."""
    return torch.sqrt(difference * difference + _SMOOTH)


def hole_l1(out: Tensor, truth: Tensor, mask: Tensor) -> Tensor:
    """Charbonnier distance inside the hole."""
    return hole_mean(charbonnier(out - truth), mask)


def composite(out: Tensor, image: Tensor, mask: Tensor) -> Tensor:
    """What the pipeline would show: ``out`` in the hole, ``image`` around it."""
    return image + mask * (out - image)


def gradient_l1(out: Tensor, truth: Tensor, mask: Tensor) -> Tensor:
    """Distance of the first differences along rows and columns: edges and grain, where plain L1 likes blur."""
    difference = (out - truth) * mask  # what is composited: the rim of the hole counts as a seam would show
    across = hole_mean((difference[..., 1:] - difference[..., :-1]).abs(), mask[..., 1:])
    down = hole_mean((difference[..., 1:, :] - difference[..., :-1, :]).abs(), mask[..., 1:, :])
    return across + down


def pyramid_l1(out: Tensor, truth: Tensor, mask: Tensor, levels: int = 3) -> Tensor:
    """Distance of the means of 2, 4, 8 ... pixels: colour and shading over areas, where plain L1 counts pixels."""
    difference = (out - truth) * mask
    total = difference.new_zeros(())
    for _ in range(levels):
        difference, mask = functional.avg_pool2d(difference, 2), functional.max_pool2d(mask, 2)
        total = total + hole_mean(difference.abs(), mask)
    return total / levels


def coverage_bce(logits: Tensor, stroke: Tensor, mask: Tensor) -> Tensor:
    """Binary cross-entropy of predicted strokes inside the hole."""
    return hole_mean(functional.binary_cross_entropy_with_logits(logits, stroke, reduction="none"), mask)


def ghost(out: Tensor, image: Tensor, truth: Tensor, stroke: Tensor) -> Tensor:
    """How much of the text is left standing: what an unsure network leaves, and plain L1 lets it leave.

    A hinge on stroke pixels: the result must be at least half as far from the text as the truth is
    (arXiv 2204.12743's triplet with the text itself as the negative).
    """
    wanted, gone = (truth - image).abs(), (out - image).abs()
    return hole_mean(functional.relu(0.5 * wanted - gone), stroke)


def triplet(out: Tensor, coarse: Tensor, truth: Tensor, mask: Tensor) -> Tensor:
    """The triplet erasure loss (arXiv 2204.12743), corrected: nearer to the truth than the coarse result is.

    Pixels and twice their Laplacian are compared; the loss is p / (p + n) of the distances to truth and coarse
    result. Where the coarse result is right already it is 0: else it would drive the network away from it.
    """
    seen, wanted, before = _features(out), _features(truth), _features(coarse.detach())
    positive, negative = _distances(seen, wanted, mask), _distances(seen, before, mask)
    settled = _distances(before, wanted, mask).detach() < 0.01
    ratio = positive / (positive + negative + 1e-3)
    return torch.where(settled, torch.zeros_like(ratio), ratio).mean()


def _features(picture: Tensor) -> Tensor:
    blurred = functional.avg_pool2d(picture, 3, 1, 1, count_include_pad=False)
    return torch.cat([picture, 2 * (picture - blurred)], 1)


def _distances(a: Tensor, b: Tensor, mask: Tensor) -> Tensor:
    """The mean distance inside the hole of each picture, ``(n,)``."""
    return ((a - b).abs() * mask).sum((1, 2, 3)) / (mask.sum((1, 2, 3)) * a.shape[1] + 1.0)
