"""Layers whose weights are kept in 16 bits and computed with in 32: half the memory, on devices slow at 16 bits."""

from __future__ import annotations

from typing import Any

from torch import nn


def compact(network: nn.Module) -> None:
    """Widen each large layer's weights while it computes; what is small is widened for good.

    ``network`` comes with all weights in 16 bits.
    """
    for module in network.modules():
        if isinstance(module, nn.Linear | nn.Conv2d):
            module.register_forward_pre_hook(_widen)
            module.register_forward_hook(_narrow, always_call=True)
        else:
            for parameter in module.parameters(recurse=False):
                parameter.data = parameter.data.float()


def _widen(module: nn.Module, given: Any) -> None:
    del given
    kept = {name: parameter.data for name, parameter in module.named_parameters(recurse=False)}
    module.kept = kept  # type: ignore[assignment]
    for name, parameter in module.named_parameters(recurse=False):
        parameter.data = kept[name].float()


def _narrow(module: nn.Module, given: Any, answer: Any) -> None:
    del given, answer
    kept: Any = module.__dict__.pop("kept", {})
    for name, parameter in module.named_parameters(recurse=False):
        parameter.data = kept.get(name, parameter.data)
