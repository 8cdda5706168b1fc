"""Segment Anything 2 from a published file of safetensors, or from a folder that describes itself."""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from engines.core.faults import EngineError, Fault
from engines.runtime.offline import off_the_network
from engines.runtime.torch_load import load_strictly, read_state

_OF_VIDEO = (
    "memory_",
    "mask_downsample.",
    "object_pointer_proj.",
    "temporal_positional_encoding_projection_layer.",
    "no_memory_positional_encoding",
    "no_object_pointer",
    "occlusion_spatial_embedding_parameter",
)
"""How the names begin of what only films need; the published files hold both halves."""

_BACKBONE = "vision_encoder.backbone."


@dataclass(frozen=True, slots=True)
class _Size:
    """What the tensors' shapes do not tell of a published model (Ravi et al. 2024, appendix; the authors' configs)."""

    blocks: tuple[int, ...]
    heads: int
    everywhere: tuple[int, ...]
    """The blocks that attend to the whole picture."""
    windows: tuple[int, ...] = (8, 4, 14, 7)
    background: int = 7


_SIZES: Mapping[tuple[int, int], _Size] = {
    (96, 12): _Size((1, 2, 7, 2), 1, (5, 7, 9)),
    (96, 16): _Size((1, 2, 11, 2), 1, (7, 10, 13)),
    (112, 24): _Size((2, 3, 16, 3), 2, (12, 16, 20), background=14),
    (144, 48): _Size((2, 6, 36, 4), 2, (23, 33, 43), windows=(8, 4, 16, 8)),
}
"""Tiny, small, base+ and large, by the channels of the first stage and the number of blocks."""


def load_sam2(path: Path, device: str) -> Any:
    """A ``Sam2Model`` with the weights in ``path``, on ``device``, ready for inference.

    Raises ``EngineError``: WEIGHTS_INVALID for what is no model of this kind, NO_BACKEND without transformers.
    """
    file = path / "model.safetensors" if path.is_dir() else path
    state = {name: tensor for name, tensor in read_state(file).items() if not name.startswith(_OF_VIDEO)}
    with _quiet(file), torch.device("meta"):
        with off_the_network():
            from transformers import Sam2Config, Sam2Model

        fields = _described(path) or _known(file, state)
        parts = ("vision_config", "prompt_encoder_config", "mask_decoder_config")
        model = Sam2Model(Sam2Config(**{part: fields[part] for part in parts if part in fields}))
    load_strictly(model, state, file)
    return model.to(device).eval().requires_grad_(False)


def _described(path: Path) -> dict[str, Any] | None:
    """The configuration that lies beside the weights in a folder; a file alone has none."""
    if not path.is_dir():
        return None
    try:
        config: object = json.loads((path / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _no_model(path, "its configuration cannot be read") from error
    if not isinstance(config, dict):
        raise _no_model(path, "its configuration is no table")
    return config


def _known(file: Path, state: Mapping[str, Tensor]) -> dict[str, Any]:
    """The configuration of a published model, told by its tensors."""
    patches = state.get(f"{_BACKBONE}patch_embed.projection.weight")
    blocks = {name.split(".")[3] for name in state if name.startswith(f"{_BACKBONE}blocks.")}
    size = None if patches is None else _SIZES.get((int(patches.shape[0]), len(blocks)))
    if patches is None or size is None:
        raise _no_model(file, "it has none of the four published sizes")
    channels = [int(patches.shape[0]) << stage for stage in range(4)]
    backbone = {
        "model_type": "sam2_hiera_det_model",
        "hidden_size": channels[0],
        "num_attention_heads": size.heads,
        "blocks_per_stage": list(size.blocks),
        "embed_dim_per_stage": channels,
        "num_attention_heads_per_stage": [size.heads << stage for stage in range(4)],
        "window_size_per_stage": list(size.windows),
        "global_attention_blocks": list(size.everywhere),
        "window_positional_embedding_background_size": [size.background] * 2,
    }
    return {"vision_config": {"backbone_config": backbone, "backbone_channel_list": channels[::-1]}}


def _no_model(file: Path, why: str) -> EngineError:
    return EngineError(
        Fault.WEIGHTS_INVALID,
        f"{file.name} is no model of Segment Anything 2: {why}.",
        "Take facebook/sam2.1-hiera-tiny, -small, -base-plus or -large: the folder, or its model.safetensors.",
    )


@contextmanager
def _quiet(file: Path) -> Iterator[None]:
    """Keep transformers' remarks to programmers to itself, and tell in words what it makes of a wrong table."""
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except (EngineError, ImportError):
        raise
    except Exception as error:  # its checks of configurations raise whatever they meet
        raise _no_model(file, "its configuration makes no sense") from error
    finally:
        logging.disable(level)
