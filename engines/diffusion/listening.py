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

    What ``hear`` raises ends the evaluation. An autoencoder's half counts up to its share of all blocks.
    """
    blocks = [module for module in network.modules() if type(module).__name__ in _LISTENING]
    passed = 0

    def anew(module: nn.Module, given: Any) -> None:
        nonlocal passed
        del module, given
        passed = 0

    def heard(module: nn.Module, given: Any) -> None:
        nonlocal passed
        del module, given
        hear(min(passed / len(blocks), 1.0))
        passed += 1

    with ExitStack() as stack:
        stack.callback(network.register_forward_pre_hook(anew).remove)
        for block in blocks:
            stack.callback(block.register_forward_pre_hook(heard).remove)
        yield
