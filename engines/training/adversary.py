"""A critic that tells erased patches from real ones; optional, for texture that L1 alone blurs."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import spectral_norm

from engines.training import losses
from engines.training.batch import Batch


class Critic(nn.Module):
    """Scores of patches of about 70 pixels, ``(n, 1, h/8, w/8)``; spectral norm keeps it honest."""

    def __init__(self) -> None:
        super().__init__()
        widths = (4, 48, 96, 128)
        self.downs = nn.ModuleList(spectral_norm(nn.Conv2d(a, b, 4, 2, 1)) for a, b in pairwise(widths))
        self.score = spectral_norm(nn.Conv2d(widths[-1], 1, 3, padding=1))

    def forward(self, picture: Tensor, mask: Tensor) -> Tensor:
        """``picture``: ``(n, 3, h, w)`` in 0..1; ``mask``: ``(n, 1, h, w)``, where it was filled."""
        value = torch.cat([picture * 2 - 1, mask], 1)
        for down in self.downs:
            value = functional.leaky_relu(down(value), 0.2)
        out: Tensor = self.score(value)
        return out


class Adversary:
    """The critic with its optimiser. ``weight`` scales what the eraser hears of it."""

    def __init__(self, weight: float, device: str) -> None:
        self.weight = weight
        self.critic = Critic().to(device)
        self.optimiser = torch.optim.Adam(self.critic.parameters(), lr=2e-4, betas=(0.0, 0.9))

    def learn(self, restored: Tensor, batch: Batch) -> None:
        """One step of the critic: the truth is real, the composited result is not."""
        fake = losses.composite(restored.detach(), batch.image, batch.mask)
        where = _patches(batch.mask)
        loss = losses.hole_mean(functional.relu(1 - self.critic(batch.truth, batch.mask)), where)
        loss = loss + losses.hole_mean(functional.relu(1 + self.critic(fake, batch.mask)), where)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimiser.step()

    def term(self, restored: Tensor, batch: Batch) -> Tensor:
        """What the eraser is to lower: how surely the critic calls its holes filled."""
        self.critic.requires_grad_(False)
        fake = losses.composite(restored, batch.image, batch.mask)
        score = losses.hole_mean(-self.critic(fake, batch.mask), _patches(batch.mask))
        self.critic.requires_grad_(True)
        return self.weight * score


def _patches(mask: Tensor) -> Tensor:
    """1 where a patch of the critic's grid holds any of the hole: other patches are real in both pictures."""
    return functional.max_pool2d(mask, 8)
