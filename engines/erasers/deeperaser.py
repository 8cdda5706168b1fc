"""The recurrent text eraser (``engines.nets.deeperaser``): small corrections of the hole, one after the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engines.core.context import Context
from engines.core.engine import ImageEraser, Options, Setup
from engines.core.types import Alpha, Box, FloatImage
from engines.nets.deeperaser import (
    ENCODER_REACH,
    HIDDEN,
    NORMALISATIONS,
    NORMALISED_CHANNELS,
    DeepEraser,
    Normalise,
    Statistics,
    replaying,
)
from engines.nets.deeperaser_stages import SideBySide, Stages
from engines.pipeline.areas import hole_boxes, sample_windows
from engines.runtime.memory import out_of_memory_told
from engines.runtime.onnx import OnnxModel, chosen_model, export, largest_difference
from engines.runtime.torch_load import load_network

MARGIN = 24
"""Pixels around a hole that the iterations run on, too.

One iteration spreads information by at most 10 pixels, so 10 per iteration is exact. Measured, the hole's
pixels differ from that by less than 1e-5 from 20 on (``tests/benchmarks/bench_deeperaser.py``).
"""

WINDOW, WINDOWS = 256, 9
"""A view of more pixels than so many windows of this side has its statistics taken on that many, evenly spread."""

_ENCODING = 0.25
"""The share of the time that the encoder takes, as far as progress is concerned."""

_EXPORT_SIDE, _CHECK_SIDES = 24, (96, 152)


class DeepEraserEngine(ImageEraser):
    """DeepEraser on PyTorch or ONNX Runtime. A grey mask stays soft: its coverage is what the network is shown."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._notes: list[str] = []
        model = chosen_model(setup, self._notes.append)
        self._stages: _Backend = _OnnxStages(model) if model else _TorchStages(self._load(setup.device), setup.device)

    def erase(self, image: FloatImage, alpha: Alpha, options: Options, ctx: Context) -> FloatImage:
        for note in self._notes:
            ctx.tell(note)
        return _Erasing(self._stages, _View(image, alpha), int(options["iterations"])).run(ctx)

    def for_tiles(self, image: FloatImage, alpha: Alpha, options: Options, ctx: Context) -> ImageEraser:
        """An eraser that normalises every tile with the moments of the whole view (spec section 4)."""
        boxes = sample_windows((image.shape[0], image.shape[1]), WINDOW, WINDOWS)
        windows = [_View(image[box.slices], alpha[box.slices]) for box in boxes]
        with torch.inference_mode(), out_of_memory_told():
            *_, moments = self._stages.encode(torch.cat([window.tensor() for window in windows]), ctx)
        return _TilesEraser(self._stages, moments)

    def export_onnx(self, path: Path) -> None:
        """Write one ONNX model that holds all stages, for any height, width and number of iterations."""
        inputs, shapes = _example_inputs()
        export(SideBySide(Stages(self._load("cpu"))), inputs, SideBySide.OUTPUTS, path, shapes)

    def compare_onnx(self, path: Path) -> float:
        """The largest difference to PyTorch on a random image of another size, erased whole and as a tile."""
        view = _check_view()
        theirs = _checked(_OnnxStages(OnnxModel(path, "cpu", self._notes.append)), view)
        ours = _checked(_TorchStages(self._load("cpu"), "cpu"), view)
        return largest_difference(theirs, ours)

    def close(self) -> None:
        del self._stages

    def _load(self, device: str) -> DeepEraser:
        (weights,) = self._setup.weights.values()
        return load_network(DeepEraser, weights, device)


class _TilesEraser(ImageEraser):
    """Erases parts of a view whose moments are known; their encoder, too, only runs near the hole."""

    def __init__(self, stages: _Backend, moments: Tensor) -> None:
        self._stages, self._moments = stages, moments

    def erase(self, image: FloatImage, alpha: Alpha, options: Options, ctx: Context) -> FloatImage:
        return _Erasing(self._stages, _View(image, alpha), int(options["iterations"]), self._moments).run(ctx)


@dataclass(frozen=True, slots=True, eq=False)
class _View:
    """What an eraser is shown."""

    image: FloatImage
    alpha: Alpha

    @property
    def size(self) -> tuple[int, int]:
        return self.alpha.shape[0], self.alpha.shape[1]

    def tensor(self) -> Tensor:
        """``(1, 4, h, w)``: image and coverage, both in 0..1."""
        coverage = self.alpha[..., None].astype(np.float32) / 255
        return torch.from_numpy(np.concatenate([self.image, coverage], axis=2).transpose(2, 0, 1)[None])


class _Backend(Protocol):
    """Runs one stage at a time; see ``Stages`` for the shapes."""

    def encode(self, value: Tensor, ctx: Context) -> tuple[Tensor, ...]:
        """Hidden state, context, and the moments they were normalised with."""
        ...

    def encode_tile(self, value: Tensor, moments: Tensor, ctx: Context) -> tuple[Tensor, ...]:
        """Hidden state and context, normalised with the given moments."""
        ...

    def prepare(self, context: Tensor) -> tuple[Tensor, ...]: ...

    def iterate(self, hidden: Tensor, first: Tensor, second: Tensor, restored: Tensor) -> tuple[Tensor, ...]: ...


class _TorchStages:
    def __init__(self, network: DeepEraser, device: str) -> None:
        self._stages = Stages(network)
        self._device = device

    def encode(self, value: Tensor, ctx: Context) -> tuple[Tensor, ...]:
        statistics = Statistics()
        hidden, context = self._stages.encode(self._there(value), _heard(statistics.record, ctx))
        return hidden, context, statistics.moments

    def encode_tile(self, value: Tensor, moments: Tensor, ctx: Context) -> tuple[Tensor, ...]:
        return self._stages.encode(self._there(value), _heard(replaying(moments), ctx))

    def prepare(self, context: Tensor) -> tuple[Tensor, ...]:
        return self._stages.prepare(context)

    def iterate(self, hidden: Tensor, first: Tensor, second: Tensor, restored: Tensor) -> tuple[Tensor, ...]:
        return self._stages.iterate(hidden, first, second, restored)

    def _there(self, value: Tensor) -> Tensor:
        return value.to(self._device, memory_format=torch.channels_last)


def _heard(norm: Normalise, ctx: Context) -> Normalise:
    """``norm``, with a step reported before each call: the encoder alone may take seconds."""
    calls = iter(range(NORMALISATIONS))

    def normalise(value: Tensor) -> Tensor:
        ctx.step(next(calls) / NORMALISATIONS, "reading the region")
        return norm(value)

    return normalise


class _OnnxStages:
    """The stages that stand side by side in one ONNX model."""

    def __init__(self, model: OnnxModel) -> None:
        self._model = model

    def encode(self, value: Tensor, ctx: Context) -> tuple[Tensor, ...]:
        ctx.step(0.0, "reading the region")
        return self._run(SideBySide.ENCODED, value=value)

    def encode_tile(self, value: Tensor, moments: Tensor, ctx: Context) -> tuple[Tensor, ...]:
        ctx.step(0.0, "reading the region")
        return self._run(SideBySide.ENCODED_TILE, tile=value, moments=moments)

    def prepare(self, context: Tensor) -> tuple[Tensor, ...]:
        return self._run(SideBySide.PREPARED, context=context)

    def iterate(self, hidden: Tensor, first: Tensor, second: Tensor, restored: Tensor) -> tuple[Tensor, ...]:
        return self._run(SideBySide.ITERATED, hidden=hidden, first=first, second=second, restored=restored)

    def _run(self, outputs: tuple[str, ...], **inputs: Tensor) -> tuple[Tensor, ...]:
        feeds = {name: np.ascontiguousarray(tensor.numpy()) for name, tensor in inputs.items()}
        return tuple(torch.from_numpy(array) for array in self._model.run(feeds, outputs))


_Encoded: TypeAlias = Callable[[Box, Context], "tuple[Tensor, ...]"]
"""Gives hidden state and context of an area of the view."""


@dataclass(frozen=True, slots=True, eq=False)
class _Erasing:
    """One call of ``erase``. ``moments``: what to normalise with; the view's own where None."""

    stages: _Backend
    view: _View
    iterations: int
    moments: Tensor | None = None

    def run(self, ctx: Context) -> FloatImage:
        ctx.step(0.0, "reading the region")
        result = self.view.image.copy()
        holes = hole_boxes(self.view.alpha, MARGIN)
        if not holes:
            return result
        with torch.inference_mode(), out_of_memory_told():
            encoded = self._encoder(ctx.part(0.0, _ENCODING))
            passes = ctx.part(_ENCODING, 1 - _ENCODING)
            for number, hole in enumerate(holes):
                self._fill(result, hole, encoded, passes.part(number / len(holes), 1 / len(holes)))
        return result

    def _encoder(self, ctx: Context) -> _Encoded:
        if self.moments is not None:
            return partial(self._tile_encoded, self.moments)
        hidden, context, _ = self.stages.encode(self.view.tensor(), ctx)
        return lambda area, _: (_cut(hidden, area), _cut(context, area))

    def _tile_encoded(self, moments: Tensor, area: Box, ctx: Context) -> tuple[Tensor, ...]:
        """The encoder on the area and as far around it as the encoder looks, which is as good as on all."""
        seen = area.grown(ENCODER_REACH).within(self.view.size)
        states = self.stages.encode_tile(_cut(self.view.tensor(), seen), moments, ctx.part(0.0, 0.0))
        return tuple(_cut(state, area.moved(-seen.x, -seen.y)) for state in states)

    def _fill(self, result: FloatImage, hole: Box, encoded: _Encoded, ctx: Context) -> None:
        """Run the iterations on one hole and write what they make of it into ``result``."""
        area = hole.grown(MARGIN).within(self.view.size)
        hidden, context = encoded(area, ctx)
        first, second = self.stages.prepare(context)
        image = restored = _cut(self.view.tensor()[:, :3], area).to(hidden.device)
        inner, covered = hole.moved(-area.x, -area.y), self.view.alpha[hole.slices] > 0
        for number in range(1, self.iterations + 1):
            hidden, correction = self.stages.iterate(hidden, first, second, restored)
            restored = image + correction
            if ctx.wants_preview or number == self.iterations:
                filled = _cut(restored, inner)[0].permute(1, 2, 0).clamp(0, 1).cpu().numpy()
                result[hole.slices][covered] = filled[covered]
            shown = result.copy() if ctx.wants_preview else None
            ctx.step(number / self.iterations, f"pass {number} of {self.iterations}", shown)


def _cut(value: Tensor, area: Box) -> Tensor:
    return value[(..., *area.slices)]


def _example_inputs() -> tuple[dict[str, Tensor], dict[str, dict[int, object]]]:
    """What the exporter follows, and which dimensions of it may vary: those of each stage by themselves."""
    groups = {"view": {"value": 4}, "tile": {"tile": 4}, "context": {"context": HIDDEN}}
    groups["area"] = {"hidden": HIDDEN, "first": 3 * HIDDEN, "second": 3 * HIDDEN, "restored": 3}
    inputs: dict[str, Tensor] = {}
    shapes: dict[str, dict[int, object]] = {}
    for number, (group, channels) in enumerate(groups.items()):
        height, width = (torch.export.Dim(f"{group}_{side}", min=1, max=16384) for side in ("height", "width"))
        for name, count in channels.items():
            inputs[name] = torch.zeros(1, count, _EXPORT_SIDE + number, 2 * _EXPORT_SIDE + number)
            shapes[name] = {2: height, 3: width}
    inputs["value"] = inputs["value"].repeat(2, 1, 1, 1)
    shapes["value"][0] = torch.export.Dim("windows", min=1, max=64)
    inputs["moments"], shapes["moments"] = torch.ones(2, NORMALISED_CHANNELS), {}
    return inputs, shapes


def _check_view() -> _View:
    alpha = np.zeros(_CHECK_SIDES, np.uint8)
    alpha[30:60, 40:100] = 255
    return _View(np.random.default_rng(0).random((*_CHECK_SIDES, 3), np.float32), alpha)


def _checked(stages: _Backend, view: _View) -> NDArray[np.float32]:
    """The view erased twice, by its own moments and, as a tile, by those of its left half."""
    with torch.inference_mode():
        *_, moments = stages.encode(view.tensor()[..., : view.size[1] // 2], Context())
    return np.stack([_Erasing(stages, view, 3, used).run(Context()) for used in (None, moments)])
