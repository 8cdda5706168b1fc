"""Weights that load but have learnt nothing: enough to try what an engine promises whatever it has learnt."""

from __future__ import annotations

import importlib
from pathlib import Path

import torch
from safetensors.torch import save_file

from engines.core.engine import Card
from tests.tiny_sam2 import tiny_file

NETWORKS = {
    "garnet": "engines.nets.garnet:GaRNet",
    "deeperaser": "engines.nets.deeperaser:DeepEraser",
    "strokefill": "engines.nets.strokefill:StrokeFill",
}


def random_weights(card: Card, path: Path) -> Path:
    """Write a randomly initialised network's weights to ``path`` (safetensors), always the same ones."""
    if card.id == "sam2":
        path.parent.mkdir(parents=True, exist_ok=True)
        return tiny_file(path)
    module, _, name = NETWORKS[card.id].partition(":")
    with torch.random.fork_rng():
        torch.manual_seed(20)
        network: torch.nn.Module = getattr(importlib.import_module(module), name)()
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({key: tensor.contiguous() for key, tensor in network.state_dict().items()}, path)
    return path
