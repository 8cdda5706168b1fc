"""A checkpoint that is ready to work: placed on a device, with its prompts embedded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from engines.core.context import Context
from engines.core.engine import Setup
from engines.core.faults import EngineError, Fault
from engines.diffusion import text
from engines.diffusion.checkpoint import Facts, open_checkpoint
from engines.diffusion.denoiser import Condition
from engines.diffusion.layers import self_attentions
from engines.diffusion.memory_modes import Mode, Placed, Way, choose, need, ways, weight_bytes
from engines.diffusion.redirection import PlainAttention, processors
from engines.runtime.device import devices
from engines.runtime.memory import out_of_memory_told

AUTO = "auto"

_SD2_WIDTH = 1024
"""Of the text embedding; that of Stable Diffusion 1 is 768."""


@dataclass(frozen=True, slots=True, eq=False)
class Room:
    """What a run works in: the parts on their way, what the U-Net computes in, and the way they are kept."""

    parts: Placed
    device: str
    dtype: torch.dtype
    way: Way


class Studio:
    """One checkpoint on one device. What takes memory is loaded when a run first needs it, and kept."""

    def __init__(self, setup: Setup) -> None:
        """Raises ``EngineError(WEIGHTS_INVALID)`` where the checkpoint cannot be used, or is of another family."""
        ((name, path),) = setup.weights.items()
        self.checkpoint = open_checkpoint(path)
        self.facts = self.checkpoint.facts()
        if family(self.facts) != name:
            words = f"{path.name} is a checkpoint of {FAMILIES[family(self.facts)]}, not of {FAMILIES.get(name, name)}."
            raise EngineError(Fault.WEIGHTS_INVALID, words, "Leave out --weights: it is recognised.")
        device = setup.device
        self.device = device
        self._rooms: dict[Way, Room] = {}
        self._prompts: dict[str, tuple[Tensor, Tensor | None]] = {}

    def ways_to_try(self, memory: str, ctx: Context) -> list[Way]:
        """The ways to keep the parts, the one that suits the free memory first, more frugal ones after it.

        ``memory``: ``auto``, or a mode, which then is the only one. What is chosen is told where it is not the
        quickest. Raises ``EngineError(BAD_INPUT)`` for a mode that the device has not.
        """
        offered = [way for way in ways(self.device) if memory in (AUTO, way.mode.value)]
        if not offered:
            names = ", ".join(dict.fromkeys(way.mode.value for way in ways(self.device)))
            raise EngineError(Fault.BAD_INPUT, f"There is no memory mode {memory} on {self.device}.", f"Take: {names}.")
        kept = [way for way in offered if way in self._rooms]
        if kept:
            return offered[offered.index(kept[0]) :]
        needs = {way: need(self.facts, way, self.device, self.facts.side**2) for way in offered}
        free = _free(self.device)
        way = choose(needs, free)
        _tell(way, needs, free, ctx)
        return offered[offered.index(way) :]

    @contextmanager
    def room(self, way: Way) -> Iterator[Room]:
        """The parts, loaded and placed; running out of memory is told, and then they are let go."""
        with ExitStack() as stack:
            stack.enter_context(self._let_go_on_failure())
            stack.enter_context(out_of_memory_told())
            room = self._room(way)
            if way.rows:
                layers = self_attentions(room.parts.parts()[0])
                stack.enter_context(processors(layers, lambda _: PlainAttention(way.rows)))
            yield room

    def condition(self, prompt: str, size: tuple[int, int], room: Room) -> Condition:
        """What the U-Net is told for ``prompt`` and a picture of ``size``. Text encoders are not kept."""
        if prompt not in self._prompts:
            self._prompts[prompt] = text.embedded(self.checkpoint, prompt)
        return text.condition(*self._prompts[prompt], size).to(room.device, room.dtype)

    def close(self) -> None:
        """Let go of everything that takes memory."""
        self._rooms.clear()

    def _room(self, way: Way) -> Room:
        if way not in self._rooms:
            self._rooms.clear()
            dtype = torch.float32 if weight_bytes(self.device, way.mode) == 4 else torch.float16
            parts = Placed(self.checkpoint.unet(dtype), self.checkpoint.vae(torch.float32), self.device, way)
            computed = torch.float32 if way.mode is Mode.COMPACT else dtype
            self._rooms[way] = Room(parts, self.device, computed, way)
        return self._rooms[way]

    @contextmanager
    def _let_go_on_failure(self) -> Iterator[None]:
        try:
            yield
        except EngineError as error:
            if error.fault is Fault.OUT_OF_MEMORY:
                self._rooms.clear()
            raise


FAMILIES = {"sd1": "Stable Diffusion 1", "sd2": "Stable Diffusion 2", "sdxl": "SDXL"}
"""By the names that the cards give to the weights."""


def recognised(path: Path) -> str:
    """The family of the checkpoint in ``path``, by the name that the cards give it."""
    return family(open_checkpoint(path).facts())


def family(facts: Facts) -> str:
    if facts.sdxl:
        return "sdxl"
    return "sd2" if facts.width == _SD2_WIDTH else "sd1"


def _free(device: str) -> int:
    return next((found.free for found in devices() if found.id == device), 0)


def _tell(way: Way, needs: dict[Way, int], free: int, ctx: Context) -> None:
    wanted, gb = needs[way], 1e9
    if wanted > free:
        ctx.tell(
            f"This needs about {wanted / gb:.1f} GB of memory even in the mode {way.mode.value}, and "
            f"{free / gb:.1f} GB are free: it may run out, or be slow."
        )
    elif way != next(iter(needs)):
        tiles = ", the autoencoder in tiles" if way.tiled else ""
        ctx.tell(
            f"Memory mode {way.mode.value}{tiles}: about {wanted / gb:.1f} GB of {free / gb:.1f} GB free; "
            f"the quickest mode would need {next(iter(needs.values())) / gb:.1f} GB."
        )


def out_of_memory(error: EngineError) -> bool:
    return error.fault is Fault.OUT_OF_MEMORY
