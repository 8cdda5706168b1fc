"""A checkpoint in one ``.safetensors`` file, with the names that CompVis' and Stability's code gave to its tensors.

Its architecture is read from the shapes of its tensors, so that no configuration has to be fetched.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from torch import Tensor

from engines.diffusion.architecture import ENCODER_1, ENCODER_2, ENCODER_SD, OPEN_CLIP_SD, unet_config, vae_config
from engines.diffusion.checkpoint import (
    Checkpoint,
    Facts,
    Shapes,
    TextEncoder,
    checked_unet,
    facts_of,
    parameters_of,
    same_tensors,
    shapes_in,
    shapes_of,
    unusable,
)
from engines.diffusion.clip_names import renamed, text_config
from engines.diffusion.packages import quiet
from engines.diffusion.schedule import Noising, Prediction

UNET, VAE = "model.diffusion_model.", "first_stage_model."

_VELOCITY_MARK = "v_pred"
"""A tensor that those who make velocity models of SDXL put into their files, to tell."""


class FileCheckpoint(Checkpoint):
    """The parts are read out of the file one at a time. It has no tokenizer, so only the empty prompt works."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.name = path.name
        self._shapes = shapes_in(path)
        if f"{UNET}input_blocks.0.0.weight" not in self._shapes or not self._of(VAE):
            raise unusable(self.name, "it is no whole checkpoint: it lacks the network or the autoencoder")
        try:
            self._unet = checked_unet(self.name, unet_config(self._of(UNET), self._pooled_width()))
            self._vae = vae_config(self._of(VAE), sdxl=f"{UNET}label_emb.0.0.weight" in self._shapes)
        except (KeyError, IndexError, ZeroDivisionError) as error:
            raise unusable(self.name, "its network is built in a way that this program does not know") from error

    def facts(self) -> Facts:
        from diffusers import AutoencoderKL, UNet2DConditionModel

        counts = []
        for kind, prefix, config in ((UNet2DConditionModel, UNET, self._unet), (AutoencoderKL, VAE, self._vae)):
            with quiet(), torch.device("meta"):
                wanted = shapes_of(kind.from_config(dict(config)))
                held = {name: torch.empty(shape) for name, shape in self._of(prefix, keep=True).items()}
                same_tensors(
                    self.name, wanted, {n: tuple(t.shape) for n, t in _by_our_names(kind, held, config).items()}
                )
            counts.append(parameters_of(wanted))
        velocity = _VELOCITY_MARK in self._shapes
        noising = Noising(prediction=Prediction.VELOCITY if velocity else Prediction.EPSILON)
        return facts_of(self._unet, self._vae, noising, (counts[0], counts[1]))

    def unet(self, dtype: torch.dtype) -> Any:
        from diffusers import UNet2DConditionModel

        return self._network(UNet2DConditionModel, UNET, self._unet, dtype)

    def vae(self, dtype: torch.dtype) -> Any:
        from diffusers import AutoencoderKL

        return self._network(AutoencoderKL, VAE, self._vae, dtype)

    def encoders(self) -> Sequence[TextEncoder]:
        if self._of(ENCODER_1):
            return [self._encoder(ENCODER_1, last=False), self._encoder(ENCODER_2, last=True)]
        if self._of(OPEN_CLIP_SD):
            return [self._encoder(OPEN_CLIP_SD, last=False)]
        return [self._encoder(ENCODER_SD, last=False)]

    def _network(self, kind: Any, prefix: str, config: Any, dtype: torch.dtype) -> Any:
        state = _by_our_names(kind, self._tensors(prefix, keep=True), config)
        with quiet(), torch.device("meta"):
            network = kind.from_config(dict(config))
        same_tensors(self.name, shapes_of(network), {name: tuple(tensor.shape) for name, tensor in state.items()})
        network.load_state_dict(state, strict=True, assign=True)
        return network.to(dtype).eval().requires_grad_(False)

    def _encoder(self, prefix: str, *, last: bool) -> TextEncoder:
        """``last``: SDXL's second one, whose pooled embedding is projected."""
        from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

        shapes = self._of(prefix)
        if not shapes:
            raise unusable(self.name, "it lacks a text encoder")
        open_clip = "transformer.resblocks.0.ln_1.weight" in shapes
        config = text_config(shapes, drop_last=open_clip and not last)
        with quiet():
            model = (CLIPTextModelWithProjection if last else CLIPTextModel)(CLIPTextConfig(**config))
            wanted = shapes_of(model)
            state = {name: t.float() for name, t in renamed(self._tensors(prefix), wanted).items() if name in wanted}
            same_tensors(self.name, wanted, {name: tuple(tensor.shape) for name, tensor in state.items()})
            model.load_state_dict(state, strict=True)
        return TextEncoder(model.eval().requires_grad_(False), 0 if open_clip else int(config["vocab_size"]) - 1)

    def _pooled_width(self) -> int:
        shape = self._shapes.get(f"{ENCODER_2}text_projection")
        return shape[1] if shape else 0

    def _of(self, prefix: str, *, keep: bool = False) -> Shapes:
        """The shapes under ``prefix``, by their names without it, or (``keep``) with."""
        return {
            name if keep else name.removeprefix(prefix): shape
            for name, shape in self._shapes.items()
            if name.startswith(prefix)
        }

    def _tensors(self, prefix: str, *, keep: bool = False) -> dict[str, Tensor]:
        with safe_open(self._path, framework="pt") as file:
            names = [name for name in self._shapes if name.startswith(prefix)]
            return {name if keep else name.removeprefix(prefix): file.get_tensor(name) for name in names}


def _by_our_names(kind: Any, held: dict[str, Tensor], config: Any) -> dict[str, Tensor]:
    """diffusers' names for the tensors of the network or the autoencoder."""
    from diffusers.loaders import single_file_utils as names

    with quiet():
        if kind.__name__ == "AutoencoderKL":
            return dict(names.convert_ldm_vae_checkpoint(held, config))
        return dict(names.convert_ldm_unet_checkpoint(held, config))
