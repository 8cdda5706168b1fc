"""GaRNet as an engine: recorded result, attention maps, both backends."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from engines.core.context import Context
from engines.core.engine import Backend, Setup
from engines.core.faults import EngineError, Fault
from engines.erasers.garnet import Garnet
from tests.engines.erasers.conftest import CATALOG, hole, setup_of, view
from tests.parity.golden import assert_close, golden

CARD = CATALOG["garnet"]


def test_a_recorded_result_comes_out_of_the_engine(garnet: Garnet) -> None:
    recorded = golden("garnet_128x128")
    image = (recorded["image_u8"] / 255).astype(np.float32)
    out = garnet.erase(image, recorded["mask_u8"] * np.uint8(255), {}, Context())
    wanted = np.clip((recorded["up5"].transpose(1, 2, 0) + 1) / 2, 0, 1)
    assert_close("image", out, wanted, 2e-5)


def test_any_coverage_counts_as_covered(garnet: Garnet) -> None:
    image = view(64, 96)
    faint, full = (hole(64, 96, slice(20, 40), slice(30, 70), coverage) for coverage in (1, 255))
    assert np.array_equal(garnet.erase(image, faint, {}, Context()), garnet.erase(image, full, {}, Context()))


def test_the_attention_of_all_blocks_can_be_asked_for(garnet: Garnet) -> None:
    recorded = golden("garnet_128x128")
    image = (recorded["image_u8"] / 255).astype(np.float32)
    maps = garnet.attention(image, recorded["mask_u8"])
    assert set(maps) == {"stroke", "surround", "gate"}
    for name, blocks in maps.items():
        assert [block.shape for block in blocks] == [(s, s) for s in (32, 32, 16, 16, 8, 8, 4, 4)]
        assert all(block.min() >= 0 and block.max() <= 1 for block in blocks)
        assert_close(f"layer2 {name}", blocks[1], recorded[f"layer2_{name}"][0], 2e-5)


def test_a_checkpoint_wrapped_by_a_trainer_loads(garnet: Garnet, garnet_weights: Path, tmp_path: Path) -> None:
    state = load_file(garnet_weights)
    torch.save({"model_state_dict": state}, tmp_path / "garnet.pth")
    image, alpha = view(64, 64), hole(64, 64, slice(20, 40), slice(20, 40))
    engine = Garnet(setup_of(CARD, tmp_path / "garnet.pth"))
    assert np.array_equal(engine.erase(image, alpha, {}, Context()), garnet.erase(image, alpha, {}, Context()))


def test_onnx_equals_torch_for_other_sizes(garnet: Garnet, garnet_weights: Path, garnet_onnx: Path) -> None:
    assert garnet.compare_onnx(garnet_onnx) < 1e-4
    engine = Garnet(setup_of(CARD, garnet_weights, garnet_onnx))
    for size in ((64, 64), (96, 224)):
        image, alpha = view(*size), hole(*size, slice(20, 40), slice(10, 60))
        ours, theirs = (made.erase(image, alpha, {}, Context()) for made in (engine, garnet))
        assert_close(f"{size}", ours, theirs, 1e-4)
    assert len(engine.attention(image, alpha)["gate"]) == 8
    engine.close()


def test_onnx_without_a_model_is_told_and_torch_does_not_take_over(garnet_weights: Path) -> None:
    with pytest.raises(EngineError, match="export-onnx garnet") as error:
        Garnet(Setup(CARD, {"w": garnet_weights}, backend=Backend.ONNX))
    assert error.value.fault is Fault.NO_BACKEND
