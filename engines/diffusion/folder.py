"""A checkpoint in a diffusers folder: a subfolder with configuration and safetensors for each part."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from engines.diffusion.checkpoint import (
    Checkpoint,
    Config,
    Facts,
    TextEncoder,
    checked_unet,
    facts_of,
    noising_of,
    parameters_of,
    same_tensors,
    shapes_in,
    shapes_of,
    unusable,
)
from engines.diffusion.packages import quiet

_ENCODERS = ("text_encoder", "text_encoder_2")


class FolderCheckpoint(Checkpoint):
    """What ``save_pretrained`` wrote, or the hub offers. Files that are not safetensors are never opened."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.name = folder.name
        self._unet = checked_unet(self.name, self._config("unet"))
        self._vae = self._config("vae")
        self._config("text_encoder")

    def facts(self) -> Facts:
        from diffusers import AutoencoderKL, UNet2DConditionModel

        counts = []
        for kind, part, config in ((UNet2DConditionModel, "unet", self._unet), (AutoencoderKL, "vae", self._vae)):
            with quiet(), torch.device("meta"):
                wanted = shapes_of(kind.from_config(dict(config)))
            same_tensors(f"{self.name}/{part}", wanted, _old_names(self._shapes(part), wanted))
            counts.append(parameters_of(wanted))
        return facts_of(self._unet, self._vae, noising_of(self._scheduler()), (counts[0], counts[1]))

    def unet(self, dtype: torch.dtype) -> Any:
        from diffusers import UNet2DConditionModel

        return self._loaded(UNet2DConditionModel, "unet", dtype)

    def vae(self, dtype: torch.dtype) -> Any:
        from diffusers import AutoencoderKL

        return self._loaded(AutoencoderKL, "vae", dtype)

    def encoders(self) -> Sequence[TextEncoder]:
        from transformers import CLIPTextModel, CLIPTextModelWithProjection

        kinds = dict(zip(_ENCODERS, (CLIPTextModel, CLIPTextModelWithProjection), strict=True))
        there = [name for name in _ENCODERS if (self._folder / name).is_dir()]
        return [self._encoder(kinds[name], name) for name in there]

    def _encoder(self, kind: Any, name: str) -> TextEncoder:
        tokens = self._folder / name.replace("text_encoder", "tokenizer")
        model = self._loaded(kind, name, torch.float32)
        vocabulary = int(model.config.vocab_size)
        if not tokens.is_dir():
            return TextEncoder(model, vocabulary - 1 if name == _ENCODERS[0] else 0)
        return TextEncoder(model, 0 if _pads_with_zero(tokens) else vocabulary - 1, _tokenizer(tokens))

    def _loaded(self, kind: Any, part: str, dtype: torch.dtype) -> Any:
        named = {"variant": variant} if (variant := self._variant(part)) else {}
        try:
            with quiet():
                model, told = kind.from_pretrained(
                    self._folder / part,
                    dtype=dtype,
                    use_safetensors=True,
                    local_files_only=True,
                    output_loading_info=True,
                    **named,
                )
        except (OSError, ValueError, RuntimeError) as error:
            raise unusable(f"{self.name}/{part}", "it lacks files, or they are damaged") from error
        if told["missing_keys"]:
            raise unusable(f"{self.name}/{part}", f"it lacks {sorted(told['missing_keys'])[0]}")
        return model.eval().requires_grad_(False)

    def _files(self, part: str) -> list[Path]:
        """The safetensors of a part, of one variant."""
        ending = f".{self._variant(part)}." if self._variant(part) else ""
        every = sorted((self._folder / part).glob("*.safetensors"))
        return [path for path in every if (ending in path.name if ending else ".fp16." not in path.name)]

    def _variant(self, part: str) -> str:
        """``fp16`` where a part is there in that variant only."""
        names = [path.name for path in (self._folder / part).glob("*.safetensors")]
        if not names:
            why = f"{part} holds no safetensors; other kinds of file could hold programs, and are not opened"
            raise unusable(self.name, why)
        return "fp16" if all(".fp16." in name for name in names) else ""

    def _shapes(self, part: str) -> dict[str, tuple[int, ...]]:
        return {name: shape for path in self._files(part) for name, shape in shapes_in(path).items()}

    def _config(self, part: str) -> Config:
        return _json(self._folder / part / "config.json", self.name)

    def _scheduler(self) -> Config:
        path = self._folder / "scheduler" / "scheduler_config.json"
        return _json(path, self.name) if path.is_file() else {}


def _json(path: Path, name: str) -> Config:
    try:
        table: object = json.loads(path.read_bytes())
    except OSError as error:
        raise unusable(name, f"it has no {path.parent.name}/{path.name}") from error
    except ValueError as error:
        raise unusable(name, f"{path.parent.name}/{path.name} is damaged") from error
    if not isinstance(table, dict):
        raise unusable(name, f"{path.parent.name}/{path.name} is damaged")
    return table


def _pads_with_zero(folder: Path) -> bool:
    """OpenCLIP's tokenizers fill up with "!", whose number is 0; OpenAI's with the end of the text."""
    for file in ("special_tokens_map.json", "tokenizer_config.json"):
        if (folder / file).is_file():
            pad = _json(folder / file, folder.name).get("pad_token")
            if pad is not None:
                return (pad.get("content") if isinstance(pad, dict) else pad) == "!"
    return False


def _tokenizer(folder: Path) -> Any:
    from transformers import CLIPTokenizer

    try:
        with quiet():
            return CLIPTokenizer.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError, TypeError) as error:
        raise unusable(folder.name, "its files are damaged, or some are missing") from error


_RENAMED = {"query": "to_q", "key": "to_k", "value": "to_v", "proj_attn": "to_out.0"}


def _old_names(there: dict[str, tuple[int, ...]], wanted: dict[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
    """The shapes by today's names: the attention of old autoencoders was called otherwise, which diffusers knows."""
    renamed = {}
    for name, shape in there.items():
        stem, _, last = name.rpartition(".")
        stem, _, layer = stem.rpartition(".")
        today = f"{stem}.{_RENAMED.get(layer, layer)}.{last}"
        if name not in wanted and today in wanted:
            renamed[today] = wanted[today] if torch.Size(shape).numel() == torch.Size(wanted[today]).numel() else shape
        else:
            renamed[name] = shape
    return renamed
