"""Prompts as the U-Net wants them; the empty one needs no tokenizer."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from engines.core.faults import EngineError, Fault
from engines.diffusion.checkpoint import Checkpoint, TextEncoder
from engines.diffusion.denoiser import Condition


def embedded(checkpoint: Checkpoint, prompt: str = "") -> tuple[Tensor, Tensor | None]:
    """The prompt's embedding, ``(1, tokens, width)``, and SDXL's pooled one, ``(1, width)``, in float32.

    Raises ``EngineError(WEIGHTS_INVALID)`` where ``prompt`` has words and the checkpoint no tokenizer.
    """
    encoders = checkpoint.encoders()
    with torch.inference_mode():
        parts = [_encoded(encoder, _tokens(encoder, prompt, checkpoint.name), len(encoders)) for encoder in encoders]
    context = torch.cat([part[0] for part in parts], dim=-1)
    return context, parts[-1][1]


def condition(context: Tensor, pooled: Tensor | None, size: tuple[int, int]) -> Condition:
    """What the U-Net is told for a picture of ``size`` = (height, width); SDXL wants to know that it is uncropped."""
    if pooled is None:
        return Condition(context)
    time_ids = torch.tensor([[size[0], size[1], 0, 0, size[0], size[1]]], dtype=torch.float32)
    return Condition(context, {"text_embeds": pooled, "time_ids": time_ids})


def token_runs(encoder: TextEncoder, labels: Sequence[str]) -> list[list[int]]:
    """The places of each label's tokens in the prompt that ``joined(labels)`` is."""
    ids = _tokens(encoder, joined(labels), "")[0].tolist()
    runs = []
    for label in labels:
        own = _words(encoder, label)
        start = next((n for n in range(len(ids)) if ids[n : n + len(own)] == own), None)
        runs.append(list(range(start, start + len(own))) if start is not None else [])
    return runs


def joined(labels: Sequence[str]) -> str:
    """The prompt that names all labels."""
    return ", ".join(labels)


def _words(encoder: TextEncoder, text: str) -> list[int]:
    ids = encoder.tokenizer(text, add_special_tokens=False)["input_ids"]
    return [int(token) for token in ids]


def _tokens(encoder: TextEncoder, prompt: str, name: str) -> Tensor:
    """``(1, length)``: beginning, words, end, and then padding."""
    if prompt and encoder.tokenizer is None:
        raise EngineError(
            Fault.WEIGHTS_INVALID,
            f"{name} has no tokenizer, so it cannot read words.",
            "Leave the background's names out, or import the checkpoint as a diffusers folder.",
        )
    length, vocabulary = encoder.model.config.max_position_embeddings, encoder.model.config.vocab_size
    words = _words(encoder, prompt)[: length - 2] if prompt else []
    ids = [vocabulary - 2, *words, vocabulary - 1]  # CLIP's vocabulary ends with the two marks
    return torch.tensor([ids + [encoder.pad] * (length - len(ids))])


def _encoded(encoder: TextEncoder, ids: Tensor, count: int) -> tuple[Tensor, Tensor | None]:
    """Stable Diffusion takes the last layer; SDXL, which has two encoders, the last but one of each."""
    out = encoder.model(ids, output_hidden_states=True)
    context = out.last_hidden_state if count == 1 else out.hidden_states[-2]
    assert isinstance(context, Tensor)
    pooled = getattr(out, "text_embeds", None)
    return context, pooled if isinstance(pooled, Tensor) else None
