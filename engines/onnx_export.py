"""Makes an engine's network an ONNX model, compares it with PyTorch, and only then keeps it."""

from __future__ import annotations

import importlib
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from engines.core.atomic import replacing
from engines.core.engine import Backend, Card, Setup, Weight
from engines.core.faults import EngineError, Fault
from engines.loading import load_engine
from engines.store import Store

TOLERANCE = 1 / 255
"""The largest difference to PyTorch, of values that span at least 0..1, with which a model is kept: a grey level."""


@dataclass(frozen=True, slots=True)
class Exported:
    """An ONNX model that was written and kept. ``difference``: the largest one to PyTorch, at another size."""

    weight: Weight
    target: Path
    difference: float


def export_onnx(card: Card, store: Store, target: Path, *, overwrite: bool) -> Exported:
    """Write the network of ``card``, with the weights that are in use, to ``target``; the store keeps a copy.

    Raises ``EngineError``; then neither has been touched.
    """
    if Backend.ONNX not in card.backends or not card.weights:
        raise EngineError(Fault.NO_BACKEND, f"{card.name} has no network that could be exported.")
    if target.exists() and not overwrite:
        raise EngineError(Fault.EXISTS, f"{target} exists already.", "Add --overwrite or give another name.")
    weight, weights = store.choose(card)
    if weight.is_onnx:
        raise EngineError(Fault.NO_BACKEND, f"{card.name} is an ONNX model already: {weights}.", "Copy that file.")
    with closing(load_engine(card, Setup(card, {weight.file: weights}))) as engine:
        # by name, as a session reaches devices: the runtime brings torch, which this module must not
        exportable = importlib.import_module("engines.runtime.onnx").OnnxExportable
        if not isinstance(engine, exportable):
            raise EngineError(Fault.INTERNAL, f"{card.name} runs through ONNX but cannot be exported.")
        with replacing(target, overwrite=overwrite) as beside:
            engine.export_onnx(beside)
            difference = float(engine.compare_onnx(beside))
            if not difference <= TOLERANCE:  # a NaN is no agreement
                raise EngineError(
                    Fault.NO_BACKEND,
                    f"The ONNX model of {card.name} differs from PyTorch by {difference:.2g}, so it was not kept.",
                    "Use --backend torch.",
                )
    store.add_export(card, weights, target)
    return Exported(weight, target, difference)
