"""Hears a cancel inside an evaluation, and says how far it is: large networks take long for one on a CPU."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from torch import nn

_LISTENING = ("ResnetBlock2D", "BasicTransformerBlock")


@contextmanager
def listening(network: nn.Module, hear: Callable[[float], None]) -> Iterator[None]:
    """Call ``hear`` with the share of an evaluation that is done (0..1) before each of the network's blocks.

    What ``hear`` raises ends the evaluation.
    """
    blocks = [module for module in network.modules() if type(module).__name__ in _LISTENING]
    with ExitStack() as stack:
        for number, block in enumerate(blocks):
            stack.callback(block.register_forward_pre_hook(_told(hear, number / len(blocks))).remove)
        yield


def _told(hear: Callable[[float], None], share: float) -> Callable[[nn.Module, Any], None]:
    def hook(block: nn.Module, given: Any) -> None:
        del block, given
        hear(share)

    return hook
