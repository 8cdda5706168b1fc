"""What a checkpoint of Stable Diffusion 1, 2 or SDXL consists of, wherever it lies: a folder or a single file."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open

from engines.core.faults import EngineError, Fault
from engines.diffusion.schedule import Noising, Prediction

Config = Mapping[str, Any]
"""The fields of a diffusers or transformers configuration."""

Shapes = Mapping[str, tuple[int, ...]]

LATENT_CHANNELS = 4


@dataclass(frozen=True, slots=True, eq=False)
class TextEncoder:
    """A CLIP text model on the CPU. ``pad``: the token that fills up a prompt; ``tokenizer``: None without files."""

    model: Any
    pad: int
    tokenizer: Any = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What can be said of a checkpoint without loading it.

    ``side``: pixels of the pictures it was trained on; ``factor``: pixels to a side of the latent's;
    ``unit``: what sides must be multiples of; ``width``: of the text's embedding.
    """

    sdxl: bool
    noising: Noising
    side: int
    factor: int
    unit: int
    width: int
    unet_parameters: int
    vae_parameters: int

    @property
    def offset(self) -> int:
        """What the published pipelines of the family add to each timestep."""
        return 0 if self.sdxl else 1


def facts_of(unet: Config, vae: Config, noising: Noising, counts: tuple[int, int]) -> Facts:
    """From the configurations of the parts and their numbers of parameters."""
    factor = 2 ** (len(vae["block_out_channels"]) - 1)
    return Facts(
        sdxl=unet.get("addition_embed_type") == "text_time",
        noising=noising,
        side=int(unet.get("sample_size") or 64) * factor,
        factor=factor,
        unit=factor * 2 ** (len(unet["block_out_channels"]) - 1),
        width=int(unet["cross_attention_dim"]),
        unet_parameters=counts[0],
        vae_parameters=counts[1],
    )


class Checkpoint(ABC):
    """Loads one part at a time, on the CPU; every tensor must have its place."""

    name: str

    @abstractmethod
    def facts(self) -> Facts:
        """What it is, checked: raises ``EngineError(WEIGHTS_INVALID)`` for what this program cannot use."""

    @abstractmethod
    def unet(self, dtype: torch.dtype) -> Any:
        """The ``UNet2DConditionModel``."""

    @abstractmethod
    def vae(self, dtype: torch.dtype) -> Any:
        """The ``AutoencoderKL``."""

    @abstractmethod
    def encoders(self) -> Sequence[TextEncoder]:
        """The text encoders in float32: one, or two of SDXL."""


def open_checkpoint(path: Path) -> Checkpoint:
    """The checkpoint in the folder or the ``.safetensors`` file ``path``; nothing but configurations is read.

    Raises ``EngineError``: WEIGHTS_MISSING, WEIGHTS_INVALID.
    """
    if path.is_dir():
        from engines.diffusion.folder import FolderCheckpoint

        return FolderCheckpoint(path)
    if not path.is_file():
        raise EngineError(Fault.WEIGHTS_MISSING, f"There is no file or folder {path}.")
    if path.suffix.lower() != ".safetensors":
        raise unusable(path.name, "only safetensors files are read, because others can hold programs")
    from engines.diffusion.single_file import FileCheckpoint

    return FileCheckpoint(path)


def unusable(name: str, why: str) -> EngineError:
    return EngineError(
        Fault.WEIGHTS_INVALID,
        f"{name} cannot be used: {why}.",
        "Take a checkpoint of Stable Diffusion 1, 2 or SDXL: a diffusers folder, or one .safetensors file.",
    )


def shapes_in(path: Path) -> dict[str, tuple[int, ...]]:
    """The names and shapes of the tensors in a safetensors file; the tensors themselves are not read."""
    try:
        with safe_open(path, framework="pt") as file:
            return {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118 - no mapping
    except (SafetensorError, OSError, ValueError) as error:
        raise unusable(path.name, "it is no safetensors file, or a damaged one") from error


def checked_unet(name: str, config: Config) -> Config:
    """``config`` itself, where it is a text-to-image U-Net on four latent channels."""
    channels = config.get("in_channels", LATENT_CHANNELS)
    if channels != LATENT_CHANNELS:
        raise unusable(name, f"its network takes {channels} channels instead of 4, as those made for inpainting do")
    if config.get("addition_embed_type") not in (None, "text_time"):
        raise unusable(name, "its network wants more than a text")
    if not isinstance(config.get("cross_attention_dim"), int):
        raise unusable(name, "its network takes no text")
    return config


def same_tensors(name: str, wanted: Shapes, there: Shapes) -> None:
    """Raise where a tensor is missing, unknown, or of another shape."""
    wrong = [
        *(f"it lacks {key}" for key in wanted if key not in there),
        *(f"it has the unknown {key}" for key in there if key not in wanted),
        *(f"it has {key} of shape {there[key]}" for key in wanted if there.get(key, wanted[key]) != wanted[key]),
    ]
    if wrong:
        more = f" and {len(wrong) - 2} more" if len(wrong) > 2 else ""
        raise unusable(name, f"{'; '.join(wrong[:2])}{more}")


def shapes_of(module: torch.nn.Module) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}


def parameters_of(shapes: Shapes) -> int:
    return sum(torch.Size(shape).numel() for shape in shapes.values())


def noising_of(config: Config) -> Noising:
    """What a scheduler's configuration says of the training; its own steps and spacing do not matter."""
    usual = Noising()
    return Noising(
        beta_start=float(config.get("beta_start", usual.beta_start)),
        beta_end=float(config.get("beta_end", usual.beta_end)),
        scaled=config.get("beta_schedule", "scaled_linear") == "scaled_linear",
        prediction=Prediction(config.get("prediction_type", "epsilon")),
        zero_end=bool(config.get("rescale_betas_zero_snr", False)),
    )
