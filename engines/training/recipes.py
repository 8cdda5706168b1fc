"""How each network is trained: what it is fed, what its outputs are compared with, and how it grows up."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from engines.core.faults import EngineError, Fault
from engines.nets.deeperaser import DeepEraser
from engines.nets.garnet import AttentionMaps, GaRNet
from engines.nets.strokefill import StrokeFill
from engines.training import losses
from engines.training.batch import Batch

Terms = dict[str, Tensor]
"""The weighted parts of a loss by name; their sum is what is minimised."""


@dataclass(frozen=True, slots=True)
class Stage:
    """From ``start`` (share of the budget, 0..1) on: crops of ``side`` pixels, ``batch`` of them a step."""

    start: float
    side: int
    batch: int


@dataclass(frozen=True, slots=True)
class Switches:
    """Optional terms. ``triplet``, ``adversarial``: their weights, 0 = off (both begin after a fifth of the budget)."""

    triplet: float = 0.0
    adversarial: float = 0.0


LATE = 0.2
"""The share of the budget after which the optional terms begin."""


class Recipe(ABC):
    """One network and its losses."""

    engine: str
    learning_rate: float
    cpu_stages: tuple[Stage, ...]
    gpu_stages: tuple[Stage, ...]

    def __init__(self, network: nn.Module, switches: Switches) -> None:
        self.network = network
        self.switches = switches

    @abstractmethod
    def terms(self, batch: Batch, progress: float) -> tuple[Terms, Tensor]:
        """The loss terms of ``batch`` at ``progress`` (0..1), and the restored pictures."""

    @abstractmethod
    def restore(self, network: nn.Module, image: Tensor, mask: Tensor) -> Tensor:
        """``(n, 3, h, w)`` restored by ``network`` (this one, or its averaged copy), as inference does it."""

    def stages(self, device: str) -> tuple[Stage, ...]:
        return self.cpu_stages if device == "cpu" else self.gpu_stages

    def _common(self, out: Tensor, batch: Batch) -> Terms:
        return {
            "l1": losses.hole_l1(out, batch.truth, batch.mask),
            "gradient": 0.5 * losses.gradient_l1(out, batch.truth, batch.mask),
            "pyramid": 0.5 * losses.pyramid_l1(out, batch.truth, batch.mask),
        }

    def _triplet(self, out: Tensor, coarse: Tensor, batch: Batch, progress: float) -> Terms:
        if not self.switches.triplet or progress < LATE:
            return {}
        return {"triplet": self.switches.triplet * losses.triplet(out, coarse, batch.truth, batch.mask)}


class StrokeFillRecipe(Recipe):
    """The finder learns the strokes from the synthesiser's own coverage, the painter the rest, both at once."""

    engine = "strokefill"
    learning_rate = 6e-4
    cpu_stages = (Stage(0.0, 128, 16), Stage(0.4, 192, 8), Stage(0.7, 256, 6))
    gpu_stages = (Stage(0.0, 256, 32), Stage(0.6, 384, 16))

    def __init__(self, switches: Switches) -> None:
        super().__init__(StrokeFill(), switches)

    def terms(self, batch: Batch, progress: float) -> tuple[Terms, Tensor]:
        out = self.network(batch.image, batch.mask)
        return {
            **self._common(out.image, batch),
            "stroke": losses.hole_l1(out.image, batch.truth, batch.stroke * batch.mask),
            "ghost": losses.ghost(out.image, batch.image, batch.truth, batch.stroke * batch.mask),
            "fill": 0.2 * losses.hole_l1(out.fill, batch.truth, batch.mask),
            "coverage": 0.2 * losses.coverage_bce(out.coverage, batch.stroke, batch.mask),
            **self._triplet(out.image, out.fill, batch, progress),
        }, out.image

    def restore(self, network: nn.Module, image: Tensor, mask: Tensor) -> Tensor:
        out: Tensor = network(image, mask).image
        return out


class GaRNetRecipe(Recipe):
    """Spec sections 4 and 5: every loss in the boxes only, three sizes, attention maps supervised."""

    engine = "garnet"
    learning_rate = 3e-4
    cpu_stages = (Stage(0.0, 128, 16), Stage(0.5, 192, 8), Stage(0.8, 256, 6))
    gpu_stages = (Stage(0.0, 256, 32), Stage(0.6, 512, 8))

    def __init__(self, switches: Switches) -> None:
        super().__init__(GaRNet(), switches)

    def terms(self, batch: Batch, progress: float) -> tuple[Terms, Tensor]:
        out = self.network(torch.cat([batch.image * 2 - 1, batch.mask], 1))
        image, half, quarter = ((value + 1) / 2 for value in (out.image, out.half, out.quarter))
        coarse = functional.interpolate(half, scale_factor=2.0, mode="bilinear", align_corners=False)
        return {
            **self._common(image, batch),
            "stroke": losses.hole_l1(image, batch.truth, batch.stroke * batch.mask),
            "ghost": losses.ghost(image, batch.image, batch.truth, batch.stroke * batch.mask),
            "half": 0.75 * _at_scale(half, batch, 2),
            "quarter": 0.6 * _at_scale(quarter, batch, 4),
            "attention": _attention(out.attention, batch) / len(out.attention),
            **self._triplet(image, coarse, batch, progress),
        }, image

    def restore(self, network: nn.Module, image: Tensor, mask: Tensor) -> Tensor:
        assert isinstance(network, GaRNet)
        return (network.restore(torch.cat([image * 2 - 1, mask], 1)) + 1) / 2


def _at_scale(out: Tensor, batch: Batch, scale: int) -> Tensor:
    truth = functional.avg_pool2d(batch.truth, scale)
    return losses.hole_l1(out, truth, functional.max_pool2d(batch.mask, scale))


def _attention(maps: Sequence[AttentionMaps], batch: Batch) -> Tensor:
    """Stroke and surround maps of every block against the masks, averaged down to its size, inside the boxes."""
    total = batch.mask.new_zeros(())
    for block in maps:
        scale = batch.mask.shape[-1] // block.stroke.shape[-1]
        box = functional.avg_pool2d(batch.mask, scale)
        stroke = functional.avg_pool2d(batch.stroke * batch.mask, scale)
        inside = (box > 0).float()
        total = total + 0.1 * losses.coverage_bce(block.stroke, stroke, inside)
        total = total + 0.1 * losses.coverage_bce(block.surround, (box - stroke).clamp(0, 1), inside)
    return total


class DeepEraserRecipe(Recipe):
    """Spec section 3: L1 of every iteration's image, the later ones weighing more."""

    engine = "deeperaser"
    learning_rate = 4e-4
    cpu_stages = (Stage(0.0, 64, 4), Stage(0.7, 96, 2))
    gpu_stages = (Stage(0.0, 128, 32), Stage(0.6, 256, 8))

    iterations, decay = 8, 0.85

    def __init__(self, switches: Switches) -> None:
        super().__init__(DeepEraser(), switches)

    def terms(self, batch: Batch, progress: float) -> tuple[Terms, Tensor]:
        results = self.network(batch.image, batch.mask, self.iterations)
        weights = [self.decay ** (len(results) - k) for k in range(1, len(results) + 1)]
        distances = [losses.hole_l1(result, batch.truth, batch.mask) for result in results]
        weighted = torch.stack([w * d for w, d in zip(weights, distances, strict=True)]).sum() / sum(weights)
        coarse = results[len(results) // 2 - 1]
        gradient = 0.5 * losses.gradient_l1(results[-1], batch.truth, batch.mask)
        return {
            "l1": weighted,
            "gradient": gradient,
            **self._triplet(results[-1], coarse, batch, progress),
        }, results[-1]

    def restore(self, network: nn.Module, image: Tensor, mask: Tensor) -> Tensor:
        out: Tensor = network(image, mask, self.iterations)[-1]
        return out


RECIPES: Mapping[str, type[StrokeFillRecipe | GaRNetRecipe | DeepEraserRecipe]] = {
    kind.engine: kind for kind in (StrokeFillRecipe, GaRNetRecipe, DeepEraserRecipe)
}


def recipe_for(engine: str, switches: Switches) -> Recipe:
    """The recipe of ``engine``, its network new; an ``EngineError`` where it has none."""
    if engine not in RECIPES:
        raise EngineError(Fault.UNKNOWN_ENGINE, f"{engine!r} cannot be trained.", f"These can: {', '.join(RECIPES)}.")
    return RECIPES[engine](switches)
