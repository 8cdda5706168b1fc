"""The way of a crop through a checkpoint: to the working size, to a latent, and back into its surroundings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from engines.core.context import Context
from engines.core.faults import EngineError, Fault
from engines.core.types import Alpha, FloatImage
from engines.diffusion.frame import Frame, blended, frame_for, settled
from engines.diffusion.grids import by_tokens, pooled, shares_left
from engines.diffusion.latents import Preview, decoded, encoded
from engines.diffusion.layers import attending_levels
from engines.diffusion.listening import listening
from engines.diffusion.studio import Room, Studio

_LITTLE = 0.1
"""The share of a grid that must be left to look at; with less, the filling has nothing to go by."""

_LITTLE_TOLD = "The mask covers nearly all that the engine could go by; a smaller one would give a better result."

_ENCODED, _WALKED = 0.05, 0.92
"""The shares of the work that are done after encoding and after the loop."""


@dataclass(frozen=True, slots=True, eq=False)
class Crop:
    """What an engine was given. ``avoid``: what must not be copied from, as ``alpha``; ``spread``: pixels."""

    image: FloatImage
    alpha: Alpha
    avoid: Alpha
    spread: float


@dataclass(frozen=True, slots=True, eq=False)
class Canvas:
    """A crop at the working size. ``hole`` and ``foreign``: 0 or 255; ``clean``: its latent, float32."""

    frame: Frame
    picture: FloatImage
    hole: Alpha
    foreign: Alpha
    clean: Tensor

    @property
    def latent_hole(self) -> Tensor:
        """1 where the latent is made anew, ``(1, 1, h, w)``."""
        grid = pooled(self.hole, (self.clean.shape[2], self.clean.shape[3]))
        return grid.float()[None, None].to(self.clean.device)

    def rows(self, depth: int) -> Mapping[int, Tensor]:
        """The tokens of the hole on each of ``depth`` grids."""
        return by_tokens(self.hole, (self.clean.shape[2], self.clean.shape[3]), depth)

    def keys(self, depth: int) -> Mapping[int, Tensor]:
        """The tokens that may not be looked at: the hole, and what must not be copied from."""
        both = np.maximum(self.hole, self.foreign)
        return by_tokens(both, (self.clean.shape[2], self.clean.shape[3]), depth)

    def little_background(self, grids: Sequence[int]) -> bool:
        """Whether hardly anything is left to look at on one of the ``grids``."""
        both = np.maximum(self.hole, self.foreign)
        left = shares_left(both, (self.clean.shape[2], self.clean.shape[3]), grids)
        return min(left, default=1.0) < _LITTLE


Walk = Callable[[Room, Canvas, Context], Tensor]
"""From a canvas to the clean latent of the picture without the object."""


def made_anew(studio: Studio, room: Room, crop: Crop, walk: Walk, ctx: Context) -> FloatImage:
    """The crop with its hole filled by ``walk``, as large as it came."""
    frame = frame_for(crop.image.shape[:2], studio.facts.side, studio.facts.unit)
    picture, hole = frame.picture(crop.image), frame.mask(crop.alpha, crop.spread)
    foreign = frame.mask(crop.avoid, 0.0) if crop.avoid.any() else np.zeros_like(hole)
    with room.parts.vae() as vae, listening(vae, _heard(ctx.part(0.0, _ENCODED), "looking at the picture")):
        clean = encoded(vae, picture, room.device)
    canvas = Canvas(frame, picture, hole, foreign, clean)
    with torch.inference_mode(), room.parts.unet() as unet:
        if canvas.little_background(attending_levels(unet)):
            ctx.tell(_LITTLE_TOLD)
        latent = walk(room, canvas, ctx.part(_ENCODED, _WALKED - _ENCODED))
    with room.parts.vae() as vae, listening(vae, _heard(ctx.part(_WALKED, 1 - _WALKED), "painting")):
        generated = decoded(vae, latent)
    if not np.isfinite(latent.cpu().numpy()).all():
        raise _diverged()
    fitting = settled(generated, picture, hole)
    return frame.back(blended(fitting, picture, hole))


class Progress:
    """Reports a loop: each evaluation, what it has painted so far, and when it will be done."""

    def __init__(self, canvas: Canvas, crop: Crop, ctx: Context, note: str = "erasing") -> None:
        self._canvas, self._crop, self._ctx, self._note = canvas, crop, ctx, note
        self._preview = Preview(canvas.clean, canvas.picture) if ctx.wants_preview else None
        self._done, self._total = 0, 1

    def begin(self, total: int) -> None:
        """There will be ``total`` evaluations."""
        self._total = total

    def hear(self, share: float) -> None:
        """The present evaluation has come so far."""
        self._ctx.step((self._done + share) / self._total, f"{self._note}, step {self._done + 1} of {self._total}")

    def watch(self, done: int, total: int, clean: Tensor) -> None:
        """An evaluation is over; ``clean``: what it takes for the picture."""
        self._done, self._total = done, total
        shown = self._shown(clean) if self._preview else None
        self._ctx.step(done / total, f"{self._note}, step {done} of {total}", shown)

    def _shown(self, clean: Tensor) -> FloatImage:
        assert self._preview is not None
        size = (self._crop.image.shape[0], self._crop.image.shape[1])
        inside = (self._crop.alpha > 0)[..., None]
        return np.where(inside, self._preview.shown(clean, size), self._crop.image)


def _heard(ctx: Context, note: str) -> Callable[[float], None]:
    return lambda share: ctx.step(share, note)


def _diverged() -> EngineError:
    return EngineError(
        Fault.INTERNAL,
        "The network gave no picture, but numbers beyond all bounds.",
        "Take another checkpoint, a lower guidance, or --device cpu, which computes more exactly.",
    )
