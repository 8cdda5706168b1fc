"""Weights that load but have learnt nothing: enough to try what an engine promises whatever it has learnt."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from safetensors.torch import save_file

from engines.core.engine import Card, Options
from tests.tiny_checkpoints import save_folder
from tests.tiny_sam2 import tiny_folder

NETWORKS = {
    "garnet": "engines.nets.garnet:GaRNet",
    "deeperaser": "engines.nets.deeperaser:DeepEraser",
    "strokefill": "engines.nets.strokefill:StrokeFill",
}

FAMILIES = {"attentive-eraser": "sdxl", "erase-lora": "sdxl"}
"""Engines on Stable Diffusion, and the family of their tiny checkpoint: the one that the card names first."""

QUICK: Mapping[str, Options] = {
    "attentive-eraser": {"preset": "fast"},
    "erase-lora": {"iterations": 2, "steps": 4},
}
"""Options with which an engine does no more than a test of its promises needs."""


def random_weights(card: Card, path: Path) -> Path:
    """Write a randomly initialised network's weights to ``path``, always the same ones.

    As safetensors; where the card's weights are an ONNX model, a tiny one of the same inputs and outputs.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if card.id in FAMILIES:
        return save_folder(path, FAMILIES[card.id])
    if card.id == "sam2":
        return tiny_folder(path)
    if path.suffix == ".onnx":
        return fill_pipeline(path, 90)
    module, _, name = NETWORKS[card.id].partition(":")
    with torch.random.fork_rng():
        torch.manual_seed(20)
        network: torch.nn.Module = getattr(importlib.import_module(module), name)()
    save_file({key: tensor.contiguous() for key, tensor in network.state_dict().items()}, path)
    return path


def fill_pipeline(path: Path, level: int) -> Path:
    """Write an ONNX model that fills holes with one grey ``level``: picture and mask in as uint8, 0 = hole."""
    picture: list[str | int | None] = ["batch", 3, "height", "width"]
    inputs = [
        helper.make_tensor_value_info("image", TensorProto.UINT8, picture),
        helper.make_tensor_value_info("mask", TensorProto.UINT8, ["batch", 1, "height", "width"]),
    ]
    nodes = [
        helper.make_node("Cast", ["mask"], ["keep"], to=TensorProto.BOOL),
        helper.make_node("Where", ["keep", "image", "level"], ["result"]),
    ]
    constant = numpy_helper.from_array(np.array(level, np.uint8), "level")
    outputs = [helper.make_tensor_value_info("result", TensorProto.UINT8, picture)]
    graph = helper.make_graph(nodes, "fill", inputs, outputs, [constant])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path
